"""Each reaction keeps the contract."""

import numpy as np
from tests.contracts.reaction import ReactionContract
from tests.ingesting import ME

from reels.core.ports import ViewerStore
from reels.core.user_state import digest, unpack
from reels.ingest.reactions.reaction import Reaction
from reels.ingest.reactions.seen import SeenReaction
from reels.ingest.reactions.state import StateReaction
from reels.ingest.rebuild import Rebuild


class TestState(ReactionContract):
    def make(self, viewers: ViewerStore, rebuild: Rebuild) -> Reaction:
        return StateReaction(viewers, rebuild)

    async def kept(self, viewers: ViewerStore) -> object:
        packed = (await viewers.read(ME)).state
        return None if packed is None else digest(unpack(packed))


class TestSeen(ReactionContract):
    def make(self, viewers: ViewerStore, rebuild: Rebuild) -> Reaction:
        return SeenReaction(viewers, rebuild)

    async def kept(self, viewers: ViewerStore) -> object:
        seen = (await viewers.read(ME)).seen
        return None if seen is None else np.unique(seen).tolist()
