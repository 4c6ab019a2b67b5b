"""Finds a store's program: on PATH, or inside an installed wheel, which is never imported."""

import os
import re
import stat
import subprocess
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path

_VERSION = re.compile(r"v(?:=|ersion v?)?(\d+)\.(\d+)\.(\d+)")


class Unusable(Exception):
    """Why a program can't be used, in a few words. Never leaves this package."""


def in_wheel(distributions: Iterable[str], name: str) -> Path | None:
    """The file called `name` in the first installed of these distributions, or None."""
    for distribution in distributions:
        try:
            files = metadata.files(distribution) or []
        except metadata.PackageNotFoundError:
            continue
        for file in files:
            if file.name == name:
                return Path(str(file.locate())).resolve()
    return None


def version_of(program: Path, *, oldest: tuple[int, int]) -> str:
    """What `program --version` says, as "6.0.5".

    Raises Unusable when it is not executable, does not run on this machine (another libc or
    processor) or is older than `oldest`, the oldest version the suite runs against.
    """
    _make_executable(program)
    try:
        run = subprocess.run(  # noqa: S603  the operator's own program, no shell  # nosec B603
            [str(program), "--version"], capture_output=True, text=True, timeout=30, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Unusable(f"{program} does not run: {error}") from error
    if run.returncode != 0:
        said = (run.stderr or run.stdout).strip().splitlines()[:1]
        raise Unusable(f"{program} does not run: exit code {run.returncode} {' '.join(said)}")
    found = _VERSION.search(run.stdout)
    if found is None:
        raise Unusable(f"{program} says no version")
    if (int(found[1]), int(found[2])) < oldest:
        raise Unusable(f"{program} is version {found[1]}.{found[2]}.{found[3]}, older than {oldest[0]}.{oldest[1]}")
    return f"{found[1]}.{found[2]}.{found[3]}"


def _make_executable(program: Path) -> None:
    """Some installers drop the x bit of files inside wheels."""
    if not program.is_file():
        raise Unusable(f"{program} is not there")
    if os.access(program, os.X_OK):
        return
    try:
        program.chmod(program.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)
    except OSError as error:
        raise Unusable(f"{program} is not executable: {error}") from error
