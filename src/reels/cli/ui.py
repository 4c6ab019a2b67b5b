"""`reels ui`: the Flutter app, served by its own process."""

import os

import uvicorn

from reels.cli import logs
from reels.cli.uvicorn_server import SayingServer
from reels.core.errors import ConfigError
from reels.settings import Settings

SAYS = "ui: serving"
_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}  # noqa: S104  not bound here, but translated  # nosec B104


def ui() -> None:
    """Serve the app in the foreground; browsers fetch films and posters from the API themselves."""
    try:
        from reels_app.server import create_app
    except ImportError as error:
        raise ConfigError(f"the app is not installed ({error}): pip install -e 'frontend/flutter_app[web]'") from None
    settings = Settings()
    logs.configure(settings.log_level)
    api_url = api_address(settings)
    app = create_app(api_url, settings.public_api_url or api_url, settings.data_dir / "ui")
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.ui_port,
        http="httptools",
        ws="websockets-sansio",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=5,
    )
    SayingServer(config, SAYS, os.environ).run()


def api_address(settings: Settings) -> str:
    """Where this process reaches the API: as told, else on this machine, even where it listens on every address."""
    if settings.api_url:
        return settings.api_url
    host = _EVERYWHERE.get(settings.host, settings.host)
    return f"http://{f'[{host}]' if ':' in host else host}:{settings.port}"
