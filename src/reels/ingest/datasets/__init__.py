"""Published data sets, read as reels and events."""
