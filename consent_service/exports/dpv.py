"""A receipt as ISO/IEC TS 27560 has it, in JSON-LD by the Data Privacy Vocabulary (DPV 2).

After the guide of its community group: a consent receipt with one record for each purpose, so
that a refusal of marketing and a grant of statistics stand side by side. The context is in the
document: whoever reads it fetches nothing.
"""

from typing import Any, NamedTuple

import msgspec

from consent_service.exports.kantara import third_parties
from consent_service.exports.times import rfc3339
from consent_service.model import (
    OPTIONAL,
    SECONDS_A_DAY,
    Action,
    Category,
    Claims,
    CookieDeclaration,
    PolicyVersion,
)

_CONTEXT = {
    "dpv": "https://w3id.org/dpv#",
    "pd": "https://w3id.org/dpv/pd#",
    "eu-gdpr": "https://w3id.org/dpv/legal/eu/gdpr#",
    "dct": "http://purl.org/dc/terms/",
    "dcat": "http://www.w3.org/ns/dcat#",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "schema": "https://schema.org/",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
_PROFILE = "https://w3id.org/dpv/schema/dpv-27560"

_PURPOSES = {
    Category.PREFERENCES: ["dpv:ServicePersonalisation", "dpv:UserInterfacePersonalisation"],
    Category.STATISTICS: ["dpv:ServiceUsageAnalytics"],
    Category.MARKETING: ["dpv:Marketing", "dpv:TargetedAdvertising"],
}

Json = dict[str, Any]


class _Told(NamedTuple):
    claims: Claims
    version: PolicyVersion
    previous: Claims | None


def dpv(claims: Claims, version: PolicyVersion, previous: Claims | None = None) -> bytes:
    """The receipt in JSON-LD. `previous` is the receipt before it, where that is on file."""
    told = _Told(claims, version, previous)
    document = {
        "@context": _CONTEXT,
        "@id": f"urn:uuid:{claims.jti}",
        "@type": "dpv:ConsentReceipt",
        "dct:identifier": claims.jti,
        "dct:conformsTo": _id(f"{_PROFILE}#receipt-record"),
        "dct:created": _time(claims.iat),
        "dct:publisher": _controller(version),
        "schema:recipient": _subject(claims),
        "dpv:hasRecordOfActivity": [_record(told, category) for category in OPTIONAL],
    }
    return msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n"


def _record(told: _Told, category: Category) -> Json:
    claims = told.claims
    return {
        "@id": _name(claims, category),
        "@type": "dpv:ConsentRecord",
        "dct:identifier": _name(claims, category),
        "dct:conformsTo": _id(f"{_PROFILE}#record"),
        **_earlier(told, category),
        "dct:language": claims.pol.lang,
        "dpv:hasDataSubject": _subject(claims),
        "dpv:hasDataController": _controller(told.version),
        "dpv:hasNotice": _notice(claims),
        "dpv:hasLegalBasis": _id("eu-gdpr:A6-1-a"),
        "dpv:hasJurisdiction": {
            "@type": "dpv:Location",
            "dct:description": f"Not recorded: the rule set {claims.basis} applies to everybody.",
        },
        "dpv:hasProcess": [_process(told.version, claims.pol.lang, category)],
        "dpv:hasConsentControl": {
            "@type": "dpv:WithdrawConsent",
            "dpv:isExercisedAt": "The cookie settings of the site, on every page, at any time.",
        },
        "dpv:hasConsentStatus": _event(told, category),
    }


def _name(claims: Claims, category: Category) -> str:
    return f"urn:uuid:{claims.jti}#{category.value}"


def _earlier(told: _Told, category: Category) -> Json:
    if told.previous is None:
        return {}
    return {"dcat:isVersionOf": _id(_name(told.previous, category))}


def _event(told: _Told, category: Category) -> Json:
    claims = told.claims
    return {
        "@type": _state(told, category),
        "dpv:isIndicatedAtTime": _time(claims.iat),
        "dpv:isIndicatedBy": _subject(claims),
        "dpv:hasIndicationMethod": f"{claims.act}, by {claims.src}, on layer {claims.ui.layer}",
        "dpv:hasDuration": {
            "@type": "dpv:TemporalDuration",
            "rdf:value": _period(claims.exp_consent - claims.iat),
        },
    }


def _state(told: _Told, category: Category) -> list[str]:
    """The event's type, and the state that it leads to."""
    granted = told.claims.cat[category.value]
    held = told.previous is not None and told.previous.cat[category.value]
    if granted:
        state = "dpv:RenewedConsentGiven" if held else "dpv:ConsentGiven"
        return ["dpv:ExplicitlyExpressedConsent", state]
    if not held:
        return ["dpv:ConsentRefused"]
    expired = told.claims.act == Action.EXPIRE
    return ["dpv:ConsentExpired" if expired else "dpv:ConsentWithdrawn"]


def _process(version: PolicyVersion, lang: str, category: Category) -> Json:
    text = version.policy.categories[category]
    declared = [item for item in version.policy.declarations if item.category is category]
    others = third_parties(version, category)
    recipients = [{"@type": "dpv:ThirdParty", "dpv:hasName": name} for name in others]
    return {
        "@type": "dpv:Process",
        "dct:title": {"@value": text.title[lang], "@language": lang},
        "dct:description": {"@value": text.text[lang], "@language": lang},
        "dpv:hasPurpose": [_id(purpose) for purpose in _PURPOSES[category]],
        "dpv:hasPersonalData": [_id("pd:DeviceBased")],
        "dpv:hasDataSource": _id("dpv:DataSubject"),
        "dpv:hasProcessing": [_id("dpv:Collect"), _id("dpv:Store"), _id("dpv:Use")],
        "dpv:hasRecipient": recipients or [_controller(version)],
        "dpv:hasStorageCondition": [_storage(item, lang) for item in declared],
    }


def _storage(item: CookieDeclaration, lang: str) -> Json:
    """One declared item: where it lies, how long, and where its recipient is."""
    until = "until the session ends" if item.seconds is None else _period(item.seconds)
    where = f"The visitor's device: {item.storage.value}"
    return {
        "@type": ["dpv:StorageLocation", "dpv:StorageDuration", "dpv:StorageDeletion"],
        "dct:identifier": item.name,
        "dct:description": {"@value": item.purpose[lang], "@language": lang},
        "dpv:hasLocation": where + (f"; recipient in {item.country}" if item.country else ""),
        "dpv:hasDuration": {"@type": "dpv:TemporalDuration", "rdf:value": until},
    }


def _controller(version: PolicyVersion) -> Json:
    controller = version.policy.controller
    return {
        "@type": "dpv:DataController",
        "dpv:hasName": controller.name,
        "dpv:hasAddress": controller.address,
        "dpv:hasContact": " ".join(filter(None, (controller.email, controller.phone))),
        **({"schema:url": controller.url} if controller.url else {}),
    }


def _subject(claims: Claims) -> Json:
    """The visitor: the random id of a browser, which there is only where something is granted."""
    known = {"dct:identifier": claims.sub} if isinstance(claims.sub, str) else {}
    return {"@type": "dpv:DataSubject", **known}


def _notice(claims: Claims) -> Json:
    address = f"{claims.iss}/v1/sites/{claims.site}/policy/versions/{claims.pol.sha256}"
    return {
        "@id": address,
        "@type": "dpv:ConsentNotice",
        "dct:identifier": claims.pol.sha256,
        "dct:language": claims.pol.lang,
    }


def _id(name: str) -> Json:
    return {"@id": name}


def _time(at: int) -> Json:
    return {"@type": "xsd:dateTime", "@value": rfc3339(at)}


def _period(seconds: int) -> str:
    """ISO 8601: in whole days where it is so many."""
    days, rest = divmod(seconds, SECONDS_A_DAY)
    return f"PT{seconds}S" if rest else f"P{days}D"
