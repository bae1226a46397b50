"""What changed between two policies, and what that asks of visitors: a row for each case.

The table follows EDPB Guidelines 05/2020 (section 110), WP260 (section 29) and the ICO on fresh
consent.
"""

from typing import Any

import pytest
from msgspec.structs import replace

from consent_service import changes
from consent_service.errors import Invalid
from consent_service.model import (
    OPTIONAL,
    Category,
    Change,
    ChangeClass,
    ChangeKind,
    Policy,
    PolicyVersion,
)
from tests import given
from tests.given import Json, declaration, policy, policy_json, text

MAJOR, MINOR, PATCH = ChangeClass.MAJOR, ChangeClass.MINOR, ChangeClass.PATCH


def with_item(**changed: Any) -> Json:
    """The policy whose advertising item is changed so."""
    declared = [
        item | changed if item["name"] == "_adpix" else item
        for item in policy_json()["declarations"]
    ]
    return {"declarations": declared}


def with_necessary(**changed: Any) -> Json:
    """The policy whose necessary item is changed so."""
    declared = [
        item | changed if item["name"] == "consent" else item
        for item in policy_json()["declarations"]
    ]
    return {"declarations": declared}


def and_item(name: str, category: str, **changed: Any) -> Json:
    """The policy with one item more."""
    declared = policy_json()["declarations"]
    return {"declarations": [*declared, declaration(name, category, **changed)]}


def with_category(category: str, **texts: Any) -> Json:
    categories = policy_json()["categories"]
    return {"categories": categories | {category: categories[category] | texts}}


def with_controller(**changed: str) -> Json:
    return {"controller": policy_json()["controller"] | changed}


SAME_PURPOSE = text("What _adpix is for.")

# What is changed; the kind, class and categories of the one change that is found.
ROWS: dict[str, tuple[Json, ChangeKind, ChangeClass, str]] = {
    "another controller": (
        with_controller(name="Tea Group AB"),
        ChangeKind.CONTROLLER,
        MAJOR,
        "preferences statistics marketing",
    ),
    "the controller's address": (
        with_controller(address="Elsewhere 1"),
        ChangeKind.CONTROLLER,
        MINOR,
        "",
    ),
    "the controller's e-mail": (
        with_controller(email="dpo@tea.example"),
        ChangeKind.CONTROLLER,
        MINOR,
        "",
    ),
    "a new provider in a category": (
        and_item("_pix2", "marketing", provider="AdPix Inc"),
        ChangeKind.ADDED,
        MAJOR,
        "marketing",
    ),
    "a new item of a known provider, for something else": (
        and_item("_pix2", "marketing"),
        ChangeKind.ADDED,
        MAJOR,
        "marketing",
    ),
    "a new item of a known provider, purpose and duration": (
        and_item("_pix2", "marketing", purpose=SAME_PURPOSE),
        ChangeKind.ADDED,
        MINOR,
        "marketing",
    ),
    "a new item like a known one, but kept longer": (
        and_item("_pix2", "marketing", purpose=SAME_PURPOSE, seconds=86_400 * 31),
        ChangeKind.ADDED,
        MAJOR,
        "marketing",
    ),
    "a new item like a known one, but in another country": (
        and_item("_pix2", "marketing", purpose=SAME_PURPOSE, country="US"),
        ChangeKind.ADDED,
        MAJOR,
        "marketing",
    ),
    "a new item like a known one, but read by others": (
        and_item("_pix2", "marketing", purpose=SAME_PURPOSE, readers="Everybody"),
        ChangeKind.ADDED,
        MAJOR,
        "marketing",
    ),
    "a known provider in a category where it was not": (
        and_item("_pix2", "preferences", purpose=SAME_PURPOSE),
        ChangeKind.ADDED,
        MAJOR,
        "preferences",
    ),
    "a new necessary item": (and_item("basket", "necessary"), ChangeKind.ADDED, MINOR, ""),
    "an item is gone": (
        {"declarations": policy_json()["declarations"][:-1]},
        ChangeKind.REMOVED,
        PATCH,
        "marketing",
    ),
    "kept longer": (with_item(seconds=86_400 * 31), ChangeKind.LONGER, MAJOR, "marketing"),
    "kept for ever": (with_item(seconds=0), ChangeKind.LONGER, MAJOR, "marketing"),
    "kept for less": (with_item(seconds=86_400), ChangeKind.SHORTER, PATCH, "marketing"),
    "kept for the session only": (
        with_item(seconds=None),
        ChangeKind.SHORTER,
        PATCH,
        "marketing",
    ),
    "a necessary item kept longer": (
        with_necessary(seconds=86_400 * 31),
        ChangeKind.LONGER,
        MINOR,
        "",
    ),
    "another provider": (
        with_item(provider="AdPix Inc"),
        ChangeKind.PROVIDER,
        MAJOR,
        "marketing",
    ),
    "other readers": (with_item(readers="Partners"), ChangeKind.READERS, MAJOR, "marketing"),
    "out of the EEA": (with_item(country="US"), ChangeKind.COUNTRY, MAJOR, "marketing"),
    "within the EEA": (with_item(country="NO"), ChangeKind.COUNTRY, MINOR, "marketing"),
    "another storage": (
        with_item(storage="local_storage"),
        ChangeKind.STORAGE,
        MINOR,
        "marketing",
    ),
    "another purpose": (
        with_item(purpose=text("Profiles across sites.")),
        ChangeKind.PURPOSE,
        MAJOR,
        "marketing",
    ),
    "a purpose spelt otherwise": (
        with_item(purpose={"en": "what _adpix is for", "sv": "What _adpix is for. (sv)"}),
        ChangeKind.PURPOSE,
        PATCH,
        "marketing",
    ),
    "moved into another category": (
        with_item(category="statistics"),
        ChangeKind.MOVED,
        MAJOR,
        "statistics",
    ),
    "a category's text": (
        with_category("statistics", text=text("We also sell it.")),
        ChangeKind.TEXT,
        MAJOR,
        "statistics",
    ),
    "a category's title": (
        with_category("statistics", title=text("Numbers")),
        ChangeKind.TEXT,
        MAJOR,
        "statistics",
    ),
    "a category's punctuation": (
        with_category("statistics", title={"en": "Statistics!", "sv": "Statistics (sv)"}),
        ChangeKind.TEXT,
        PATCH,
        "statistics",
    ),
    "the necessary category's text": (
        with_category("necessary", text=text("Other words.")),
        ChangeKind.TEXT,
        MINOR,
        "",
    ),
    "the banner's words": (
        {"banner": {"title": text("Hello"), "intro": text("Choose what may be stored.")}},
        ChangeKind.TEXT,
        MINOR,
        "",
    ),
    "a document": (
        {"documents": {"cookies": text("# Cookies"), "privacy": text("# New rights")}},
        ChangeKind.DOCUMENT,
        MINOR,
        "",
    ),
    "how long choices stand": (
        {"days": {"granted": 100, "refused": 150}},
        ChangeKind.DAYS,
        MINOR,
        "",
    ),
    "another layout": ({"theme": {"layout": "card"}}, ChangeKind.THEME, PATCH, ""),
    "another colour": (
        {"theme": {"dark": {"back": "#000000", "ink": "#eef1f6", "act": "#cfe0f5"}}},
        ChangeKind.THEME,
        PATCH,
        "",
    ),
    "other corners": ({"theme": {"radius": 0}}, ChangeKind.THEME, PATCH, ""),
    "a button that opens the settings": ({"theme": {"button": "end"}}, ChangeKind.THEME, PATCH, ""),
    "told to a vendor": ({"signals": ["matomo"]}, ChangeKind.SIGNALS, PATCH, ""),
    "Google before a yes": ({"google_advanced": True}, ChangeKind.SIGNALS, MINOR, ""),
    "nothing blocked by itself": ({"blocking": False}, ChangeKind.BLOCKING, PATCH, ""),
    "a reload that is offered": (
        {"withdrawal": {"reload": "offer"}},
        ChangeKind.WITHDRAWAL,
        PATCH,
        "",
    ),
    "a path that is told": (
        {"withdrawal": {"hook": "/consent-withdrawn"}},
        ChangeKind.WITHDRAWAL,
        PATCH,
        "",
    ),
    "a wider scope": (
        {"domain": "tea.example"},
        ChangeKind.SCOPE,
        MAJOR,
        "preferences statistics marketing",
    ),
}


@pytest.mark.parametrize("name", ROWS)
def test_a_change_has_the_class_that_it_asks_for(name: str) -> None:
    changed, kind, proposed, categories = ROWS[name]
    (found,) = changes.diff(policy(), policy(**changed))
    assert (found.kind, found.proposed, " ".join(found.categories)) == (kind, proposed, categories)
    assert found.reason
    assert changes.proposed_class([found]) is proposed
    asked = found.categories if proposed is MAJOR else ()
    assert changes.affected([found]) == asked


def test_every_kind_of_change_is_in_the_table() -> None:
    elsewhere = {ChangeKind.LANGUAGE}
    assert {kind for _, kind, _, _ in ROWS.values()} | elsewhere == set(ChangeKind)


def test_the_same_policy_has_no_changes() -> None:
    assert changes.diff(policy(), policy()) == ()
    assert changes.proposed_class(()) is PATCH
    assert changes.affected(()) == ()


def test_a_new_language_changes_nothing_that_was_said() -> None:
    english = _only(policy(), "en")
    (found,) = changes.diff(english, policy())
    assert (found.kind, found.proposed) == (ChangeKind.LANGUAGE, PATCH)
    (found,) = changes.diff(policy(), english)
    assert (found.kind, found.proposed) == (ChangeKind.LANGUAGE, PATCH)


def _only(whole: Policy, language: str) -> Policy:
    """The policy in one of its languages."""

    def cut(value: Any) -> Any:
        if isinstance(value, dict):
            names = set(value) & {"en", "sv"}
            kept = {language: value[language]} if names else value
            return {name: cut(inner) for name, inner in kept.items()}
        return [cut(inner) for inner in value] if isinstance(value, list) else value

    return policy(**(cut(policy_json()) | {"languages": [language]}))


@pytest.mark.parametrize(
    ("old", "new", "proposed"),
    [
        ("", "tea.example", MAJOR),
        ("shop.tea.example", "tea.example", MAJOR),
        ("tea.example", "shop.tea.example", MINOR),
        ("tea.example", "", MINOR),
        ("tea.example", "other.example", MAJOR),
    ],
)
def test_a_choice_that_holds_for_more_hosts_is_asked_again(
    old: str, new: str, proposed: ChangeClass
) -> None:
    (found,) = changes.diff(policy(domain=old), policy(domain=new))
    assert (found.kind, found.proposed) == (ChangeKind.SCOPE, proposed)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("We count visits.", "we count  visits", True),
        ("E-mail", "email", True),
        ("We count visits", "We count visitors", False),
        ("30 days", "300 days", False),
        ("räksmörgås", "RÄKSMÖRGÅS", True),
        ("do", "do not", False),
    ],
)
def test_words_are_the_same_where_only_their_form_differs(one: str, other: str, same: bool) -> None:
    assert changes.same_words(one, other) is same


def test_r02_requests_before_a_yes_are_told_and_their_end_is_not() -> None:
    basic, advanced = policy(), policy(google_advanced=True)
    (found,) = changes.diff(basic, advanced)
    assert "send requests before a yes" in found.reason
    assert (found.before, found.after) == ("off", "on")
    (found,) = changes.diff(advanced, basic)
    assert found.proposed is PATCH


def test_each_setting_of_the_looks_is_a_change_of_its_own() -> None:
    looks = {"layout": "card", "scheme": "dark", "radius": 0, "button": "start"}
    found = changes.diff(policy(), policy(theme=looks))
    assert [(change.name, change.before, change.after) for change in found] == [
        ("theme.layout", "bar", "card"),
        ("theme.scheme", "auto", "dark"),
        ("theme.radius", "8", "0"),
        ("theme.button", "none", "start"),
    ]


# --- What publishing asks ------------------------------------------------------------------------

NEW_ADVERTISER = changes.diff(
    policy(), policy(declarations=given.with_another_advertiser()["declarations"])
)
NEW_WORDS = changes.diff(policy(), policy(documents={"cookies": text("a"), "privacy": text("b")}))


@pytest.mark.parametrize(
    ("found", "wanted", "named", "reason", "raised"),
    [
        (NEW_ADVERTISER, MAJOR, (), "", "marketing"),
        (NEW_ADVERTISER, MAJOR, (Category.STATISTICS,), "", "statistics marketing"),
        (NEW_ADVERTISER, MAJOR, (Category.NECESSARY,), "", "marketing"),
        (NEW_ADVERTISER, MINOR, (), "It was bought.", ""),
        (NEW_ADVERTISER, PATCH, (Category.MARKETING,), "It was bought.", ""),
        (NEW_WORDS, MINOR, (), "", ""),
        (NEW_WORDS, PATCH, (), "A typing error.", ""),
        (NEW_WORDS, MAJOR, OPTIONAL, "", "preferences statistics marketing"),
        ((), PATCH, (), "", ""),
        ((), MAJOR, (Category.PREFERENCES,), "", "preferences"),
    ],
)
def test_publishing_asks_about_what_the_editor_and_the_differ_say(
    found: tuple[Change, ...],
    wanted: ChangeClass,
    named: tuple[Category, ...],
    reason: str,
    raised: str,
) -> None:
    assert " ".join(changes.asked(found, wanted, named, reason)) == raised


@pytest.mark.parametrize(
    ("found", "wanted", "reason", "field"),
    [
        (NEW_ADVERTISER, MINOR, "", "reason"),
        (NEW_ADVERTISER, PATCH, " \t\n", "reason"),
        (NEW_WORDS, PATCH, "", "reason"),
        (NEW_WORDS, MAJOR, "", "categories"),
        ((), MAJOR, "", "categories"),
    ],
)
def test_publishing_lower_without_a_reason_or_higher_about_nothing_is_refused(
    found: tuple[Change, ...], wanted: ChangeClass, reason: str, field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        changes.asked(found, wanted, (), reason)
    assert refused.value.field == field


def version(**changed: Any) -> PolicyVersion:
    """A first version, with this instead."""
    first = PolicyVersion(
        site="shop",
        number=1,
        published_at=0,
        change_class=MAJOR,
        epochs=dict.fromkeys(OPTIONAL, 1),
        policy=policy(),
    )
    return replace(first, **changed)


def test_only_the_epochs_of_what_changed_rise() -> None:
    epochs = {Category.PREFERENCES: 1, Category.STATISTICS: 4, Category.MARKETING: 2}
    assert changes.next_epochs(epochs, [Category.MARKETING]) == epochs | {Category.MARKETING: 3}
    assert changes.next_epochs(epochs, []) == epochs


def test_visitors_are_told_what_raised_an_epoch() -> None:
    history = changes.next_history(version(), NEW_ADVERTISER, [Category.MARKETING])
    (told,) = history[Category.MARKETING]
    assert (told.epoch, told.kind, told.name, told.provider) == (
        2,
        ChangeKind.ADDED,
        "_pix2",
        "AdPix Inc",
    )
    assert list(history) == [Category.MARKETING]


def test_a_category_asked_about_without_a_change_is_asked_about_its_text() -> None:
    history = changes.next_history(version(), (), [Category.STATISTICS])
    (told,) = history[Category.STATISTICS]
    assert (told.epoch, told.kind) == (2, ChangeKind.TEXT)


def test_a_history_is_newest_first_and_bounded() -> None:
    current = version()
    for number in range(2, 40):
        history = changes.next_history(current, NEW_ADVERTISER, [Category.MARKETING])
        epochs = changes.next_epochs(current.epochs, [Category.MARKETING])
        current = replace(current, epochs=epochs, history=history)
        assert history[Category.MARKETING][0].epoch == number
    assert len(current.history[Category.MARKETING]) == changes.HISTORY
