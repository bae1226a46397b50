"""A receipt's payload in few bytes: what many say alike stands in a form, kept once.

The signed bytes must come back exactly. So what was packed is unpacked and compared at once, and
a payload that would not come back (of another release, of another hand) is kept as it is.

    payload  =  form (issuer, site, policy, banner, epochs, basis)
              + the row's own columns (id, time)
              + packed:  1 byte   action 3 bits, source 3, gpc 1, has sub 1
                         1 byte   layer 1 bit, viewport 2, categories 4, has prev 1
                         2 bytes  days until the consent lapses
                         16       sub, where something was granted
                         32       prev, where there is one
"""

from functools import lru_cache
from typing import Any, NamedTuple

import msgspec
from msgspec import UNSET

from consent_service.errors import Invalid
from consent_service.model import (
    SECONDS_A_DAY,
    Action,
    BannerReference,
    Category,
    Claims,
    PolicyReference,
    Source,
    Viewport,
)
from consent_service.signing import b64url_bytes, unb64url

# Their order is what rows hold: a new one is added at the end.
_ACTIONS = tuple(action.value for action in Action)
_SOURCES = tuple(source.value for source in Source)
_VIEWPORTS = tuple(viewport.value for viewport in Viewport)
_CATEGORIES = tuple(category.value for category in Category)

_HEAD = 4
_SUB, _PREV = 16, 32

_decode = msgspec.json.Decoder(Claims).decode
_encode = msgspec.json.Encoder().encode


class Packed(NamedTuple):
    """A payload in two parts."""

    form: bytes
    """What it says like many others."""
    own: bytes
    """What only it says."""


def pack(payload: bytes, id: str, at: int) -> Packed | None:
    """The payload of the receipt `id` of the time `at`, packed; None where it cannot be."""
    try:
        claims = _decode(payload)
        packed = Packed(_form(claims), _own(claims))
        same = unpack(packed, id, at) == payload
    except (Invalid, ValueError, LookupError, OverflowError, RecursionError, msgspec.MsgspecError):
        return None
    return packed if same else None


def unpack(packed: Packed, id: str, at: int) -> bytes:
    """The payload, byte for byte as it was signed."""
    form, own = packed
    template, seconds = _template(form, own[:_HEAD])
    if len(own) == _HEAD:
        return template % (id.encode(), at, at + seconds)
    values, end = [id.encode(), at], _HEAD
    if own[0] & 1:
        end += _SUB
        values.append(b64url_bytes(own[_HEAD:end]))
    values.append(at + seconds)
    if own[1] & 1:
        values.append(b64url_bytes(own[end : end + _PREV]))
    return template % tuple(values)


def _form(claims: Claims) -> bytes:
    pol, ui = claims.pol, claims.ui
    shared = (claims.iss, claims.site, pol.v, pol.sha256, pol.lang, ui.sha256)
    return _encode((*shared, claims.epoch, claims.basis))


def _own(claims: Claims) -> bytes:
    """Raises `ValueError` for what has no place in it."""
    days, rest = divmod(claims.exp_consent - claims.iat, SECONDS_A_DAY)
    if rest or not 0 <= days < 65_536 or claims.ui.layer not in (1, 2):
        raise ValueError
    sub = b"" if claims.sub is UNSET else unb64url(claims.sub)
    prev = b"" if claims.prev is None else unb64url(claims.prev)
    if len(sub) not in (0, _SUB) or len(prev) not in (0, _PREV):
        raise ValueError
    first = _ACTIONS.index(claims.act) << 5 | _SOURCES.index(claims.src) << 2
    second = (claims.ui.layer - 1) << 7 | _VIEWPORTS.index(claims.ui.viewport) << 5
    for at, category in enumerate(_CATEGORIES):
        second |= claims.cat[category] << 1 + at
    head = bytes((first | claims.gpc << 1 | bool(sub), second | bool(prev)))
    return head + days.to_bytes(2, "big") + sub + prev


@lru_cache(maxsize=4_096)
def _template(form: bytes, head: bytes) -> tuple[bytes, int]:
    """The payload with a place for the id, the time, `sub` and `prev` where there are such, and
    the lapse; and how many seconds after the time that is."""
    first, second = head[:2]
    whole = _encode(_said(msgspec.json.decode(form), first, second)).replace(b"%", b"%%")
    before, _, rest = whole.partition(_ID + b'","iat":0')
    middle, _, rest = rest.partition(b',"sub":"' + _ID + b'"')
    after, _, _ = rest.rpartition(b'0,"prev":null}')
    sub = b',"sub":"%b"' if first & 1 else b""
    prev = b'"%b"' if second & 1 else b"null"
    pieces = (before, b'%b","iat":%d', middle, sub, after, b'%d,"prev":', prev, b"}")
    return b"".join(pieces), int.from_bytes(head[2:], "big") * SECONDS_A_DAY


_ID = b"<>"
"""Stands where an id will stand: no text that is encoded as JSON by itself ends a string so."""


def _said(form: Any, first: int, second: int) -> Claims:
    iss, site, version, sha256, lang, banner, epoch, basis = form
    cat = {name: bool(second >> 1 + at & 1) for at, name in enumerate(_CATEGORIES)}
    place = _ID.decode()
    return Claims(
        iss=iss,
        jti=place,
        iat=0,
        site=site,
        sub=place,
        act=_ACTIONS[first >> 5],
        src=_SOURCES[first >> 2 & 7],
        cat=cat,
        pol=PolicyReference(v=version, sha256=sha256, lang=lang),
        ui=BannerReference(
            sha256=banner, layer=1 + (second >> 7), viewport=_VIEWPORTS[second >> 5 & 3]
        ),
        epoch=epoch,
        basis=basis,
        gpc=bool(first & 2),
        exp_consent=0,
        prev=None,
    )
