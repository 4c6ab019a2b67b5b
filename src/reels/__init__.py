"""`reels`: a personalised short-video feed engine."""

__version__ = "0.1.0"
