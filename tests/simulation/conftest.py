"""The sample as committed, made once."""

import numpy as np
import pytest

from reels.cli.generate import DEFAULT_SEED
from reels.simulation.config import SampleConfig
from reels.simulation.sample import Sample, generate


@pytest.fixture(scope="session")
def sample() -> Sample:
    """2,000 reels, 500 viewers, the seed of the committed files."""
    return generate(SampleConfig(), np.random.default_rng(DEFAULT_SEED))
