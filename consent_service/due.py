"""When something is to happen: a day, a time and a time zone, as a person gives them. Pure."""

import re
from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from consent_service.errors import Invalid
from consent_service.model import SECONDS_A_DAY

UTC_ZONE = "UTC"

ADVANCE_DAYS = 14
"""How long before a material change visitors are told, unless an editor chooses (WP260, 30)."""

MOST_DAYS = 366
"""How far ahead something may be planned: a typing error in the year is further."""

_FORM = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?(?P<offset>Z|[+-]\d\d:\d\d)?", re.ASCII)


@cache
def zones() -> tuple[str, ...]:
    """The names of time zones to choose from: UTC, then regions with their cities."""
    places = sorted(name for name in available_timezones() if _is_place(name))
    return (UTC_ZONE, *places)


def _is_place(name: str) -> bool:
    return "/" in name and not name.startswith(("Etc/", "SystemV/", "posix/", "right/"))


def due(at: str, zone: str, now: int) -> int:
    """The unix second of a time such as `2026-12-01T09:00`, in that zone, or with an offset.

    Raises `Invalid` at `at` or `zone`: for a time that is none, that is over or far away, that the
    change to summer time leaves out, or that the change back has twice.
    """
    found = _FORM.fullmatch(at.strip())
    if not found:
        raise Invalid("write the day and the time as 2026-12-01T09:00", "at")
    try:
        given = datetime.fromisoformat(at.strip())
    except ValueError as error:
        raise Invalid(f"{at.strip()} is not in the calendar", "at") from error
    when = given if given.tzinfo else _in_zone(given, zone.strip() or UTC_ZONE)
    return _ahead(when, now)


def _in_zone(given: datetime, zone: str) -> datetime:
    if zone not in available_timezones():
        raise Invalid(
            f"there is no time zone {zone[:40]!r}: write one such as Europe/Stockholm, or UTC",
            "zone",
        )
    early = given.replace(tzinfo=ZoneInfo(zone), fold=0)
    late = early.replace(fold=1)
    if early.utcoffset() != late.utcoffset():
        raise _no_such_time(early, late, zone)
    return early


def _no_such_time(early: datetime, late: datetime, zone: str) -> Invalid:
    """The clocks change around then: there is no such time, or there are two."""
    try:
        back = early.astimezone(UTC).astimezone(ZoneInfo(zone))
    except OverflowError:
        return _too_far()
    said = f"{early:%H:%M} on {early:%Y-%m-%d} in {zone}"
    if back.replace(tzinfo=None) != early.replace(tzinfo=None):
        return Invalid(
            f"there is no {said}: the clocks go forward and leave it out. Choose another time", "at"
        )
    first, second = (each.astimezone(UTC).strftime("%H:%M") for each in (early, late))
    return Invalid(
        f"{said} comes twice, because the clocks go back. Choose another time, or say it in UTC: "
        f"{first} or {second}",
        "at",
    )


def _ahead(when: datetime, now: int) -> int:
    try:
        when = when.astimezone(UTC)
    except OverflowError as error:
        raise _too_far() from error
    at = int(when.timestamp())
    if at <= now:
        raise Invalid(f"{when:%Y-%m-%d %H:%M} UTC is over: choose a later time", "at")
    if at > now + MOST_DAYS * SECONDS_A_DAY:
        raise _too_far()
    return at


def _too_far() -> Invalid:
    return Invalid(f"choose a time within {MOST_DAYS} days: is the year right?", "at")


def suggested(now: int, zone: str) -> datetime:
    """Nine in the morning of the first day that is far enough ahead to tell visitors of it."""
    day = datetime.fromtimestamp(now, ZoneInfo(zone)) + timedelta(days=ADVANCE_DAYS + 1)
    return day.replace(hour=9, minute=0, second=0, microsecond=0)


def shown(at: int, zone: str) -> int:
    """The second that shows, read as UTC, what the clocks of that zone show at `at`."""
    offset = datetime.fromtimestamp(at, ZoneInfo(zone)).utcoffset()
    return at + int(offset.total_seconds()) if offset else at


def said(at: int, zone: str) -> str:
    """A time in that zone, for people: `2026-12-01 09:00 (Europe/Stockholm)`."""
    return f"{datetime.fromtimestamp(at, ZoneInfo(zone)):%Y-%m-%d %H:%M} ({zone})"
