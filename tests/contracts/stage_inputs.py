"""What stages must leave as it is: a digest of everything they are given."""

from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np
import xxhash


def fingerprint(*things: Any) -> str:
    """Of all arrays in these (nested) dataclasses."""
    digest = xxhash.xxh3_128()

    def add(thing: Any) -> None:
        if isinstance(thing, np.ndarray):
            digest.update(thing.tobytes())
        elif is_dataclass(thing) and not isinstance(thing, type):
            for field in fields(thing):
                add(getattr(thing, field.name))

    for thing in things:
        add(thing)
    return digest.hexdigest()
