"""Log lines as a process writes them: in a process of its own, because logging is configured once."""

import json
import subprocess
import sys
from typing import Any

_PROGRAM = """
import logging, sys
import structlog
from reels.cli import logs
from reels.telemetry.request import request_id
logs.configure(sys.argv[1])
ours, theirs = structlog.get_logger("ours"), logging.getLogger("theirs")
ours.info("plain", degraded=("redis",), at={1: 2.5})
with_request = request_id.set("r-7")
try:
    raise ValueError("u_secret")
except ValueError:
    ours.exception("unhandled")
    theirs.exception("also unhandled")
request_id.reset(with_request)
ours.debug("quiet")
theirs.warning("careful")
"""


def lines(level: str) -> list[dict[str, Any]]:
    done = subprocess.run([sys.executable, "-c", _PROGRAM, level], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stderr.splitlines()]


def test_a_line_is_one_json_object_with_level_and_time() -> None:
    plain, *_, careful = lines("info")
    assert plain.pop("timestamp").endswith("Z")
    assert plain == {"event": "plain", "level": "info", "degraded": ["redis"], "at": {"1": 2.5}}
    assert (careful["event"], careful["level"]) == ("careful", "warning")


def test_lines_on_the_way_of_a_request_have_its_id_and_others_have_none() -> None:
    told = {line["event"]: line.get("request_id") for line in lines("info")}
    assert told == {"plain": None, "unhandled": "r-7", "also unhandled": "r-7", "careful": None}


def test_exceptions_have_type_and_place_ours_and_those_of_libraries() -> None:
    for line in lines("info"):
        if "unhandled" in line["event"]:
            assert line["exception"].splitlines()[0] == "ValueError"
            assert "<string>:" in line["exception"]
        assert "u_secret" not in str(line)


def test_at_level_debug_messages_are_logged_too() -> None:
    told = {line["event"]: line for line in lines("debug")}
    assert "ValueError: u_secret" in told["unhandled"]["exception"]
    assert "quiet" in told
