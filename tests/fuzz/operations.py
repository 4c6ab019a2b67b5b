"""How many requests are made up for each operation of the OpenAPI: `fits` its schema, or `breaks` it.

Most go where there is most to get wrong. An operation that takes nothing still gets odd callers, queries and headers.
"""

from dataclasses import dataclass

LEAST = 20_000
"""Cases of an ordinary run, all operations together."""


@dataclass(frozen=True)
class Cases:
    """Requests of one operation, and whether everything that breaks its schema must be refused.

    Not where values travel in a query: `limit=1` is the same whether a number or a list of one was meant.
    """

    fits: int
    breaks: int = 0
    strict: bool = False
    gets_in: bool = True
    """Whether some of those that fit must be answered well."""


_BARE = Cases(fits=300)
PLAN: dict[str, Cases] = {
    "get_feed": Cases(1800, 1800),
    "post_events": Cases(1800, 1800),  # one bad event is rejected alone, in a 200
    "get_media_film": Cases(300),
    "get_media_poster": Cases(600),
    "post_auth_device": Cases(900, 900, strict=True),
    "post_auth_refresh": Cases(600, 600, strict=True),
    "post_auth_admin": Cases(60, 300, strict=True, gets_in=False),  # five wrong passwords, then there is a pause
    "post_auth_logout": Cases(150, 150),
    "get_jwks": _BARE,
    "post_admin_viewer_revoke": Cases(300),
    "get_reel": Cases(1500),
    "get_me": _BARE,
    "patch_me": Cases(900, 900, strict=True),
    "post_me_reset": _BARE,
    "get_admin_stats": _BARE,
    "get_admin_audit": _BARE,
    "post_admin_reels": Cases(1200, 600),  # likewise
    "get_admin_policy": _BARE,
    "put_admin_policy": Cases(900, 900, strict=True),
    "get_admin_policy_history": Cases(300, 300),
    "get_admin_jobs": Cases(300, 300),
    "post_admin_job": Cases(900),
    "get_admin_feed": Cases(900),
    "get_healthz": _BARE,
    "get_readyz": _BARE,
    "get_metrics": _BARE,
}


def planned() -> int:
    """Cases of an ordinary run."""
    return sum(cases.fits + cases.breaks for cases in PLAN.values())
