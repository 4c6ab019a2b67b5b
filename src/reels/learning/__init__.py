"""Pure numpy: fit -> immutable table. No I/O but opening and writing a snapshot."""
