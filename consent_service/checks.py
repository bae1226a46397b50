"""What may be published. Bad configuration is refused, not warned about. Pure.

What would break R4, R8, R10 or R12 cannot be expressed at all: the buttons, their labels and
their looks are the product's own, and no category can be on by default.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator

import msgspec
from msgspec import Struct

from consent_service import patterns
from consent_service.loaded import Loaded, loaded
from consent_service.model import (
    Category,
    Colours,
    CookieDeclaration,
    Documents,
    Policy,
    Signal,
    Storage,
    Text,
    Theme,
)

MAX_TITLE = 60
MAX_SENTENCES = 600
MAX_NOTICE = 240
MAX_DOCUMENT = 200_000
"""Characters: the first layer has room for so much at 320 px; a document is a page, not a book."""
MIN_CONTRAST = 4.5
"""WCAG 2.2, 1.4.3: text against what is behind it."""


class Finding(Struct, frozen=True, kw_only=True):
    """One thing that keeps a policy from being published."""

    rule: str
    """The number of the rule, such as `R20`."""
    field: str
    """Where: `declarations[3].purpose.sv`."""
    message: str
    """What is wrong, and what to do."""


_KNOWN_TRACKERS = re.compile(
    r"^(_ga.*|_gid|_gat.*|_gcl_.*|_fbp|_fbc|fr|IDE|NID|DSID|_uet.*|MUID|_hj.*|_clck|_clsk|"
    r"_ttp|_pin_.*|_pk_id.*|_pk_ses.*|li_gc|bcookie|personalization_id|YSC|VISITOR_INFO1_LIVE|"
    r"__gads|__gpi|_scid.*|_rdt_uuid|test_cookie)$"
)
# Overrides and isolates can make a text read otherwise than it is stored.
_BIDI = re.compile("[\u202a-\u202e\u2066-\u2069]")
# These are seen by nobody, and are in no text that was typed: controls, and tags for machines.
_UNSEEN = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufeff\U000e0000-\U000e007f]")
_ESCAPED = re.compile(r"\\u00[01]")


def invisible_turns(text: str) -> bool:
    """Whether a text holds characters that turn the reading direction unseen (R11)."""
    return bool(_BIDI.search(text))


def made_visible(text: str) -> str:
    """A text in which what nobody can see is shown: `safe⟨U+202E⟩gpj`."""
    return _UNSEEN.sub(_named, _BIDI.sub(_named, text))


def _named(found: re.Match[str]) -> str:
    return f"\u27e8U+{ord(found[0]):04X}\u27e9"


def without_turns(text: str) -> str:
    """A text without them: one that was published before they were refused reads as stored."""
    return _BIDI.sub("", text)


def findings(policy: Policy, known_languages: frozenset[str]) -> tuple[Finding, ...]:
    """All that keeps `policy` from being published; empty where it may be.

    `known_languages` are those that the product's own texts exist in.
    """
    return tuple(finding for check in _CHECKS for finding in check(policy, known_languages))


def of_declaration(policy: Policy, place: int, item: CookieDeclaration) -> tuple[Finding, ...]:
    """What would keep `item` from being published, were it at that place of the policy's list.

    For what is being typed: quick, however long the list is. The fields are the item's own.
    """
    bare = Documents(cookies={}, privacy={})
    alone = msgspec.structs.replace(policy, declarations=(item,), documents=bare)
    at = "declarations[0]."
    own = (
        msgspec.structs.replace(found, field=found.field.removeprefix(at))
        for found in findings(alone, frozenset())
        if found.field.startswith(at)
    )
    others = (each for index, each in enumerate(policy.declarations) if index != place)
    return (*own, *_beside(item, others))


def _beside(item: CookieDeclaration, others: Iterable[CookieDeclaration]) -> Iterator[Finding]:
    for other in others:
        if (other.name, other.domain) == (item.name, item.domain):
            yield Finding(rule="R37", field="name", message=_TWICE.format(item.name))
            return
        if _reaches(item, other):
            yield Finding(rule="R24", field="name", message=_both(item, other))
            return


_TWICE = "{} is declared twice"


def _reaches(one: CookieDeclaration, other: CookieDeclaration) -> bool:
    """Whether two declarations of different categories cover the same names."""
    if one.category is other.category or one.storage is Storage.PIXEL:
        return False
    alike = (one.storage, one.domain) == (other.storage, other.domain)
    return alike and patterns.overlap(one.name, other.name)


def _both(narrow: CookieDeclaration, wide: CookieDeclaration) -> str:
    return (
        f"{narrow.name} in {narrow.category.value} and {wide.name} in {wide.category.value} cover "
        "the same names: what is kept for the one is not deleted when the other is refused. "
        "Write one of them more narrowly, or put both in one category"
    )


def _languages(policy: Policy, known: frozenset[str]) -> Iterator[Finding]:
    for language, times in Counter(policy.languages).items():
        if times > 1:
            yield Finding(rule="R16", field="languages", message=f"{language} is listed twice")
        if language.split("-")[0] not in known:
            yield Finding(
                rule="R16",
                field="languages",
                message=f"the banner's buttons do not exist in {language!r} yet, and languages "
                f"must not be mixed; choose from {', '.join(sorted(known))}",
            )


def _controller(policy: Policy, _: frozenset[str]) -> Iterator[Finding]:
    for field in ("name", "address", "email"):
        if not getattr(policy.controller, field).strip():
            yield Finding(
                rule="R14",
                field=f"controller.{field}",
                message=f"visitors must be told who asks them: give the controller's {field}",
            )


def each_text(policy: Policy) -> Iterator[tuple[str, Text]]:
    """Every text of a policy with its field path: `("banner.title", {"en": ...})`."""
    yield "banner.title", policy.banner.title
    yield "banner.intro", policy.banner.intro
    for category, text in policy.categories.items():
        yield f"categories.{category.value}.title", text.title
        yield f"categories.{category.value}.text", text.text
    for index, declaration in enumerate(policy.declarations):
        yield f"declarations[{index}].purpose", declaration.purpose
        if declaration.category is Category.NECESSARY:
            yield f"declarations[{index}].reason", declaration.reason
    yield "documents.cookies", policy.documents.cookies
    yield "documents.privacy", policy.documents.privacy


def _texts(policy: Policy, _: frozenset[str]) -> Iterator[Finding]:
    for category in Category:
        if category not in policy.categories:
            yield Finding(
                rule="R14",
                field=f"categories.{category.value}",
                message=f"say what {category.value} is called and what it is for",
            )
    for field, text in each_text(policy):
        for language in policy.languages:
            if not text.get(language, "").strip():
                rule = "R20" if field.endswith(".reason") else "R16"
                yield Finding(
                    rule=rule,
                    field=f"{field}.{language}",
                    message=f"the {language} text is missing",
                )
        for language in set(text) - set(policy.languages):
            yield Finding(
                rule="R16",
                field=f"{field}.{language}",
                message=f"{language} is not one of the policy's languages: add it there, or "
                "remove this text",
            )


def _most(field: str) -> int:
    if field.startswith("documents."):
        return MAX_DOCUMENT
    return MAX_TITLE if field.endswith(".title") else MAX_SENTENCES


def _lengths(policy: Policy, _: frozenset[str]) -> Iterator[Finding]:
    for field, text in each_text(policy):
        for language, words in text.items():
            if len(words) > _most(field):
                yield Finding(
                    rule="R53",
                    field=f"{field}.{language}",
                    message=f"{len(words)} characters: at most {_most(field)} fit here",
                )


def _wording(policy: Policy, _: frozenset[str]) -> Iterator[Finding]:
    for field, text in each_text(policy):
        for language, words in text.items():
            for rule, message in _misleading(field, words, loaded(language)):
                yield Finding(rule=rule, field=f"{field}.{language}", message=message)


def _misleading(field: str, words: str, patterns: Loaded) -> Iterator[tuple[str, str]]:
    if field.startswith("documents.") and patterns.regularly.search(words):
        yield (
            "R41",
            ("visitors need not come back to look for changes: say how you will tell them instead"),
        )
    if field.endswith((".purpose", ".text")) and _only(patterns.vague, words):
        yield "R11", "say what it is used for: this could mean anything"


def _characters(policy: Policy, _: frozenset[str]) -> Iterator[Finding]:
    """Names and addresses too, not texts alone: a domain may read otherwise than it is as well."""
    encoded = msgspec.json.encode(policy).decode()
    # One look at everything: going through 10,000 declarations is for what there is to find.
    if not any(pattern.search(encoded) for pattern in (_BIDI, _UNSEEN, _ESCAPED)):
        return
    for field, words in _strings("", policy):
        message = _unseen(words)
        if message:
            yield Finding(rule="R11", field=field, message=message)


def _unseen(words: str) -> str:
    """What is to be said of a text that holds what nobody can see; nothing of any other."""
    turned, found = _BIDI.search(words), _UNSEEN.search(words)
    if turned:
        near = made_visible(words[max(turned.start() - 12, 0) : turned.end() + 12])
        return (
            f"remove the invisible characters that turn the reading direction: \u201c{near}\u201d"
        )
    return f"remove the character U+{ord(found[0]):04X}: nobody can see it" if found else ""


def _strings(path: str, value: object) -> Iterator[tuple[str, str]]:
    """Every string in a policy with its path: `declarations[3].purpose.sv`."""
    if isinstance(value, str):
        yield path, value
    for below, each in _parts(path, value):
        yield from _strings(below.lstrip("."), each)


def _parts(path: str, value: object) -> Iterator[tuple[str, object]]:
    if isinstance(value, Struct):
        value = {name: getattr(value, name) for name in value.__struct_fields__}
    if isinstance(value, dict):
        yield from ((f"{path}.{name}", each) for name, each in value.items())
    elif isinstance(value, tuple):
        yield from ((f"{path}[{index}]", each) for index, each in enumerate(value))


def _only(vague: re.Pattern[str], words: str) -> bool:
    return bool(vague.search(words)) and len(vague.sub("", words).split()) < 6


def _declarations(policy: Policy, _: frozenset[str]) -> Iterator[Finding]:
    yield from _overlaps(policy)
    seen: Counter[tuple[str, str]] = Counter()
    for index, declaration in enumerate(policy.declarations):
        at = f"declarations[{index}]"
        seen[declaration.name, declaration.domain] += 1
        if seen[declaration.name, declaration.domain] == 2:
            yield Finding(rule="R37", field=f"{at}.name", message=_TWICE.format(declaration.name))
        for applies, rule, field, message in _DECLARATION_CHECKS:
            if applies(declaration):
                yield Finding(rule=rule, field=f"{at}.{field}", message=message)


def _overlaps(policy: Policy) -> Iterator[Finding]:
    """Patterns that reach into another category: what is kept for the one is never deleted for
    the other (R24).
    """
    alike: dict[tuple[Storage, str], list[int]] = {}
    for index, item in enumerate(policy.declarations):
        if item.storage is not Storage.PIXEL:
            alike.setdefault((item.storage, item.domain), []).append(index)
    for places in alike.values():
        names = [policy.declarations[place].name for place in places]
        told: set[int] = set()
        for one, other in patterns.overlaps(names):
            narrow, wide = (policy.declarations[places[place]] for place in (one, other))
            if narrow.category is not wide.category and one not in told:
                told.add(one)
                field = f"declarations[{places[one]}].name"
                yield Finding(rule="R24", field=field, message=_both(narrow, wide))


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours by WCAG's formula, from 1 to 21."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    red, green, blue = (_linear(int(colour[at : at + 2], 16) / 255) for at in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4


def _looks(policy: Policy, _: frozenset[str]) -> Iterator[Finding]:
    return looks(policy.theme)


def looks(theme: Theme) -> Iterator[Finding]:
    """What could not be read well, in either scheme (R10)."""
    for scheme in ("light", "dark"):
        colours: Colours = getattr(theme, scheme)
        for name, what in (("ink", "the text"), ("act", "a button's label and its edge")):
            ratio = contrast(getattr(colours, name), colours.back)
            if ratio < MIN_CONTRAST:
                # Rounded down: 4.499 is not enough, and must not read as 4.5.
                said = int(ratio * 10) / 10
                yield Finding(
                    rule="R10",
                    field=f"theme.{scheme}.{name}",
                    message=f"{what} would stand out from the background by {said} to 1, and "
                    f"{MIN_CONTRAST} to 1 is the least that can be read well: choose a "
                    "darker or lighter colour",
                )


def _signals(policy: Policy, _: frozenset[str]) -> Iterator[Finding]:
    for signal, times in Counter(policy.signals).items():
        if times > 1:
            yield Finding(rule="R24", field="signals", message=f"{signal.value} is listed twice")
    if policy.google_advanced and Signal.GOOGLE not in policy.signals:
        yield Finding(
            rule="R2",
            field="google_advanced",
            message="turn Google's signal on first: without it nothing tells Google's tags that "
            "they may not store anything yet",
        )


_CHECKS = (
    _languages,
    _controller,
    _texts,
    _lengths,
    _wording,
    _characters,
    _looks,
    _signals,
    _declarations,
)


def _necessary(declaration: CookieDeclaration) -> bool:
    return declaration.category is Category.NECESSARY


_DECLARATION_CHECKS: tuple[tuple[Callable[[CookieDeclaration], bool], str, str, str], ...] = (
    (lambda d: not d.name.strip("* "), "R37", "name", "a name of only * would declare everything"),
    (lambda d: not d.provider.strip(), "R37", "provider", "say who sets it"),
    (lambda d: not d.country, "R37", "country", "say in which country it is received"),
    (
        lambda d: d.storage is Storage.LOCAL_STORAGE and d.seconds is None,
        "R37",
        "seconds",
        "local storage outlives the session: say how long it is kept, 0 for until deleted",
    ),
    (
        lambda d: d.storage is Storage.SESSION_STORAGE and d.seconds is not None,
        "R37",
        "seconds",
        "session storage ends with the session: leave the duration empty",
    ),
    (
        lambda d: d.storage is Storage.COOKIE and d.seconds == 0,
        "R37",
        "seconds",
        "a cookie has an end: give its duration, or leave it empty for a session cookie",
    ),
    (
        lambda d: _necessary(d) and not d.reviewed.strip(),
        "R20",
        "reviewed",
        "say who confirmed that it is strictly necessary, and when",
    ),
    (
        lambda d: _necessary(d) and bool(_KNOWN_TRACKERS.match(d.name)),
        "R20",
        "category",
        "this name belongs to a known tracker: it is not strictly necessary",
    ),
    (
        lambda d: not _necessary(d) and bool(d.reason),
        "R20",
        "reason",
        "only a necessary item has a reason for being necessary: remove it",
    ),
)
