"""What may be published: a row for each thing that keeps a policy from it."""

from typing import Any

import msgspec
import pytest

from consent_service import checks, words
from consent_service.model import Category, CookieDeclaration, Days, Policy
from tests.given import Json, declaration, policy, policy_json, text

KNOWN = frozenset({"en", "sv"})


def with_item(category: str = "marketing", **changed: Any) -> Json:
    """A policy with this one item."""
    return {"declarations": [declaration("_x", category) | changed]}


def with_text(category: str, **texts: Any) -> Json:
    categories = policy_json()["categories"]
    return {"categories": categories | {category: categories[category] | texts}}


def with_documents(cookies: Any = None, privacy: Any = None) -> Json:
    return {"documents": {"cookies": cookies or text("x"), "privacy": privacy or text("y")}}


def with_theme(scheme: str, **colours: str) -> Json:
    """A policy of which one scheme has these colours."""
    known = {
        "light": {"back": "#ffffff", "ink": "#16202c", "act": "#17324d"},
        "dark": {"back": "#171d26", "ink": "#eef1f6", "act": "#cfe0f5"},
    }
    return {"theme": {scheme: known[scheme] | colours}}


def in_both(english: str) -> dict[str, str]:
    return {"en": english, "sv": english}


# What is changed; the rule and the fields of what is found, and nothing else is.
ROWS: dict[str, tuple[Json, str, list[str]]] = {
    "a language listed twice": ({"languages": ["en", "sv", "sv"]}, "R16", ["languages"]),
    "a text that is missing": (
        {"banner": {"title": {"en": "Hello"}, "intro": text("Intro")}},
        "R16",
        ["banner.title.sv"],
    ),
    "a text of only spaces": (
        {"banner": {"title": {"en": "Hello", "sv": " \n"}, "intro": text("Intro")}},
        "R16",
        ["banner.title.sv"],
    ),
    "a text in a language that is not the policy's": (
        {"banner": {"title": text("Hello") | {"de": "Hallo"}, "intro": text("Intro")}},
        "R16",
        ["banner.title.de"],
    ),
    "no name of the controller": (
        {"controller": policy_json()["controller"] | {"name": " "}},
        "R14",
        ["controller.name"],
    ),
    "no address or e-mail of the controller": (
        {"controller": policy_json()["controller"] | {"address": "", "email": ""}},
        "R14",
        ["controller.address", "controller.email"],
    ),
    "a category without its texts": (
        {"categories": {k: v for k, v in policy_json()["categories"].items() if k != "marketing"}},
        "R14",
        ["categories.marketing"],
    ),
    "a title that does not fit": (
        with_text("marketing", title=in_both("x" * 61)),
        "R53",
        ["categories.marketing.title.en", "categories.marketing.title.sv"],
    ),
    "a first layer that does not fit": (
        {"banner": {"title": text("Hello"), "intro": in_both("x" * 601)}},
        "R53",
        ["banner.intro.en", "banner.intro.sv"],
    ),
    "a document that is a book": (
        with_documents({"en": "x" * 200_001, "sv": "x"}),
        "R53",
        ["documents.cookies.en"],
    ),
    "a text that turns the reading direction": (
        with_text("marketing", text={"en": "Ads \u202egnihton\u202c", "sv": "Annonser"}),
        "R11",
        ["categories.marketing.text.en"],
    ),
    "a domain that reads otherwise than it is": (
        with_item(domain="ads.example\u202emoc"),
        "R11",
        ["declarations[0].domain"],
    ),
    "a name with a character that nobody sees": (
        {"controller": {"name": "Te\x07 AB", "address": "A\u2066", "email": "a@b.example"}},
        "R11",
        ["controller.name", "controller.address"],
    ),
    "a purpose that could mean anything": (
        with_item(purpose={"en": "To improve your experience.", "sv": "Räknar besök."}),
        "R11",
        ["declarations[0].purpose.en"],
    ),
    "a purpose that could mean anything, in Swedish": (
        with_item(purpose={"en": "Counts visits.", "sv": "Förbättra din upplevelse."}),
        "R11",
        ["declarations[0].purpose.sv"],
    ),
    "a document that sends visitors back to look": (
        with_documents({"en": "Please review this policy from time to time.", "sv": "x"}),
        "R41",
        ["documents.cookies.en"],
    ),
    "a document that does so in Swedish": (
        with_documents({"en": "x", "sv": "Besök gärna sidan regelbundet."}),
        "R41",
        ["documents.cookies.sv"],
    ),
    "an item declared twice": (
        {"declarations": [declaration("_x", "marketing"), declaration("_x", "statistics")]},
        "R37",
        ["declarations[1].name"],
    ),
    "a name that declares everything": (with_item(name="*"), "R37", ["declarations[0].name"]),
    "nobody who sets it": (with_item(provider=" "), "R37", ["declarations[0].provider"]),
    "no country": (with_item(country=""), "R37", ["declarations[0].country"]),
    "local storage without an end": (
        with_item(storage="local_storage", seconds=None),
        "R37",
        ["declarations[0].seconds"],
    ),
    "session storage that outlives the session": (
        with_item(storage="session_storage", seconds=60),
        "R37",
        ["declarations[0].seconds"],
    ),
    "a cookie that never ends": (with_item(seconds=0), "R37", ["declarations[0].seconds"]),
    "a necessary item that nobody reviewed": (
        with_item("necessary", reviewed=""),
        "R20",
        ["declarations[0].reviewed"],
    ),
    "a necessary item without a reason": (
        with_item("necessary", reason={"en": "Needed."}),
        "R20",
        ["declarations[0].reason.sv"],
    ),
    "a tracker that calls itself necessary": (
        with_item("necessary", name="_fbp"),
        "R20",
        ["declarations[0].category"],
    ),
    "text that is hard to read": (with_theme("light", ink="#999999"), "R10", ["theme.light.ink"]),
    "buttons that are hard to read": (with_theme("dark", act="#3d4a5c"), "R10", ["theme.dark.act"]),
    "a background that is the text's colour": (
        with_theme("light", back="#16202c"),
        "R10",
        ["theme.light.ink", "theme.light.act"],
    ),
    "a vendor told twice": ({"signals": ["meta", "google", "meta"]}, "R24", ["signals"]),
    "Google before a yes, without its signal": (
        {"google_advanced": True, "signals": ["meta"]},
        "R2",
        ["google_advanced"],
    ),
    "a reason for what is not necessary": (
        with_item(reason=text("We need it.")),
        "R20",
        ["declarations[0].reason"],
    ),
}


@pytest.mark.parametrize("name", ROWS)
def test_what_may_not_be_published_is_found_where_it_is(name: str) -> None:
    changed, rule, fields = ROWS[name]
    found = checks.findings(policy(**changed), KNOWN)
    assert [(each.rule, each.field) for each in found] == [(rule, field) for field in fields]
    assert all(each.message for each in found)


def test_a_good_policy_may_be_published() -> None:
    assert checks.findings(policy(), KNOWN) == ()


@pytest.mark.parametrize(
    "changed",
    [
        with_item(seconds=None),
        with_item(seconds=0, storage="local_storage"),
        with_item(seconds=None, storage="session_storage"),
        with_item(name="_fbp"),
        with_item("necessary", name="basket"),
        with_item(
            purpose=in_both("Improve the site by counting which of its pages are read most.")
        ),
        with_documents(in_both("We check our cookies regularly, and tell you on the banner.")),
        with_theme("light", ink="#767676"),
        {"google_advanced": True, "signals": ["google"]},
        {"declarations": []},
        {
            "declarations": [
                declaration("a", "marketing"),
                declaration("a", "marketing", domain="b.example"),
            ]
        },
    ],
)
def test_what_is_close_to_the_line_may_be_published(changed: Json) -> None:
    assert checks.findings(policy(**changed), KNOWN) == ()


def test_a_language_without_buttons_may_not_be_published() -> None:
    both = policy(languages=["en", "xx"])
    found = [each for each in checks.findings(both, KNOWN) if each.field == "languages"]
    assert [each.rule for each in found] == ["R16"]
    assert "en, sv" in found[0].message


def test_a_regional_language_has_its_languages_buttons() -> None:
    assert "languages" not in [
        each.field for each in checks.findings(policy(languages=["en", "sv-FI"]), KNOWN)
    ]


@pytest.mark.parametrize(
    "name", ["_ga", "_ga_X1", "_gid", "_fbp", "IDE", "_hjid", "_uetsid", "_pk_id.1"]
)
def test_r20_known_trackers_are_known(name: str) -> None:
    found = checks.findings(policy(**with_item("necessary", name=name)), KNOWN)
    assert [each.field for each in found] == ["declarations[0].category"]


def test_r08_r10_r12_what_would_break_them_cannot_be_expressed() -> None:
    """No label or look of a button, no default and no 'legitimate interest' is in the model."""
    fields = set(Policy.__struct_fields__) | set(CookieDeclaration.__struct_fields__)
    assert not fields & {"accept", "reject", "default", "preselected", "legitimate_interest"}
    assert set(policy().banner.__struct_fields__) == {"title", "intro"}
    assert Days().refused >= 120


@pytest.mark.parametrize(
    ("one", "other", "ratio"),
    [
        ("#000000", "#ffffff", 21.0),
        ("#ffffff", "#ffffff", 1.0),
        ("#767676", "#ffffff", 4.54),
        ("#777777", "#ffffff", 4.48),
        ("#0000ff", "#ffffff", 8.59),
        ("#ff0000", "#ffffff", 4.0),
        ("#00ff00", "#000000", 15.3),
        ("#0a0a0a", "#000000", 1.06),
    ],
)
def test_r10_contrast_is_measured_as_wcag_says(one: str, other: str, ratio: float) -> None:
    assert checks.contrast(one, other) == pytest.approx(ratio, abs=0.005)
    assert checks.contrast(one, other) == checks.contrast(other, one)


def test_r10_contrast_just_below_the_least_is_not_called_enough() -> None:
    (found,) = checks.findings(policy(**with_theme("light", ink="#777777")), KNOWN)
    assert "by 4.4 to 1" in found.message


@pytest.mark.parametrize(
    "hook",
    [
        "consent",
        "//evil.example/x",
        "/\\evil.example",
        "https://evil.example/",
        "/a b",
        "/a\n",
        "/å",
        "/\ta",
        "/x" * 257,
    ],
)
def test_r24_only_a_path_of_the_site_itself_is_told_of_a_withdrawal(hook: str) -> None:
    with pytest.raises(msgspec.ValidationError):
        policy(withdrawal={"hook": hook})


@pytest.mark.parametrize("hook", ["", "/", "/consent/withdrawn", "/w?all=1&x=%C3%A5", "/a//b"])
def test_a_path_of_the_site_may_be_told_of_a_withdrawal(hook: str) -> None:
    assert policy(withdrawal={"hook": hook}).withdrawal.hook == hook


@pytest.mark.parametrize("colour", ["#fff", "white", "#FFFFFF", "#12345g", "#123456\n", "url(x)"])
def test_a_colour_is_six_digits_and_nothing_else(colour: str) -> None:
    with pytest.raises(msgspec.ValidationError):
        policy(**with_theme("light", ink=colour))


def test_every_text_is_looked_at() -> None:
    looked = [field for field, _ in checks.each_text(policy())]
    for category in Category:
        assert f"categories.{category.value}.text" in looked
    assert {"banner.title", "banner.intro", "documents.cookies", "documents.privacy"} <= set(looked)
    assert "declarations[0].reason" in looked
    assert "declarations[1].reason" not in looked


def test_many_declarations_are_checked_quickly_enough_to_be_read() -> None:
    """Ten thousand: each is looked at once."""
    many = [declaration(f"_x{number}", "marketing") for number in range(10_000)]
    assert checks.findings(policy(declarations=many), words.languages()) == ()
