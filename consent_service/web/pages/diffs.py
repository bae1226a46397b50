"""What changed, for eyes: texts word by word, values in words. Pure."""

import re
from collections.abc import Iterable, Iterator
from difflib import SequenceMatcher
from itertools import chain
from typing import NamedTuple

from consent_service import words
from consent_service.model import Change, ChangeKind, CookieDeclaration, Policy, Text
from consent_service.web.pages.folding import FEW
from consent_service.web.pages.policy_form import PolicyForm, label

MAX_WORDS = 4_000
"""A paragraph with more is shown as replaced: comparing word by word takes the square of it."""

_KINDS = {
    ChangeKind.ADDED: "New",
    ChangeKind.REMOVED: "Removed",
    ChangeKind.LONGER: "Kept longer",
    ChangeKind.SHORTER: "Kept for less time",
    ChangeKind.MOVED: "Moved to another category",
    ChangeKind.PROVIDER: "Set by another provider",
    ChangeKind.READERS: "Read by others",
    ChangeKind.COUNTRY: "Received in another country",
    ChangeKind.STORAGE: "Stored in another place",
    ChangeKind.PURPOSE: "Purpose reworded",
    ChangeKind.TEXT: "Text reworded",
    ChangeKind.CONTROLLER: "Controller",
    ChangeKind.DOCUMENT: "Document changed",
    ChangeKind.DAYS: "Choices stand for another time",
    ChangeKind.SCOPE: "Holds for other hosts",
    ChangeKind.LANGUAGE: "Languages",
    ChangeKind.THEME: "Looks",
    ChangeKind.SIGNALS: "Told to vendors",
    ChangeKind.BLOCKING: "Automatic blocking",
    ChangeKind.WITHDRAWAL: "Withdrawal",
}


class Piece(NamedTuple):
    """A stretch of a compared text."""

    kind: str
    """`same`, `ins`, `del`, or `gap` where unchanged lines are left out."""
    text: str


class Shown(NamedTuple):
    """A change as a page shows it."""

    what: str
    """What happened: `New`."""
    name: str
    """To what: `_ga`, or `Marketing: what it is for`."""
    change: Change
    pieces: tuple[Piece, ...]


def shown(changes: Iterable[Change]) -> tuple[Shown, ...]:
    """Changes with their texts compared."""
    return tuple(
        Shown(_KINDS[change.kind], label(change.name), change, _pieces(change))
        for change in changes
    )


_TEXTS = (ChangeKind.TEXT, ChangeKind.PURPOSE, ChangeKind.DOCUMENT)


def _pieces(change: Change) -> tuple[Piece, ...]:
    if not change.before and not change.after:
        return ()
    if change.kind in _TEXTS:
        return compared(change.before, change.after)
    return replaced(_readable(change.kind, change.before), _readable(change.kind, change.after))


def replaced(before: str, after: str) -> tuple[Piece, ...]:
    """A value and what it became: half a number tells nothing."""
    if before == after:
        return (Piece("same", after),)
    pieces = (Piece("del", before), Piece("same", " "), Piece("ins", after))
    return tuple(piece for piece in pieces if piece.text)


def _readable(kind: ChangeKind, value: str) -> str:
    if kind in (ChangeKind.LONGER, ChangeKind.SHORTER):
        return words.duration(int(value) if value.isdigit() else None, "en")
    if kind is ChangeKind.COUNTRY:
        return words.country(value, "en") if value else "not said"
    if kind is ChangeKind.DAYS:
        granted, _, refused = value.partition("/")
        return f"a yes {granted} days, a no {refused} days"
    return value.replace("_", " ") if kind is ChangeKind.STORAGE else value


def compared(before: str, after: str) -> tuple[Piece, ...]:
    """Two texts word by word; long stretches that are the same are left out."""
    old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
    pieces: list[Piece] = []
    for kind, a, b, c, d in SequenceMatcher(None, old, new).get_opcodes():
        if kind == "equal":
            pieces += _context(old[a:b])
        else:
            pieces += _words("".join(old[a:b]), "".join(new[c:d]))
    return tuple(piece for piece in pieces if piece.text)


def _context(lines: list[str]) -> list[Piece]:
    if len(lines) <= 4:
        return [Piece("same", "".join(lines))]
    first, last = "".join(lines[:1]), "".join(lines[-1:])
    return [Piece("same", first), Piece("gap", "\u2026\n"), Piece("same", last)]


def _words(before: str, after: str) -> Iterator[Piece]:
    old, new = re.findall(r"\s+|\w+|[^\w\s]", before), re.findall(r"\s+|\w+|[^\w\s]", after)
    if len(old) > MAX_WORDS or len(new) > MAX_WORDS:
        yield from (Piece("del", before), Piece("ins", after))
        return
    gone, come = "", ""
    for kind, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        inside = a > 0 and b < len(old)
        if kind == "equal" and not (inside and _little(old[a:b])):
            yield from _changed(gone, come)
            gone, come = "", ""
            yield Piece("same", "".join(old[a:b]))
        else:
            gone, come = gone + "".join(old[a:b]), come + "".join(new[c:d])
    yield from _changed(gone, come)


def _little(same: list[str]) -> bool:
    """A word or two that stayed between others that changed: shown apart they read as noise."""
    return sum(part.isalnum() for part in same) < 3


def _changed(gone: str, come: str) -> Iterator[Piece]:
    yield from (Piece("del", gone), Piece("ins", come))


class Row(NamedTuple):
    """A cookie declaration that is not as it was."""

    state: str
    """`added`, `removed` or `changed`."""
    name: str
    cells: tuple[tuple[str, tuple[Piece, ...]], ...]
    """Column and content, the name's column not among them."""
    purposes: "Purposes" = ()
    """The purpose in the languages that have no room in its cell."""


Declarations = tuple[CookieDeclaration, ...]
Purposes = tuple[tuple[str, tuple[Piece, ...]], ...]
"""A purpose by language."""


def rows(before: Declarations, after: Declarations, languages: tuple[str, ...]) -> tuple[Row, ...]:
    """The declarations that came, went or changed, in the order of the policy."""
    old = {(item.name, item.domain): item for item in before}
    new = {(item.name, item.domain): item for item in after}
    return tuple(
        _row(key[0], old.get(key), new.get(key), languages)
        for key in dict.fromkeys((*new, *old))
        if old.get(key) != new.get(key)
    )


def _row(
    called: str,
    old: CookieDeclaration | None,
    new: CookieDeclaration | None,
    languages: tuple[str, ...],
) -> Row:
    state = "added" if old is None else "removed" if new is None else "changed"
    was, now = _cells(old), _cells(new)
    cells = {column: replaced(was[column], now[column]) for column in was}
    purposes = _purposes(old.purpose if old else {}, new.purpose if new else {}, languages)
    if len(purposes) <= FEW:
        joined = (*chain.from_iterable((*each, Piece("same", "\n")) for _, each in purposes),)
        cells["Purpose"], purposes = joined[:-1], ()
    else:
        cells["Purpose"], purposes = purposes[0][1], purposes[1:]
    return Row(state, called, tuple(cells.items()), purposes)


def _purposes(old: Text, new: Text, languages: tuple[str, ...]) -> Purposes:
    """A purpose by language, the site's own first: in those that differ, or all if none does."""
    known = tuple(
        name for name in dict.fromkeys((*languages, *old, *new)) if name in {**old, **new}
    )
    differ = tuple(name for name in known if old.get(name, "") != new.get(name, ""))
    return tuple((name, compared(old.get(name, ""), new.get(name, ""))) for name in differ or known)


def _cells(item: CookieDeclaration | None) -> dict[str, str]:
    if item is None:
        return dict.fromkeys(("Category", "Set by", "Purpose", "Lasts", "Country"), "")
    readers = f" (also read by {item.readers})" if item.readers else ""
    return {
        "Category": item.category.value,
        "Set by": f"{item.provider}{readers}",
        "Purpose": "",
        "Lasts": words.duration(item.seconds, "en"),
        "Country": words.country(item.country, "en") if item.country else "",
    }


class Difference(NamedTuple):
    """One field that two people typed differently."""

    name: str
    pieces: tuple[Piece, ...]


def between(theirs: Policy, mine: Policy) -> tuple[Difference, ...]:
    """Every text and term in which `mine` differs from `theirs`."""
    old, new = _named(theirs), _named(mine)
    names = dict.fromkeys((*old, *new))
    return tuple(
        Difference(name, compared(old.get(name, ""), new.get(name, "")))
        for name in names
        if old.get(name, "") != new.get(name, "")
    )


def _named(policy: Policy) -> dict[str, str]:
    fields = PolicyForm.of_policy(policy).form.values
    named = {label(name): value for name, value in fields.items()}
    return {**named, "Languages": ", ".join(policy.languages)}
