"""The choice cookie set again: what the browser had, if it is of this choice; else nothing."""

from typing import Any

import msgspec
import pytest

from consent_service.choice_cookie import Again, again, may_share, scope
from consent_service.model import OPTIONAL, ChangeClass, Choice, Epochs, PolicyVersion
from tests import given
from tests.given import ALL, choices, policy

# 17:00 UTC on a day that the cookie calls `g17`; the id's 22 characters end its value.
ID, SHORT = "01a20433-4a80-7123-b456-7890abcdef55", "AaIEM0qAcSO0VniQq83vVQ"
MADE, DAY = 1_795_366_800, 86_400
TODAY = 20_779


def chosen(*granted: str, **changes: Any) -> Choice:
    made = given.choice("0" * 16, id=ID, version=7, choices=choices(*granted), action="custom")
    return msgspec.convert(made | changes, Choice)


def version(**epochs: int) -> PolicyVersion:
    raised: Epochs = {category: epochs.get(category.value, 1) for category in OPTIONAL}
    return PolicyVersion(
        site="shop",
        number=7,
        published_at=0,
        change_class=ChangeClass.MAJOR,
        epochs=raised,
        policy=policy(),
    )


# What the browser sent; the choice; the epochs answered; the value that is set again.
SAME: dict[str, tuple[str, Choice, dict[str, int], str]] = {
    "everything": (f"1.7.g17.7.1-1-1.{SHORT}", chosen(*ALL), {}, f"1.7.g17.7.1-1-1.{SHORT}"),
    "stored now": (f"1.7.g17.7.1-1-1.{SHORT}.p", chosen(*ALL), {}, f"1.7.g17.7.1-1-1.{SHORT}"),
    "preferences": (
        f"1.7.g17.1.1-1-1.{SHORT}.p",
        chosen("preferences"),
        {},
        f"1.7.g17.1.1-1-1.{SHORT}",
    ),
    "statistics": (
        f"1.7.g17.2.1-1-1.{SHORT}.p",
        chosen("statistics"),
        {},
        f"1.7.g17.2.1-1-1.{SHORT}",
    ),
    "marketing": (
        f"1.7.g17.4.1-1-1.{SHORT}.p",
        chosen("marketing"),
        {},
        f"1.7.g17.4.1-1-1.{SHORT}",
    ),
    "marketing despite the signal": (
        f"1.7.g17.15.1-1-1.{SHORT}.p",
        chosen(*ALL, gpc=True),
        {},
        f"1.7.g17.15.1-1-1.{SHORT}",
    ),
    "the signal, and no marketing": (
        f"1.7.g17.2.1-1-1.{SHORT}",
        chosen("statistics", gpc=True),
        {},
        f"1.7.g17.2.1-1-1.{SHORT}",
    ),
    "epochs of two digits": (
        f"1.7.g17.7.z-10-zz.{SHORT}",
        chosen(*ALL),
        {"preferences": 35, "statistics": 36, "marketing": 1295},
        f"1.7.g17.7.z-10-zz.{SHORT}",
    ),
    "a refusal": ("1.7.g17.0.1-1-1", chosen(), {}, "1.7.g17.0.1-1-1"),
    "told of a newer version since": (
        f"1.a.g17.7.1-1-1.{SHORT}",
        chosen(*ALL),
        {},
        f"1.a.g17.7.1-1-1.{SHORT}",
    ),
}


@pytest.mark.parametrize("name", SAME)
def test_the_cookie_of_a_choice_is_set_again_as_it_is(name: str) -> None:
    sent, choice, epochs, value = SAME[name]
    days = 182 if choice.choices.granted else 150
    begins = MADE if choice.choices.granted else TODAY * DAY
    now = MADE + 60
    assert again(sent, choice, version(**epochs), now) == Again(value, begins + days * DAY - now)


OTHER: dict[str, tuple[str, Choice]] = {
    "a newer choice with another id": ("1.7.g17.7.1-1-1.AaIEM0qAcSO0VniQq83vVg", chosen(*ALL)),
    "a refusal since": ("1.7.g17.0.1-1-1", chosen(*ALL)),
    "a grant, where this is a refusal": (f"1.7.g17.7.1-1-1.{SHORT}", chosen()),
    "an older refusal": ("1.7.g15.0.1-1-1", chosen()),
    "less granted": (f"1.7.g17.3.1-1-1.{SHORT}", chosen(*ALL)),
    "more granted": (f"1.7.g17.7.1-1-1.{SHORT}", chosen("statistics")),
    "despite a signal that was not there": (f"1.7.g17.15.1-1-1.{SHORT}", chosen(*ALL)),
    "other epochs": (f"1.7.g17.7.1-1-2.{SHORT}", chosen(*ALL)),
    "an older version": (f"1.6.g17.7.1-1-1.{SHORT}", chosen(*ALL)),
    "a later day": (f"1.7.g18.7.1-1-1.{SHORT}", chosen(*ALL)),
    "another format": (f"2.7.g17.7.1-1-1.{SHORT}", chosen(*ALL)),
    "nothing": ("", chosen(*ALL)),
    "no id": ("1.7.g17.7.1-1-1", chosen(*ALL)),
    "an id after a refusal": (f"1.7.g17.0.1-1-1.{SHORT}", chosen()),
    "a header of its own": (f"1.7.g17.7.1-1-1.{SHORT}; Domain=evil.example", chosen(*ALL)),
    "a line break": (f"1.7.g17.7.1-1-1.{SHORT}\n", chosen(*ALL)),
    "digits of another script": (f"1.\u0667.g17.7.1-1-1.{SHORT}", chosen(*ALL)),
}


@pytest.mark.parametrize("name", OTHER)
def test_r24_a_cookie_that_is_not_of_this_choice_is_left_alone(name: str) -> None:
    sent, choice = OTHER[name]
    assert again(sent, choice, version(), MADE + 60) is None


def test_midnight_may_lie_between_the_day_and_the_id() -> None:
    sent = f"1.7.g16.7.1-1-1.{SHORT}"
    assert again(sent, chosen(*ALL), version(), MADE + 60) is not None


@pytest.mark.parametrize(
    ("granted", "later", "left"),
    [
        (ALL, 0, 182 * DAY),
        (ALL, DAY, 181 * DAY),
        (ALL, 182 * DAY - 1, 1),
        (ALL, 182 * DAY, None),
        (ALL, -5, 182 * DAY),
        (ALL, -DAY, 182 * DAY),
        (ALL, -DAY - 1, None),
        ((), 0, TODAY * DAY + 150 * DAY - MADE),
        ((), 150 * DAY, None),
    ],
)
def test_r32_a_life_is_counted_from_the_choice_and_never_longer(
    granted: tuple[str, ...], later: int, left: int | None
) -> None:
    bits = "7" if granted else "0"
    sent = f"1.7.g17.{bits}.1-1-1" + (f".{SHORT}" if granted else "")
    kept = again(sent, chosen(*granted), version(), MADE + later)
    assert (kept.seconds if kept else None) == left


@pytest.mark.parametrize(
    ("page", "own", "domain", "expected"),
    [
        ("tea.example", "tea.example", "", ""),
        ("tea.example", "consent.tea.example", "", None),
        ("www.tea.example", "consent.tea.example", "tea.example", "tea.example"),
        ("tea.example", "consent.tea.example", "tea.example", "tea.example"),
        ("tea.example", "tea.example", "tea.example", "tea.example"),
        ("tea.example", "consent.example", "tea.example", None),
        ("eviltea.example", "consent.tea.example", "tea.example", None),
        ("other.example", "consent.tea.example", "tea.example", None),
        ("other.example", "other.example", "tea.example", ""),
        ("www.tea.example", "www.tea.example", "shop.tea.example", ""),
    ],
)
def test_r26_a_cookie_is_set_where_the_pages_script_set_it_or_not_at_all(
    page: str, own: str, domain: str, expected: str | None
) -> None:
    assert scope(page, own, domain) == expected


@pytest.mark.parametrize(
    ("page", "own", "shared"),
    [
        ("tea.example", "tea.example", True),
        ("localhost", "localhost", True),
        ("www.tea.example", "consent.tea.example", True),
        ("tea.example", "consent.tea.example", True),
        ("tea.example", "consent.example", False),
        ("shop.localhost", "localhost", False),
        ("localhost", "127.0.0.1", False),
        ("tea.example", "", False),
    ],
)
def test_hosts_that_share_a_parent_may_share_a_cookie(page: str, own: str, shared: bool) -> None:
    assert may_share(page, own) is shared


def test_whoever_gets_a_scope_may_share() -> None:
    """Else the browser would hide an answer whose cookie it takes."""
    hosts = ("tea.example", "www.tea.example", "consent.tea.example", "a.b.tea.example")
    for page in hosts:
        for own in hosts:
            assert scope(page, own, "tea.example") is None or may_share(page, own)
