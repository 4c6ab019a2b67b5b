"""Slow clients (slowloris): those who dribble are let go by nginx, and cost nobody else an answer meanwhile."""

import select
import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from tests.deploy.behind_nginx import BALANCER
from tests.deploy.conftest import Deployed

pytestmark = [pytest.mark.xdist_group("deploy"), pytest.mark.slow]

SLOW = 40
LET_GO_SEC = 90
"""nginx gives a header, and each pause within a body, ten seconds; the rest is for a busy machine."""
HALF_A_HEADER = b"GET /feed HTTP/1.1\r\nHost: localhost\r\nX-Slow: "
HALF_A_BODY = b"POST /events HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n{"


@pytest.fixture
def slow(deployed: Deployed) -> Iterator[list[ssl.SSLSocket]]:
    """Connections that began a request and went no further: half within the header, half within the body."""
    with ExitStack() as stack:
        opened = []
        for number in range(SLOW):
            raw = stack.enter_context(socket.create_connection(("127.0.0.1", deployed.site.https), 30))
            secured = stack.enter_context(deployed.site.trust().wrap_socket(raw, server_hostname="localhost"))
            secured.sendall(HALF_A_HEADER if number % 2 else HALF_A_BODY)
            opened.append(secured)
        yield opened


def test_slow_clients_are_let_go_and_keep_nobody_waiting(deployed: Deployed, slow: list[ssl.SSLSocket]) -> None:
    with deployed.site.client(BALANCER) as client:
        client.headers["x-forwarded-for"] = "10.9.9.9"
        assert [client.get("/healthz").status_code for _ in range(20)] == [200] * 20
    assert all(ended(one, LET_GO_SEC) for one in slow)


def ended(connection: ssl.SSLSocket, within_sec: float) -> bool:
    """Whether the server closes this connection in time; what it still says (408) is read first."""
    connection.setblocking(False)
    until = time.monotonic() + within_sec
    while (left := until - time.monotonic()) > 0:
        try:
            if not connection.recv(4096):
                return True
        except ssl.SSLWantReadError:
            select.select([connection], [], [], left)
        except OSError:  # reset, without a TLS farewell
            return True
    return False
