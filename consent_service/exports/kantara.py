"""A receipt as a Kantara Consent Receipt (v1.1.0, 2018), for those whose tools read that.

That format has no place for a refusal: only what was granted is in it, and where nothing was
there is none. Its id is the receipt's own, so that one leads to the other.
"""

from typing import Any

import msgspec

from consent_service.exports.times import rfc3339
from consent_service.model import OPTIONAL, Category, Claims, CookieDeclaration, PolicyVersion

VERSION = "KI-CR-v1.1.0"

_NOT_GIVEN = "not given"
"""The format asks for these; what was never recorded is not made up."""

_PURPOSES = {
    Category.PREFERENCES: "Personalized Experience",
    Category.STATISTICS: "Improve Performance",
    Category.MARKETING: "Marketing",
}


def kantara(claims: Claims, version: PolicyVersion) -> bytes | None:
    """The consent receipt in JSON; None where nothing was granted."""
    granted = [category for category in OPTIONAL if claims.cat[category.value]]
    if not granted:
        return None
    receipt = {
        "version": VERSION,
        "jurisdiction": f"not recorded; the rule set applied to everybody is {claims.basis}",
        "consentTimestamp": claims.iat,
        "collectionMethod": f"web banner: {claims.act}, by {claims.src}",
        "consentReceiptID": claims.jti,
        **_language(claims.pol.lang),
        "piiPrincipalId": claims.sub if isinstance(claims.sub, str) else _NOT_GIVEN,
        "piiControllers": [_controller(version)],
        "policyUrl": f"{claims.iss}/policies/{claims.site}/privacy?version={claims.pol.v}",
        "services": [
            {
                "service": claims.site,
                "purposes": [_purpose(claims, version, category) for category in granted],
            }
        ],
        "sensitive": False,
        "spiCat": [],
    }
    return msgspec.json.format(msgspec.json.encode(receipt), indent=2) + b"\n"


def _language(tag: str) -> dict[str, str]:
    """ISO 639-1 has two letters; a language without such a code is left out."""
    short = tag.split("-")[0]
    return {"language": short} if len(short) == 2 else {}


def _controller(version: PolicyVersion) -> dict[str, Any]:
    controller = version.policy.controller
    site = {"piiControllerUrl": controller.url} if controller.url else {}
    return {
        "piiController": controller.name,
        "onBehalf": False,
        "contact": controller.name,
        "address": {"streetAddress": controller.address},
        "email": controller.email,
        "phone": controller.phone or _NOT_GIVEN,
        **site,
    }


def _purpose(claims: Claims, version: PolicyVersion, category: Category) -> dict[str, Any]:
    text, lang = version.policy.categories[category], claims.pol.lang
    others = third_parties(version, category)
    named = {"thirdPartyName": ", ".join(others)} if others else {}
    return {
        "purpose": f"{text.title[lang]}: {text.text[lang]}",
        "purposeCategory": [_PURPOSES[category]],
        "consentType": "EXPLICIT",
        "piiCategory": ["Network/Service"],
        "primaryPurpose": False,
        "termination": f"Lapses at {rfc3339(claims.exp_consent)}; may be withdrawn at any time in "
        "the cookie settings of the site.",
        "thirdPartyDisclosure": bool(others),
        **named,
    }


def third_parties(version: PolicyVersion, category: Category) -> list[str]:
    """Who but the controller sets or reads what is declared in a category, each once."""
    declared = [item for item in version.policy.declarations if item.category is category]
    names = dict.fromkeys(name for item in declared for name in _named(item))
    return [name for name in names if name != version.policy.controller.name]


def _named(item: CookieDeclaration) -> tuple[str, ...]:
    return tuple(filter(None, (item.provider, item.readers)))
