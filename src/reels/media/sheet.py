"""One picture of every topic and motif: to see at a glance how the films look, and for the README."""

from collections import Counter
from pathlib import Path

from PIL import Image

from reels.media.film import still
from reels.media.looks import TOPICS, look_of

_PHASE = 0.3
_SEARCH = 200
"""Reel ids tried for a look not shown yet; the chance that one of six motifs never comes in 200 is below 1e-15."""


def choose_looks(count: int) -> list[tuple[str, str]]:
    """`count` pairs (topic hint, reel id) that show every topic once and as many different motifs as they have."""
    topics_with = Counter(motif for topic in TOPICS.values() for motif in set(topic.motifs))
    shown: Counter[str] = Counter()
    chosen = []
    for turn in range(-(-count // len(TOPICS))):
        for topic in TOPICS:
            ids = (f"{topic}-{turn}-{number}" for number in range(_SEARCH))
            motifs = {reel_id: look_of(topic, reel_id).motif for reel_id in ids}
            reel_id = min(motifs, key=lambda name: (shown[motifs[name]], topics_with[motifs[name]]))
            shown[motifs[reel_id]] += 1
            chosen.append((topic, reel_id))
    return chosen[:count]


def draw_sheet(path: Path, columns: int = 8, rows: int = 4, tile_width: int = 128) -> None:
    """Write the contact sheet, in the format of the path's ending.

    Colours keep six bits a channel: the last two are grain, which PNG can't compress (0.5 MB instead of 0.9).
    """
    height = tile_width * 16 // 9
    gap = max(2, tile_width // 40)
    sheet = Image.new("RGB", (columns * (tile_width + gap) + gap, rows * (height + gap) + gap), (12, 12, 16))
    for place, (topic, reel_id) in enumerate(choose_looks(columns * rows)):
        tile = still(reel_id, topic, phase=_PHASE).resize((tile_width, height), Image.Resampling.LANCZOS)
        sheet.paste(tile, (gap + place % columns * (tile_width + gap), gap + place // columns * (height + gap)))
    path.parent.mkdir(parents=True, exist_ok=True)
    sheet.point([value // 4 * 4 + 2 for value in range(256)] * 3).save(path, optimize=True)
