"""The nouns of the system and the protocols of its stores. No I/O, no clock, no chance."""
