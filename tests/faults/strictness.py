"""How much is asked for. The long suite asks for what is promised; the short one leaves room for a busy machine.

There a page may miss a deadline without any fault. Nothing lost, nothing doubled and every page whole in the end are
asked for by both.
"""

import os

_LONG = os.environ.get("REELS_FAULTS") == "long"
AT_ONCE = 1.0 if _LONG else 0.95
"""Share of pages that are whole at the first try."""
AGAIN_SEC = 0.0 if _LONG else 5.0
"""Seconds after a fault that should not be noticed at all."""
