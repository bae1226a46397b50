"""`python -m tests.bench`: one table, each row beside a raw ASGI answer in the same run.

Starts the service on SQLite and on PostgreSQL, and a raw ASGI application served in the same way,
each in a process of its own, and asks them in turn. See README.md for how to read it.
"""

import argparse
import statistics
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.bench import machine
from tests.bench.rows import Figures, Group, Row, groups, measure
from tests.bench.servers import environment, running
from tests.bench.service import Service, serving
from tests.postgres import running_server

DATABASES = ("sqlite", "postgres")
KEYS = ("post-sqlite", "post-postgres", "banner", "304", "look-up-sqlite", "look-up-postgres")
TOO_BUSY = 0.9


def main() -> int:
    """Run the benchmark. 1 if any answer was another than it should be, else 0."""
    options = _options()
    with tempfile.TemporaryDirectory(prefix="consent-bench-") as name:
        folder = Path(name)
        print(machine.described(folder), flush=True)
        with _everything(folder, _databases(options.only)) as found:
            chosen = list(_chosen(found, options.only))
            rounds = [_round(chosen, options.seconds) for _ in range(options.rounds)]
    _print(chosen, rounds)
    runs = [figures for each in rounds for figures in each.values()]
    for complaint in [text for figures in runs for text in figures.complaints]:
        print(complaint, file=sys.stderr)
    return 1 if any(figures.errors for figures in runs) else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--seconds", type=float, default=2.0, help="of each run (2)")
    parser.add_argument("--rounds", type=int, default=3, help="runs of each row (3)")
    parser.add_argument(
        "--only",
        action="append",
        default=[],
        metavar="ROW",
        help=f"rows whose key begins so, repeatable; keys: {', '.join(KEYS)}",
    )
    options = parser.parse_args()
    unknown = [name for name in options.only if not any(key.startswith(name) for key in KEYS)]
    if unknown:
        parser.error(f"no row begins with {', '.join(unknown)}: {', '.join(KEYS)}")
    return options


def _databases(only: list[str]) -> list[str]:
    """The databases that the rows need; SQLite where they need none by name."""
    keys = [key for key in KEYS if not only or key.startswith(tuple(only))]
    needed = [name for name in DATABASES if any(key.endswith(name) for key in keys)]
    return needed or ["sqlite"]


@contextmanager
def _everything(folder: Path, databases: list[str]) -> Iterator[list[Group]]:
    """All servers, running, and what they are asked."""
    with ExitStack() as stack:
        services: dict[str, Service] = {}
        for database in databases:
            url = f"sqlite:///{folder}/consent.db"
            if database == "postgres":
                url = stack.enter_context(running_server()).new_database()
            services[database] = stack.enter_context(serving(url, folder / database))
        command = (sys.executable, "-m", "tests.bench.reference")
        raw = stack.enter_context(running(command, environment(), folder / "reference.log"))
        yield list(groups(raw, services))


def _chosen(found: list[Group], only: list[str]) -> Iterator[Group]:
    for group in found:
        rows = [row for row in group.rows if not only or row.key.startswith(tuple(only))]
        if rows:
            yield Group(group.reference, rows)


def _round(chosen: list[Group], seconds: float) -> dict[Row, Figures]:
    """Every row once, each group right after its reference: what disturbs one disturbs both."""
    rows = [row for group in chosen for row in (group.reference, *group.rows)]
    return {row: measure(row, seconds) for row in rows}


def _print(chosen: list[Group], rounds: list[dict[Row, Figures]]) -> None:
    print(f"\n{'':34}{'req/s':>8} {'ratio':>6} {'p50 ms':>7} {'p99 ms':>7}", end="")
    print(f" {'CPU us':>7} {'RSS MB':>7} {'errors':>7}")
    for group in chosen:
        for row in (group.reference, *group.rows):
            print(_line(row, group.reference, rounds))
    busiest = max(figures.busy for each in rounds for figures in each.values())
    print(f"\nThe load took {busiest:.0%} of a core at the most.", end="")
    print(" It may have measured itself." if busiest > TOO_BUSY else "")


def _line(row: Row, reference: Row, rounds: list[dict[Row, Figures]]) -> str:
    runs = [each[row] for each in rounds]
    ratio = statistics.median(each[row].rate / each[reference].rate for each in rounds)
    rate, p50, p99, cpu, rss = (
        statistics.median(getattr(run, name) for run in runs)
        for name in ("rate", "p50", "p99", "cpu", "rss")
    )
    errors = sum(run.errors for run in runs)
    return (
        f"{row.name:34}{rate:8,.0f} {ratio:6.2f} {p50:7.1f} {p99:7.1f} {cpu:7.0f} {rss:7.0f} "
        f"{errors:7}"
    )


if __name__ == "__main__":
    sys.exit(main())
