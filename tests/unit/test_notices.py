"""The note to visitors of a minor version: as written, or made of the changes."""

import pytest

from consent_service import changes, notices
from consent_service.checks import MAX_NOTICE
from consent_service.errors import Invalid
from consent_service.model import Change, ChangeClass, Text
from tests.given import Json, declaration, policy, policy_json, text

MAJOR, MINOR, PATCH = ChangeClass.MAJOR, ChangeClass.MINOR, ChangeClass.PATCH
LANGUAGES = ("en", "sv")


def changed(**members: object) -> tuple[Change, ...]:
    return changes.diff(policy(), policy(**members))


def documents(cookies: str = "Cookies", privacy: str = "Privacy") -> Json:
    return {"cookies": text(f"# {cookies}"), "privacy": text(f"# {privacy}")}


def with_necessary(*names: str) -> Json:
    """The policy with these necessary items more: minor changes."""
    new = [declaration(name, "necessary") for name in names]
    return {"declarations": [*policy_json()["declarations"], *new]}


ROWS: dict[str, tuple[tuple[Change, ...], str]] = {
    "a document": (
        changed(documents=documents(privacy="New")),
        "What we tell you about cookies has changed. The privacy notice is new. "
        "Your choice still holds.",
    ),
    "two of a kind, and one that nobody is told of": (
        changed(**with_necessary("basket", "queue"), theme={"layout": "card"}),
        "What we tell you about cookies has changed. New: basket (Nordic Metrics AB). "
        "New: queue (Nordic Metrics AB). Your choice still holds.",
    ),
    "more than there is room for": (
        changed(**with_necessary("a", "b", "c", "d", "e")),
        "What we tell you about cookies has changed. New: a (Nordic Metrics AB). "
        "New: b (Nordic Metrics AB). New: c (Nordic Metrics AB). Your choice still holds.",
    ),
    "names longer than there is room for": (
        changed(**with_necessary("x" * 128, "y" * 128)),
        "What we tell you about cookies has changed. Your choice still holds.",
    ),
    "Google before a yes": (
        changed(google_advanced=True),
        "What we tell you about cookies has changed. Google learns of your visit before you have "
        "answered, without cookies. Your choice still holds.",
    ),
    "nothing that the differ knows": (
        (),
        "What we tell you about cookies has changed. Your choice still holds.",
    ),
}


@pytest.mark.parametrize("name", ROWS)
def test_a_note_is_proposed_from_the_changes(name: str) -> None:
    found, expected = ROWS[name]
    note = notices.of_version(MINOR, {}, found, LANGUAGES)
    assert note["en"] == expected
    assert note["sv"].startswith("Det vi berättar")
    assert all(len(each) <= MAX_NOTICE for each in note.values())


def test_what_is_written_goes_before_what_is_proposed() -> None:
    found = changed(documents=documents("New"))
    note = notices.of_version(MINOR, {"en": " We moved. ", "sv": " "}, found, LANGUAGES)
    assert note == {"en": "We moved.", "sv": notices.proposed(found, LANGUAGES)["sv"]}


@pytest.mark.parametrize("wanted", [MAJOR, PATCH])
def test_only_a_minor_version_has_a_note(wanted: ChangeClass) -> None:
    assert notices.of_version(wanted, {"en": " "}, (), LANGUAGES) == {}
    with pytest.raises(Invalid) as refused:
        notices.of_version(wanted, {"en": "We moved."}, (), LANGUAGES)
    assert refused.value.field == "notice"


@pytest.mark.parametrize(
    "written",
    [
        {"de": "Wir sind umgezogen."},
        {"de": "x" * (MAX_NOTICE + 1)},
        {"en": "x" * (MAX_NOTICE + 1)},
        {"sv": "Vi \u202eflyttade\u202c."},
    ],
)
def test_a_note_that_does_not_fit_is_refused_where_it_is(written: Text) -> None:
    with pytest.raises(Invalid) as refused:
        notices.of_version(MINOR, written, (), LANGUAGES)
    assert refused.value.field == f"notice.{next(iter(written))}"
