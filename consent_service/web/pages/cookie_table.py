"""The table of a draft's declarations: found by name, by category, page by page. Pure."""

from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import urlencode

from consent_service import checks, declared, patterns, policies, words
from consent_service.checks import Finding
from consent_service.model import Category, CookieDeclaration, Policy

PAGE = 50
"""Rows at a time: a page stays small, whatever the draft holds."""

_LONGEST = 128


class Asked(NamedTuple):
    """Which rows somebody wants to see."""

    find: str = ""
    category: str = ""
    wrong: bool = False
    page: int = 1

    @classmethod
    def of_query(cls, query: Mapping[str, str]) -> "Asked":
        """As the address says; what it does not know is not narrowed."""
        category, number = query.get("in", ""), query.get("page", "")
        return cls(
            find=query.get("find", "").strip()[:_LONGEST],
            category=category if category in set(Category) else "",
            wrong=query.get("wrong", "") != "",
            page=int(number) if number.isascii() and number.isdigit() and len(number) < 6 else 1,
        )

    def query(self, **more: str | int) -> str:
        """As the end of an address: `?find=_ga&page=2`. What is said in `more` goes first."""
        own = {"find": self.find, "in": self.category, "wrong": "1" if self.wrong else ""}
        said = {**own, "page": self.page if self.page > 1 else "", **more}
        pairs = {name: value for name, value in said.items() if value != ""}
        return f"?{urlencode(pairs)}" if pairs else ""


class Row(NamedTuple):
    """One declaration in the table."""

    place: int
    reference: str
    item: CookieDeclaration
    lasts: str
    findings: tuple[Finding, ...]


class Table(NamedTuple):
    """The rows of one page, and what lies around them."""

    asked: Asked
    rows: tuple[Row, ...]
    found: int
    """How many rows there are on all pages."""
    pages: int
    every: int
    """How many declarations the draft has."""
    counts: tuple[tuple[str, int], ...]
    """By category."""
    wrong: int
    """How many declarations have something to be seen to."""

    @property
    def first(self) -> int:
        """The number of the first row shown, counted from 1."""
        return (self.asked.page - 1) * PAGE + 1


Findings = Mapping[int, tuple[Finding, ...]]


def table(policy: Policy, findings: Findings, asked: Asked) -> Table:
    """The page of the table that was asked for; the last one where there is none so far on."""
    places = [place for place in range(len(policy.declarations)) if _fits(policy, place, asked)]
    if asked.wrong:
        places = [place for place in places if place in findings]
    pages = max(1, -(-len(places) // PAGE))
    asked = asked._replace(page=min(max(asked.page, 1), pages))
    begin = (asked.page - 1) * PAGE
    categories = [item.category for item in policy.declarations]
    return Table(
        asked=asked,
        rows=tuple(_row(policy, findings, place) for place in places[begin : begin + PAGE]),
        found=len(places),
        pages=pages,
        every=len(policy.declarations),
        counts=tuple((category.value, categories.count(category)) for category in Category),
        wrong=len(findings),
    )


def page_of(policy: Policy, asked: Asked, place: int) -> Asked:
    """The same, at the page that has that row; without narrowing where that leaves it out."""
    if not _fits(policy, place, asked):
        asked = Asked()
    before = sum(_fits(policy, other, asked) for other in range(place))
    return asked._replace(wrong=False, page=before // PAGE + 1)


def _row(policy: Policy, findings: Findings, place: int) -> Row:
    item = policy.declarations[place]
    lasts = words.duration(item.seconds, "en")
    return Row(place, declared.reference(place, item), item, lasts, findings.get(place, ()))


def _fits(policy: Policy, place: int, asked: Asked) -> bool:
    item = policy.declarations[place]
    if asked.category and item.category.value != asked.category:
        return False
    sought = asked.find.casefold()
    said = (item.name.casefold(), item.provider.casefold())
    # Who looks for a cookie by its whole name finds the pattern that covers it as well.
    return not sought or any(sought in each for each in said) or _covered(item.name, asked.find)


def _covered(name: str, found: str) -> bool:
    return len(name.strip(patterns.STAR)) > 1 and patterns.covers(name, found)


@lru_cache(maxsize=8)
def checked(body: bytes) -> dict[int, tuple[Finding, ...]]:
    """What keeps each declaration of a draft from being published, by its place."""
    found: dict[int, list[Finding]] = {}
    policy = policies.decode_draft(body)
    for finding in checks.findings(policy, words.languages()):
        place = place_in(finding.field)
        if place is not None:
            found.setdefault(place, []).append(finding)
    return {place: tuple(each) for place, each in found.items()}


def place_in(field: str) -> int | None:
    """The place of the declaration that a field belongs to: 3 of `declarations[3].purpose.sv`."""
    head, bracket, number = field.partition("].")[0].partition("[")
    return int(number) if head == "declarations" and bracket and number.isdigit() else None
