"""`reels serve`: the whole system on one machine: API workers, job worker, app, and stores where none are given."""

import importlib.util
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Annotated

import typer

from reels.cli import api, logs, ui, worker
from reels.cli.console import out
from reels.cli.processes import Processes, answers, environment, listening
from reels.settings import Settings
from reels.stores.private import addresses
from reels.telemetry.exposition import forget_the_dead, sharing
from reels.wiring import signing_key

WORKER_TIMES = 10
"""The job worker may be silent for so many times as long: a step of a fit may hold the interpreter for a minute."""


def serve(
    app: Annotated[bool, typer.Option(help="Serve the Flutter app too.")] = True,
) -> None:
    """Run everything until Ctrl-C. What is where is set in the environment: see docs/operations.md."""
    settings = Settings()
    logs.configure(settings.log_level)
    signing_key(settings)  # a wrong set-up is said before anything starts
    with system(settings) as running:
        running.start(app=app)
        out.print(f"app  {running.app_url or 'not served'}\napi  {running.api_url}")
        running.processes.watch()


@dataclass(slots=True)
class System:
    """The processes of a served system, and where they are reached."""

    settings: Settings
    processes: Processes
    fd: int
    api_url: str
    app_url: str = ""

    def start(self, *, app: bool) -> None:
        """API workers, job worker and, where its distribution is installed, the app. Returns when all of them serve."""
        silent = self.settings.hangs_after_sec
        serves = answers(f"{self.api_url}/readyz")
        for number in range(self.settings.workers):
            self.processes.start(
                f"api-{number}", ["api", "--fd", str(self.fd)], api.SAYS, serves, (self.fd,), silent_sec=silent
            )
        self.processes.start("worker", ["worker"], worker.SAYS, lambda: True, silent_sec=WORKER_TIMES * silent)
        if app and importlib.util.find_spec("reels_app"):
            self.app_url = f"http://{self.settings.host}:{self.settings.ui_port}"
            self.processes.start("ui", ["ui"], ui.SAYS, answers(f"{self.app_url}/healthz"), silent_sec=silent)


@contextmanager
def system(settings: Settings) -> Iterator[System]:
    """Stores and a listening socket; what is started in the block is stopped with it, the stores last."""
    data = settings.data_dir.resolve()
    with ExitStack() as stack:
        found = stack.enter_context(addresses(data / "stores", settings.mongo_url, settings.redis_url))
        sock = stack.enter_context(listening(settings.host, settings.port))
        host, port = sock.getsockname()[:2]
        shared = data / "metrics" / str(port)
        api_url = f"http://{f'[{host}]' if ':' in host else host}:{port}"
        values = {
            "REELS_DATA_DIR": str(data),
            "REELS_MONGO_URL": found.mongo_url,
            "REELS_REDIS_URL": found.redis_url,
            "REELS_DEMO": str(settings.demo).lower(),
            "REELS_PORT": str(port),
            "REELS_UI_PORT": str(settings.ui_port),
            "REELS_PUBLIC_API_URL": settings.public_api_url or api_url,
            "PYTHONUNBUFFERED": "1",
        }
        stack.enter_context(environment(values | stack.enter_context(sharing(shared))))
        processes = Processes(data / "logs", stores=found.children, ended=lambda: forget_the_dead(shared))
        stack.callback(processes.stop)
        yield System(settings, processes, sock.fileno(), api_url)
