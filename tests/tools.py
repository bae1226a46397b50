"""Where the browsers, Node, PHP, Go and PostgreSQL are on this machine: one rule for tests and CI.

Standard library only: `.ci/tools.py` uses this before anything is installed. What is named here
runs: a program that is there but does not start (a stub for a snap, say) is passed over.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CHROMIUMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
FIREFOXES = ("firefox-esr", "firefox")
NODE_LEAST = 20
POSTGRES_LEAST = 14
PHP_LEAST = 8
GO_ENVIRONMENT = {
    "GO111MODULE": "off",
    "GOPATH": "/usr/share/gocode",
    "GOFLAGS": "",
    "CGO_ENABLED": "0",
}
"""Go takes packages from the machine, and none from a network."""

_HOW = "`make tools` installs it"


class Missing(RuntimeError):
    """A tool is not on this machine. The message says how to get it."""


@cache
def chromium() -> str:
    """The path of a Chromium: `$CHROMIUM`, else one on the path, else Playwright's own.

    Raises `Missing`.
    """
    named = os.environ.get("CHROMIUM")
    for path in [named] if named else _chromiums():
        if "Chrom" in _output(path, "--version"):
            return path
    raise Missing(f"no Chromium runs here (tried {named or 'the path and Playwright'}): {_HOW}")


@cache
def firefox() -> str:
    """The path of a Firefox: `$FIREFOX`, else one on the path. Raises `Missing`."""
    named = os.environ.get("FIREFOX")
    for path in [named] if named else filter(None, map(shutil.which, FIREFOXES)):
        if "Firefox" in _output(path, "--version"):
            return path
    raise Missing(f"no Firefox runs here (tried {named or 'the path'}): {_HOW}")


@cache
def node() -> str:
    """The path of a Node of version 20 or later that has npm beside it.

    On the path, else in this virtual environment. Raises `Missing`.
    """
    for path in filter(None, (shutil.which("node"), f"{sys.prefix}/bin/node")):
        beside = Path(path).with_name("npm")
        if _number(_output(path, "--version")) >= NODE_LEAST and beside.exists():
            return path
    raise Missing(f"no Node {NODE_LEAST} or later with npm is here: {_HOW}")


@cache
def postgres() -> Path:
    """The folder of PostgreSQL's programs, `initdb` and `postgres` among them.

    By `pg_config --bindir`, else the newest of /usr/lib/postgresql. Raises `Missing`.
    """
    for folder in _postgres_folders():
        initdb = str(folder / "initdb")
        version = _number(_output(str(folder / "postgres"), "--version"))
        if version >= POSTGRES_LEAST and _output(initdb, "--version"):
            return folder
    raise Missing(f"no PostgreSQL {POSTGRES_LEAST} or later is here: {_HOW}")


@cache
def php() -> str:
    """The path of a PHP of version 8 or later, for the command line. Raises `Missing`."""
    path = shutil.which("php") or "php"
    if _number(_output(path, "--version")) >= PHP_LEAST:
        return path
    raise Missing(f"no PHP {PHP_LEAST} or later for the command line is here: {_HOW}")


@cache
def go() -> str:
    """The path of a Go that finds its packages for ledgers where Debian puts them.

    Raises `Missing`.
    """
    path = shutil.which("go") or "go"
    packages = Path(GO_ENVIRONMENT["GOPATH"]) / "src/golang.org/x/mod/sumdb/tlog"
    if "go" in _output(path, "version") and packages.is_dir():
        return path
    raise Missing(f"no Go with golang.org/x/mod is here: {_HOW}")


def project_files(*under: str) -> list[Path]:
    """The files that git holds, as absolute paths; those `under` given paths, if any are."""
    # The checkout may belong to another account than the one that tests: only its list is read.
    command = ["git", "-c", "safe.directory=*", "ls-files", "-z", "--", *under]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    listed = (ROOT / name for name in ran.stdout.split("\0") if name)
    return [path for path in listed if path.is_file()]


def _chromiums() -> Iterator[str]:
    yield from filter(None, map(shutil.which, CHROMIUMS))
    default = Path.home() / ".cache/ms-playwright"
    cache_folder = Path(os.environ.get("PLAYWRIGHT_BROWSERS_PATH") or default)
    yield from _newest(cache_folder.glob("chromium-*/chrome-linux*/chrome"))


def _postgres_folders() -> Iterator[Path]:
    # pg_config comes with the client's headers as well: its folder may hold no server.
    named = _output("pg_config", "--bindir").strip()
    if named:
        yield Path(named)
    yield from map(Path, _newest(Path("/usr/lib/postgresql").glob("*/bin")))


def _newest(paths: Iterable[Path]) -> list[str]:
    """The paths, highest number first: 17 before 9."""
    return sorted(map(str, paths), key=_numbers, reverse=True)


def _numbers(text: str) -> list[int]:
    return [int(digits) for digits in re.findall(r"\d+", text)]


def _number(text: str) -> int:
    """The first number in a program's answer; 0 where there is none."""
    return next(iter(_numbers(text)), 0)


def _output(program: str, *arguments: str) -> str:
    """What a program prints; nothing where it is missing, fails or hangs."""
    try:
        ran = subprocess.run(
            [program, *arguments], capture_output=True, text=True, timeout=30, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return ran.stdout
