"""Policies between the core and the wire."""

from dataclasses import asdict, replace
from typing import Any

from reels.api.moments import iso
from reels.core.policy import Policy, Weights
from reels.schemas.admin import PolicyIn, PolicyOut


def policy_out(policy: Policy) -> PolicyOut:
    """As it is answered."""
    fields = asdict(policy)
    fields["created_at"] = iso(policy.created_at) if policy.created_at else ""
    return PolicyOut.model_validate(fields)


def changed(policy: Policy, change: PolicyIn) -> Policy:
    """The policy with these changes; the note is the change's own."""
    given: dict[str, Any] = change.model_dump(exclude_none=True)
    if change.weights is not None:
        given["weights"] = Weights(**given["weights"])
    return replace(policy, **{"note": "", **given})
