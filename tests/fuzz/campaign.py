"""The long run: `make fuzz`. Every parser by atheris for a while, and the result into `last_run.json`.

The OpenAPI and hypothesis runs before it (`pytest tests/fuzz --fuzz-times`) must have passed; their cases are counted.
"""

import argparse
import json
import platform
import sys
import tempfile
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from tests.fuzz.guided_run import GuidedRun, guided_run
from tests.fuzz.operations import planned
from tests.fuzz.parsers import PARSERS
from tests.fuzz.test_parsers import CASES

RESULT = Path(__file__).with_name("last_run.json")


def main() -> int:
    """1 when something was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=300, help="for each parser")
    parser.add_argument("--times", type=int, default=10, help="what the runs before it were given as --fuzz-times")
    parser.add_argument("--seed", type=int, required=True)
    asked = parser.parse_args()
    runs = {name: _run(name, asked.seconds, asked.seed) for name in PARSERS}
    result = {
        "date": datetime.now(UTC).date().isoformat(),
        "machine": f"{platform.machine()}, Python {platform.python_version()}",
        "versions": {name: version(name) for name in ("atheris", "hypothesis", "schemathesis")},
        "seed": asked.seed,
        "openapi_cases": planned() * asked.times,
        "hypothesis_cases": CASES * asked.times * len(PARSERS),
        "atheris_seconds_each": asked.seconds,
        "atheris": {name: {"executions": run.executions, "edges": run.edges} for name, run in runs.items()},
        "findings": {name: run.finding.hex() for name, run in runs.items() if run.finding is not None},
    }
    RESULT.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    return 1 if result["findings"] else 0


def _run(name: str, seconds: int, seed: int) -> GuidedRun:
    with tempfile.TemporaryDirectory(prefix="reels-fuzz-") as directory:
        run = guided_run(name, Path(directory), seconds=seconds, seed=seed)
    print(name, run.executions, "executions", run.edges, "edges", "FOUND" if run.finding else "", flush=True)  # noqa: T201
    return run


if __name__ == "__main__":
    sys.exit(main())
