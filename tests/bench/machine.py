"""The machine in one line, so that absolute figures can be read at all."""

import os
import platform
import re
import statistics
import time
from importlib.metadata import version
from pathlib import Path

_BLOCK = bytes(4096)
_SYNCS = 50


def described(folder: Path) -> str:
    """Processor, memory, system, versions, and how long the disk under `folder` takes to sync."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    served = ", ".join(f"{name} {version(name)}" for name in ("uvicorn", "uvloop", "httptools"))
    return (
        f"{os.cpu_count()} x {_processor()}, {memory:.0f} GiB, {platform.system()} "
        f"{platform.release()}, Python {platform.python_version()}, {served}; {_kind(folder)}, "
        f"fsync {_sync(folder):.2f} ms; load {os.getloadavg()[0]:.1f} before the start"
    )


def _processor() -> str:
    found = re.search(r"^model name\s*: (.*)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    return found[1] if found else platform.machine()


def _kind(folder: Path) -> str:
    """The file system: on tmpfs a sync costs nothing, and the figures are no figures."""
    best = ("", "unknown")
    for line in Path("/proc/mounts").read_text().splitlines():
        _, where, kind, *_ = line.split()
        if folder.resolve().is_relative_to(where) and len(where) >= len(best[0]):
            best = (where, kind)
    return best[1]


def _sync(folder: Path) -> float:
    """The median time of a small append that waits for the disk, in milliseconds."""
    times = []
    with (folder / "sync").open("wb", buffering=0) as file:
        for _ in range(_SYNCS):
            started = time.perf_counter()
            file.write(_BLOCK)
            os.fdatasync(file.fileno())
            times.append(time.perf_counter() - started)
    return 1000 * statistics.median(times)
