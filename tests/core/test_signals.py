import numpy as np
import pytest

from reels.core import signals
from reels.core.errors import InputError


def test_a_signal_survives_packing() -> None:
    made = signals.make(np.array([5, -3, 9]), np.array([0.5, 1.0, 0.25]), 12.5)
    read = signals.unpack(signals.pack(made))
    assert read.keys.tolist() == [-3, 5, 9]
    assert read.values.tolist() == [1.0, 0.5, 0.25]
    assert read.computed_at == 12.5


@pytest.mark.parametrize("packed", [b"", b"RSG1", b"x" * 20, signals.pack(signals.Signal())[:-1]])
def test_other_bytes_are_refused(packed: bytes) -> None:
    with pytest.raises(InputError):
        signals.unpack(packed)
