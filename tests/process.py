"""`consent-service serve` in a process of its own, as an operator runs it."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from consent_service.settings import Settings

START_SECONDS = 60.0
_LISTENING = re.compile(r"running on (http://127\.0\.0\.1:\d+)")
_PROGRAM = Path(sys.executable).with_name("consent-service")


class Process:
    """A server process, and what it wrote."""

    def __init__(self, settings: Settings, log: Path, command: Sequence[str] = ("serve",)) -> None:
        self.log = log
        with log.open("ab") as lines:
            self._start = lines.tell()
            self._process = subprocess.Popen(
                [_PROGRAM, *command, "--port", "0"],
                env=environment(settings),
                stdout=lines,
                stderr=lines,
            )
        self.url = self._wait()

    def kill(self) -> None:
        """As the system does when memory runs out: without a last word."""
        self._process.send_signal(signal.SIGKILL)
        self._process.wait(START_SECONDS)

    def stop(self) -> None:
        """Ask it to stop, and wait until it has."""
        if self._process.poll() is None:
            self._process.terminate()
            self._process.wait(START_SECONDS)

    def written(self) -> str:
        """What it wrote since its start."""
        return self.log.read_bytes()[self._start :].decode()

    def _wait(self) -> str:
        deadline = time.monotonic() + START_SECONDS
        while not (found := _LISTENING.search(self.written())):
            assert self._process.poll() is None, self.written()
            assert time.monotonic() < deadline, self.written()
            time.sleep(0.05)
        return found[1]


def environment(settings: Settings) -> dict[str, str]:
    """The environment of a process with these settings, and no others."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("CONSENT_")}
    return clean | {
        "CONSENT_DATABASE": settings.database,
        "CONSENT_KEYS": str(settings.keys),
        "CONSENT_BASE_URL": settings.base_url,
        "CONSENT_LOG_LEVEL": settings.log_level,
        "CONSENT_BROWSER": "off",
    }


def command(settings: Settings, *arguments: str) -> subprocess.CompletedProcess[str]:
    """What a command of the command line says, under these settings."""
    return subprocess.run(
        [_PROGRAM, *arguments],
        env=environment(settings),
        capture_output=True,
        text=True,
        timeout=START_SECONDS,
        check=False,
    )


@contextmanager
def serve(settings: Settings, log: Path) -> Iterator[Process]:
    """A server, until the block ends."""
    process = Process(settings, log)
    try:
        yield process
    finally:
        process.stop()
