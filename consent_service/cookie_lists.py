"""Lists of cookies as CSV: our own, and such as the Open Cookie Database's. Pure.

A file is read in whole before anything is done with it: each line becomes a step, which says what
it would do and why, or why it cannot be used.
"""

import csv
import io
import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import msgspec

from consent_service import declared, known_cookies
from consent_service.errors import Invalid
from consent_service.known_cookies import CATEGORIES, Known
from consent_service.model import CookieDeclaration, Policy, Storage
from consent_service.parsing import parse

MAX_BYTES = 4_000_000
MAX_LINES = 10_000
FIELD = "csv"
"""What messages about a whole file are said at."""

PLAIN = ("category", "provider", "readers", "storage", "country", "domain", "reviewed")
TEXTS = ("purpose", "reason")

_ALIASES: Mapping[str, str] = {
    "cookie / data key name": "name",
    "cookie name": "name",
    "cookie": "name",
    "data controller": "provider",
    "company": "provider",
    "platform": "platform",
    "description": "purpose",
    "retention period": "lasts",
    "duration": "lasts",
    "expiry": "lasts",
    "wildcard match": "wildcard",
}
_NOTHING: tuple[object, ...] = ("", [], {})
"""What a line says by an empty cell. A session's end, which is null, is not among them."""
_SESSION = "session"
_DOMAIN = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)+")
_SIGNS = frozenset("=+-@\t\r\n'")
_STORAGES = {each.value.replace("_", " "): each.value for each in Storage}


class Step(NamedTuple):
    """What one line of a file would do."""

    line: int
    name: str
    does: str
    """`add`, `change`, `same` or `skip`."""
    why: str = ""
    """What changes, or why the line cannot be used."""
    item: CookieDeclaration | None = None
    place: int = -1
    """Where the declaration is that it would change."""


Row = Mapping[str, str]


def text_of(content: bytes) -> str:
    """A file's text. Raises `Invalid`, which names the first line that is not UTF-8."""
    if len(content) > MAX_BYTES:
        raise Invalid(f"the file has more than {MAX_BYTES:,} bytes: send it in parts", FIELD)
    try:
        if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
            return content.decode("utf-16")
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise Invalid(f"line {line} is not UTF-8: save the file as “CSV UTF-8”", FIELD) from error


def rows(text: str) -> Iterator[tuple[int, Row]]:
    """The lines of a file by their columns, each with its number. Raises `Invalid`."""
    if "\0" in text:
        raise Invalid("this is no text: save the table as “CSV UTF-8”", FIELD)
    head = text.lstrip("\ufeff").partition("\n")[0]
    delimiter = max(",;\t", key=head.count)
    reader = csv.reader(io.StringIO(text.lstrip("\ufeff")), delimiter=delimiter, strict=True)
    try:
        columns = [_column(name) for name in next(reader, [])]
        _known_columns(columns)
        for count, cells in enumerate(reader):
            if count >= MAX_LINES:
                raise Invalid(f"there are more than {MAX_LINES:,} lines: send it in parts", FIELD)
            if any(cell.strip() for cell in cells):
                yield reader.line_num, dict(zip(columns, map(_plain, cells), strict=False))
    except csv.Error as error:
        raise Invalid(f"line {reader.line_num} cannot be read: {error}", FIELD) from error


def _column(name: str) -> str:
    stem, dot, language = name.strip().partition(".")
    low = stem.strip().lower()
    return f"{_ALIASES.get(low, low)}{dot}{language.strip()}"


def _known_columns(columns: list[str]) -> None:
    if "name" in columns:
        return
    found = ", ".join(column for column in columns[:12] if column) or "none"
    raise Invalid(
        "the first line must name the columns, and one of them is “name” or “Cookie / Data Key "
        f"name”; it has: {found[:200]}",
        FIELD,
    )


def _plain(cell: str) -> str:
    """A cell without the apostrophe that keeps a spreadsheet from running it."""
    return cell[1:] if cell[:1] == "'" and cell[1:2] in _SIGNS else cell


def known(content: bytes) -> Iterator[Known]:
    """The entries of a list of known cookies. Raises `Invalid`."""
    for _, row in rows(text_of(content)):
        name = _name(row)
        if name and len(name) <= 128:
            seconds, lasts = known_cookies.duration(row.get("lasts", ""))
            yield Known(
                name=name,
                category=CATEGORIES.get(row.get("category", "").strip().lower()),
                provider=(row.get("provider", "").strip() or row.get("platform", "").strip()),
                purpose=row.get("purpose", "").strip(),
                seconds=seconds,
                lasts=lasts,
            )


def _name(row: Row) -> str:
    name = row.get("name", "").strip()
    wild = row.get("wildcard", "").strip() == "1" and "*" not in name
    return f"{name}*" if name and wild else name


def steps(text: str, policy: Policy, *, overwrite: bool) -> tuple[Step, ...]:
    """What each line would do to a policy's list. Raises `Invalid` for what is no such file.

    `overwrite` says whether what a line gives takes the place of what is in the list already.
    """
    here = {(item.name, item.domain): at for at, item in enumerate(policy.declarations)}
    seen: dict[tuple[str, str], int] = {}
    found = []
    for line, row in rows(text):
        step = _step(line, row, policy, here)
        key = (step.item.name, step.item.domain) if step.item else None
        if key in seen:
            step = Step(line, step.name, "skip", f"the same name as in line {seen[key]}")
        elif step.does == "change" and not overwrite:
            step = Step(line, step.name, "skip", "it is in the list already, and says otherwise")
        elif key:
            seen[key] = line
        found.append(step)
    return tuple(found)


def _step(line: int, row: Row, policy: Policy, here: Mapping[tuple[str, str], int]) -> Step:
    name = _name(row)
    try:
        given = _given(row, name, policy.languages)
        place = here.get((name, given.get("domain", "")), -1)
        before = policy.declarations[place] if place >= 0 else None
        item = _item(given, before)
    except Invalid as error:
        return Step(line, name, "skip", f"{error.field}: {error.message}")
    if before is None:
        return Step(line, name, "add", item=item)
    if item == before:
        return Step(line, name, "same", "it is in the list as it is here", item, place)
    return Step(line, name, "change", _changes(before, item), item, place)


def _changes(before: CookieDeclaration, after: CookieDeclaration) -> str:
    names = CookieDeclaration.__struct_fields__
    return ", ".join(name for name in names if getattr(before, name) != getattr(after, name))


def _given(row: Row, name: str, languages: tuple[str, ...]) -> dict[str, Any]:
    """What a line says, by the names of a declaration; what it leaves empty is not in it."""
    if not name:
        raise Invalid("give the name", "name")
    given: dict[str, Any] = {column: row[column].strip() for column in PLAIN if row.get(column)}
    given |= {"name": name, **_lasting(row), **_texts(row, languages)}
    if "category" in given:
        given["category"] = _category(given["category"])
    if "storage" in given:
        said = given["storage"].lower()
        given["storage"] = _STORAGES.get(said.replace("_", " "), said)
    given["country"] = given.get("country", "").upper()
    given["domain"] = _domain(given.get("domain", ""))
    given["provider"] = given.get("provider") or row.get("platform", "").strip()
    hosts = row.get("hosts", "").replace(",", " ").split()
    given["hosts"] = hosts
    return {key: value for key, value in given.items() if value not in _NOTHING}


def _category(said: str) -> str:
    known = CATEGORIES.get(said.lower())
    if known is None:
        raise Invalid(f"{said[:40]!r} is none of the four categories", "category")
    return known.value


def _domain(said: str) -> str:
    # Lists describe here, in words, who sets it: only a plain domain is one.
    low = said.strip().lower()
    return low if _DOMAIN.fullmatch(low) else ""


def _lasting(row: Row) -> dict[str, Any]:
    """How long it lasts: in seconds, else in words."""
    if "seconds" in row:
        text = row["seconds"].strip()
        if text.lower() == _SESSION:
            return {"seconds": None}
        if text and not (text.isascii() and text.isdigit() and len(text) < 12):
            raise Invalid(f"{text[:20]!r} is no whole number of seconds, 0 or more", "seconds")
        return {"seconds": int(text)} if text else {}
    said = row.get("lasts", "")
    seconds, understood = known_cookies.duration(said)
    if said.strip() and not understood:
        raise Invalid(f"{said.strip()[:40]!r} is no duration such as “13 months”", "lasts")
    return {"seconds": seconds} if said.strip() else {}


def _texts(row: Row, languages: tuple[str, ...]) -> dict[str, dict[str, str]]:
    """Texts by language; one without a language is English."""
    given: dict[str, dict[str, str]] = {}
    for name in TEXTS:
        said = {language: row.get(f"{name}.{language}", "") for language in languages}
        if "en" in said and not said["en"]:
            said["en"] = row.get(name, "")
        given[name] = {language: text.strip() for language, text in said.items() if text.strip()}
    return given


def _item(given: Mapping[str, Any], before: CookieDeclaration | None) -> CookieDeclaration:
    begun = {"provider": "", "purpose": {}}
    base: dict[str, Any] = msgspec.to_builtins(before) if before else begun
    for name in TEXTS:
        base[name] = {**base.get(name, {}), **given.get(name, {})}
    values = {**base, **{name: each for name, each in given.items() if name not in TEXTS}}
    return parse(CookieDeclaration, msgspec.json.encode(values))


def applied(policy: Policy, found: tuple[Step, ...]) -> Policy:
    """The policy after these steps. Raises `Invalid` where its list would be too long."""
    changes = {step.place: step.item for step in found if step.does == "change" and step.item}
    kept = tuple(changes.get(at, item) for at, item in enumerate(policy.declarations))
    changed = msgspec.structs.replace(policy, declarations=kept)
    return declared.added(
        changed, (step.item for step in found if step.does == "add" and step.item)
    )
