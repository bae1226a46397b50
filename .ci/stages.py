"""Replays the Dockerfile where there is no engine: its copies, its `make`s, what it starts.

Each stage gets a folder with nothing in it but what the Dockerfile copies there, so that a file
that it forgets is missed here too. Then what was installed is started as the image starts it, the
image's own health check must find it well, and a SIGTERM must end it in good order.
"""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from tests.dockerfile import Instruction, only, stages  # noqa: E402 - the path has to be set first.

BUILD = "/build"
INSTALLED = "/opt/consent-service"
START_SECONDS = 30
STOP_SECONDS = 20
# What .dockerignore leaves out of the folders that are copied.
IGNORED = shutil.ignore_patterns("__pycache__", "node_modules")


def main() -> int:
    """Build the stages, start what came of them, ask whether it is well, stop it."""
    with tempfile.TemporaryDirectory(prefix="stages-") as folder:
        root = Path(folder)
        for name, instructions in stages().items():
            if name:
                print(f"-- stage {name}", flush=True)
                _build(root, name, instructions)
        return _start(root)


def _build(root: Path, stage: str, instructions: list[Instruction]) -> None:
    folder = root / stage
    folder.mkdir()
    for name, rest in instructions:
        if name == "COPY":
            _copy(root, folder, rest.split())
        elif name == "RUN" and rest.startswith("make "):
            installed = str(root / INSTALLED.lstrip("/"))
            command = [*rest.replace(INSTALLED, installed).split(), f"PYTHON={sys.executable}"]
            subprocess.run(command, cwd=folder, env=_environment(), check=True)


def _copy(root: Path, folder: Path, words: list[str]) -> None:
    *sources, target = words
    start = ROOT
    if sources[0].startswith("--from="):
        start = root / sources.pop(0).removeprefix("--from=")
    for source in sources:
        origin = start / source.removeprefix(f"{BUILD}/")
        if origin.is_dir():
            shutil.copytree(origin, folder / target, ignore=IGNORED, dirs_exist_ok=True)
        else:
            (folder / target).mkdir(parents=True, exist_ok=True)
            shutil.copy2(origin, folder / target)


def _environment() -> dict[str, str]:
    """What the machine says, without what the `make` that called us says."""
    return {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}


def _start(root: Path) -> int:
    installed = root / INSTALLED.lstrip("/") / "bin"
    data = root / "data"
    data.mkdir()
    ours = {name: value for name, value in _environment().items() if not _is_setting(name)}
    environ = ours | {
        "PATH": f"{installed}:{os.environ['PATH']}",
        "CONSENT_PORT": str(_free_port()),
        "CONSENT_DATABASE": f"sqlite:///{data}/consent.db",
        "CONSENT_KEYS": f"{data}/keys",
    }
    command = [str(installed / "consent-service"), *json.loads(only("CMD"))]
    print(f"-- {' '.join(command[-1:])}, and the health check", flush=True)
    with subprocess.Popen(command, cwd=data, env=environ) as service:
        well = _becomes_well(service, environ)
        service.terminate()
        ended = service.wait(STOP_SECONDS)
    print(f"-- {'well' if well else 'NOT WELL'}, ended with status {ended}")
    # The server finishes its work, then lets the signal end it: for an engine and for systemd
    # that is a clean end.
    return 0 if well and ended in (0, -signal.SIGTERM) else 1


def _is_setting(name: str) -> bool:
    return name.startswith("CONSENT_")


def _becomes_well(service: subprocess.Popen[bytes], environ: dict[str, str]) -> bool:
    check = json.loads(only("HEALTHCHECK").partition("CMD ")[2])
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and service.poll() is None:
        asked = subprocess.run(check, env=environ, stderr=subprocess.DEVNULL, check=False)
        if asked.returncode == 0:
            return True
        time.sleep(0.2)
    return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


if __name__ == "__main__":
    sys.exit(main())
