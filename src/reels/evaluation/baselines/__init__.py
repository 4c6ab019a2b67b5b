"""The baselines of the table, one a file. To add one: its file, and its line here."""

from dataclasses import replace

from reels.core.policy import LEARNED
from reels.evaluation.baselines.bpr import Bpr
from reels.evaluation.baselines.content import TfIdf, Use
from reels.evaluation.baselines.documented import Documented, Learned
from reels.evaluation.baselines.ease import Ease
from reels.evaluation.baselines.exposures.mix import ExposureMix
from reels.evaluation.baselines.exposures.trees import ExposureTrees, eight
from reels.evaluation.baselines.ials import Ials
from reels.evaluation.baselines.item_knn import Bm25, Cosine
from reels.evaluation.baselines.new_reels import NewReels
from reels.evaluation.baselines.popularity import Popularity
from reels.evaluation.baselines.rates import ReelRate, ReelViewerRate
from reels.evaluation.baselines.recent_popularity import RecentPopularity
from reels.evaluation.baselines.sequence import Sequence
from reels.evaluation.baselines.watched_next import WatchedNext
from reels.evaluation.baselines.z_mix import ZMix
from reels.evaluation.recommenders import Recommender

BY_SCORE = replace(LEARNED, diversity=0.0, max_per_topic=10, max_per_creator=10, max_on_trial=10)
"""What diversity and caps cost."""
BASELINES: dict[str, Recommender] = {
    "popularity": Popularity(),
    "recent-popularity": RecentPopularity(),
    "tfidf": TfIdf(),
    "use": Use(),
    "knn-cosine": Cosine(),
    "knn-bm25": Bm25(),
    "ials": Ials(),
    "bpr": Bpr(),
    "ease": Ease(),
    "watched-next": WatchedNext(),
    "sequence": Sequence(),
    "new-reels": NewReels(),
    "reel-rate": ReelRate(),
    "reel-viewer-rate": ReelViewerRate(),
    "z-mix": ZMix(),
    "lightgbm-8": eight(),
    "lightgbm-37": ExposureTrees(),
    "exposure-mix": ExposureMix(),
    "documented": Documented(),
    "learned": Learned("learned ranker"),
    "learned-no-torch": Learned("learned ranker without torch", torch=False),
    "learned-by-score": Learned("learned ranker, by score alone", BY_SCORE, torch=False, more="; no MMR, no caps"),
}
"""By the name the command line knows them by, cheap ones first."""
