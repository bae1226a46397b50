"""The banner's delivery: one file for each site, version and language. Pure.

The built widget (`banner.min.js`, from `widget/`) has one free name, `__CONFIG__`. The policy
version's texts, declarations and epochs go in its place; the result is hashed and compressed
once, when it is published, and served as it is ever after. No byte of it depends on who asks.
"""

import gzip
import hashlib
from functools import cache
from importlib.resources import files
from typing import Any

import brotli
import msgspec

from consent_service import words
from consent_service.model import (
    OPTIONAL,
    Artifact,
    Category,
    CookieDeclaration,
    Policy,
    PolicyVersion,
)
from consent_service.signing import sha256_b64

SLOT = b"__CONFIG__"


@cache
def bundle() -> bytes:
    """The built widget, without a site's configuration."""
    return files(__package__).joinpath("banner.min.js").read_bytes()


def compose(site_id: int, version: PolicyVersion, language: str, now: int) -> Artifact:
    """The banner of one version in one language, hashed and compressed (brotli 11, gzip 9)."""
    config = configuration(version, language)
    tag = _tag(config)
    body = bundle().replace(SLOT, _json({**config, "artifact": tag}))
    return Artifact(
        site_id=site_id,
        version=version.number,
        language=language,
        tag=tag,
        digest=sha256_b64(body),
        body=body,
        brotli=brotli.compress(body, mode=brotli.MODE_TEXT, quality=11),
        # No time in the header: the same bytes, whenever they are made.
        gzip=gzip.compress(body, compresslevel=9, mtime=0),
        created_at=now,
    )


def tag(version: PolicyVersion, language: str) -> str:
    """The tag of the banner that `compose` would make: 16 hex digits. Quick."""
    return _tag(configuration(version, language))


def _tag(config: dict[str, Any]) -> str:
    # It names the exact bytes to the service, so it must change whenever one of them does; and it
    # stands inside them, so it cannot be their own hash.
    return hashlib.sha256(bundle() + _json(config)).hexdigest()[:16]


def configuration(version: PolicyVersion, language: str) -> dict[str, Any]:
    """All that the widget must know of one version, in one language."""
    policy, own = version.policy, words.texts(language)["banner"]
    pages = f"/policies/{version.site}"
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
        "links": {
            "cookies": f"{pages}/cookies?lang={language}",
            "privacy": f"{pages}/privacy?lang={language}",
            "verify": "/help/check-a-receipt",
        },
    }


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
        "country": item.country,
        "domain": item.domain,
        "hosts": item.hosts,
    }


def _json(value: Any) -> bytes:
    """JSON that may stand inside a script, also inside an inline one."""
    text = msgspec.json.encode(value).decode()
    for character in ("<", "\u2028", "\u2029"):
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text.encode()
