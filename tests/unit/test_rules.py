"""The ask-again rule, from the table that the widget's tests run too."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent_service.model import (
    EVERY_SITE,
    OPTIONAL,
    Account,
    Category,
    Choices,
    Days,
    Role,
    StoredChoice,
    must_ask,
)
from tests.tools import ROOT

TABLE: list[dict[str, Any]] = json.loads((ROOT / "tests/vectors/reconsent.json").read_text())
TODAY = 20_400


def _days(days: dict[str, int]) -> Days:
    # The constructor takes any number: the table also holds lives shorter than may be published.
    return Days(granted=days["granted"], refused=days["refused"])


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row["name"])
def test_r29_whether_to_ask_again_is_as_the_table_says(row: dict[str, Any]) -> None:
    stored = row["stored"] and msgspec.convert(row["stored"], StoredChoice)
    epochs = msgspec.convert(row["epochs"], dict[Category, int])
    verdict = must_ask(stored, epochs, _days(row["days"]), row["today"])
    assert (verdict.ask, list(verdict.about), list(verdict.in_force)) == (
        row["ask"],
        row["about"],
        row["in_force"],
    )


def test_the_table_has_rows_of_every_kind() -> None:
    assert len(TABLE) == len({row["name"] for row in TABLE}) > 20
    kinds = {(row["stored"] is None, row["ask"], bool(row["in_force"])) for row in TABLE}
    assert {(True, True, False), (False, True, True), (False, False, True)} <= kinds


EPOCHS = st.fixed_dictionaries({category: st.integers(1, 5) for category in OPTIONAL})
STORED = st.builds(
    StoredChoice,
    day=st.integers(TODAY - 400, TODAY + 3),
    granted=st.sets(st.sampled_from(OPTIONAL)).map(lambda some: tuple(sorted(some))),
    epochs=EPOCHS,
)


@given(STORED | st.none(), EPOCHS)
def test_r29_the_rule_holds_for_every_choice(
    stored: StoredChoice | None, epochs: dict[Category, int]
) -> None:
    verdict = must_ask(stored, epochs, Days(), TODAY)
    granted = stored.granted if stored else ()
    assert verdict.ask is bool(verdict.about)
    assert not set(verdict.in_force) & set(verdict.about)
    assert set(verdict.in_force) <= set(granted), "silence never grants (R4)"
    assert list(verdict.about) == [c for c in OPTIONAL if c in verdict.about]
    if stored and not granted and -1 <= TODAY - stored.day < Days().refused:
        assert not verdict.ask, "a refusal stands (R31)"
    for category in verdict.in_force:
        assert stored
        assert epochs[category] <= stored.epochs[category]


@pytest.mark.parametrize("granted", [(), (Category.MARKETING,), OPTIONAL])
def test_what_is_not_granted_is_denied(granted: tuple[Category, ...]) -> None:
    choices = Choices(
        necessary=True,
        preferences=Category.PREFERENCES in granted,
        statistics=Category.STATISTICS in granted,
        marketing=Category.MARKETING in granted,
    )
    assert choices.granted == granted


@pytest.mark.parametrize(
    ("held", "role", "site", "may"),
    [
        ({}, Role.AUDITOR, 1, False),
        ({1: (Role.EDITOR,)}, Role.EDITOR, 1, True),
        ({1: (Role.EDITOR,)}, Role.EDITOR, 2, False),
        ({1: (Role.EDITOR,)}, Role.AUDITOR, 1, False),
        ({1: (Role.EDITOR,)}, Role.EDITOR, EVERY_SITE, False),
        ({1: (Role.ADMIN,)}, Role.AUDITOR, 1, True),
        ({EVERY_SITE: (Role.AUDITOR,)}, Role.AUDITOR, 7, True),
        ({EVERY_SITE: (Role.ADMIN,)}, Role.EDITOR, 7, True),
        ({EVERY_SITE: (Role.ADMIN,)}, Role.ADMIN, EVERY_SITE, True),
    ],
)
def test_an_account_may_do_what_its_roles_say(
    held: dict[int, tuple[Role, ...]], role: Role, site: int, may: bool
) -> None:
    account = Account(id=1, email="a@b.example", name="A", created_at=0, roles=held)
    assert account.may(role, site) is may
    closed = msgspec.structs.replace(account, disabled=True)
    assert not closed.may(role, site)
