"""What the collaborative fits learn from, off the workbench."""

from reels.core.keys import Keys
from reels.learning.catalogue import Catalogue
from reels.learning.interactions import Histories, Interactions, held_out, histories_of
from reels.learning.workbench import Workbench, digest


def load_catalogue(bench: Workbench) -> tuple[Catalogue, float]:
    """The gathered catalogue and when it was gathered (epoch s)."""
    arrays = bench.load("catalogue")
    now = float(arrays.pop("now"))
    return Catalogue.from_arrays(arrays), now


def load_interactions(bench: Workbench) -> Interactions:
    """The gathered pairs."""
    arrays = bench.load("interactions")
    arrays.pop("now")
    return Interactions.from_arrays(arrays)


def load_histories(bench: Workbench, half_life_sec: float) -> tuple[Keys, Histories]:
    """Keys of the catalogue and what viewers liked of it, without the pairs held out for the checks."""
    arrays = bench.load("catalogue", ("keys", "now"))
    pairs = load_interactions(bench)
    keys, now = arrays["keys"], float(arrays["now"])
    return keys, histories_of(pairs, keys, now=now, half_life_sec=half_life_sec, without=held_out(pairs))


def histories_digest(bench: Workbench) -> str:
    """Changes whenever `load_histories` may answer something else."""
    return digest(bench.digest_of("interactions"), bench.load("catalogue", ("keys",))["keys"])
