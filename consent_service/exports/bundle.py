"""The evidence bundle: all that shows what one receipt says, in one file that needs no service.

What is in it decides every byte of it: the same evidence is the same file. `verify` checks it,
and packs it: there is one way to write such a file, and one place that knows it.
"""

from collections.abc import Mapping
from typing import NamedTuple

import msgspec

from consent_service.exports.dpv import dpv
from consent_service.exports.kantara import kantara
from consent_service.exports.verify import SUMS, pack, sums
from consent_service.model import Claims, PolicyVersion
from consent_service.signing import unb64url

README = "README.txt"


class Place(NamedTuple):
    """What shows where a receipt stands in the ledger, and when that was seen by others."""

    trust: bytes
    """The ledger's and the witnesses' keys: a tlog-policy."""
    proofs: Mapping[str, bytes]
    """tlog-proofs by the name of what they prove: `receipt`, `policy`, `banner`, and of each
    screenshot `screens/en-wide-1`. In `extra` the receipt's has its salt, the others their entry.
    """
    previous: bytes = b""
    """A checkpoint from before the receipt was in the ledger; empty where there is none."""
    consistency: tuple[bytes, ...] = ()
    """That the ledger of the receipt's checkpoint begins with that of the previous one."""
    stamps: Mapping[str, bytes] = {}
    """RFC 3161 answers: `checkpoint-1` of the receipt's checkpoint, `previous-1` of the other."""
    authorities: bytes = b""
    """Certificates of those who stamped, PEM."""


class Evidence(NamedTuple):
    """All that is known of one receipt."""

    token: str
    claims: Claims
    policy: bytes
    """The exact bytes of the policy version."""
    banner: bytes
    """The exact bytes of the code that asked."""
    jwks: bytes
    settings: bytes = b""
    """The exact bytes of the second layer, where that is a file of its own."""
    previous: Claims | None = None
    """What the receipt before it said, where that is on file."""
    screens: Mapping[str, bytes] = {}
    """Screenshots of that banner: `en-wide-1` is English, a wide window, the first layer."""
    place: Place | None = None
    """None while the receipt waits for its place in the ledger."""


def members(evidence: Evidence) -> dict[str, bytes]:
    """The files of the bundle, in their order."""
    version = msgspec.json.decode(evidence.policy, type=PolicyVersion)
    made: dict[str, bytes | None] = {
        README: _readme(evidence).encode(),
        "receipt.jws": evidence.token.encode() + b"\n",
        "policy.json": evidence.policy,
        "banner.js": evidence.banner,
        "settings.js": evidence.settings or None,
        "jwks.json": evidence.jwks,
        **_place(evidence.place),
        **{f"screens/{name}.png": evidence.screens[name] for name in sorted(evidence.screens)},
        "kantara.json": kantara(evidence.claims, version),
        "dpv.jsonld": dpv(evidence.claims, version, evidence.previous),
    }
    found = {name: content for name, content in made.items() if content is not None}
    return {SUMS: sums(found), **found}


def bundle(evidence: Evidence) -> bytes:
    """The bundle's file, a zip."""
    return pack(members(evidence))


def name(claims: Claims) -> str:
    """What the bundle's file is called."""
    return f"receipt-{claims.jti}.zip"


def _place(place: Place | None) -> dict[str, bytes | None]:
    if place is None:
        return {}
    before = b"".join(_base64_line(hash_) for hash_ in place.consistency)
    return {
        "tlog-policy.txt": place.trust,
        **{f"{name}.tlog-proof": place.proofs[name] for name in sorted(place.proofs)},
        "previous.checkpoint": place.previous or None,
        "previous.consistency": before if place.previous else None,
        **{f"{name}.tsr": place.stamps[name] for name in sorted(place.stamps)},
        "tsa.pem": place.authorities or None,
    }


def _base64_line(data: bytes) -> bytes:
    """Base64 with padding, and the line's end."""
    return msgspec.json.encode(data).strip(b'"') + b"\n"


def _readme(evidence: Evidence) -> str:
    claims = evidence.claims
    return _README.format(
        id=claims.jti, service=claims.iss, site=claims.site, kid=_kid(evidence.token)
    )


def _kid(token: str) -> str:
    header = msgspec.json.decode(unb64url(token.split(".")[0]), type=dict[str, str])
    return header["kid"]


_README = """\
Evidence of consent: the receipt {id}
of the site {site}, recorded by {service}

CHECK IT
  python verify.py receipt-{id}.zip
verify.py is one file that needs Python 3.11 and the package cryptography, no network and no
account. Take it from {service}/verify.py, or better from a copy of the
software that you trust: a file that came with the evidence could be made to agree with it.

It makes five checks, and says of each whether it holds and what that proves:
  signature  receipt.jws is signed by a key in jwks.json
  texts      policy.json is, byte for byte, what the visitor was told
  banner     banner.js (and settings.js) is, byte for byte, the code that asked; screens/ shows it
  ledger     receipt.tlog-proof: the receipt stands in the ledger of the site
  time       previous.checkpoint, cosignatures and *.tsr: not before one time, by another

WHOM YOU TRUST
jwks.json, tlog-policy.txt and tsa.pem came with this file. Compare them with what you know:
  {service}/.well-known/jwks.json has the key {kid}
  pass your own with --jwks, --trust and --tsa

WHAT IS ONLY A RENDERING
kantara.json (Kantara Consent Receipt 1.1; only where something was granted) and dpv.jsonld
(ISO/IEC TS 27560 by the Data Privacy Vocabulary) say what receipt.jws says, for programs that
read those. They prove nothing by themselves.

SHA256SUMS lists every file; `sha256sum -c SHA256SUMS` checks them after unpacking.
"""
