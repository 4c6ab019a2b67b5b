"""A whole system behind the nginx configuration that is deployed: only the files of `site/` are the test's own."""

import datetime
import ipaddress
import os
import shutil
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from tests.waiting import eventually

CONFIGURATION = Path(__file__).resolve().parents[2] / "deploy" / "nginx"
STRANGER, BALANCER, OPERATOR = "127.0.0.1", "127.0.0.2", "127.0.0.3"
"""Where requests of the tests come from: all of 127/8 is this machine."""
ALLOWED_ORIGIN = "https://studio.example.com"


@dataclass(frozen=True)
class Site:
    """A running nginx and where it is reached."""

    directory: Path
    https: int
    http: int
    inside: int

    @property
    def url(self) -> str:
        return f"https://localhost:{self.https}"

    def trust(self) -> ssl.SSLContext:
        """A client's TLS that trusts the test's certificate and no other."""
        return ssl.create_default_context(cafile=str(self.directory / "certificate.pem"))

    def client(self, source: str = STRANGER, *, http2: bool = False) -> httpx.Client:
        """A client that calls from one of this machine's addresses."""
        transport = httpx.HTTPTransport(verify=self.trust(), local_address=source, http2=http2)
        return httpx.Client(base_url=self.url, transport=transport, timeout=30)

    def log(self) -> str:
        return (self.directory / "access.log").read_text()


@contextmanager
def nginx(directory: Path, api: list[int], app: int) -> Iterator[Site]:
    """Debian's nginx with the deployed configuration, in front of these ports; stopped at the end."""
    site = Site(directory, free_port(), free_port(), free_port())
    certificate(directory)
    for name in ("reels.conf", "reels"):
        source = CONFIGURATION / name
        (shutil.copytree if source.is_dir() else shutil.copy)(source, directory / name)
    (directory / "site").mkdir()
    for name, text in _site(site, api, app).items():
        (directory / "site" / name).write_text(text)
    (directory / "nginx.conf").write_text(_main(directory))
    command = [shutil.which("nginx") or "nginx", "-p", str(directory), "-c", str(directory / "nginx.conf")]
    checked = subprocess.run([*command, "-t"], capture_output=True, text=True)
    assert checked.returncode == 0, checked.stderr
    assert "[warn]" not in checked.stderr, checked.stderr
    process = subprocess.Popen(command)
    try:
        eventually(lambda: _listens(site.https))
        yield site
    finally:
        process.terminate()
        process.wait(20)


def certificate(directory: Path) -> None:
    """A self-signed certificate for localhost, good for a day."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    names = x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(minutes=5))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    (directory / "certificate.pem").write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (directory / "key.pem").write_bytes(private)


@dataclass(frozen=True)
class Program:
    """A started `reels COMMAND`."""

    process: subprocess.Popen[bytes]
    log: Path

    def serves(self, says: str) -> None:
        """Wait until it said so."""
        eventually(lambda: says in self.log.read_text() or self.process.poll() is not None, 120)
        assert self.process.poll() is None, self.log.read_text()


@contextmanager
def running(command: list[str], log: Path, environment: dict[str, str]) -> Iterator[Program]:
    """`reels COMMAND` as a process; stopped at the end."""
    values = {**os.environ, **environment, "PYTHONUNBUFFERED": "1"}
    with log.open("wb") as stream:
        argv = [sys.executable, "-m", "reels", *command]
        process = subprocess.Popen(argv, stdout=stream, stderr=subprocess.STDOUT, env=values)
    try:
        yield Program(process, log)
    finally:
        process.terminate()
        process.wait(20)


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def _site(site: Site, api: list[int], app: int) -> dict[str, str]:
    directory = site.directory
    workers = "".join(f"server 127.0.0.1:{port} max_conns=256 max_fails=2 fail_timeout=2s;" for port in api)
    return {
        "name.conf": f"server_name localhost; set $reels_https {site.url};",
        "certificate.conf": (f"ssl_certificate {directory}/certificate.pem; ssl_certificate_key {directory}/key.pem;"),
        "addresses.conf": f"""
            upstream reels_api {{ zone reels_api_servers 64k; least_conn; {workers} keepalive 8; }}
            upstream reels_app {{ zone reels_app_servers 64k; hash $reels_sticky consistent; server 127.0.0.1:{app}; }}
            proxy_cache_path {directory}/media keys_zone=reels_media:1m use_temp_path=off;
            proxy_cache_path {directory}/files keys_zone=reels_files:1m use_temp_path=off;
        """,
        "origins.conf": f'"{ALLOWED_ORIGIN}" $http_origin;',
        "operators.conf": f"allow {OPERATOR}; deny all;",
        "trusted_proxies.conf": (f"set_real_ip_from {BALANCER}; real_ip_header X-Forwarded-For; real_ip_recursive on;"),
        "listen_https.conf": f"listen 127.0.0.1:{site.https} ssl http2;",
        "listen_http.conf": f"listen 127.0.0.1:{site.http};",
        "listen_inside.conf": f"listen 127.0.0.1:{site.inside};",
        "log.conf": f"access_log {directory}/access.log reels;",
    }


def _main(directory: Path) -> str:
    temporary = "".join(
        f"{kind}_temp_path {directory}/tmp_{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    return (
        f"daemon off; worker_processes 1; worker_rlimit_nofile 32768; pid {directory}/nginx.pid;"
        f"error_log {directory}/error.log warn;"
        "events { worker_connections 8192; }"
        f"http {{ include /etc/nginx/mime.types; {temporary} include reels.conf; }}"
    )


def _listens(port: int) -> bool:
    with socket.socket() as sock:
        return sock.connect_ex(("127.0.0.1", port)) == 0
