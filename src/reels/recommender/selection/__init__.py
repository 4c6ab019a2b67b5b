"""From scores to a page."""
