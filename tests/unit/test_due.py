"""When something is to happen, as a person gives it: each time that is none says why."""

from datetime import UTC, datetime

import pytest

from consent_service import due
from consent_service.errors import Invalid

NOW = int(datetime(2026, 11, 27, 12, 0, tzinfo=UTC).timestamp())

GOOD = [
    ("2026-12-01T09:00", "", "2026-12-01T09:00:00+00:00"),
    ("2026-12-01 09:00", "UTC", "2026-12-01T09:00:00+00:00"),
    ("2026-12-01T09:00:30", "Europe/Stockholm", "2026-12-01T08:00:30+00:00"),
    ("2027-07-01T09:00", "Europe/Stockholm", "2027-07-01T07:00:00+00:00"),
    ("2026-12-01T09:00Z", "", "2026-12-01T09:00:00+00:00"),
    ("2026-12-01T09:00+01:00", "", "2026-12-01T08:00:00+00:00"),
    ("2026-12-01T09:00-05:30", "Europe/Stockholm", "2026-12-01T14:30:00+00:00"),
    (" 2026-12-01T09:00 ", " America/New_York ", "2026-12-01T14:00:00+00:00"),
    # The minute before the gap and the minute after it; and 03:00, when the clocks have gone back.
    ("2027-03-28T01:59", "Europe/Stockholm", "2027-03-28T00:59:00+00:00"),
    ("2027-03-28T03:00", "Europe/Stockholm", "2027-03-28T01:00:00+00:00"),
    ("2027-10-31T03:00", "Europe/Stockholm", "2027-10-31T02:00:00+00:00"),
    ("2026-11-27T12:00:01Z", "", "2026-11-27T12:00:01+00:00"),
]


@pytest.mark.parametrize(("at", "zone", "found"), GOOD)
def test_a_time_is_understood(at: str, zone: str, found: str) -> None:
    now = NOW if "2027-10" not in at else NOW + 300 * 86_400
    assert datetime.fromtimestamp(due.due(at, zone, now), UTC).isoformat() == found


BAD = [
    ("", "", "at", "2026-12-01T09:00"),
    ("tomorrow", "", "at", "2026-12-01T09:00"),
    ("2026-12-01", "", "at", "2026-12-01T09:00"),
    ("20261201T0900", "", "at", "2026-12-01T09:00"),
    ("2026-W49-2T09:00", "", "at", "2026-12-01T09:00"),
    ("2026-12-01T09:00\n", "Nowhere", "zone", "no time zone 'Nowhere'"),
    ("\u0662026-12-01T09:00", "", "at", "2026-12-01T09:00"),
    ("2026-13-01T09:00", "", "at", "not in the calendar"),
    ("2027-02-29T09:00", "", "at", "not in the calendar"),
    ("2026-12-01T24:00", "", "at", "not in the calendar"),
    ("2026-12-01T09:00+99:00", "", "at", "not in the calendar"),
    ("2026-12-01T09:00", "Europe", "zone", "no time zone"),
    ("2026-12-01T09:00", "../etc/passwd", "zone", "no time zone"),
    ("2026-12-01T09:00", "stockholm", "zone", "no time zone"),
    ("2026-11-27T12:00Z", "", "at", "2026-11-27 12:00 UTC is over"),
    ("2026-11-27T12:30", "Europe/Stockholm", "at", "2026-11-27 11:30 UTC is over"),
    ("0001-01-01T00:00", "Asia/Tokyo", "at", "is the year right"),
    ("1969-12-31T00:00Z", "", "at", "1969-12-31 00:00 UTC is over"),
    ("9999-12-31T23:59", "America/New_York", "at", "within 366 days"),
    ("2028-06-01T09:00", "", "at", "is the year right"),
    ("2027-03-28T02:30", "Europe/Stockholm", "at", "leave it out"),
    ("2027-10-31T02:30", "Europe/Stockholm", "at", "comes twice"),
]


@pytest.mark.parametrize(("at", "zone", "field", "message"), BAD)
def test_what_is_no_time_is_refused_at_its_field(
    at: str, zone: str, field: str, message: str
) -> None:
    with pytest.raises(Invalid) as refused:
        due.due(at, zone, NOW)
    assert refused.value.field == field
    assert message in refused.value.message


def test_a_time_that_comes_twice_names_both_in_utc() -> None:
    with pytest.raises(Invalid, match="00:30 or 01:30"):
        due.due("2027-10-31T02:30", "Europe/Stockholm", NOW)


def test_zones_are_offered_by_place_and_each_is_taken() -> None:
    offered = due.zones()
    assert offered[0] == "UTC"
    assert {"Europe/Stockholm", "America/New_York", "Asia/Kolkata"} < set(offered)
    assert not [name for name in offered if name.startswith("Etc/")]
    at = datetime.fromtimestamp(NOW + 86_400, UTC).strftime("%Y-%m-%dT%H:%M")
    assert all(due.due(at, zone, NOW - 86_400) for zone in offered)


def test_what_is_suggested_leaves_two_weeks_to_tell_visitors() -> None:
    found = due.suggested(NOW, "Europe/Stockholm")
    assert found.isoformat() == "2026-12-12T09:00:00+01:00"
    assert found.timestamp() - NOW >= due.ADVANCE_DAYS * 86_400


def test_a_time_is_said_in_its_zone() -> None:
    assert due.shown(NOW, "Asia/Tokyo") == NOW + 9 * 3_600
    assert due.shown(NOW, "UTC") == NOW
    assert due.said(NOW, "Asia/Tokyo") == "2026-11-27 21:00 (Asia/Tokyo)"
