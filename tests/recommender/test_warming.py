"""Once warm, no request meets the compiler."""

import subprocess
import sys
from pathlib import Path

from tests.recommender.models_in_use import snapshot

from reels.learning.snapshot import write

SESSION = """
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
from numba.core.registry import CPUDispatcher

from reels.core import signals
from reels.core.policy import Policy
from reels.core.user_state import pack, unpack
from reels.learning.snapshot import open_snapshot
from reels.recommender import fold_in, membership, neighbours, replay, tastes
from reels.recommender.after.refresh_candidates import RefreshCandidates
from reels.recommender.candidates import packing
from reels.recommender.models import build, with_signals
from reels.recommender.orders import orders_of
from reels.recommender.selection import spread
from reels.recommender.stages import Done, PageInputs
from reels.recommender.standard import generators, pipelines
from reels.recommender.pipeline import complete
from reels.recommender.tail import prepare, tail_of
from reels.recommender.viewer import viewer_of
from reels.recommender.warming import warm
from tests.recommender.models_in_use import stored
from tests.recommender.viewers import fan_of_topic, mixed, query, state_of
from tests.snapshots import NOW

def compiled():
    return {
        (module.__name__, name): len(one.signatures)
        for module in (fold_in, membership, neighbours, tastes, spread)
        for name, one in vars(module).items() if isinstance(one, CPUDispatcher)
    }

def pages(models):
    for state in (state_of(), fan_of_topic(1), mixed()):
        state = unpack(pack(state))
        for mode in ("for_you", "latest"):
            for share in (0.01, 0.5, 0.97):
                seen = models.keys[: int(share * models.n)]
                asked, viewer = query(mode=mode), viewer_of(state, models, seen, models.keys[-4:])
                generator = generators()[mode]
                found = packing.unpack(packing.pack(generator.build(asked, viewer, models, Policy())))
                for newest in (found.newest, found.newest[:0]):
                    merged = generator.at_request(replace(found, newest=newest), asked, viewer, models, Policy())
                    above = models.rows_of(seen[-9:])
                    inputs = PageInputs(asked, viewer, merged.rows, merged.found_by, generator.names, above)
                    inputs, computed = complete(inputs, models, Policy(), pipelines()[mode], generator)
                    replay.pack(inputs, models)
                    done = Done(asked, computed.page, inputs, models, found)
                    RefreshCandidates(None, 300.0)._due(done)

base = open_snapshot(Path(sys.argv[1]))
models = build(base)
warm(models, NOW)
before = compiled()
pages(models)
late = build(base, tail_of(base, orders_of(base), [prepare(stored(f"t{i}")) for i in range(5)], {}))
pages(late)
pages(with_signals(late, signals.make(base.keys[:5], np.ones(5), NOW), signals.make(base.keys[:5], np.ones(5), NOW)))
more = {name: count for name, count in compiled().items() if count > before[name]}
assert not more, more
print("nothing compiled")
"""


def test_nothing_is_compiled_after_warming(tmp_path: Path) -> None:
    directory = write(tmp_path, snapshot())
    asked = [sys.executable, "-c", SESSION, str(directory)]
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run(asked, capture_output=True, text=True, timeout=200, cwd=root, check=False)
    assert done.stdout.strip().endswith("nothing compiled"), done.stderr
