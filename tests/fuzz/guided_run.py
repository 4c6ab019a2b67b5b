"""One run of `guided.py` as a process of its own, and what became of it."""

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class GuidedRun:
    """Executions, edges of the parser's code that were reached, and the input that broke it (None: none did)."""

    executions: int
    edges: int
    finding: bytes | None
    output: str


def guided_run(name: str, directory: Path, *, runs: int = -1, seconds: int = 0, seed: int = 1) -> GuidedRun:
    """Feed the parser of this name until `runs` or `seconds` are over."""
    command = [
        sys.executable, "-m", "tests.fuzz.guided", name, str(directory),
        f"--runs={runs}", f"--seconds={seconds}", f"--seed={seed}",
    ]  # fmt: skip
    environment = {**os.environ, "TMPDIR": str(directory)}
    ended = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    told = ended.stderr + ended.stdout
    findings = [*directory.glob("crash-*"), *directory.glob("timeout-*"), *directory.glob("oom-*")]
    executions = re.search(r"stat::number_of_executed_units: (\d+)", told)
    if executions is None or (ended.returncode != 0 and not findings):
        raise RuntimeError(f"{name}: the run itself failed ({ended.returncode}):\n{told[-3000:]}")
    edges = [int(one) for one in re.findall(r"cov: (\d+)", told)]
    return GuidedRun(
        int(executions[1]), max(edges, default=0), findings[0].read_bytes() if findings else None, told[-3000:]
    )
