"""Receipts as CSV (RFC 4180), one row each, in columns that stay where they are.

A table may be opened with a spreadsheet, which runs what looks like a formula: a text that begins
as one gets an apostrophe before it. New columns come at the end, and none is ever taken away.
"""

from hashlib import sha256

import msgspec

from consent_service.exports.times import rfc3339
from consent_service.model import Claims
from consent_service.signing import b64url

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
_SAID = ("denied", "granted")
_DECODER = msgspec.json.Decoder(Claims)


def row(payload: bytes, token: str) -> bytes:
    """The row of one receipt, from its signed payload and its JWS."""
    claims = _DECODER.decode(payload)
    cat, epoch, pol, ui = claims.cat, claims.epoch, claims.pol, claims.ui
    sub = claims.sub
    # What is a number, a time, or one of our own words cannot be a formula: it is not looked at.
    line = (
        f"{claims.jti},{rfc3339(claims.iat)},{field(claims.site)},{field(claims.act)},"
        f"{field(claims.src)},{_SAID[cat['preferences']]},{_SAID[cat['statistics']]},"
        f"{_SAID[cat['marketing']]},{pol.v},{field(pol.sha256)},{field(pol.lang)},"
        f"{field(ui.sha256)},{ui.layer},{field(ui.viewport)},{epoch['preferences']},"
        f"{epoch['statistics']},{epoch['marketing']},{field(claims.basis)},"
        f"{'yes' if claims.gpc else 'no'},{rfc3339(claims.exp_consent)},"
        f"{field(sub) if isinstance(sub, str) else ''},{field(claims.prev or '')},"
        f"{field(b64url(sha256(token.encode()).digest()))},{field(claims.iss)}\r\n"
    )
    return line.encode()


def field(text: str) -> str:
    """A text as one field, quoted where it must be, and never a formula."""
    if not text:
        return text
    if text[0] in _FORMULA:
        text = f"'{text}"
    if not _QUOTED.isdisjoint(text):
        return '"' + text.replace('"', '""') + '"'
    return text
