# SPDX-License-Identifier: Apache-2.0
"""What a visitor has granted, read on your own server from the banner's choice cookie.

    consent = read(request.headers.get("cookie"), version, request.headers.get("sec-gpc"))
    if consent.statistics:
        ...

`version` is the policy that visitors are asked now: the JSON that the consent service answers
under /v1/sites/SITE/policy. Keep it for some minutes instead of fetching it for each request.

Only what is in force is granted. What is missing, malformed, lapsed, asked anew or held off by
the browser's own signal is not. Whatever the cookie holds, nothing is raised.

Python 3.10 or later, no dependency. The cookie byte by byte: /help/read-the-cookie.
"""

from __future__ import annotations

import base64
import re
import time
import uuid
from collections.abc import Mapping
from typing import Any, NamedTuple

DAY = 86_400

_EPOCH = "([0-9a-z]{1,4})"
# A UUIDv7 in base64url: version and variant are at fixed places.
_ID = "[A-Za-z0-9_-]{8}[c-f][A-Za-z0-9_-][CGKOSWaeimquy26-][A-Za-z0-9_-]{10}[AQgw]"
_SHAPE = re.compile(
    rf"consent=1\.[0-9a-z]{{1,6}}\.{_EPOCH}\.([0-7]|1[2-5])\.{_EPOCH}-{_EPOCH}-{_EPOCH}"
    rf"(?:\.({_ID}))?(\.p)?"
)


class Consent(NamedTuple):
    """What is in force for this visitor, in the words of `window.consent.get()`."""

    preferences: bool = False
    statistics: bool = False
    marketing: bool = False
    decided: bool = False
    """Whether everything that is asked today has been answered."""
    id: str | None = None
    """The receipt's number; none after a refusal."""


class _Stored(NamedTuple):
    day: int
    granted: frozenset[str]
    despite: bool
    epochs: Mapping[str, int]
    id: uuid.UUID | None
    pending: bool


CATEGORIES = ("preferences", "statistics", "marketing")


def read(
    cookies: str | None,
    version: Mapping[str, Any],
    sec_gpc: str | None = None,
    now: float | None = None,
) -> Consent:
    """The consent that a request carries.

    `cookies` and `sec_gpc` are its headers `Cookie` and `Sec-GPC`, `now` is in Unix seconds.
    """
    now = time.time() if now is None else now
    stored = _newest(cookies or "")
    if stored is None or not _stands(stored, version["policy"]["days"], now):
        return Consent()
    epochs = version["epochs"]
    asked = {name for name in stored.granted if epochs[name] > stored.epochs[name]}
    in_force = stored.granted - asked
    if sec_gpc == "1":
        # Marketing is not asked about, and holds only where its own switch was used.
        asked -= {"marketing"}
        in_force -= set() if stored.despite else {"marketing"}
    return Consent(
        preferences="preferences" in in_force,
        statistics="statistics" in in_force,
        marketing="marketing" in in_force,
        decided=not asked,
        id=str(stored.id) if stored.id else None,
    )


def _newest(cookies: str) -> _Stored | None:
    """A cookie of the host and one of a parent domain can both be there: the newest counts."""
    found = filter(None, map(_parse, cookies.split("; ")))
    # Of one day's choices the last: `max` alone would take the first.
    return max(reversed(list(found)), key=lambda stored: stored.day, default=None)


def _parse(pair: str) -> _Stored | None:
    match = _SHAPE.fullmatch(pair)
    if not match:
        return None
    day, digits, *answered, short, p = match.groups()
    bits = int(digits)
    # A number where nothing is granted, or a grant without one, is not of the banner's making.
    if bool(short) is not bool(bits & 7) or (p and not short):
        return None
    return _Stored(
        day=int(day, 36),
        granted=frozenset(name for place, name in enumerate(CATEGORIES) if bits >> place & 1),
        despite=bits >= 8,
        epochs={name: int(epoch, 36) for name, epoch in zip(CATEGORIES, answered, strict=True)},
        id=uuid.UUID(bytes=base64.urlsafe_b64decode(f"{short}==")) if short else None,
        pending=bool(p),
    )


def _stands(stored: _Stored, days: Mapping[str, int], now: float) -> bool:
    """Whether a choice has not lapsed, and a grant without a stored receipt is not a day old."""
    if stored.id and stored.pending and now * 1000 - (stored.id.int >> 80) >= DAY * 1000:
        return False
    # One day ahead is a traveller's clock; more is one that was wrong.
    age = now // DAY - stored.day
    return -1 <= age < days["granted" if stored.granted else "refused"]
