"""The list of a draft's declarations while it is edited: rows found again, changed, moved, taken
out and put back. Pure.

A row is named by its place and by what it said when it was seen. So whoever changes a row changes
the one that they looked at, whatever others did to the list meanwhile; and a row that somebody
else changed is not overwritten.
"""

import hashlib
from collections.abc import Iterable, Sequence

import msgspec
from msgspec.structs import replace

from consent_service.errors import Conflict, Invalid
from consent_service.model import Category, CookieDeclaration, Policy

Declarations = tuple[CookieDeclaration, ...]

MOST = 10_000
"""As many as a policy has at most."""


class Gone(msgspec.Struct, frozen=True):
    """A declaration that was taken out, and where it stood."""

    place: int
    item: CookieDeclaration


def digest(value: object) -> str:
    """What something says, as 22 characters: another text, another digest."""
    body = msgspec.json.encode(value, order="sorted")
    return hashlib.sha256(body).hexdigest()[:22]


def reference(place: int, item: CookieDeclaration) -> str:
    """What a row is found again by."""
    return f"{place}.{digest(item)}"


def place_of(declarations: Declarations, said: str) -> int:
    """Where the row is now that was seen as `said`. Raises `Conflict` where it is so no more."""
    number, _, seen = said.partition(".")
    place = int(number) if number.isascii() and number.isdigit() and len(number) < 6 else MOST
    if place < len(declarations) and digest(declarations[place]) == seen:
        return place
    for other, item in enumerate(declarations):
        if digest(item) == seen:
            return other
    raise Conflict("somebody else changed or removed this row meanwhile", "row")


def places_of(declarations: Declarations, said: Iterable[str]) -> tuple[int, ...]:
    """Where those rows are now, in the order of the list."""
    return tuple(sorted({place_of(declarations, each) for each in said}))


def added(policy: Policy, items: Iterable[CookieDeclaration]) -> Policy:
    """The policy with more declarations at the end. Raises `Invalid` where they are too many."""
    return _with(policy, (*policy.declarations, *items))


def changed(policy: Policy, place: int, item: CookieDeclaration) -> Policy:
    """The policy with another declaration at that place."""
    kept = policy.declarations
    return _with(policy, (*kept[:place], item, *kept[place + 1 :]))


def moved(policy: Policy, places: Iterable[int], category: Category) -> Policy:
    """The policy with these in another category.

    What only a necessary item has stays with what becomes necessary, and goes with what is so no
    longer: a check would refuse it there (R20).
    """
    chosen = frozenset(places)
    return _with(
        policy,
        tuple(
            _in(item, category) if place in chosen else item
            for place, item in enumerate(policy.declarations)
        ),
    )


def _in(item: CookieDeclaration, category: Category) -> CookieDeclaration:
    if category is Category.NECESSARY:
        return replace(item, category=category)
    return replace(item, category=category, reason={}, reviewed="")


def removed(policy: Policy, places: Iterable[int]) -> tuple[Policy, tuple[Gone, ...]]:
    """The policy without these, and what is needed to put them back."""
    chosen = frozenset(places)
    gone = tuple(Gone(place, policy.declarations[place]) for place in sorted(chosen))
    left = (item for place, item in enumerate(policy.declarations) if place not in chosen)
    return _with(policy, tuple(left)), gone


def put_back(policy: Policy, gone: Sequence[Gone]) -> Policy:
    """The policy with these where they stood, or at the end of a list that is shorter now."""
    declarations = list(policy.declarations)
    for each in sorted(gone, key=lambda one: one.place):
        declarations.insert(each.place, each.item)
    return _with(policy, tuple(declarations))


def _with(policy: Policy, declarations: Declarations) -> Policy:
    if len(declarations) > MOST:
        raise Invalid(
            f"a policy has at most {MOST:,} declarations, and these would be {len(declarations):,}"
        )
    return replace(policy, declarations=declarations)
