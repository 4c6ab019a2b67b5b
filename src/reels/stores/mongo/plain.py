"""Values as BSON knows them."""

from collections.abc import Mapping
from dataclasses import fields
from enum import Enum
from typing import Any

import numpy as np

_AS_THEY_ARE = frozenset({str, int, float, bool, bytes, type(None)})


def plain(value: Any) -> Any:
    """The same value without numpy, tuples, sets and enums; keys become text. Other things stay as they are."""
    if type(value) in _AS_THEY_ARE:  # nearly everything: a served page has 600 of them
        return value
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Mapping):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(inner) for inner in value]
    return value


def known_fields(kind: type[Any], document: Mapping[str, Any]) -> dict[str, Any]:
    """Those entries of a document that are fields of a dataclass: older and newer documents load too."""
    names = {one.name for one in fields(kind)}
    return {key: value for key, value in document.items() if key in names}
