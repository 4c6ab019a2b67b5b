"""POST /events and imports: from outside to MongoDB."""
