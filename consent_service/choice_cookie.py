"""The choice cookie, set again by the service: the same value, with a life no script can give.

A browser may shorten the life of a cookie that a script has set (Safari: to seven days), and then
asks its visitor every week. So the answer to a choice sets the cookie again, where the service is
one of those that the cookie is for. `widget/README.md` has the value byte by byte. Pure.
"""

import re
from base64 import urlsafe_b64encode
from typing import NamedTuple
from uuid import UUID

from consent_service.model import OPTIONAL, SECONDS_A_DAY, Category, Choice, PolicyVersion

NAME = "consent"

_BITS = {Category.PREFERENCES: 1, Category.STATISTICS: 2, Category.MARKETING: 4}
_DESPITE = 8
"""Marketing was granted though the browser sends its signal."""
_PENDING = ".p"
_SENT = re.compile(r"1\.([\da-z]{1,6})\.([\da-z]{1,4})\.(.+)", re.ASCII)
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


class Again(NamedTuple):
    """The cookie as it is set again."""

    value: str
    seconds: int
    """What is left of its life, counted from the choice: no answer renews it (R32)."""


def again(sent: str, choice: Choice, version: PolicyVersion, now: int) -> Again | None:
    """The cookie that the browser sent with a choice, if it is of this choice; else None.

    A retry may be answered when the visitor has long chosen otherwise, in another tab too: what
    was set then would bring back what was withdrawn (R24). So nothing is set that the browser did
    not just have itself, and what is not of this choice is left alone.
    """
    found = _SENT.fullmatch(sent.removesuffix(_PENDING))
    if not found:
        return None
    told, day, rest = int(found[1], 36), int(found[2], 36), found[3]
    made = UUID(choice.id).int >> 80
    # The day and the id are read from the clock one after the other: midnight may lie between.
    same_day = 0 <= made // 1000 // SECONDS_A_DAY - day <= 1
    if not same_day or told < choice.version or rest != _answered(choice, version):
        return None
    days = version.policy.days
    stands = (days.granted if choice.choices.granted else days.refused) * SECONDS_A_DAY
    left = (made // 1000 if choice.choices.granted else day * SECONDS_A_DAY) + stands - now
    # A clock that is ahead of ours makes no life longer; one that is far off makes no cookie.
    return Again(found[0], min(left, stands)) if 0 < left <= stands + SECONDS_A_DAY else None


def _answered(choice: Choice, version: PolicyVersion) -> str:
    """What the value says after the day: the choice, the epochs answered, the receipt's id."""
    granted = choice.choices.granted
    bits = sum(_BITS[category] for category in granted)
    bits += _DESPITE if choice.gpc and Category.MARKETING in granted else 0
    epochs = "-".join(_base36(version.epochs[category]) for category in OPTIONAL)
    short = urlsafe_b64encode(UUID(choice.id).bytes).decode().rstrip("=")
    return f"{bits}.{epochs}.{short}" if granted else f"{bits}.{epochs}"


def _base36(number: int) -> str:
    digits = ""
    while number:
        number, digit = divmod(number, 36)
        digits = _DIGITS[digit] + digits
    return digits or "0"


def scope(page: str, own: str, domain: str) -> str | None:
    """The cookie's `Domain` (empty for the host alone), where our host may set what the page's
    script has set; None where it may not.
    """
    if domain and _within(page, domain):
        return domain if _within(own, domain) else None
    return "" if page == own else None


def _within(host: str, domain: str) -> bool:
    return f".{host}".endswith(f".{domain}")


def may_share(page: str, own: str) -> bool:
    """Whether any policy could let a page of one host and a service of the other share a cookie."""
    shared = page.split(".")[-2:]
    return page == own or (len(shared) == 2 and own.split(".")[-2:] == shared)
