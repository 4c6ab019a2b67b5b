"""The newest reels are found anew whenever the answer may be another one."""

import numpy as np
from tests.recommender.models_in_use import plain, with_tail
from tests.snapshots import NOW

from reels.core.policy import Policy
from reels.core.types import FeedQuery, UserState
from reels.recommender.candidates.fresh import Fresh
from reels.recommender.viewer import viewer_of


def test_what_is_kept_changes_with_the_models_the_language_and_when_a_reel_is_due() -> None:
    source, models = Fresh(), with_tail()
    due = float(np.sort(models.published[models.active])[-3])
    for now in (NOW, due - 1.0, due - 0.5, due, due + 0.5, due - 0.5, NOW):
        for used in (models, plain()):
            for language in ("hi", "en", "none"):
                asked = FeedQuery("u", 10, now, 1, "f")
                viewer = viewer_of(UserState("u", language=language), used)
                again = source.find(asked, viewer, used, Policy(), 8)
                assert again.tolist() == Fresh().find(asked, viewer, used, Policy(), 8).tolist()
