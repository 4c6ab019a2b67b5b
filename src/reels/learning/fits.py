"""All fits of a snapshot in one go, from pairs in memory: for evaluations, and for the snapshot the ranker learns on.

The jobs make the same results one by one, from the workbench; a test holds the two together.
"""

from dataclasses import dataclass

from reels.learning.catalogue import Catalogue
from reels.learning.cf_matrix import cf_arrays, directional, symmetric
from reels.learning.ease import MOST_REELS, ease, ease_arrays
from reels.learning.factorization import FactorizationConfig, factor_arrays, factorize
from reels.learning.interactions import Interactions, histories_of
from reels.learning.newcomers import Told, newcomer_arrays
from reels.learning.popularity import count, popularity, popularity_arrays
from reels.learning.recency import recent_arrays
from reels.learning.sequence import MOST_REELS as SEQUENCE_REELS
from reels.learning.sequence import SequenceConfig, fit_sequence, has_torch
from reels.learning.shallow import MOST_REELS as SHALLOW_REELS
from reels.learning.shallow import ShallowConfig, fit_shallow
from reels.learning.words import word_arrays
from reels.learning.workbench import Arrays


@dataclass(frozen=True, slots=True)
class FitConfig:
    """As the settings and the jobs have them; a test holds the two together."""

    embedder: str = "use"
    content_dim: int = 128
    factors: int = 64
    neighbours: int = 50
    half_life_sec: float = 90 * 86_400.0
    popularity_half_life_sec: float = 14 * 86_400.0
    sequence_epochs: int = 7
    """0 = no sequence model; without torch there is none either."""
    shallow_epochs: int = 8
    """0 = no shallow sequence model."""
    ease_neighbours: int = 100
    """0 = no linear model: it takes most of the time."""


def fitted(
    catalogue: Catalogue,
    pairs: Interactions,
    content: Arrays,
    config: FitConfig,
    *,
    now: float,
    seed: int = 0,
    threads: int = 1,
) -> dict[str, Arrays]:
    """Results for `assembly.assembled`. `content`: the result of the embeddings, in the rows of `catalogue`."""
    keys = catalogue.keys
    histories = histories_of(pairs, keys, now=now, half_life_sec=config.half_life_sec)
    factors = factorize(histories, FactorizationConfig(factors=config.factors, seed=seed), threads=threads)
    counts = count(pairs, keys, catalogue.published, now=now, half_life_sec=config.popularity_half_life_sec)
    overall = popularity(catalogue, counts, now=now, half_life_sec=config.popularity_half_life_sec)
    together = symmetric(histories, config.neighbours, threads=threads)
    after = directional(histories, config.neighbours, threads=threads)
    results: dict[str, Arrays] = {
        "content": content,
        "cf_matrix": cf_arrays(keys, together, after),
        "factorization": factor_arrays(keys, factors),
        "popularity": popularity_arrays(catalogue, counts, overall),
        "words": word_arrays(catalogue, config.neighbours, threads=threads),
        "recent": recent_arrays(pairs, histories, keys, now=now),
    }
    told = Told(content["content"], results["words"]["terms"], results["words"]["term_weights"])
    results["newcomers"] = newcomer_arrays(
        keys, histories, after, together, told, factors.factors, catalogue.published, config.neighbours
    )
    if config.ease_neighbours and len(keys) <= MOST_REELS:
        results["ease"] = ease_arrays(keys, ease(histories, config.ease_neighbours))
    if config.shallow_epochs and len(keys) <= SHALLOW_REELS:
        shallow = fit_shallow(
            histories, content["content"], ShallowConfig(epochs=config.shallow_epochs, seed=seed), threads=threads
        )
        results["shallow"] = {"keys": keys, **shallow.arrays()}
    if config.sequence_epochs and has_torch() and len(keys) <= SEQUENCE_REELS:
        sequence = SequenceConfig(epochs=config.sequence_epochs, seed=seed)
        vectors = content["content"]
        results["sequence"] = {"keys": keys, **fit_sequence(histories, vectors, sequence, threads=threads).arrays()}
    return results
