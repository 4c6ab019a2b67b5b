"""The metrics of one process, or of all processes that share a directory, as Prometheus reads them.

`reels serve` starts several processes behind one address. It sets PROMETHEUS_MULTIPROC_DIR for them: prometheus_client
then keeps every value in mapped files there, and whichever worker is asked answers for all. Alone, a process keeps its
values in memory.
"""

import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from prometheus_client import CollectorRegistry, Gauge
from prometheus_client.exposition import generate_latest
from prometheus_client.metrics_core import Metric
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead
from prometheus_client.registry import Collector

SAMPLE_EVERY_SEC = 5.0
"""How often values that are looked at (not counted) are looked at, so that another worker's scrape has ours too."""
_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"  # prometheus_client reads it itself, when it is imported


def shared_directory(environment: Mapping[str, str]) -> Path | None:
    """The directory shared with other processes; None = this process answers for itself."""
    given = environment.get(_VARIABLE)
    return Path(given) if given else None


@contextmanager
def sharing(directory: Path) -> Iterator[dict[str, str]]:
    """An empty directory, and the environment for processes that are to share it; removed at the end."""
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    try:
        yield {_VARIABLE: str(directory)}
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def forget_the_dead(directory: Path) -> None:
    """Gauges of processes that are gone (requests in flight, memory) go; what they counted stays."""
    for pid in {int(file.stem.rsplit("_", 1)[1]) for file in directory.glob("gauge_live*_*.db")}:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            mark_process_dead(pid, str(directory))  # type: ignore[no-untyped-call]


class Exposition(Collector):
    """A registry, values that are looked at when asked for, and the text of it all."""

    def __init__(self, directory: Path | None = None) -> None:
        self.registry = CollectorRegistry()
        self._directory = directory
        self._looks: list[Callable[[], None]] = []
        self.registry.register(self)  # the first to be asked: whoever renders the registry has looked before

    def look(self, at: Callable[[], None]) -> None:
        """Call `at` before each answer and every few seconds: it sets gauges."""
        self._looks.append(at)

    def collect(self) -> Iterable[Metric]:
        """Looks at everything; has no metric of its own."""
        for look in self._looks:
            look()
        return ()

    async def sample(self) -> None:
        """Look at everything now. A background step of each process."""
        self.collect()

    def render(self) -> bytes:
        """The text format, for `GET /metrics`: of all processes that share the directory, or of this one."""
        if self._directory is None:
            return generate_latest(self.registry)
        self.collect()
        everyone = CollectorRegistry()
        MultiProcessCollector(everyone, str(self._directory))  # type: ignore[no-untyped-call]
        return generate_latest(everyone)


def watch_memory(exposition: Exposition, process: str) -> None:
    """`reels_process_memory_bytes{process}`: resident memory; with a shared directory one series a process id."""
    gauge = Gauge(
        "reels_process_memory_bytes",
        "Resident memory of a process.",
        ["process"],
        registry=exposition.registry,
        multiprocess_mode="liveall",
    ).labels(process)
    exposition.look(lambda: gauge.set(_resident_bytes()))


def _resident_bytes() -> float:
    """From the kernel; 0 where it does not tell (not Linux)."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except OSError:
        return 0.0
    return float(pages * os.sysconf("SC_PAGE_SIZE"))
