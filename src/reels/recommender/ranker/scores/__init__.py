"""The parts of the formula and the boosts, one a file."""
