"""`python -m tests.bench.widget`: our banner beside its peers, in a real Chromium, in one run.

Every round visits every contender in turn, so that what disturbs the machine disturbs all of them.
See ../README.md for how to read the table.
"""

import argparse
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Browser, Error

from tests.bench import machine
from tests.bench.widget import contenders, ours, table, visits
from tests.bench.widget.contenders import OURS, PLAIN, Contender
from tests.bench.widget.site import Site, serving
from tests.bench.widget.visits import Figures, Visitor

Visit = Callable[[Visitor], Figures]

ONCE: tuple[Visit, ...] = (visits.weigh, visits.judged, visits.under_a_strict_policy)
EACH_ROUND: tuple[Visit, ...] = (visits.on_a_slow_link, visits.work, visits.slow_work)


def main() -> int:
    """Run the benchmark. 1 if a visit failed, so that a figure is missing; else 0."""
    options = _options()
    chosen = [each for each in contenders.ALL if _wanted(each, options.only)]
    with tempfile.TemporaryDirectory(prefix="consent-bench-") as folder:
        print(machine.described(Path(folder)), flush=True)
    for each in chosen:
        print(f"  {each.title}{': ' if each.note else ''}{each.note}", flush=True)
    run = Run(chosen, options.rounds)
    with serving(Site(contenders.files())) as site, visits.chromium() as browser:
        print(f"  Chromium {browser.version}, 412x823", flush=True)
        for number in range(options.rounds):
            run.round(number, site, browser)
    print()
    for line in table.lines(run.rounds, [each.name for each in chosen]):
        print(line)
    for line in table.missed(run.rounds):
        print(f"above its limit: {line}")
    for line in run.failures:
        print(line, file=sys.stderr)
    return 1 if run.failures else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.widget", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="visits of each kind (5)")
    parser.add_argument("--quick", action="store_const", const=1, dest="rounds", help="one round")
    names = [each.name for each in contenders.ALL]
    parser.add_argument(
        "--only", action="append", default=[], choices=names, help="a contender, repeatable"
    )
    return parser.parse_args()


def _wanted(contender: Contender, only: list[str]) -> bool:
    return not only or contender in (PLAIN, OURS) or contender.name in only


@dataclass
class Run:
    """Rounds of visits, and those that failed."""

    chosen: list[Contender]
    of: int
    rounds: table.Rounds = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    def round(self, number: int, site: Site, browser: Browser) -> None:
        """Every visit to every contender: kind by kind, so that those compared are close."""
        found: dict[str, Figures] = {each.name: {} for each in self.chosen}
        if not number:
            found[OURS.name] = ours.weights()
        for visit in (*(ONCE if not number else ()), *EACH_ROUND):
            print(f"round {number + 1} of {self.of}: {visit.__name__}", flush=True)
            for each in self.chosen:
                try:
                    with visits.visitor(site, browser, each) as on:
                        found[each.name] |= visit(on)
                except (Error, ValueError) as error:
                    reason = str(error).splitlines()[0]
                    self.failures.append(f"{each.name}, {visit.__name__}: {reason}")
        self.rounds.append(found)


if __name__ == "__main__":
    sys.exit(main())
