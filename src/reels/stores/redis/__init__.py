"""Redis or Valkey, rebuilt from MongoDB when lost: one file a port."""
