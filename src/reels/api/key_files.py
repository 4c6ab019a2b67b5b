"""The two secrets of a deployment, as files: the key that signs tokens and the key that makes pseudonyms."""

import os
import secrets
from collections.abc import Callable
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from reels.core.errors import ConfigError

SIGNING = "signing.pem"
PSEUDONYM = "pseudonym.key"
TRUSTED = "trusted"
"""Folder beside the signing key: keys whose tokens count, but which do not sign."""
NEXT = "next.pem"
"""In that folder: the private key that will sign next."""
PSEUDONYM_BYTES = 32


def of_demo(data_dir: Path, name: str) -> Path:
    """Where the demo keeps the key of this name."""
    return data_dir / "keys" / name


def create(directory: Path) -> tuple[Path, Path]:
    """Make both keys, readable by their owner only; those that are there stay. Paths: signing, pseudonym key."""
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    signing = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    _write_new(directory / SIGNING, signing)
    _write_new(directory / PSEUDONYM, secrets.token_bytes(PSEUDONYM_BYTES))
    return directory / SIGNING, directory / PSEUDONYM


def add_next(directory: Path) -> Path:
    """The key that will sign next, made in the folder of trusted keys; the one that is there already stays."""
    trusted = directory / TRUSTED
    trusted.mkdir(exist_ok=True, mode=0o755)
    key = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    _write_new(trusted / NEXT, key)
    _owned_like(directory / SIGNING, trusted / NEXT)
    return trusted / NEXT


def switch(directory: Path, name_of: Callable[[Ed25519PublicKey], str]) -> Path:
    """The next key signs; of the one that did only the public half is kept, among the trusted ones. Its path.

    Between any two steps all keys are there: workers that start meanwhile know them. ConfigError without a next key.
    """
    signing, following = directory / SIGNING, directory / TRUSTED / NEXT
    load_signing(following)
    old = load_signing(signing).public_key()
    kept = directory / TRUSTED / f"{name_of(old)}.pem"
    _write_new(kept, old.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    kept.chmod(0o644)
    _owned_like(signing, following)
    following.replace(signing)
    return kept


def retire(directory: Path, before: float) -> list[Path]:
    """Trust no longer the keys that stopped signing before a moment (epoch s); those that are gone."""
    old = [path for path in (directory / TRUSTED).glob("*.pem") if path.name != NEXT and path.stat().st_mtime < before]
    for path in old:
        path.unlink()
    return sorted(old)


def load_signing(path: Path) -> Ed25519PrivateKey:
    """The key that signs tokens. ConfigError where the file holds none."""
    try:
        key = load_pem_private_key(_read(path), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise ConfigError(
            f"{path}: not an unencrypted private key in PEM: {error}; make one with `reels keys`"
        ) from None
    if not isinstance(key, Ed25519PrivateKey):
        raise ConfigError(f"{path}: an Ed25519 key is expected, not {type(key).__name__}; make one with `reels keys`")
    return key


def load_trusted(directory: Path) -> list[Ed25519PublicKey]:
    """The public halves of all keys in a folder (`*.pem`, public or private). ConfigError names a file that is none."""
    return [_public(path) for path in sorted(directory.glob("*.pem"))]


def _public(path: Path) -> Ed25519PublicKey:
    content = _read(path)
    if b"PRIVATE KEY" in content:
        return load_signing(path).public_key()
    try:
        key = load_pem_public_key(content)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise ConfigError(f"{path}: not a key in PEM: {error}") from None
    if not isinstance(key, Ed25519PublicKey):
        raise ConfigError(f"{path}: an Ed25519 key is expected, not {type(key).__name__}")
    return key


def load_pseudonym(path: Path) -> bytes:
    """The key of the pseudonyms. ConfigError where it is shorter than 32 bytes."""
    key = _read(path)
    if len(key) < PSEUDONYM_BYTES:
        raise ConfigError(f"{path}: {len(key)} bytes, at least {PSEUDONYM_BYTES} are needed; make it with `reels keys`")
    return key


def _owned_like(example: Path, path: Path) -> None:
    """Readable by whoever reads the example; owners change for root alone."""
    rights = example.stat()
    path.chmod(rights.st_mode & 0o777)
    if os.geteuid() == 0:
        os.chown(path, rights.st_uid, rights.st_gid)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigError(f"{path}: can't be read: {error.strerror}") from None


def _write_new(path: Path, content: bytes) -> None:
    """Write a file that only its owner may read, unless it is there; whole or not at all."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
        os.link(draft, path)
    except FileExistsError:
        return
    finally:
        draft.unlink(missing_ok=True)
