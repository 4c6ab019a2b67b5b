"""A recorded page computed again: the same bits, with another tail, other signals, in another process."""

import subprocess
import sys
import zlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.recommender.models_in_use import plain, snapshot, with_tail
from tests.recommender.viewers import fan_of_topic, mixed, query, state_of
from tests.snapshots import make_snapshot

from reels.core.errors import InputError, NoSnapshot
from reels.core.policy import Policy
from reels.core.types import FeedPage, ServedFeed, UserState
from reels.core.user_state import digest
from reels.learning.snapshot import write
from reels.recommender import replay
from reels.recommender.models import Models, build
from reels.recommender.pipeline import compute
from reels.recommender.stages import PageInputs
from reels.recommender.standard import generators, pipelines
from reels.recommender.viewer import viewer_of

NOTHING = np.empty(0, np.int32)


def served(models: Models, state: UserState, seed: int = 5, mode: str = "for_you") -> ServedFeed:
    """A page as the feed makes it, after 20 reels seen and 20 served."""
    asked = replace(query(limit=12, mode=mode), seed=seed)
    seen, above = models.keys[5:25], models.keys[40:60]
    viewer = viewer_of(state, models, np.concatenate([seen, state.history]), above)
    generator = generators()[mode]
    found = generator.build(asked, viewer, models, Policy())
    merged = generator.at_request(found, asked, viewer, models, Policy())
    above_rows = models.rows_of(above[-9:])
    inputs = PageInputs(
        asked, viewer, merged.rows, merged.found_by, generator.names, above_rows, ("redis",), digest(state)
    )
    page = compute(inputs, models, Policy(), pipelines()[mode]).page
    page = replace(page, next_cursor="c", timings_ms={"total": 1.0})
    return ServedFeed(page, asked, replay.pack(inputs, models))


def again(one: ServedFeed, models: Models) -> FeedPage:
    return replay.replay(one, models, Policy(), pipelines())


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**62), mode=st.sampled_from(["for_you", "latest"]))
def test_the_same_page_from_the_snapshot_alone(seed: int, mode: str) -> None:
    """Tail and signals of then come from the record, not from the models at hand."""
    one = served(with_tail(), mixed(), seed, mode)
    assert again(one, plain()) == one.page
    assert again(one, with_tail()) == one.page
    rows = {item.row for item in one.page.items}
    assert mode == "for_you" or any(row >= plain().base for row in rows), "the tail was in it"


@pytest.mark.parametrize("state", [state_of(), fan_of_topic(1), mixed()], ids=["cold", "fan", "mixed"])
def test_the_same_page_for_every_viewer(state: UserState) -> None:
    for models in (plain(), with_tail()):
        one = served(models, state)
        assert again(one, plain()) == one.page


def test_another_snapshot_is_refused() -> None:
    with pytest.raises(NoSnapshot, match="test-400-50-3"):
        again(served(plain(), mixed()), build(make_snapshot(400, seed=3)))


@pytest.mark.parametrize(
    "packed",
    [
        b"",
        b"nonsense",
        replay.pack(
            PageInputs(query(), viewer_of(state_of(), plain()), NOTHING, NOTHING.astype(np.uint16), (), NOTHING),
            plain(),
        )[:-3],
    ],
)
def test_damaged_inputs_are_refused(packed: bytes) -> None:
    with pytest.raises(InputError):
        replay.unpack(packed)


def test_a_page_takes_a_few_kilobytes() -> None:
    assert len(served(with_tail(), mixed()).inputs) < 12_000


ELSEWHERE = """
import pickle, sys
from pathlib import Path
from reels.core.policy import Policy
from reels.learning.snapshot import open_snapshot
from reels.recommender.models import build
from reels.recommender.replay import replay
from reels.recommender.standard import pipelines

pages = pickle.loads(Path(sys.argv[1]).read_bytes())
models = build(open_snapshot(Path(sys.argv[2])))
same = [replay(one, models, Policy(), pipelines()) == one.page for one in pages]
assert same == [True] * 6, same
print("same")
"""


def test_the_same_page_in_another_process_from_the_files_with_other_threads(tmp_path: Path) -> None:
    import pickle

    directory = write(tmp_path, snapshot())
    pages = [
        served(models, state) for models in (plain(), with_tail()) for state in (state_of(), fan_of_topic(1), mixed())
    ]
    (tmp_path / "pages").write_bytes(pickle.dumps(pages))
    asked = [sys.executable, "-c", ELSEWHERE, str(tmp_path / "pages"), str(directory)]
    done = subprocess.run(
        asked, capture_output=True, text=True, timeout=120, env={"OPENBLAS_NUM_THREADS": "2"}, check=False
    )
    assert done.stdout.strip() == "same", done.stderr


def test_one_altered_byte_is_noticed() -> None:
    models = plain()
    packed = served(models, mixed()).inputs
    for at in (0, 5, 20, len(packed) // 2, len(packed) - 1):
        altered = bytearray(packed)
        altered[at] ^= 1
        with pytest.raises(InputError):
            replay.unpack(bytes(altered))


def test_what_was_recorded_before_reads_as_well() -> None:
    """Until 2026-11 inputs were compressed and without a checksum."""
    models = plain()
    packed = served(models, mixed()).inputs
    before = zlib.compress(b"RPI1" + packed[12:])
    assert replay.unpack(before).head == replay.unpack(packed).head
