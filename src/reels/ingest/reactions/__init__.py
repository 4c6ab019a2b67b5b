"""What happens once an event is on disk."""
