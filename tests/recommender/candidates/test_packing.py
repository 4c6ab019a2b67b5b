import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from reels.core.errors import InputError
from reels.core.types import CandidateSet
from reels.recommender.candidates.packing import pack, unpack

NAMES = st.lists(
    st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=9), max_size=5
)


@given(
    st.data(), st.integers(0, 40), st.integers(0, 3), NAMES, NAMES, st.text(st.characters(exclude_categories=["Cs"]))
)
def test_a_set_survives_packing(
    data: st.DataObject, n: int, m: int, sources: list[str], failed: list[str], snapshot: str
) -> None:
    made = CandidateSet(
        keys=data.draw(arrays(np.int64, n)),
        found_by=data.draw(arrays(np.uint32, n)),
        sources=tuple(sources),
        snapshot=snapshot,
        built_at=1.5,
        failed=tuple(failed),
        newest=data.draw(arrays(np.int64, m)),
    )
    read = unpack(pack(made))
    assert read.keys.tolist() == made.keys.tolist()
    assert read.found_by.tolist() == made.found_by.tolist()
    assert read.newest.tolist() == made.newest.tolist()
    assert (read.sources, read.failed) == (made.sources, made.failed)
    assert (read.snapshot, read.built_at) == (made.snapshot, made.built_at)


@given(st.binary(max_size=200))
def test_other_bytes_are_refused(packed: bytes) -> None:
    with pytest.raises(InputError):
        unpack(packed)
