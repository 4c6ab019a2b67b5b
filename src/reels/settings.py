"""Every setting, in one frozen object. Each can be given as `REELS_<NAME>` in the environment.

Only `wiring` and the command line read it; everything else gets plain values as arguments.
"""

from pathlib import Path
from typing import Any, Literal

from pydantic import Field, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from reels.core.errors import ConfigError


class Settings(BaseSettings):
    """Where things are and how much of them there may be."""

    model_config = SettingsConfigDict(env_prefix="REELS_", frozen=True, extra="ignore")

    data_dir: Path = Field(
        Path("var"), description="Everything this machine keeps: snapshots, keys, films, private stores."
    )
    mongo_url: str = Field(
        "", description="MongoDB to use, e.g. mongodb://db:27017/?replicaSet=rs0. Empty: start a private one."
    )
    mongo_url_file: Path | None = Field(
        None, description="File that holds REELS_MONGO_URL, for a URL with a password. REELS_MONGO_URL goes before it."
    )
    mongo_database: str = Field("reels", description="Database name in MongoDB.")
    redis_url: str = Field(
        "", description="Redis or Valkey to use, e.g. redis://cache:6379/0. Empty: start a private one."
    )
    redis_url_file: Path | None = Field(
        None, description="File that holds REELS_REDIS_URL, for a URL with a password. REELS_REDIS_URL goes before it."
    )
    demo: bool = Field(
        False, description="Demo mode: keys are made on the spot, a token is printed. Never on the internet."
    )

    host: str = Field("127.0.0.1", description="Address the API listens on.")
    port: int = Field(8000, ge=0, le=65535, description="Port the API listens on.")
    workers: int = Field(1, ge=1, le=64, description="API worker processes.")
    hangs_after_sec: float = Field(
        30.0,
        ge=5.0,
        le=600.0,
        description="`reels serve` kills and restarts an API worker or app that was silent for so long; the job worker "
        "after ten times as long.",
    )
    ui_port: int = Field(8080, ge=0, le=65535, description="Port the Flutter app is served on.")
    public_api_url: str = Field("", description="Address browsers reach the API at; empty: http://host:port.")
    api_url: str = Field("", description="Address the app's process reaches the API at; empty: http://host:port.")
    cors_origins: tuple[str, ...] = Field((), description="Origins that may call the API from a browser. Empty: none.")

    signing_key_file: Path | None = Field(
        None, description="Ed25519 private key (PEM) that signs tokens. Demo: made on the spot."
    )
    pseudonym_key_file: Path | None = Field(
        None, description="File with at least 32 random bytes; keys user ids (HMAC-SHA256)."
    )
    trusted_keys_dir: Path | None = Field(
        None, description="Folder of the next and older signing keys, whose tokens count; empty: `trusted` beside it."
    )
    older_pseudonym_key_files: tuple[Path, ...] = Field(
        (), description="Pseudonym keys used before (JSON list): their viewers keep their ids."
    )
    access_token_sec: int = Field(900, ge=60, le=86_400, description="Life of an access token.")
    refresh_token_sec: int = Field(30 * 86_400, ge=3600, description="Life of a refresh token; each is good once.")
    refresh_grace_sec: int = Field(
        20, ge=0, le=300, description="How long a used refresh token is answered with the same tokens once more."
    )
    admin_token_sec: int = Field(900, ge=60, le=86_400, description="Life of an administrator's token.")
    limit_feed: int = Field(300, ge=0, description="Pages a viewer may ask for a minute. 0: as many as they like.")
    limit_events: int = Field(600, ge=0, description="Batches of events a viewer may send a minute. 0: no limit.")
    limit_account: int = Field(300, ge=0, description="Other requests of a viewer a minute. 0: no limit.")
    limit_admin: int = Field(300, ge=0, description="Requests of an administrator a minute. 0: no limit.")
    limit_auth: int = Field(30, ge=0, description="Sign-ups and refreshes of one client a minute. 0: no limit.")
    trusted_proxies: tuple[str, ...] = Field(
        ("127.0.0.1",), description="Who may say whom a request comes from, by X-Forwarded-For (JSON list); * anybody."
    )
    uncounted_clients: tuple[str, ...] = Field(
        ("127.0.0.0/8", "::1/128"),
        description="Networks whose sign-ups are not counted (JSON list): our own processes, such as the app's.",
    )

    embedder: str = Field(
        "use", pattern="^(use|hash)$", description="Text embedder: multilingual USE, or hashed n-grams."
    )
    content_dim: int = Field(
        128, ge=8, le=512, description="Dimensions the text vectors are reduced to in a snapshot (PCA)."
    )
    factors: int = Field(64, ge=8, le=256, description="Factors of the matrix factorization.")
    neighbours: int = Field(50, ge=5, le=500, description="Neighbours kept for a reel in the item-item tables.")
    sequence_epochs: int = Field(
        7,
        ge=0,
        le=100,
        description="Readings of all histories in a fit of the sequence model; needs torch (`make torch`); 0 = none.",
    )
    shallow_epochs: int = Field(
        8, ge=0, le=100, description="Readings of all histories in a fit of the shallow sequence model. 0 = none."
    )
    ease_neighbours: int = Field(
        100, ge=0, le=1000, description="Entries a reel keeps in the linear model (catalogues to 10,000). 0: no model."
    )
    ranker_viewers: int = Field(
        8000, ge=0, le=1_000_000, description="Viewers whose requests the ranker is trained on. 0: no learned ranker."
    )
    policy: Literal["documented", "learned"] = Field(
        "documented",
        description="What pages are made by until an operator sets a policy: the documented formula or, from the first "
        "training on, the learned ranker.",
    )
    snapshots_kept: int = Field(3, ge=1, description="How many snapshots are kept for rollback.")
    train_every_sec: int = Field(3600, ge=30, description="How often the worker trains and switches the snapshot.")
    training_threads: int = Field(1, ge=1, le=256, description="Threads a training may use beside the serving ones.")
    cf_half_life_days: float = Field(
        90.0, gt=0, description="A like teaches the item-item tables and factors half as much after so many days."
    )
    popularity_half_life_days: float = Field(
        14.0, gt=0, description="A view counts half as much for popularity after so many days."
    )
    trending_every_sec: int = Field(15, ge=1, description="How often the worker counts what is trending.")
    catalogue_poll_sec: float = Field(0.25, gt=0, description="How often an API worker looks for new or changed reels.")

    candidates_ttl_sec: int = Field(300, ge=10, description="Life of a cached candidate set; jittered by a tenth.")
    source_deadline_ms: int = Field(150, ge=5, description="A candidate source slower than this is left out and named.")
    page_limit: int = Field(50, ge=1, le=200, description="Largest page a client may ask for.")
    pages_kept_sec: int = Field(6 * 3600, ge=60, description="How long an answered page is kept in Redis for retries.")
    feeds_kept_days: int = Field(30, ge=1, description="How long served pages are kept in MongoDB.")
    requests_at_once: int = Field(
        32, ge=1, description="Requests an API worker answers side by side; beyond, they wait for their turn."
    )
    requests_waiting: int = Field(
        128, ge=0, description="Requests that may wait for their turn; beyond, they are answered 503 with Retry-After."
    )
    longest_wait_ms: int = Field(
        500, ge=1, description="A request that has waited so long for its turn is answered 503 with Retry-After."
    )
    max_body_bytes: int = Field(1_000_000, ge=10_000, description="Largest request body.")
    worker_metrics_host: str = Field("127.0.0.1", description="Address the worker tells its metrics on.")
    worker_metrics_port: int = Field(
        0, ge=0, le=65535, description="Port the worker tells its metrics on. 0: none (in serve the API tells them)."
    )
    otlp_url: str = Field(
        "",
        description="Collector for traces, e.g. http://127.0.0.1:4318/v1/traces (extra otel). Empty: none.",
    )
    trace_share: float = Field(0.1, ge=0, le=1, description="Share of requests that are traced. Jobs always are.")
    log_level: str = Field(
        "info", pattern="^(debug|info|warning|error)$", description="Least important log line written."
    )

    @model_validator(mode="before")
    @classmethod
    def _urls_from_files(cls, given: Any) -> Any:
        """Addresses with passwords in them come from files: an environment is readable in too many places."""
        if isinstance(given, dict):
            for name in ("mongo_url", "redis_url"):
                if given.get(f"{name}_file") and not given.get(name):
                    given[name] = _content(Path(given[f"{name}_file"]), name)
        return given


def _content(path: Path, name: str) -> str:
    try:
        text = path.read_text(encoding="utf-8").strip()
    except (OSError, ValueError) as error:
        raise ConfigError(f"REELS_{name.upper()}_FILE={path}: can't be read: {error}") from None
    if not text:
        raise ConfigError(f"REELS_{name.upper()}_FILE={path}: the file is empty; it should hold one URL")
    return text
