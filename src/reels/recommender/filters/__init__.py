"""Reasons not to show a reel."""
