"""The banner's delivery: two files for each site, version and language. Pure.

What the widget's build left in `built/` has free names; what a policy version's texts, declarations
and epochs make of each goes in its place (`slots.py`). `banner.js` is what every page loads;
`settings.js`, the second layer, is loaded by those who open it, and `banner.js` names its exact
bytes by their hash. Both are hashed and compressed once, when they are published, and served as
they are ever after. No byte of them depends on who asks.
"""

import gzip
import hashlib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

import brotli

from consent_service import slots, words
from consent_service.model import (
    OPTIONAL,
    Artifact,
    Category,
    CookieDeclaration,
    Part,
    Policy,
    PolicyVersion,
    ReopenButton,
    Signal,
    Theme,
)
from consent_service.signing import sha256_b64

_BUILT = files(__package__).joinpath("built")


class Banner(NamedTuple):
    """What is published of one version in one language."""

    banner: Artifact
    settings: Artifact


@cache
def built(name: str) -> bytes:
    """A file of the widget's build, such as `banner.js`."""
    return _BUILT.joinpath(name).read_bytes()


@cache
def release() -> str:
    """The hash of all that the build left: another one, another widget."""
    hashes = [f"{name} {sha256_b64(built(name))}" for name in sorted(_names())]
    return sha256_b64("\n".join(hashes).encode())


def _names() -> list[str]:
    found = []
    for each in _BUILT.iterdir():
        inside = each.iterdir() if each.is_dir() else ()
        found += [f"{each.name}/{file.name}" for file in inside] or [each.name]
    return found


def compose(site_id: int, version: PolicyVersion, language: str, now: int) -> Banner:
    """Both files of one version in one language, hashed and compressed."""
    config = configuration(version, language)
    literals = slots.of(config)
    literals |= _pieces(config, literals)
    second = slots.filled(built("settings.js"), literals)
    named = {"SETTINGS": slots.literal(sha256_b64(second)), "TAG": slots.literal(_tag(config))}
    first = slots.filled(built("banner.js"), literals | named)

    def artifact(part: Part, tag: str, body: bytes) -> Artifact:
        return Artifact(
            site_id=site_id,
            version=version.number,
            language=language,
            part=part,
            tag=tag,
            digest=sha256_b64(body),
            body=body,
            brotli=_brotli(body),
            # No time in the header: the same bytes, whenever they are made.
            gzip=gzip.compress(body, compresslevel=9, mtime=0),
            created_at=now,
        )

    second_tag = hashlib.sha256(second).hexdigest()[:16]
    return Banner(
        artifact(Part.BANNER, _tag(config), first), artifact(Part.SETTINGS, second_tag, second)
    )


_LONG = 262_144
"""Bytes from which the last few hundredths of compression take seconds: ten thousand declarations
must not keep whoever publishes waiting."""


def _brotli(body: bytes) -> bytes:
    quality = 11 if len(body) < _LONG else 9
    packed: bytes = brotli.compress(body, mode=brotli.MODE_TEXT, quality=quality)
    return packed


def _pieces(config: dict[str, Any], literals: Mapping[str, bytes]) -> dict[str, bytes]:
    """What of the build goes into this site's banner."""
    several = len(config["languages"]) > 1
    extras = (slots.filled(built(f"extras/{name}.js"), literals) for name in _extras(config))
    return {
        "CSS": slots.literal(_styles(config["theme"])),
        "EXTRAS": b"[" + b",".join(extras) + b"]",
        "OTHER_LANGUAGE": b"(%b)" % built("language.js") if several else b"0",
        "PARTS": b"[" + b",".join(built(f"parts/{name}.js") for name in config["parts"]) + b"]",
    }


def _extras(config: dict[str, Any]) -> list[str]:
    wanted = {
        "storages": slots.has_storages(config),
        "reopen": config["theme"].button is not ReopenButton.NONE,
        "hook": bool(config["withdrawal"].hook),
    }
    return [name for name, there in wanted.items() if there]


def _styles(theme: Theme) -> str:
    button = ["extras/reopen.css"] if theme.button is not ReopenButton.NONE else []
    sheets = ["banner.css", f"layouts/{theme.layout.value}.css", *button]
    return "".join(built(name).decode() for name in sheets) + slots.themed(theme)


def tag(version: PolicyVersion, language: str) -> str:
    """The tag of the banner that `compose` would make: 16 hex digits. Quick."""
    return _tag(configuration(version, language))


def _tag(config: dict[str, Any]) -> str:
    # It names the exact bytes to the service, so it must change whenever one of them does; and it
    # stands inside them, so it cannot be their own hash.
    return hashlib.sha256(release().encode() + slots.literal(config)).hexdigest()[:16]


def configuration(version: PolicyVersion, language: str) -> dict[str, Any]:
    """All that the widget must know of one version, in one language."""
    policy, own = version.policy, words.texts(language)["banner"]
    return {
        "site": version.site,
        "version": version.number,
        "language": language,
        "direction": words.direction(language),
        "languages": policy.languages,
        "epochs": {category.value: version.epochs[category] for category in OPTIONAL},
        "days": policy.days,
        "domain": policy.domain,
        "controller": policy.controller.name,
        "texts": {
            **own,
            "title": policy.banner.title[language],
            "intro": policy.banner.intro[language],
        },
        "categories": [_category(version, category, language) for category in Category],
        "declarations": [_declaration(item, language) for item in policy.declarations],
        "changes": version.history,
        "notice": _notice(version, language),
        "theme": policy.theme,
        "withdrawal": policy.withdrawal,
        "hosts": _hosts(policy) if policy.blocking else {},
        "parts": _parts(policy),
    }


def _parts(policy: Policy) -> list[str]:
    """The modules that this site has beside what every banner has: `built/parts/<name>.js`."""
    # In the order of the product: another order of the same signals is the same banner.
    names = [signal.value for signal in Signal if signal in policy.signals]
    if policy.google_advanced:
        names = ["google_advanced" if name == Signal.GOOGLE else name for name in names]
    return names + ["blocking"] * bool(policy.blocking and _hosts(policy))


_HEARD_EARLY = ("google", "google_advanced", "microsoft_uet")
"""Parts whose vendor is told before the banner is there: `built/stubs/` has a stub for each."""


def stub(version: PolicyVersion) -> str:
    """The inline script that goes before all others of a page; none where it has nothing to tell.

    It restores a grant only of a category whose epoch is still the one that stands in it.
    """
    policy = version.policy
    told = "+".join(name for name in _parts(policy) if name in _HEARD_EARLY)
    if not told:
        return ""
    values = {each.name: version.epochs[each] for each in OPTIONAL}
    values |= {"GRANTED_DAYS": policy.days.granted}
    literals = {name: slots.literal(value) for name, value in values.items()}
    return slots.filled(built(f"stubs/{told}.js"), literals).decode()


def _notice(version: PolicyVersion, language: str) -> dict[str, Any] | None:
    """The newest note to visitors; none in a language that came after it."""
    text = version.notice.get(language)
    return {"version": version.noticed, "text": text} if text else None


def _hosts(policy: Policy) -> dict[str, str]:
    """What may be loaded from each declared host only with a yes: its categories, as in a tag.

    A host that something necessary comes from is not among them.
    """
    found: dict[str, set[Category]] = {}
    for item in policy.declarations:
        for host in item.hosts:
            found.setdefault(host, set()).add(item.category)
    return {
        host: " ".join(category.value for category in OPTIONAL if category in categories)
        for host, categories in sorted(found.items())
        if Category.NECESSARY not in categories
    }


def _category(version: PolicyVersion, category: Category, language: str) -> dict[str, str]:
    text = version.policy.categories[category]
    return {"id": category.value, "title": text.title[language], "text": text.text[language]}


def _declaration(item: CookieDeclaration, language: str) -> dict[str, Any]:
    return {
        "name": item.name,
        "category": item.category.value,
        "provider": item.provider,
        "purpose": item.purpose[language],
        "storage": item.storage.value,
        "duration": words.duration(item.seconds, language),
        "country": words.country(item.country, language),
        "domain": item.domain,
        "hosts": item.hosts,
    }
