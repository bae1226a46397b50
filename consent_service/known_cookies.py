"""What is commonly known of a cookie by its name: a list such as the Open Cookie Database. Pure.

The list is brought by who runs the service; none is shipped. What it says is a suggestion: about a
name, not about this site. It never says why something would be strictly necessary.
"""

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from consent_service import patterns
from consent_service.model import Category

CATEGORIES: Mapping[str, Category] = {
    "functional": Category.PREFERENCES,
    "personalization": Category.PREFERENCES,
    "preferences": Category.PREFERENCES,
    "analytics": Category.STATISTICS,
    "statistics": Category.STATISTICS,
    "performance": Category.STATISTICS,
    "marketing": Category.MARKETING,
    "advertising": Category.MARKETING,
    "security": Category.NECESSARY,
    "necessary": Category.NECESSARY,
}
"""What others call a category. A word that is not here says nothing."""

_UNITS = {
    "second": 1,
    "sec": 1,
    "minute": 60,
    "min": 60,
    "hour": 3_600,
    "day": 86_400,
    "week": 604_800,
    "month": 2_592_000,
    "year": 31_536_000,
}
LONGEST = 400 * 86_400 * 10
"""As long as a declaration may last at most."""

_LASTS = re.compile(r"^\s*(\d{1,6}|an?|one)\s+([a-z]+?)s?\s*$", re.IGNORECASE)
_SESSION = re.compile(
    r"^\s*(browser\s+)?sessions?\b|end of (the )?(browser )?session", re.IGNORECASE
)


class Known(NamedTuple):
    """One entry of the list."""

    name: str
    """A name, or a pattern: `_ga_*`."""
    category: Category | None
    provider: str
    purpose: str
    """In English."""
    seconds: int | None
    """As in a declaration: None for a session item."""
    lasts: bool
    """Whether the list says how long it lasts, in a way that can be read."""


def duration(text: str) -> tuple[int | None, bool]:
    """A list's words for how long something lasts, and whether they could be read.

    `13 months` is (33696000, True), `session` is (None, True), `varies` is (None, False).
    """
    if _SESSION.search(text):
        return None, True
    found = _LASTS.match(text)
    size = _UNITS.get(found[2].lower()) if found else None
    if not found or size is None:
        return None, False
    seconds = (int(found[1]) if found[1].isdigit() else 1) * size
    return (seconds, True) if 0 < seconds <= LONGEST else (None, False)


class Library:
    """A list to look names up in."""

    def __init__(self, entries: Iterable[Known] = ()) -> None:
        self._entries = tuple(entries)
        self._exact: dict[str, list[Known]] = {}
        self._patterns: list[Known] = []
        for entry in self._entries:
            if patterns.is_pattern(entry.name):
                self._patterns.append(entry)
            self._exact.setdefault(entry.name, []).append(entry)

    def __len__(self) -> int:
        return len(self._entries)

    def about(self, name: str, most: int = 5) -> tuple[Known, ...]:
        """What is known of that very name, the most particular first."""
        covering = [each for each in self._patterns if _is_about(each.name, name)]
        covering.sort(key=lambda each: -len(each.name))
        found = dict.fromkeys((*self._exact.get(name, ()), *covering))
        return tuple(found)[:most]

    def beginning(self, begun: str, most: int = 8) -> tuple[str, ...]:
        """Names that go on as what was typed, for a list to choose from."""
        low = begun.casefold()
        names = (each.name for each in self._entries if each.name.casefold().startswith(low))
        return tuple(dict.fromkeys(names))[:most] if low else ()

    def tracker(self, name: str) -> Known | None:
        """The entry by which this name counts or follows people; None where it may be otherwise.

        Where the list is of two minds about a name, it says nothing.
        """
        found = self.about(name)
        follows = (Category.STATISTICS, Category.MARKETING)
        return found[0] if found and all(each.category in follows for each in found) else None


def _is_about(pattern: str, name: str) -> bool:
    # One letter and a star would be about everything.
    return len(pattern.strip(patterns.STAR)) > 1 and patterns.covers(pattern, name)
