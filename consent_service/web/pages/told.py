"""What a version changed, as visitors are told: in their language, word by word, row by row. Pure.

Editors read the differ's own list in `diffs.py`. Here a text is shown in one language alone, and
what is stored is told by the rows of the table that visitors know from the cookie page.
"""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any, NamedTuple

from consent_service import policies, words
from consent_service.checks import each_text
from consent_service.model import (
    OPTIONAL,
    SECONDS_A_DAY,
    Category,
    Change,
    ChangeKind,
    CookieDeclaration,
    Policy,
    PolicyVersion,
    Storage,
    Text,
)
from consent_service.web.pages.diffs import Piece, Row, compared, replaced

_OF_COOKIES = frozenset(
    {
        ChangeKind.ADDED,
        ChangeKind.REMOVED,
        ChangeKind.LONGER,
        ChangeKind.SHORTER,
        ChangeKind.MOVED,
        ChangeKind.PROVIDER,
        ChangeKind.READERS,
        ChangeKind.COUNTRY,
        ChangeKind.STORAGE,
        ChangeKind.PURPOSE,
    }
)
"""Kinds that the rows of the table tell."""

_WITHOUT_VALUES = frozenset({ChangeKind.THEME, ChangeKind.BLOCKING, ChangeKind.WITHDRAWAL})
"""Kinds whose values are settings, and tell a visitor nothing."""


class Told(NamedTuple):
    """One change."""

    what: str
    name: str
    """To what; empty where `what` says it."""
    pieces: tuple[Piece, ...]
    elsewhere: tuple[str, ...]
    """The languages in which it changed, where this one is not among them."""


class VersionTold(NamedTuple):
    """What one version changed."""

    asked: tuple[str, ...]
    """The titles of the categories that were asked about again."""
    note: str
    changes: tuple[Told, ...]
    rows: tuple[Row, ...]


@lru_cache(maxsize=128)
def told(body: bytes, previous: bytes | None, language: str) -> VersionTold:
    """What the version of these bytes changed, against the one before it, in a language."""
    version = policies.decode_version(body)
    if previous is None:
        return VersionTold((), "", (), ())
    before = policies.decode_version(previous)
    risen = [each for each in OPTIONAL if version.epochs[each] > before.epochs[each]]
    return VersionTold(
        asked=tuple(in_language(version.policy.categories[each].title, language) for each in risen),
        note=version.notice.get(language, "") if version.noticed == version.number else "",
        changes=tuple(_changes(before, version, language)),
        rows=tuple(_rows(before.policy, version.policy, language)),
    )


def in_language(text: Text, language: str) -> str:
    """A text in the language, or in the first that it has."""
    return text.get(language) or next(iter(text.values()), "")


# --- Texts and terms -----------------------------------------------------------------------------


def _changes(before: PolicyVersion, version: PolicyVersion, language: str) -> Iterator[Told]:
    old, new = _texts(before.policy), _texts(version.policy)
    say, seen = words.texts(language)["changes"], set()
    for change in version.changes:
        if change.name in old and change.name in new:
            name = _label(change.name, version.policy, language)
            yield _text(say["text"], name, old[change.name], new[change.name], language)
        elif change.kind in _WITHOUT_VALUES and change.kind not in seen:
            yield Told(_kind(change, language), "", (), ())
        elif change.kind not in _OF_COOKIES | _WITHOUT_VALUES | {ChangeKind.TEXT}:
            yield _value(change, language)
        seen.add(change.kind)


def _texts(policy: Policy) -> dict[str, Text]:
    return {name: text for name, text in each_text(policy) if not name.startswith("declarations")}


def _text(what: str, name: str, old: Text, new: Text, language: str) -> Told:
    before, after = old.get(language, ""), new.get(language, "")
    if before != after:
        return Told(what, name, compared(before, after), ())
    changed = (each for each in new if old.get(each, new[each]) != new[each])
    return Told(what, name, (), tuple(words.own_name(each) for each in changed))


def _label(path: str, policy: Policy, language: str) -> str:
    fields: dict[str, str] = words.texts(language)["changes"]["fields"]
    if path.startswith("categories."):
        _, category, part = path.split(".")
        title = in_language(policy.categories[Category(category)].title, language)
        return f"{title}: {fields[part]}"
    return fields[path]


def _kind(change: Change, language: str) -> str:
    kinds: dict[str, str] = words.texts(language)["changes"]["kinds"]
    return kinds[change.kind.value]


def _value(change: Change, language: str) -> Told:
    values = (_readable(change, value, language) for value in (change.before, change.after))
    fields: dict[str, str] = words.texts(language)["changes"]["fields"]
    return Told(_kind(change, language), fields.get(change.name, ""), replaced(*values), ())


def _readable(change: Change, value: str, language: str) -> str:
    if change.kind is ChangeKind.DAYS:
        granted, _, refused = value.partition("/")
        return stands(int(granted), int(refused), language)
    if change.kind is ChangeKind.LANGUAGE:
        return words.listed((words.own_name(each) for each in value.split(", ")), language)
    on_or_off: dict[str, str] = words.texts(language)["changes"]
    return on_or_off[value] if value in ("on", "off") else value


def stands(granted: int, refused: int, language: str) -> str:
    """For how many days a yes and a no stand, in words."""
    text: str = words.texts(language)["pages"]["stands"]
    days = (words.duration(each * SECONDS_A_DAY, language) for each in (granted, refused))
    return text.format(**dict(zip(("granted", "refused"), days, strict=True)))


# --- What is stored ------------------------------------------------------------------------------


def _rows(before: Policy, after: Policy, language: str) -> Iterator[Row]:
    old = {(item.name, item.domain): item for item in before.declarations}
    new = {(item.name, item.domain): item for item in after.declarations}
    for key in dict.fromkeys((*new, *old)):
        was, now = old.get(key), new.get(key)
        if was != now:
            cells = zip(_cells(was, before, language), _cells(now, after, language), strict=True)
            state = "added" if was is None else "removed" if now is None else "changed"
            yield Row(state, key[0], tuple(_cell(*pair, language) for pair in cells))


def _cell(
    was: tuple[str, str], now: tuple[str, str], language: str
) -> tuple[str, tuple[Piece, ...]]:
    compare = compared if was[0] == "purpose" else replaced
    return column(was[0], language), compare(was[1], now[1])


def column(name: str, language: str) -> str:
    """What a column of the table is called."""
    texts = words.texts(language)
    return str(texts["changes"]["category"] if name == "category" else texts["pages"][name])


COLUMNS = ("category", "provider", "purpose", "lasts", "kind", "country")


def _cells(item: CookieDeclaration | None, policy: Policy, language: str) -> list[tuple[str, str]]:
    if item is None:
        return [(name, "") for name in COLUMNS]
    said = described(item, language)
    title = in_language(policy.categories[item.category].title, language)
    readers = f"\n{said['readers']}" if said["readers"] else ""
    reason = f"\n{said['why']}" if said["why"] else ""
    values = {
        **said,
        "category": title,
        "provider": f"{item.provider}{readers}",
        "purpose": f"{said['purpose']}{reason}",
    }
    return [(name, values[name]) for name in COLUMNS]


def described(item: CookieDeclaration, language: str) -> dict[str, str]:
    """A declaration's values in words."""
    say: dict[str, Any] = words.texts(language)["pages"]
    reason = item.reason.get(language, "")
    return {
        "purpose": in_language(item.purpose, language),
        "readers": say["readers"].format(readers=item.readers) if item.readers else "",
        "why": say["why"].format(reason=reason) if reason else "",
        "lasts": lasts(item, language),
        "kind": say["storage"][item.storage.value],
        "country": words.country(item.country, language),
    }


def lasts(item: CookieDeclaration, language: str) -> str:
    """Session and persistent told apart, as the law asks (Planet49, 81)."""
    say = words.texts(language)["pages"]
    if item.storage is Storage.PIXEL and item.seconds is None:
        return str(say["once"])
    kind = "session" if item.seconds is None else "persistent"
    return str(say[kind]).format(duration=words.duration(item.seconds, language))
