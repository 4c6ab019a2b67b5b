"""GET /feed: from a viewer to a page."""
