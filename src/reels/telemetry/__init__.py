"""What a process tells of itself: metrics, log lines without personal data, traces."""
