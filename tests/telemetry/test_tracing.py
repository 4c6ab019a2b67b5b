"""What is imported, and what happens without the extra: in processes of their own."""

import socket
import subprocess
import sys
import time

from reels.telemetry.tracing import open_spans

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


def test_a_collector_that_hangs_holds_up_the_end_of_a_process_for_seconds_only() -> None:
    with socket.socket() as hanging:
        hanging.bind(("127.0.0.1", 0))
        hanging.listen(5)
        with open_spans(f"http://127.0.0.1:{hanging.getsockname()[1]}/v1/traces", 1.0, "reels-api", "1") as spans:
            assert spans is not None
            for _ in range(2000):  # four batches, each of which it would wait three seconds for
                with spans.job("gather"):
                    pass
            began = time.monotonic()
        assert time.monotonic() - began < 8
