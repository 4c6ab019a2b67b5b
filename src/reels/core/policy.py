"""The policy: every number that decides a page, in one frozen, versioned object.

The default, `documented`, is the formula of the project:

    Final = 0.5 content + 0.3 CF + 0.1 popularity + 0.1 exploration
"""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Weights:
    """Weights of the four parts of the score; each part is in 0..1, and the weights sum to 1."""

    content: float = 0.5
    cf: float = 0.3
    popularity: float = 0.1
    exploration: float = 0.1


@dataclass(frozen=True, slots=True)
class Policy:
    """How candidates become a page. Documents of it are never changed, only added (`version` counts up)."""

    name: str = "documented"
    version: int = 0
    weights: Weights = field(default_factory=Weights)
    ranker: str = "blend"
    """`blend`: the weighted sum of the parts. `learned`: the trees of the snapshot in use; while it has none, the
    blend with these weights."""
    normalisation: str = "max"
    """How a raw score of a part becomes comparable within one request: `max` divides by the largest (keeps ratios; on
    MicroLens 0.063 R@10 against 0.049 unnormalised), `sum` by the sum, `z` by the standard deviation above the lowest,
    `rank` uses the rank, `none` takes it as it is."""
    popularity_half_life_days: float = 0.0
    """0: the popularity part is the snapshot's popularity. Else it is log(1 + likes), fading with the nearest half-life
    the snapshot has: what is liked now."""
    popularity_penalty: float = 0.0
    """Of the learned ranker: its score (of standard deviation about 1) less so much times log(1 + times shown), for a
    page that reaches more reels; less of it where training found that it costs more than a hundredth of NDCG@10."""
    epsilon: float = 0.15
    """Share of places given to exploration (epsilon-greedy), 0.1 to 0.2."""
    trending_boost: float = 0.05
    """Share of the request's best score that is added to what is trending now, times how strongly (0..1)."""
    new_creator_boost: float = 0.05
    """Share of the request's best score that is added to a new creator's reel until it has had its fair trial."""
    fair_trial_impressions: int = 100
    """Impressions after which a reel has been tried."""
    max_per_creator: int = 2
    """At most so many reels of one creator in any ten places."""
    max_per_topic: int = 6
    """At most so many reels of one topic in any ten places, while others are left."""
    max_on_trial: int = 2
    """At most so many new creators' reels under trial in any ten places by their score, while others are left; chance
    may put more there."""
    reserved_on_trial: int = 0
    """Of any ten places so many are kept for new creators' reels under trial and, under the learned ranker if they
    promise enough, reels nobody has taken to yet: the best of them for this viewer, while there are any. A share of
    the places takes nobody's score away from the others, which a boost does."""
    diversity: float = 0.2
    """MMR's trade-off (Carbonell and Goldstein 1998): 0 = by score alone, 1 = by novelty alone."""
    candidates: int = 300
    """How many reels are ranked for a request, 200 to 480."""
    created_at: float = 0.0
    created_by: str = ""
    note: str = ""


LEARNED = Policy(
    name="learned",
    ranker="learned",
    popularity_penalty=0.1,
    diversity=0.05,
    max_per_topic=8,
    reserved_on_trial=1,
    candidates=480,
    note="trained ranker over all sources",
)
"""The learned ranker; in force when an operator says so."""

NAMED = {"documented": Policy(), "learned": LEARNED}
"""Built in, by name."""
