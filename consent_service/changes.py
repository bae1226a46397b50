"""What changed between two policies, and what that asks of visitors. Pure.

Each change proposes a class by itself; a version's class is the highest of them. The table is
the one of the European Data Protection Board (Guidelines 05/2020, section 110), WP260 section 29
and the ICO's guidance on fresh consent: new purposes, providers, recipients, longer storage and a
new controller are asked again; rights and notices are told; wording is neither.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator

from consent_service.errors import Invalid
from consent_service.model import (
    OPTIONAL,
    Category,
    CategoryChange,
    Change,
    ChangeClass,
    ChangeKind,
    Colours,
    CookieDeclaration,
    Epochs,
    Policy,
    PolicyVersion,
    Text,
    Theme,
)

HISTORY = 20
"""How many changes a category's history keeps: the banner tells a few, the pages tell all."""

_RANK = {ChangeClass.PATCH: 0, ChangeClass.MINOR: 1, ChangeClass.MAJOR: 2}
_MAJOR, _MINOR, _PATCH = ChangeClass.MAJOR, ChangeClass.MINOR, ChangeClass.PATCH

_EU = "AT BE BG HR CY CZ DK EE FI FR DE GR HU IE IT LV LT LU MT NL PL PT RO SK SI ES SE"
EEA = frozenset((*re.findall("..", _EU.replace(" ", "")), "IS", "LI", "NO"))
"""The European Economic Area: recipients in it are no third-country transfer (GDPR ch. V)."""


def diff(old: Policy, new: Policy) -> tuple[Change, ...]:
    """Every difference between two policies, in the order that an editor reads them."""
    return (
        *_controller(old, new),
        *_categories(old, new),
        *_declarations(old, new),
        *_banner(old, new),
        *_documents(old, new),
        *_terms(old, new),
        *_languages(old, new),
        *_widget(old, new),
    )


def proposed_class(changes: Iterable[Change]) -> ChangeClass:
    """The highest class that any of the changes asks for; patch where there is none."""
    return max((change.proposed for change in changes), key=_RANK.__getitem__, default=_PATCH)


def affected(changes: Iterable[Change]) -> tuple[Category, ...]:
    """The optional categories whose meaning changed in substance, in the product's order."""
    touched = {
        category
        for change in changes
        if change.proposed is ChangeClass.MAJOR
        for category in change.categories
    }
    return tuple(category for category in OPTIONAL if category in touched)


def asked(
    changes: tuple[Change, ...], wanted: ChangeClass, named: tuple[Category, ...], reason: str
) -> tuple[Category, ...]:
    """The categories whose epoch rises when an editor publishes `changes` as `wanted`.

    `named` adds categories that the editor wants asked again. Raises `Invalid` where the class
    is lower than the proposed one without a written reason, or major with nothing to ask about.
    """
    proposed = proposed_class(changes)
    if _RANK[wanted] < _RANK[proposed] and not reason.strip():
        raise Invalid(
            f"these changes are {proposed.value}: to publish them as {wanted.value}, write the "
            "reason, which is kept with the version and shown to auditors",
            "reason",
        )
    if wanted is not ChangeClass.MAJOR:
        return ()
    touched = set(affected(changes)) | set(named)
    touched = touched or {category for change in changes for category in change.categories}
    if not touched & set(OPTIONAL):
        raise Invalid(
            "a major version asks visitors again: name the categories that it is about",
            "categories",
        )
    return tuple(category for category in OPTIONAL if category in touched)


def next_epochs(epochs: Epochs, raised: Iterable[Category]) -> Epochs:
    """The epochs after those of `raised` went up by one."""
    risen = set(raised)
    return {category: epochs[category] + (category in risen) for category in OPTIONAL}


def next_history(
    previous: PolicyVersion, changes: Iterable[Change], raised: Iterable[Category]
) -> dict[Category, tuple[CategoryChange, ...]]:
    """The history of each category, with what raised it now put first."""
    changes, history = tuple(changes), dict(previous.history)
    for category in raised:
        epoch = previous.epochs[category] + 1
        told = tuple(
            CategoryChange(epoch=epoch, kind=c.kind, name=c.name, provider=c.provider)
            for c in changes
            if category in c.categories and c.proposed is not ChangeClass.PATCH
        )
        # Where an editor asks again without a change of ours, what is asked about is the text.
        told = told or (CategoryChange(epoch=epoch, kind=ChangeKind.TEXT),)
        history[category] = (*told, *history.get(category, ()))[:HISTORY]
    return history


def same_words(before: str, after: str) -> bool:
    """Whether two texts differ only in spacing, punctuation or capitals."""
    return _words(before) == _words(after)


def _words(text: str) -> str:
    return "".join(character for character in text.casefold() if character.isalnum())


def _changed(before: Text, after: Text) -> list[str]:
    """The languages in which a text changed; a language that came or went is not a change."""
    return [
        language for language in before if after.get(language, before[language]) != before[language]
    ]


def _only_form(before: Text, after: Text) -> bool:
    return all(same_words(before[lang], after[lang]) for lang in _changed(before, after))


def _joined(text: Text, languages: Iterable[str]) -> str:
    return "\n".join(text.get(language, "") for language in languages)


def _text_change(
    name: str, before: Text, after: Text, kind: ChangeKind, where: tuple[Category, ...]
) -> Iterator[Change]:
    """A text that says what a category is for: major, unless only its form changed."""
    languages = _changed(before, after)
    if not languages:
        return
    form = _only_form(before, after)
    proposed = _PATCH if form else (_MAJOR if where else _MINOR)
    reason = (
        "Only spacing, punctuation or capitals changed."
        if form
        else "What visitors were told it is for reads differently now."
    )
    yield Change(
        kind=kind,
        proposed=proposed,
        categories=where,
        name=name,
        reason=reason,
        before=_joined(before, languages),
        after=_joined(after, languages),
    )


def _optional(*categories: Category) -> tuple[Category, ...]:
    return tuple(category for category in OPTIONAL if category in categories)


def _controller(old: Policy, new: Policy) -> Iterator[Change]:
    if old.controller.name != new.controller.name:
        yield Change(
            kind=ChangeKind.CONTROLLER,
            proposed=_MAJOR,
            categories=OPTIONAL,
            name=new.controller.name,
            before=old.controller.name,
            after=new.controller.name,
            reason="Visitors agreed with another controller (GDPR recital 42).",
        )
    for field in ("address", "email", "phone", "url"):
        before, after = getattr(old.controller, field), getattr(new.controller, field)
        if before != after:
            yield Change(
                kind=ChangeKind.CONTROLLER,
                proposed=_MINOR,
                name=f"controller.{field}",
                before=before,
                after=after,
                reason="How to reach the controller changed: visitors are told.",
            )


def _categories(old: Policy, new: Policy) -> Iterator[Change]:
    for category in Category:
        before, after = old.categories.get(category), new.categories.get(category)
        if before is None or after is None:
            continue
        where = _optional(category)
        name = f"categories.{category.value}"
        yield from _text_change(f"{name}.title", before.title, after.title, ChangeKind.TEXT, where)
        yield from _text_change(f"{name}.text", before.text, after.text, ChangeKind.TEXT, where)


def _key(declaration: CookieDeclaration) -> tuple[str, str]:
    return declaration.name, declaration.domain


def _declarations(old: Policy, new: Policy) -> Iterator[Change]:
    before = {_key(declaration): declaration for declaration in old.declarations}
    after = {_key(declaration): declaration for declaration in new.declarations}
    known: dict[tuple[Category, str], list[CookieDeclaration]] = defaultdict(list)
    for declaration in old.declarations:
        known[declaration.category, declaration.provider].append(declaration)
    for key, declaration in after.items():
        if key not in before:
            yield _added(declaration, known.get((declaration.category, declaration.provider), []))
        elif before[key] != declaration:
            yield from _declaration(before[key], declaration)
    for key, declaration in before.items():
        if key not in after:
            yield Change(
                kind=ChangeKind.REMOVED,
                proposed=_PATCH,
                name=declaration.name,
                provider=declaration.provider,
                categories=_optional(declaration.category),
                reason="Less is stored than before.",
            )


def _added(declaration: CookieDeclaration, kin: list[CookieDeclaration]) -> Change:
    """A new item is minor only beside one of the same provider, purpose and duration class."""
    alike = any(
        not _longer(old, declaration)
        and old.purpose == declaration.purpose
        and _as_far(old, declaration)
        for old in kin
    )
    where = _optional(declaration.category)
    if not where:
        proposed, reason = _MINOR, "A necessary item is new: visitors are told."
    elif alike:
        proposed = _MINOR
        reason = "New, but of a provider, purpose and duration that visitors knew."
    elif kin:
        proposed, reason = _MAJOR, "Used for something else, or kept longer, than visitors knew."
    else:
        proposed, reason = _MAJOR, f"{declaration.provider} is new in this category."
    return Change(
        kind=ChangeKind.ADDED,
        proposed=proposed,
        categories=where,
        name=declaration.name,
        provider=declaration.provider,
        reason=reason,
    )


def _as_far(old: CookieDeclaration, new: CookieDeclaration) -> bool:
    """Whether `new` reaches nobody and nowhere that `old` did not."""
    return old.readers == new.readers and old.country == new.country


def _longer(old: CookieDeclaration, new: CookieDeclaration) -> bool:
    return _lifetime(new) > _lifetime(old)


def _lifetime(declaration: CookieDeclaration) -> float:
    """Seconds; a session item is shorter than any, one that is never deleted longer than any."""
    if declaration.seconds is None:
        return 0
    return declaration.seconds or float("inf")


def _declaration(old: CookieDeclaration, new: CookieDeclaration) -> Iterator[Change]:
    where = _optional(new.category)
    if old.category is not new.category:
        yield _moved(old, new, where)
    if old.provider != new.provider:
        yield _field(
            ChangeKind.PROVIDER, old, new, (old.provider, new.provider), "Another provider sets it."
        )
    if old.readers != new.readers:
        yield _field(
            ChangeKind.READERS,
            old,
            new,
            (old.readers, new.readers),
            "Others may read it than visitors were told.",
        )
    if old.country != new.country:
        yield _country(old, new)
    if _lifetime(old) != _lifetime(new):
        yield _duration(old, new)
    if old.storage is not new.storage:
        yield Change(
            kind=ChangeKind.STORAGE,
            proposed=_MINOR,
            categories=where,
            name=new.name,
            before=old.storage.value,
            after=new.storage.value,
            reason="It is kept in another place on the device.",
        )
    yield from _text_change(new.name, old.purpose, new.purpose, ChangeKind.PURPOSE, where)
    yield from _text_change(new.name, old.reason, new.reason, ChangeKind.TEXT, ())


def _field(
    kind: ChangeKind,
    old: CookieDeclaration,
    new: CookieDeclaration,
    values: tuple[str, str],
    reason: str,
) -> Change:
    """A change of who handles the item: major where a visitor was asked, else told."""
    where = _optional(new.category)
    return Change(
        kind=kind,
        proposed=_MAJOR if where else _MINOR,
        categories=where,
        name=old.name,
        provider=new.provider,
        before=values[0],
        after=values[1],
        reason=reason,
    )


def _moved(old: CookieDeclaration, new: CookieDeclaration, where: tuple[Category, ...]) -> Change:
    reason = (
        "Visitors who granted its new category were not asked about it."
        if where
        else "It counts as necessary now: visitors are told why."
    )
    return Change(
        kind=ChangeKind.MOVED,
        proposed=_MAJOR if where else _MINOR,
        categories=where,
        name=new.name,
        provider=new.provider,
        before=old.category.value,
        after=new.category.value,
        reason=reason,
    )


def _country(old: CookieDeclaration, new: CookieDeclaration) -> Change:
    values = (old.country, new.country)
    if new.country in EEA:
        return Change(
            kind=ChangeKind.COUNTRY,
            proposed=_MINOR,
            categories=_optional(new.category),
            name=new.name,
            provider=new.provider,
            before=values[0],
            after=values[1],
            reason="The recipient moved, within the European Economic Area.",
        )
    return _field(ChangeKind.COUNTRY, old, new, values, "A transfer to another country is new.")


def _duration(old: CookieDeclaration, new: CookieDeclaration) -> Change:
    values = (str(old.seconds), str(new.seconds))
    if _longer(old, new):
        return _field(ChangeKind.LONGER, old, new, values, "It is kept longer than was agreed.")
    return Change(
        kind=ChangeKind.SHORTER,
        proposed=_PATCH,
        categories=_optional(new.category),
        name=new.name,
        before=values[0],
        after=values[1],
        reason="It is kept for less time.",
    )


def _banner(old: Policy, new: Policy) -> Iterator[Change]:
    for field in ("title", "intro"):
        yield from _text_change(
            f"banner.{field}",
            getattr(old.banner, field),
            getattr(new.banner, field),
            ChangeKind.TEXT,
            (),
        )


def _documents(old: Policy, new: Policy) -> Iterator[Change]:
    for field in ("cookies", "privacy"):
        before, after = getattr(old.documents, field), getattr(new.documents, field)
        yield from _text_change(f"documents.{field}", before, after, ChangeKind.DOCUMENT, ())


def _terms(old: Policy, new: Policy) -> Iterator[Change]:
    if old.days != new.days:
        yield Change(
            kind=ChangeKind.DAYS,
            proposed=_MINOR,
            name="days",
            before=f"{old.days.granted}/{old.days.refused}",
            after=f"{new.days.granted}/{new.days.refused}",
            reason="Choices stand for another time: visitors are told.",
        )
    if old.domain != new.domain:
        inside = bool(old.domain) and new.domain.endswith(f".{old.domain}")
        wider = bool(new.domain) and not inside
        yield Change(
            kind=ChangeKind.SCOPE,
            proposed=_MAJOR if wider else _MINOR,
            categories=OPTIONAL if wider else (),
            name="domain",
            before=old.domain,
            after=new.domain,
            reason="The choice holds for other hosts than visitors were told.",
        )


def _languages(old: Policy, new: Policy) -> Iterator[Change]:
    if set(old.languages) != set(new.languages):
        yield Change(
            kind=ChangeKind.LANGUAGE,
            proposed=_PATCH,
            name="languages",
            before=", ".join(old.languages),
            after=", ".join(new.languages),
            reason="A language came or went; what is said did not change.",
        )


def _widget(old: Policy, new: Policy) -> Iterator[Change]:
    """How the banner looks and what it does for what was agreed: visitors agreed to none of it."""
    yield from _looks(old, new)
    # In whatever order they are listed: they are told one as the other.
    if set(old.signals) != set(new.signals):
        yield _setting(
            ChangeKind.SIGNALS,
            "signals",
            (", ".join(old.signals), ", ".join(new.signals)),
            "The same choices are told to vendors in other ways.",
        )
    if old.google_advanced != new.google_advanced:
        yield _google_advanced(new.google_advanced)
    if old.blocking != new.blocking:
        yield _setting(
            ChangeKind.BLOCKING,
            "blocking",
            (_on(old.blocking), _on(new.blocking)),
            "Tags that nobody marked are held back, or no longer are.",
        )
    for field in ("reload", "hook"):
        before, after = getattr(old.withdrawal, field), getattr(new.withdrawal, field)
        if before != after:
            name, reason = f"withdrawal.{field}", "A withdrawal is carried out in another way."
            yield _setting(ChangeKind.WITHDRAWAL, name, (before, after), reason)


def _looks(old: Policy, new: Policy) -> Iterator[Change]:
    before, after = settings_of(old.theme), settings_of(new.theme)
    for name, value in after.items():
        if before[name] != value:
            reason = "Only the looks changed."
            yield _setting(ChangeKind.THEME, f"theme.{name}", (before[name], value), reason)


def settings_of(theme: Theme) -> dict[str, str]:
    """The theme's settings by name, such as `light.act`, each as text."""
    colours = {
        f"{scheme}.{name}": getattr(getattr(theme, scheme), name)
        for scheme in ("light", "dark")
        for name in Colours.__struct_fields__
    }
    plain = {"layout": theme.layout.value, "scheme": theme.scheme.value}
    return {**plain, **colours, "radius": str(theme.radius), "button": theme.button.value}


def _google_advanced(on: bool) -> Change:
    told = "Google's tags load and send requests before a yes, without cookies: visitors are told."
    return Change(
        kind=ChangeKind.SIGNALS,
        proposed=_MINOR if on else _PATCH,
        name="google_advanced",
        before=_on(not on),
        after=_on(on),
        reason=told if on else "Google's tags wait for a yes again.",
    )


def _on(value: bool) -> str:
    return "on" if value else "off"


def _setting(kind: ChangeKind, name: str, values: tuple[str, str], reason: str) -> Change:
    return Change(
        kind=kind, proposed=_PATCH, name=name, before=values[0], after=values[1], reason=reason
    )
