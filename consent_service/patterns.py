"""Names with `*` in them: what a declared name covers, and where two cover the same. Pure.

`slots.pattern` makes the regular expression that the widget deletes by; this says the same to who
edits, by `tests/vectors/patterns.json` as well.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

STAR = "*"

MOST = 200
"""Patterns that begin alike, looked at for one name: more would take the square of a long list."""


def is_pattern(name: str) -> bool:
    """Whether a declared name stands for more than itself."""
    return STAR in name


def covers(pattern: str, name: str) -> bool:
    """Whether an item of that name is what `pattern` declares."""
    return pattern == name or (is_pattern(pattern) and bool(_compiled(pattern).fullmatch(name)))


@lru_cache(maxsize=4_096)
def _compiled(pattern: str) -> re.Pattern[str]:
    # Two stars in a row say what one says, and would make the search slow.
    parts = re.split(r"\*+", pattern)
    return re.compile(r"[\s\S]*?".join(re.escape(part) for part in parts))


def overlap(one: str, other: str) -> bool:
    """Whether there is a name that both declare."""
    if not is_pattern(one) or not is_pattern(other):
        return covers(one, other) or covers(other, one)
    # What lies between the first and the last star of each can follow one after the other.
    return _fits(_head(one), _head(other)) and _fits(_tail(one)[::-1], _tail(other)[::-1])


def _fits(one: str, other: str) -> bool:
    return one.startswith(other) or other.startswith(one)


def _head(name: str) -> str:
    return name.partition(STAR)[0]


def _tail(name: str) -> str:
    return name.rpartition(STAR)[2]


def overlaps(names: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Pairs of places whose names overlap: the narrower one, and the pattern that covers it too.

    Names that are alike to the letter are no pair. Of patterns that begin alike, the first
    `MOST` are looked at.
    """
    by_head: dict[str, list[int]] = {}
    for place, name in enumerate(names):
        if is_pattern(name):
            by_head.setdefault(_head(name), []).append(place)
    for place, name in enumerate(names) if by_head else ():
        for wider in _candidates(by_head, _head(name)):
            same = _head(names[wider]) == _head(name) and is_pattern(name)
            if (not same or wider < place) and _differ(names[wider], name):
                yield place, wider


def _candidates(by_head: dict[str, list[int]], head: str) -> Iterable[int]:
    for length in range(len(head) + 1):
        yield from by_head.get(head[:length], ())[:MOST]


def _differ(wider: str, name: str) -> bool:
    return wider != name and overlap(wider, name)
