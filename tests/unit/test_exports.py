"""The projections of a receipt: as the golden files have them, and as their formats ask."""

import csv
import io
import json
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import given as examples
from hypothesis import settings
from msgspec.structs import replace
from pyld import jsonld

from consent_service import exports
from consent_service.exports.csv import COLUMNS, HEAD, field, row
from consent_service.exports.dpv import dpv
from consent_service.exports.jsonl import line
from consent_service.exports.kantara import kantara
from consent_service.model import OPTIONAL, ChangeClass, Claims, PolicyVersion
from tests.claims import usual
from tests.given import policy
from tests.tools import ROOT
from tests.unit.signed import CLAIMS, KEYS, NOW, PAYLOAD, TOKEN

GOLDEN = ROOT / "tests/golden"
VERSION = PolicyVersion(
    site="shop",
    number=7,
    published_at=NOW - 1_000,
    change_class=ChangeClass.MAJOR,
    epochs=dict.fromkeys(OPTIONAL, 1),
    policy=policy(),
)
DENIED = dict.fromkeys(CLAIMS.cat, False) | {"necessary": True}
REFUSAL = replace(CLAIMS, act="reject_all", cat=DENIED, sub=msgspec.UNSET)


def claims(act: str, *granted: str) -> Claims:
    return replace(CLAIMS, act=act, cat=DENIED | dict.fromkeys(granted, True))


@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("kantara.json", lambda: kantara(CLAIMS, VERSION)),
        ("dpv.jsonld", lambda: dpv(CLAIMS, VERSION, replace(REFUSAL, jti=f"{CLAIMS.jti[:-1]}0"))),
        ("receipts.csv", lambda: HEAD + row(PAYLOAD, TOKEN.encode())),
        ("receipts.jsonl", lambda: line(PAYLOAD, TOKEN.encode())),
    ],
)
def test_a_projection_is_as_its_golden_file_has_it(name: str, make: Callable[[], bytes]) -> None:
    assert make() == (GOLDEN / name).read_bytes()


# --- Kantara -------------------------------------------------------------------------------------

MUST = {
    "version": str,
    "jurisdiction": str,
    "consentTimestamp": int,
    "collectionMethod": str,
    "consentReceiptID": str,
    "piiPrincipalId": str,
    "piiControllers": list,
    "policyUrl": str,
    "services": list,
    "sensitive": bool,
    "spiCat": list,
}
CONTROLLER = {
    "piiController": str,
    "contact": str,
    "address": dict,
    "email": str,
    "phone": str,
    "onBehalf": bool,
}
PURPOSE = {
    "purposeCategory": list,
    "consentType": str,
    "piiCategory": list,
    "termination": str,
    "thirdPartyDisclosure": bool,
}


def missing(has: dict[str, Any], must: dict[str, type]) -> list[str]:
    """The members that the format asks for and that are not there, empty, or of another type."""
    return [
        name
        for name, kind in must.items()
        if not isinstance(has.get(name), kind) or has[name] in ("", {})
    ]


def test_a_kantara_receipt_has_every_member_that_the_format_demands() -> None:
    found = json.loads(kantara(CLAIMS, VERSION) or b"")
    assert found["version"] == "KI-CR-v1.1.0"
    assert missing(found, MUST) == []
    assert missing(found["piiControllers"][0], CONTROLLER) == []
    (service,) = found["services"]
    for purpose in service["purposes"]:
        assert missing(purpose, PURPOSE) == []
        assert purpose["thirdPartyDisclosure"] == bool(purpose.get("thirdPartyName"))


def test_a_missing_member_is_seen() -> None:
    assert missing({"version": ""}, {"version": str, "sensitive": bool}) == ["version", "sensitive"]


@pytest.mark.parametrize("granted", [("statistics",), ("preferences", "marketing")])
def test_a_kantara_receipt_tells_of_what_was_granted_alone(granted: tuple[str, ...]) -> None:
    found = json.loads(kantara(claims("custom", *granted), VERSION) or b"")
    told = [purpose["purpose"] for purpose in found["services"][0]["purposes"]]
    assert told == [f"{name.title()} (sv): What {name} cookies are for. (sv)" for name in granted]


def test_there_is_no_kantara_receipt_of_a_refusal() -> None:
    assert kantara(REFUSAL, VERSION) is None


def test_a_controller_that_is_the_only_provider_is_no_third_party() -> None:
    own = policy(controller={"name": "Nordic Metrics AB", "address": "a", "email": "b@c.example"})
    found = json.loads(kantara(CLAIMS, replace(VERSION, policy=own)) or b"")
    (purpose,) = found["services"][0]["purposes"]
    assert purpose["thirdPartyDisclosure"] is False


# --- ISO/IEC TS 27560 through DPV ----------------------------------------------------------------

DPV = "https://w3id.org/dpv#"


def no_network(url: str, options: object) -> object:
    raise AssertionError(f"a reader would have to fetch {url}")


def expanded(document: bytes) -> dict[str, Any]:
    """The one node of a JSON-LD document, its terms expanded, without a network."""
    options = {"documentLoader": no_network}
    (node,) = jsonld.expand(json.loads(document), options)
    found: dict[str, Any] = node
    return found


def states(document: bytes) -> list[str]:
    """For each optional category, the state of its consent."""
    records = expanded(document)[f"{DPV}hasRecordOfActivity"]
    events = [record[f"{DPV}hasConsentStatus"][0] for record in records]
    return [event["@type"][-1].removeprefix(DPV) for event in events]


RECORD = (
    "http://purl.org/dc/terms/conformsTo",
    "http://purl.org/dc/terms/identifier",
    "http://purl.org/dc/terms/language",
    f"{DPV}hasDataSubject",
    f"{DPV}hasNotice",
    f"{DPV}hasDataController",
    f"{DPV}hasJurisdiction",
    f"{DPV}hasConsentControl",
)
PROCESS = ("hasPurpose", "hasPersonalData", "hasStorageCondition", "hasRecipient")
EVENT = ("isIndicatedAtTime", "hasDuration", "isIndicatedBy")


def test_a_dpv_receipt_has_a_record_of_each_purpose_with_every_mandatory_field() -> None:
    records = expanded(dpv(CLAIMS, VERSION))[f"{DPV}hasRecordOfActivity"]
    assert len({record["@id"] for record in records}) == len(OPTIONAL)
    for record in records:
        assert all(record[name] for name in RECORD)
        assert all(record[f"{DPV}hasProcess"][0][DPV + name] for name in PROCESS)
        assert all(record[f"{DPV}hasConsentStatus"][0][DPV + name] for name in EVENT)


def test_every_term_of_a_dpv_receipt_is_one_of_a_vocabulary() -> None:
    # A prefix that the context lacks would stay as it is, and mean nothing to anybody.
    words = json.dumps(expanded(dpv(CLAIMS, VERSION)))
    assert not [
        prefix for prefix in ("dpv:", "dct:", "pd:", "schema:", "rdf:") if f'"{prefix}' in words
    ]


@pytest.mark.parametrize(
    ("now", "before", "expected"),
    [
        (CLAIMS, None, ["ConsentGiven", "ConsentRefused", "ConsentRefused"]),
        (REFUSAL, None, ["ConsentRefused"] * 3),
        (CLAIMS, REFUSAL, ["ConsentGiven", "ConsentRefused", "ConsentRefused"]),
        (CLAIMS, CLAIMS, ["RenewedConsentGiven", "ConsentRefused", "ConsentRefused"]),
        (claims("withdraw"), CLAIMS, ["ConsentWithdrawn", "ConsentRefused", "ConsentRefused"]),
        (claims("expire"), CLAIMS, ["ConsentExpired", "ConsentRefused", "ConsentRefused"]),
    ],
)
def test_a_refusal_stands_beside_a_grant(
    now: Claims, before: Claims | None, expected: list[str]
) -> None:
    assert states(dpv(now, VERSION, before)) == expected


# --- CSV and JSON Lines --------------------------------------------------------------------------


def read(line: bytes) -> dict[str, str]:
    """A row as a spreadsheet reads it."""
    (found,) = csv.DictReader(io.StringIO((HEAD + line).decode(), newline=""))
    return found


def test_a_row_says_what_the_receipt_says() -> None:
    found = read(row(PAYLOAD, TOKEN.encode()))
    assert tuple(found) == COLUMNS
    assert found["id"] == CLAIMS.jti
    assert found["recorded_at"] == "2025-11-22T08:26:40Z"
    assert (found["preferences"], found["marketing"]) == ("granted", "denied")
    assert found["browser"] == CLAIMS.sub
    assert found["replaces_sha256"] == ""


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("plain", "plain"),
        ("", ""),
        ("=HYPERLINK(1)", "'=HYPERLINK(1)"),
        ("+1", "'+1"),
        ("-x", "'-x"),
        ("@x", "'@x"),
        ("\tx", "'\tx"),
        ("\rx", '"\'\rx"'),
        ('a "b", c', '"a ""b"", c"'),
        ("a=b", "a=b"),
    ],
)
def test_a_text_is_one_field_and_never_a_formula(text: str, written: str) -> None:
    assert field(text) == written
    (back,) = next(csv.reader(io.StringIO(f"{written}\r\n", newline="")), [""]) or [""]
    assert back.removeprefix("'") == text


@pytest.mark.parametrize("name", ["site", "act", "src", "basis", "iss"])
def test_whatever_a_claim_says_it_is_one_field(name: str) -> None:
    strange = msgspec.json.encode(replace(CLAIMS, **{name: '=1,"\r\n'}))
    assert list(read(row(strange, TOKEN.encode())).values()).count("'=1,\"\r\n") == 1


@settings(max_examples=300, deadline=None)
@examples(usual())
def test_a_row_is_the_same_in_whatever_order_the_claims_were_signed(claims: Claims) -> None:
    payload = msgspec.json.encode(replace(claims, iat=claims.iat % 2**33, exp_consent=NOW))
    turned = msgspec.json.encode(dict(reversed(msgspec.json.decode(payload).items())))
    assert row(payload, TOKEN.encode()) == row(turned, TOKEN.encode())


def test_a_line_is_the_signed_receipt_and_what_it_says() -> None:
    found = line(PAYLOAD, TOKEN.encode())
    assert found.count(b"\n") == 1
    read = json.loads(found)
    assert KEYS.verify(read["receipt"]).claims == msgspec.convert(read["claims"], Claims)


def test_the_exports_page_names_each_of_its_modules() -> None:
    names = {path.stem for path in (ROOT / "consent_service/exports").glob("*.py")}
    said = set((exports.__doc__ or "").split())
    assert names - {"__init__", "times"} <= said
