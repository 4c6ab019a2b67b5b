"""MongoDB, the truth: one file a port."""
