"""Receipts as CSV (RFC 4180), one row each, in columns that stay where they are.

A table may be opened with a spreadsheet, which runs what looks like a formula: a text that begins
as one gets an apostrophe before it. New columns come at the end, and none is ever taken away.
"""

import re
from functools import lru_cache

import msgspec

from consent_service.exports.times import rfc3339
from consent_service.model import Claims
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
_SAID, _YES = ("denied", "granted"), ("no", "yes")
_DECODER = msgspec.json.Decoder(Claims)


def row(payload: bytes, token: bytes) -> bytes:
    """The row of one receipt, from its signed payload and its JWS."""
    claims = _DECODER.decode(payload)
    cat, epoch, pol, ui, sub = claims.cat, claims.epoch, claims.pol, claims.ui, claims.sub
    alike = _alike(
        (claims.site, claims.act, claims.src),
        (cat["preferences"], cat["statistics"], cat["marketing"]),
        (pol.v, pol.sha256, pol.lang, ui.sha256, ui.layer, ui.viewport),
        (epoch["preferences"], epoch["statistics"], epoch["marketing"]),
        (claims.basis, claims.gpc),
    )
    digest = sha256_b64(token)
    browser = field(sub) if isinstance(sub, str) else ""
    return (
        f"{claims.jti},{rfc3339(claims.iat)},{alike},{rfc3339(claims.exp_consent)},{browser},"
        f"{field(claims.prev or '')},{field(digest)},{_house(claims.iss)}\r\n"
    ).encode()


@lru_cache(maxsize=4_096)
def _alike(
    what: tuple[str, str, str],
    cat: tuple[bool, bool, bool],
    shown: tuple[int, str, str, str, int, str],
    epoch: tuple[int, int, int],
    rule: tuple[str, bool],
) -> str:
    """The columns from `site` to `gpc`, which many receipts have alike."""
    said = (*what, *(_SAID[granted] for granted in cat), *shown, *epoch, rule[0], _YES[rule[1]])
    return ",".join(field(str(value)) for value in said)


def field(text: str) -> str:
    """A text as one field, quoted where it must be, and never a formula."""
    if not text or _PLAIN(text):
        return text
    if text[0] in _FORMULA:
        text = f"'{text}"
    if not _QUOTED.isdisjoint(text):
        return '"' + text.replace('"', '""') + '"'
    return text


_house = lru_cache(maxsize=64)(field)
"""As `field`: the issuer is nearly always the same."""
