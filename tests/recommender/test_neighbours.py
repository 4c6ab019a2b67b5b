import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from reels.learning.snapshot import Neighbours, Table
from reels.recommender.neighbours import merged, summed


def table_of(seed: int, n: int) -> Table:
    rng = np.random.default_rng(seed)
    lengths = rng.integers(0, 6, n)
    indptr = np.concatenate(([0], np.cumsum(lengths))).astype(np.int64)
    indices, weights = rng.integers(0, n, indptr[-1]).astype(np.int32), rng.random(indptr[-1]).astype(np.float32)
    return Table.of(Neighbours(indptr, indices, weights))


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10_000), n=st.integers(1, 60), h=st.integers(0, 20))
def test_both_sums_are_those_of_a_dictionary(seed: int, n: int, h: int) -> None:
    table, rng = table_of(seed, n), np.random.default_rng(seed + 1)
    history = rng.integers(-1, n, h).astype(np.int32)
    strengths = rng.random(h).astype(np.float32)
    weights = table.weights
    expected: dict[int, float] = {}
    for row, strength in zip(history.tolist(), strengths.tolist(), strict=True):
        for at in range(table.indptr[row], table.indptr[row + 1]) if row >= 0 else ():
            place = int(table.indices[at])
            expected[place] = expected.get(place, 0.0) + strength * float(weights[at])
    rows, sums, because = merged(table, history, strengths)
    assert set(rows.tolist()) == set(expected)
    assert np.allclose(sums, [expected[row] for row in rows.tolist()], atol=1e-5)
    assert ((because >= 0) & (because < h)).all()
    wanted = np.arange(-1, n, dtype=np.int32)
    some, why = summed(table, history, strengths, wanted)
    assert np.allclose(some, [expected.get(row, 0.0) for row in wanted.tolist()], atol=1e-5)
    assert ((why >= 0) == (some > 0)).all()
