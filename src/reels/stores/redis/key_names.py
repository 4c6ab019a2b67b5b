"""Every key in Redis. All of a viewer's share a hash tag, so that they live together in a cluster.

| key | holds |
|---|---|
| `user:{id}:state` | packed `UserState` |
| `user:{id}:seen` | reel keys with any event, int64 little-endian, in order of arrival |
| `user:{id}:served` | reel keys on answered pages, likewise |
| `user:{id}:candidates` | packed `CandidateSet` |
| `user:{id}:page:<feed_id>` | an answered page, for retries |
| `user:{id}:building` | somebody builds the candidates now |
| `user:{id}:generation` | how often state and seen were dropped lately: a rebuild begun before a drop is not kept |
| `signals:<name>` | packed signals shared by all API workers |
| `policy:version` | version of the policy in force |
| `limits:v1:gcra:{who}:<group>` | when a viewer's or client's quota of a group of routes is whole again |
"""

POLICY_VERSION = "policy:version"


def state(user_id: str) -> str:
    """Key of a viewer's packed state."""
    return f"user:{{{user_id}}}:state"


def seen(user_id: str) -> str:
    """Key of the reels a viewer has any event with."""
    return f"user:{{{user_id}}}:seen"


def served(user_id: str) -> str:
    """Key of the reels on a viewer's answered pages."""
    return f"user:{{{user_id}}}:served"


def candidates(user_id: str) -> str:
    """Key of a viewer's candidates."""
    return f"user:{{{user_id}}}:candidates"


def page(user_id: str, feed_id: str) -> str:
    """Key of one answered page."""
    return f"user:{{{user_id}}}:page:{feed_id}"


def building(user_id: str) -> str:
    """Key of the claim to build a viewer's candidates."""
    return f"user:{{{user_id}}}:building"


def generation(user_id: str) -> str:
    """Key of how often a viewer's state was dropped."""
    return f"user:{{{user_id}}}:generation"


def signals(name: str) -> str:
    """Key of shared signals."""
    return f"signals:{name}"


LIMITS = "limits"
"""Namespace of the quotas; the library adds its version and algorithm, the caller `{who}:<group>`."""
