"""A made-up catalogue and viewers whose tastes are known."""
