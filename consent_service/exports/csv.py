"""Receipts as CSV (RFC 4180), one row each, in columns that stay where they are.

A table may be opened with a spreadsheet, which runs what looks like a formula: a text that begins
as one gets an apostrophe before it. New columns come at the end, and none is ever taken away.
"""

import re
from functools import lru_cache

import msgspec

from consent_service.exports.times import rfc3339
from consent_service.model import OPTIONAL, Claims
from consent_service.signing import sha256_b64

COLUMNS = (
    "id",
    "recorded_at",
    "site",
    "action",
    "source",
    "preferences",
    "statistics",
    "marketing",
    "policy_version",
    "policy_sha256",
    "language",
    "banner_sha256",
    "layer",
    "viewport",
    "preferences_epoch",
    "statistics_epoch",
    "marketing_epoch",
    "basis",
    "gpc",
    "stands_until",
    "browser",
    "replaces_sha256",
    "receipt_sha256",
    "issuer",
)

HEAD = ",".join(COLUMNS).encode() + b"\r\n"

_FORMULA = frozenset("=+-@\t\r\n")
_QUOTED = frozenset(',"\r\n')
_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_:/.-]*").fullmatch
_OPTIONAL = tuple(category.value for category in OPTIONAL)
_SAID, _YES = ("denied", "granted"), ("no", "yes")
_DECODER = msgspec.json.Decoder(Claims)

# What each receipt has for itself, between what many have alike. No text within JSON holds the
# bytes of a member, for its quotes are escaped: what is found is the claim.
_CUT = re.compile(
    rb'({"iss":"[^"]*"),"jti":"([0-9a-f-]{36})","iat":(\d{1,11})(,"site":"[^"]*")'
    rb'(?:,"sub":"([\w-]*)")?(,"act":.*),"exp_consent":(\d{1,11}),"prev":(?:null|"([\w-]*)")}'
).fullmatch


def row(payload: bytes, token: bytes) -> bytes:
    """The row of one receipt, from its signed payload and its JWS."""
    digest = sha256_b64(token)
    # To decode it costs three times as much; what is written in another order is decoded.
    cut = _CUT(payload)
    if not cut:
        return _decoded(payload, digest)
    iss, jti, iat, site, sub, act, lapse, prev = cut.groups(b"")
    alike, issuer = _alike(iss + site, act)
    said = (_text(sub), _text(prev), _text(digest.encode()), issuer)
    return b"%b,%b,%b,%b,%b,%b,%b,%b\r\n" % (jti, _time(iat), alike, _time(lapse), *said)


def _decoded(payload: bytes, digest: str) -> bytes:
    claims = _DECODER.decode(payload)
    sub = claims.sub if isinstance(claims.sub, str) else ""
    said = (field(text) for text in (sub, claims.prev or "", digest, claims.iss))
    times = rfc3339(claims.iat), rfc3339(claims.exp_consent)
    return ",".join((claims.jti, times[0], _columns(claims), times[1], *said)).encode() + b"\r\n"


@lru_cache(maxsize=4_096)
def _alike(before: bytes, after: bytes) -> tuple[bytes, bytes]:
    """The columns from `site` to `gpc`, which many receipts have alike, and the issuer."""
    own = b',"jti":"","iat":0%b,"exp_consent":0,"prev":null}' % after
    claims = _DECODER.decode(before + own)
    return _columns(claims).encode(), field(claims.iss).encode()


def _columns(claims: Claims) -> str:
    cat, epoch, pol, ui = claims.cat, claims.epoch, claims.pol, claims.ui
    said = (
        *(claims.site, claims.act, claims.src),
        *(_SAID[cat[name]] for name in _OPTIONAL),
        *(pol.v, pol.sha256, pol.lang, ui.sha256, ui.layer, ui.viewport),
        *(epoch[name] for name in _OPTIONAL),
        *(claims.basis, _YES[claims.gpc]),
    )
    return ",".join(field(str(value)) for value in said)


@lru_cache(maxsize=4_096)
def _time(digits: bytes) -> bytes:
    return rfc3339(int(digits)).encode()


def _text(base64: bytes) -> bytes:
    """As `field`, for a text in base64url."""
    return b"'" + base64 if base64[:1] == b"-" else base64


def field(text: str) -> str:
    """A text as one field, quoted where it must be, and never a formula."""
    if not text or _PLAIN(text):
        return text
    if text[0] in _FORMULA:
        text = f"'{text}"
    if not _QUOTED.isdisjoint(text):
        return '"' + text.replace('"', '""') + '"'
    return text
