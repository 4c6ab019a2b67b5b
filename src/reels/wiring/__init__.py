"""The only place where the abstract meets the concrete: which stores, stages, reactions and jobs there are."""

from reels.wiring.api import open_api, pseudonyms_of, signing_key, trusted_keys
from reels.wiring.stores import Stores, open_stores

__all__ = ["Stores", "open_api", "open_stores", "pseudonyms_of", "signing_key", "trusted_keys"]
