"""The only place where the abstract meets the concrete: which stores, stages, reactions and jobs there are."""

from reels.wiring.api import open_api, signing_key
from reels.wiring.stores import Stores, open_stores

__all__ = ["Stores", "open_api", "open_stores", "signing_key"]
