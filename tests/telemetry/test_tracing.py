"""What is imported, and what happens without the extra: in processes of their own."""

import subprocess
import sys

_OFF = """
import sys
from reels.cli import api, worker
from reels.telemetry.tracing import open_spans
with open_spans("", 1.0, "reels-api", "1"):
    pass
ours = ("opentelemetry.sdk.trace", "opentelemetry.exporter", "reels.telemetry.spans")  # redis-py imports sdk.metrics
print([name for name in sys.modules if name.startswith(ours)])
"""
_MISSING = """
import sys
sys.modules["opentelemetry.sdk.trace.export"] = None
from reels.core.errors import ConfigError
from reels.telemetry.tracing import open_spans
try:
    with open_spans("http://127.0.0.1:1/v1/traces", 1.0, "reels-api", "1"):
        pass
except ConfigError as error:
    print(error)
"""


def said(program: str) -> str:
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_switched_off_it_is_not_even_imported() -> None:
    assert said(_OFF) == "[]"


def test_without_the_extra_it_says_what_to_install() -> None:
    assert "pip install 'reels[otel]'" in said(_MISSING)
