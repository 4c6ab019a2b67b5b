"""Which splits a data set is evaluated on, made only when needed."""

from collections.abc import Callable
from datetime import datetime

import numpy as np

from reels.evaluation.log import Catalogue, Log
from reels.evaluation.splits import Split, cold_reels, cold_viewers, exposures, leave_last_out, temporal

KUAIRAND_CUT = datetime.fromisoformat("2022-04-29T00:00:00+08:00").timestamp()
"""Fit up to 04-28, ask for 04-29 and 04-30, in the data set's own time."""
KUAIRAND_END = datetime.fromisoformat("2022-05-01T00:00:00+08:00").timestamp()
KUAIRAND_TUNE = datetime.fromisoformat("2022-04-27T00:00:00+08:00").timestamp()
LAST_SHARE = 0.9
"""Of an imported log the newest tenth of the events is asked for."""
Plan = dict[str, Callable[[], Split]]


def plan_for(source: str, log: Log, catalogue: Catalogue) -> Plan:
    """By name, the main one first. `tune` and `tune-...` are earlier, to choose settings on: never in the default."""
    cold: Plan = {
        "cold-reels": lambda: cold_reels(log, catalogue),
        "cold-viewers": lambda: cold_viewers(log),
    }
    if source == "kuairand":
        return {
            "temporal": lambda: temporal(log, KUAIRAND_CUT, KUAIRAND_END),
            "exposures": lambda: exposures(log, KUAIRAND_CUT, KUAIRAND_END),
            **cold,
            "tune": lambda: temporal(log, KUAIRAND_TUNE, KUAIRAND_CUT, name="tune"),
            "tune-exposures": lambda: exposures(log, KUAIRAND_TUNE, KUAIRAND_CUT, name="tune-exposures"),
        }
    last: Plan = {"leave-last-out": lambda: leave_last_out(log)}
    if source == "imported":
        cut = float(np.quantile(log.at, LAST_SHARE)) if len(log) else 0.0
        last["temporal"] = lambda: temporal(log, cut)
    return {**last, **cold, "tune": lambda: leave_last_out(log, back=2)}


def default_splits(plan: Plan) -> list[str]:
    """What is run when nothing is asked for: everything that is not for tuning."""
    return [name for name in plan if not name.startswith("tune")]
