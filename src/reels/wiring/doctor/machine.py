"""Checks of this machine: the set-up, secrets and disk."""

import shutil
import stat
from collections.abc import Callable
from pathlib import Path

from reels.api import key_files
from reels.core.errors import ConfigError
from reels.settings import Settings
from reels.wiring.doctor.finding import Finding, fail, ok, warn

WARN_FREE, FAIL_FREE = 0.10, 0.03
"""Part of the disk that should be free, and must."""


def mode(settings: Settings) -> Finding:
    """Not the demo."""
    if settings.demo:
        return fail("mode", "demo", "unset REELS_DEMO: the demo makes its keys on the spot and is not for the internet")
    return ok("mode", "production")


def secrets(settings: Settings) -> list[Finding]:
    """Each secret is there, is what it should be, and is nobody else's to read."""
    found = [
        _key("signing key", "signing_key_file", settings, key_files.SIGNING, key_files.load_signing),
        _key("pseudonym key", "pseudonym_key_file", settings, key_files.PSEUDONYM, key_files.load_pseudonym),
    ]
    found += [_older(path) for path in settings.older_pseudonym_key_files]
    found += _trusted(settings)
    for name, path in (("mongo url file", settings.mongo_url_file), ("redis url file", settings.redis_url_file)):
        if path is not None:
            found.append(_readable_by_owner(name, path))
    return found


def _key(what: str, setting: str, settings: Settings, name: str, load: Callable[[Path], object]) -> Finding:
    path: Path | None = getattr(settings, setting)
    variable = f"REELS_{setting.upper()}"
    if path is None and settings.demo:
        path = key_files.of_demo(settings.data_dir, name)
        if not path.exists():
            return fail(what, f"{path} is not there", "run `reels demo`, which makes it")
    if path is None:
        return fail(what, "not given", f"make the keys once with `reels keys DIRECTORY` and set {variable}")
    try:
        load(path)
    except ConfigError as error:
        return fail(what, str(error), f"mend the file or point {variable} at the right one")
    return _readable_by_owner(what, path)


def _older(path: Path) -> Finding:
    what = "older pseudonym key"
    try:
        key_files.load_pseudonym(path)
    except ConfigError as error:
        return fail(what, str(error), "mend the file: without it the viewers it named are new ones when they sign up")
    return _readable_by_owner(what, path)


def _trusted(settings: Settings) -> list[Finding]:
    """Keys that do not sign but count, where there are any."""
    signing = settings.signing_key_file or key_files.of_demo(settings.data_dir, key_files.SIGNING)
    folder = settings.trusted_keys_dir or signing.parent / key_files.TRUSTED
    try:
        keys = key_files.load_trusted(folder)
    except ConfigError as error:
        return [fail("trusted keys", str(error), "mend or remove the file: no API worker starts with it")]
    following = folder / key_files.NEXT
    found = [_readable_by_owner("next signing key", following)] if following.exists() else []
    return [*found, ok("trusted keys", f"{len(keys)} in {folder}")] if keys else []


def _readable_by_owner(what: str, path: Path) -> Finding:
    try:
        rights = stat.S_IMODE(path.stat().st_mode)
    except OSError as error:
        return fail(what, f"{path}: {error.strerror}", "mend the path or the rights")
    if rights & 0o007:
        return fail(what, f"{path} is open to everybody ({rights:o})", f"chmod 600 {path}, and make a new secret")
    if rights & 0o030:
        return warn(what, f"{path} may be changed by its group ({rights:o})", f"chmod 640 {path}")
    return ok(what, str(path))


def disk(settings: Settings) -> Finding:
    """Room for a snapshot and films."""
    what = "disk"
    place = settings.data_dir.resolve()
    while not place.exists():
        place = place.parent
    usage = shutil.disk_usage(place)
    free = usage.free / usage.total
    found = f"{usage.free / 1e9:.1f} GB free at {place} ({free:.0%})"
    advice = "make room: fewer REELS_SNAPSHOTS_KEPT, remove DATA_DIR/media (films are drawn again), or a larger disk"
    if free < FAIL_FREE:
        return fail(what, found, advice)
    return warn(what, found, advice) if free < WARN_FREE else ok(what, found)
