"""`reels doctor`: what is wrong with a deployment, and what to do about it. One function a check."""

from reels.wiring.doctor.examination import TOPICS, examine
from reels.wiring.doctor.finding import Finding, Level

__all__ = ["TOPICS", "Finding", "Level", "examine"]
