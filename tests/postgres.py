"""A PostgreSQL of the tests' own: started when first needed, thrown away at the end.

    with running_server() as server:
        url = server.new_database()

A fixture keeps one for the session; each test has a database of its own in it. It listens on a
Unix socket alone, so it disturbs nobody. It syncs to the disk as it would in earnest, unless it is
told that nobody tests what is left after its crash.
Where PostgreSQL is missing, `tests.tools.Missing` says how to get it: nothing is skipped.
"""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import psycopg
from psycopg import sql

from tests import tools

START_SECONDS = 60.0

_SETTINGS = {
    "listen_addresses": "",
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "shared_buffers": "64MB",
    "max_connections": "60",
    "autovacuum": "off",
    "log_min_messages": "fatal",
}
_UNSYNCED = {"fsync": "off", "full_page_writes": "off"}


class Server:
    """One PostgreSQL in a folder of its own, as an account that may run one."""

    def __init__(self, folder: Path, synced: bool = True) -> None:
        self.folder = folder
        self._settings = _SETTINGS if synced else _SETTINGS | _UNSYNCED
        self._programs = tools.postgres()
        self._account = _account()
        self._process: subprocess.Popen[bytes] | None = None
        self._numbers = count(1)

    def prepare(self) -> None:
        """Make the empty cluster."""
        if self._account:
            shutil.chown(self.folder, self._account)
        # Only making the cluster is unsynced: a machine that dies here takes the test with it.
        options = ["--username=postgres", "--auth=trust", "--encoding=UTF8", "--no-sync"]
        made = subprocess.run(
            [self._program("initdb"), f"--pgdata={self.folder}/data", "--locale=C", *options],
            user=self._account,
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
        )
        if made.returncode:
            raise RuntimeError(f"initdb failed: {made.stderr}")

    def start(self) -> None:
        """Start, and wait until it answers."""
        options = [f"--{name}={value}" for name, value in self._settings.items()]
        folders = ["-D", f"{self.folder}/data", "-k", f"{self.folder}"]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [self._program("postgres"), *folders, *options],
                user=self._account,
                cwd=self.folder,
                stdout=log,
                stderr=log,
            )
        self._wait_until_it_answers()

    def stop(self) -> None:
        """Stop, and let go of whoever is connected."""
        self._end(signal.SIGINT)

    def crash(self) -> None:
        """Stop without a last word, as in a power cut: the next start recovers from the log."""
        self._end(signal.SIGQUIT)

    def url(self, database: str = "postgres") -> str:
        """The address of one of its databases."""
        return f"postgresql://postgres@/{database}?host={self.folder}"

    def new_database(self, template: str = "template1") -> str:
        """The address of a new database, a copy of `template`: empty, unless told otherwise."""
        name = f"test_{next(self._numbers)}"
        self._command(
            sql.SQL("create database {} template {}"),
            sql.Identifier(name),
            sql.Identifier(template),
        )
        return self.url(name)

    def drop_database(self, url: str) -> None:
        """Throw a database away, whoever is connected to it."""
        self._command(sql.SQL("drop database {} with (force)"), sql.Identifier(self.name(url)))

    @staticmethod
    def name(url: str) -> str:
        """The name of the database at that address."""
        return str(psycopg.conninfo.conninfo_to_dict(url)["dbname"])

    def _program(self, name: str) -> str:
        return str(self._programs / name)

    def _command(self, command: sql.SQL, *names: sql.Identifier) -> None:
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(command.format(*names))

    def _end(self, how: signal.Signals) -> None:
        if self._process:
            self._process.send_signal(how)
            self._process.wait(START_SECONDS)
            self._process = None

    def _wait_until_it_answers(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not self._answers():
            ended = self._process is None or self._process.poll() is not None
            if ended or time.monotonic() > deadline:
                raise RuntimeError(f"PostgreSQL did not start: {(self.folder / 'log').read_text()}")
            time.sleep(0.05)

    def _answers(self) -> bool:
        try:
            psycopg.connect(self.url(), connect_timeout=5).close()
        except psycopg.OperationalError:
            return False
        return True


@contextmanager
def running_server(synced: bool = True) -> Iterator[Server]:
    """A server that runs while the block does."""
    # Not pytest's folder: that one is closed to the account that PostgreSQL runs as.
    with tempfile.TemporaryDirectory(prefix="consent-pg-", ignore_cleanup_errors=True) as folder:
        server = Server(Path(folder), synced)
        server.prepare()
        try:
            server.start()
            yield server
        finally:
            server.stop()


def _account() -> str | None:
    """The account that runs it: PostgreSQL refuses root. None for one's own."""
    if os.getuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in known else "nobody"
