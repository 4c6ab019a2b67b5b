"""Sources: ways of finding reels worth ranking."""
