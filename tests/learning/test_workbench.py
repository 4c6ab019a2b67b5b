"""The workbench: results by name and digest, damaged ones count as missing."""

from pathlib import Path

import numpy as np
import pytest

from reels.core.errors import NoSnapshot, SnapshotRefused
from reels.core.ports import StoredReel
from reels.core.types import Reel, ReelStats, ReelStatus
from reels.learning import catalogue as module
from reels.learning.catalogue import Catalogue, catalogue_of
from reels.learning.workbench import Workbench, digest


def test_results_come_back_with_their_digest(tmp_path: Path) -> None:
    bench = Workbench(tmp_path / "work")
    assert bench.digest_of("x") is None
    bench.save("x", "abc", {"a": np.arange(3), "b": np.array(2.5)})
    assert bench.digest_of("x") == "abc"
    assert set(bench.load("x")) == {"a", "b"}
    assert set(bench.load("x", ("a",))) == {"a"}
    assert [path.name for path in bench.root.iterdir()] == ["x.npz"]


@pytest.mark.parametrize("keep", [0, 10, 200])
def test_a_damaged_result_is_no_result(tmp_path: Path, keep: int) -> None:
    bench = Workbench(tmp_path)
    bench.save("x", "abc", {"a": np.arange(100)})
    bench.path("x.npz").write_bytes(bench.path("x.npz").read_bytes()[:keep])
    assert bench.digest_of("x") is None
    with pytest.raises(NoSnapshot, match="run `reels jobs run x` first"):
        bench.load("x")


def test_digests_tell_contents_types_and_shapes_apart() -> None:
    zeros = np.zeros((2, 3))
    made = [zeros, zeros.T, zeros.astype(np.float32), np.zeros(6), zeros + 1, "a", ("a",), 1, 1.0, None]
    assert len({digest(one) for one in made}) == len(made)
    assert digest(zeros, 1) == digest(np.zeros((2, 3)), 1)


def test_a_catalogue_survives_the_workbench(tmp_path: Path) -> None:
    reels = [
        Reel("b", "Título \ud800 #Música", ("a|b",), 12.5, "c1", 100.0, "es", "MX", stats=ReelStats(5, 1, 0, 0.5)),
        Reel("a", "", (), None, status=ReelStatus.BLOCKED),
    ]
    made = catalogue_of([StoredReel(one, 50.0 + i, 60.0, f"h{i}") for i, one in enumerate(reels)])
    bench = Workbench(tmp_path)
    bench.save("catalogue", "d", made.arrays())
    back = Catalogue.from_arrays(bench.load("catalogue"))
    assert back.ids == made.ids
    assert back.public == made.public
    assert back.texts == made.texts
    by_id = {one: i for i, one in enumerate(back.ids)}
    assert back.published[by_id["a"]] == 51.0
    assert back.published[by_id["b"]] == 100.0
    assert back.active.tolist() == [one == "b" for one in back.ids]
    assert (np.diff(back.keys) > 0).all()


def test_an_empty_catalogue_survives_too(tmp_path: Path) -> None:
    bench = Workbench(tmp_path)
    bench.save("catalogue", "d", catalogue_of([]).arrays())
    assert Catalogue.from_arrays(bench.load("catalogue")).ids == []


def test_colliding_ids_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "keys_of", lambda ids: np.array([1 for _ in ids], np.int64))
    with pytest.raises(SnapshotRefused, match="'a' and 'b' have the same key"):
        catalogue_of([StoredReel(Reel(name), 0.0, 0.0, "") for name in ("a", "b")])
