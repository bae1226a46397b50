"""The figures as a table: ours and each peer side by side, with the limit that ours has to keep."""

import statistics
from collections.abc import Callable, Iterator
from dataclasses import dataclass

Figures = dict[str, float]
Rounds = list[dict[str, Figures]]
"""Of each round, each contender's figures."""

PLAIN, OURS = "plain", "ours"
_WIDE, _NARROW = 40, 10


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    title: str
    key: str
    limit: float | None = None
    digits: int = 0
    beyond_plain: bool = False
    """Whether what the page costs by itself is taken off, round by round."""
    group: str = ""
    """What the lines from here on are about."""

    def of(self, rounds: Rounds, name: str) -> list[float]:
        """The contender's figures, of the rounds in which it has one."""
        found = []
        for each in rounds:
            own, plain = each.get(name, {}), each.get(PLAIN, {})
            if self.key in own and not (self.beyond_plain and self.key not in plain):
                found.append(own[self.key] - (plain[self.key] if self.beyond_plain else 0))
        return found

    def median(self, rounds: Rounds, name: str) -> float | None:
        """The median of the rounds; nothing where there is no figure."""
        found = self.of(rounds, name)
        return statistics.median(found) if found else None


ROWS = (
    Row("on every page", "bytes", 5_500, group="bytes, brotli-11"),
    Row("more on opening layer two", "bytes of layer two"),
    Row("each further language: its texts", "texts", 450),
    Row("  and the site's own in it", "further language"),
    Row("inline stub", "stub", 450),
    Row("first visit", "requests", 1, group="requests beside the page's own"),
    Row("return visit", "requests again", 0),
    Row("first contentful paint", "paint", group="150 ms round trip, 1.6 Mbit/s (ms)"),
    Row("delay of the first paint", "paint", 0, beyond_plain=True),
    Row("first pixel of the banner", "visible"),
    Row("banner in place and readable", "readable", 440),
    Row("layout shift", "shift", 0, digits=3),
    Row("first visit", "first script", 2.5, 1, group="script (ms of processor time)"),
    Row("  and style and layout it forces", "first forced", None, 1),
    Row("first visit, CPU 4x slower", "slow first script", 10, 1),
    Row("  and style and layout it forces", "slow first forced", None, 1),
    Row("return visit", "again script", 1, 1),
    Row("return visit, CPU 4x slower", "slow again script", None, 1),
    Row("first visit", "first everything", None, 0, True, "all the page's thread does (ms)"),
    Row("return visit", "again everything", None, 0, True),
    Row("most script in one task", "slow first longest", 50, 0, group="CPU 4x slower (ms)"),
    Row("accept: click to painted", "answer painted", 16, 1),
    Row("  more than a click on nothing", "answer painted", None, 1, True),
    Row("accept: as Event Timing says", "answer longest"),
    Row("accept: its handlers", "answer handled", None, 1),
    Row("layer one", "axe", 0, group="axe, WCAG 2.2 AA and best practice"),
    Row("layer two", "axe of layer two", 0),
    Row("reports", "refused", 0, group="strict CSP and Trusted Types"),
    Row("banner missing", "missing", 0),
)


def lines(rounds: Rounds, names: list[str]) -> Iterator[str]:
    """The table of medians, then the same as multiples of ours."""
    yield from _block("", rounds, names, _figure)
    yield from _block("times ours", rounds, [name for name in names if name != PLAIN], _multiple)


def missed(rounds: Rounds) -> list[str]:
    """Where ours is above a limit, and by how much."""
    found = []
    for row in ROWS:
        ours = row.median(rounds, OURS)
        if ours is not None and row.limit is not None and _shown(row, ours) > row.limit:
            found.append(f"{_group(row)}, {row.title}: {ours:,.{row.digits}f}, limit {row.limit:g}")
    return found


_Cell = Callable[[Row, Rounds, str], str]


def _block(title: str, rounds: Rounds, names: list[str], cell: _Cell) -> Iterator[str]:
    heads = [name.replace("vanilla-cookieconsent", "vanilla-cc") for name in names]
    yield f"{title:{_WIDE}}{'limit':>{_NARROW}}" + "".join(_right(head) for head in heads)
    for row in ROWS:
        cells = [cell(row, rounds, name) for name in names]
        if not any(cells):
            continue
        if row.group:
            yield row.group
        limit = "" if row.limit is None else f"{row.limit:,g}"
        yield f"  {row.title:{_WIDE - 2}}{limit:>{_NARROW}}" + "".join(map(_right, cells))
    yield ""


def _right(text: str) -> str:
    return f"{text[:14]:>15}"


def _figure(row: Row, rounds: Rounds, name: str) -> str:
    median = row.median(rounds, name)
    if median is None:
        return ""
    above = name == OURS and row.limit is not None and _shown(row, median) > row.limit
    return f"{'! ' if above else ''}{median:,.{row.digits}f}"


def _shown(row: Row, value: float) -> float:
    """As the table says it: what is printed as the limit keeps it."""
    return round(value, row.digits)


def _multiple(row: Row, rounds: Rounds, name: str) -> str:
    """The median of the rounds' own ratios: what disturbs a round disturbs both."""
    ratios = []
    for each in rounds:
        ours, theirs = row.of([each], OURS), row.of([each], name)
        if ours and theirs and ours[0] > 0:
            ratios.append(theirs[0] / ours[0])
    return f"{statistics.median(ratios):.1f}" if ratios else ""


def _group(row: Row) -> str:
    """The heading that the row stands under."""
    before = ROWS[: ROWS.index(row) + 1]
    return next(each.group for each in reversed(before) if each.group)
