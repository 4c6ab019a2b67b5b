"""Viewers whose Redis state may lack events, as far as this process knows."""


class StaleViewers:
    """Who must be read from MongoDB until the replay has dropped their state."""

    def __init__(self) -> None:
        self._viewers: dict[str, int] = {}
        self._count = 0

    def add(self, user_id: str) -> None:
        """Trust Redis no more about this viewer."""
        self._count += 1
        self._viewers[user_id] = self._count

    def __contains__(self, user_id: object) -> bool:
        return user_id in self._viewers

    def __len__(self) -> int:
        return len(self._viewers)

    def all(self) -> dict[str, int]:
        """Each stale viewer with the mark of its newest failure, for `clear`."""
        return dict(self._viewers)

    def clear(self, marks: dict[str, int]) -> None:
        """These have been dropped from Redis; who failed again meanwhile stays."""
        for user_id, mark in marks.items():
            if self._viewers.get(user_id) == mark:
                del self._viewers[user_id]
