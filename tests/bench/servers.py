"""Servers in processes of their own, and what the system says of each."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.tools import ROOT

START_SECONDS = 30.0
STOP_SECONDS = 15.0
QUICK = ("uvloop", "httptools")
"""What uvicorn must have loaded: without them it would serve a third as much."""

_PORT = re.compile(r"running on http://127\.0\.0\.1:(\d+)")
_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")


class Running:
    """A server that answers."""

    def __init__(self, process: subprocess.Popen[bytes], port: int) -> None:
        self.port = port
        self._proc = Path("/proc") / str(process.pid)

    @property
    def cpu(self) -> float:
        """Seconds of processor time that it has taken so far, all its threads together."""
        user, system = self._stat()[11:13]
        return (int(user) + int(system)) / _TICKS

    @property
    def rss(self) -> float:
        """The memory that it holds, in MB."""
        return int(self._stat()[21]) * _PAGE / 1e6

    def check_quick(self) -> None:
        """Raises `RuntimeError` if the process has not loaded what makes it quick."""
        maps = (self._proc / "maps").read_text()
        missing = [name for name in QUICK if f"/{name}/" not in maps]
        if missing:
            raise RuntimeError(f"uvicorn runs without {' and '.join(missing)}")

    def _stat(self) -> list[str]:
        # What comes after the name, which may have spaces and brackets in it: proc(5).
        return (self._proc / "stat").read_text().rpartition(")")[2].split()


@contextmanager
def running(
    command: Sequence[str | Path], environment: Mapping[str, str], log: Path
) -> Iterator[Running]:
    """The server that the command starts, once it listens; stopped when the block ends."""
    with log.open("wb") as lines:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stderr=lines)
    try:
        server = Running(process, _port(process, log))
        server.check_quick()
        yield server
    finally:
        process.terminate()
        process.wait(STOP_SECONDS)


def program(name: str) -> Path:
    """A program of the environment that runs this."""
    return Path(sys.executable).with_name(name)


def environment(**settings: str) -> dict[str, str]:
    """The environment of a process with these settings of the service, and no others."""
    # Screenshots would be taken beside what is measured.
    settings = {"browser": "off", **settings}
    clean = {name: value for name, value in os.environ.items() if not name.startswith("CONSENT_")}
    return clean | {f"CONSENT_{name.upper()}": value for name, value in settings.items()}


def _port(process: subprocess.Popen[bytes], log: Path) -> int:
    deadline = time.monotonic() + START_SECONDS
    while not (found := _PORT.search(log.read_text())):
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"the server did not start: {log.read_text()[-2000:]}")
        time.sleep(0.05)
    return int(found[1])
