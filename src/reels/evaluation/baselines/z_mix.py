"""The best small experiment on KuaiRand: EASE, content and recent popularity, z-normalised per request.

0.35 z(EASE) + 0.1 z(TF-IDF) + 0.55 z(log(1 + recent positives))
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reels.core.types import Floats
from reels.evaluation.baselines.content import LikeWhatWasLiked, TfIdf
from reels.evaluation.baselines.ease import Ease, Linear
from reels.evaluation.baselines.recent_popularity import HALF_LIFE_DAYS, recent_counts
from reels.evaluation.log import Log
from reels.evaluation.recommenders import Context

EASE, CONTENT, RECENT = 0.35, 0.1, 0.55


@dataclass(frozen=True, slots=True)
class Mixed:
    """The weighted sum."""

    ease: Linear
    content: LikeWhatWasLiked
    recent: Floats

    def scores(self, viewers: Log) -> NDArray[np.floating]:
        """As `Scoring`."""
        mixed = EASE * standardised(self.ease.scores(viewers)) + CONTENT * standardised(self.content.scores(viewers))
        return np.asarray(mixed + RECENT * standardised(self.recent[None, :]))


class ZMix:
    """EASE, content, recent popularity."""

    name = "z-mix"
    about = (
        f"{EASE} EASE + {CONTENT} TF-IDF + {RECENT} log recent popularity (halved every {HALF_LIFE_DAYS:g} days), each "
        "z-normalised per request"
    )

    def fit(self, train: Log, context: Context) -> Mixed:
        """Fits all three. Raises NotApplicable as they do."""
        recent = np.log1p(recent_counts(train.liked(), context.now, HALF_LIFE_DAYS))
        return Mixed(Ease().fit(train, context), TfIdf().fit(train, context), recent.astype(np.float32))


def standardised(scores: NDArray[np.floating]) -> NDArray[np.floating]:
    """Each row less its mean, over its standard deviation."""
    spread = scores.std(axis=1, keepdims=True) + 1e-9
    return np.asarray((scores - scores.mean(axis=1, keepdims=True)) / spread)
