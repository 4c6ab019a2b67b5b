"""The numbers of a report, its table and its plot."""

import builtins
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.console import Console

from reels.core.errors import ConfigError
from reels.simulation.report import FeedQuality, WatchReport, plot, table, topics_bits

LEARNING = FeedQuality("watched feed", np.vstack([np.linspace(0.0, 0.8, 20), np.linspace(0.2, 1.0, 20)]), 2.0)
FLAT = FeedQuality("popular", np.full((2, 20), 0.1), 4.5)


def test_means() -> None:
    assert LEARNING.by_swipe()[0] == pytest.approx(0.1)
    assert LEARNING.by_swipe()[-1] == pytest.approx(0.9)
    assert LEARNING.first() < LEARNING.mean() < LEARNING.last()
    assert LEARNING.mean() == pytest.approx(0.5)


def test_swipes_that_did_not_happen_do_not_count() -> None:
    feed = FeedQuality("f", np.array([[0.2, 0.4, np.nan], [0.4, np.nan, np.nan]]), 0.0)
    np.testing.assert_allclose(feed.by_swipe(), [0.3, 0.4, np.nan])
    assert feed.mean() == pytest.approx(1.0 / 3.0)


def test_entropy_of_topics() -> None:
    assert topics_bits(np.array([5, 5, 5])) == 0.0
    assert topics_bits(np.array([0, 1, 2, 3])) == pytest.approx(2.0)
    assert topics_bits(np.array([], dtype=np.int64)) == 0.0


def test_table_shows_every_feed() -> None:
    console = Console(width=100, record=True, file=StringIO())
    console.print(table(WatchReport(LEARNING, [FLAT], events=9)))
    text = console.export_text()
    assert "watched feed" in text
    assert "0.500" in text
    assert "popular" in text
    assert "0.100" in text


def test_plot_is_a_png(tmp_path: Path) -> None:
    plot(WatchReport(LEARNING, [FLAT], events=9), tmp_path / "watched.png")
    assert (tmp_path / "watched.png").read_bytes().startswith(b"\x89PNG")


def test_without_matplotlib_the_error_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *args: Any, **kwargs: Any) -> Any:
        if name.startswith("matplotlib"):
            raise ModuleNotFoundError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ConfigError, match=r"install it .*--plot"):
        plot(WatchReport(LEARNING, [FLAT], events=9), tmp_path / "watched.png")
