"""Every kind of models and viewer a stage must cope with."""

from collections.abc import Callable

import pytest
from tests.recommender.models_in_use import plain, with_tail
from tests.recommender.viewers import fan_of_topic, mixed, state_of

from reels.core.types import UserState
from reels.recommender.models import Models, no_models

MODELS: dict[str, Callable[[], Models]] = {"plain": plain, "with_tail": with_tail, "none": no_models}
VIEWERS: dict[str, Callable[[], UserState]] = {
    "cold": state_of,
    "fan": lambda: fan_of_topic(1),
    "mixed": mixed,
    "nowhere": lambda: state_of(region="", language=""),
}


@pytest.fixture(params=list(MODELS))
def models(request: pytest.FixtureRequest) -> Models:
    return MODELS[request.param]()


@pytest.fixture(params=list(VIEWERS))
def state(request: pytest.FixtureRequest) -> UserState:
    return VIEWERS[request.param]()
