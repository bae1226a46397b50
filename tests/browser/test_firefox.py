"""The main story once more, in another engine."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.browser.firefox import Firefox, Visitor, running_firefox
from tests.browser.stage import Stage
from tests.browser.test_story import MARKETING_COOKIES, STATISTICS_COOKIES

OPTIONAL = ("preferences", "statistics", "marketing")


@pytest.fixture(scope="module")
def firefox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Firefox]:
    """One browser for all tests but that of the signal."""
    with running_firefox(tmp_path_factory.mktemp("firefox") / "profile") as running:
        yield running


@pytest.fixture
def visitor(firefox: Firefox, stage: Stage) -> Iterator[Visitor]:
    made = Visitor(firefox, stage)
    yield made
    made.leave()


def granted(visitor: Visitor) -> tuple[str, ...]:
    """The categories in force, as the page is told."""
    return tuple(name for name in OPTIONAL if visitor.evaluate(f"window.consent.has('{name}')"))


def test_nothing_happens_before_a_yes_and_one_press_refuses(visitor: Visitor) -> None:
    visitor.open("/carriers")
    visitor.until(lambda: "Reject all" in visitor.shown("section.one"))
    visitor.settle()
    assert (visitor.cookies(), visitor.stored(), visitor.asked_of_tags()) == ({}, [], [])

    visitor.press("Reject all")
    (claims,) = visitor.recorded(1)
    assert claims["act"] == "reject_all"
    assert "sub" not in claims
    assert list(visitor.cookies()) == ["consent"]
    for path in ("/carriers", "/product", "/video"):
        visitor.open(path)
        visitor.settle()
        assert visitor.shown("section.one") == ""
    assert (visitor.stored(), visitor.asked_of_tags()) == ([], [])


def test_tags_run_after_a_yes_and_stop_after_a_withdrawal(visitor: Visitor) -> None:
    visitor.open()
    visitor.press("Accept all")
    visitor.until(lambda: set(visitor.cookies()) >= STATISTICS_COOKIES | MARKETING_COOKIES)
    assert {"/analytics.js", "/ads.js"} <= set(visitor.asked_of_tags())
    (given,) = visitor.recorded(1)
    assert (given["act"], set(given["cat"].values())) == ("accept_all", {True})

    visitor.press("Cookie settings", "a")
    receipt = visitor.evaluate("window.consent.get().id")
    visitor.until(lambda: receipt in visitor.shown("dialog"))
    visitor.evaluate("window.before = true")
    visitor.press("Reject all", "dialog button")
    visitor.until(lambda: not STATISTICS_COOKIES & set(visitor.cookies()))
    withdrawal = visitor.recorded(2)[1]
    # Code that ran is stopped by loading the page anew.
    visitor.becomes("!window.before && window.consent?.get")
    assert (withdrawal["act"], granted(visitor)) == ("withdraw", ())
    before = visitor.asked_of_tags()
    visitor.open("/product")
    visitor.settle()
    assert visitor.asked_of_tags() == before


def test_layer_two_saves_what_was_switched_on(visitor: Visitor) -> None:
    visitor.open()
    visitor.press("Choose")
    visitor.press("Statistics", "dialog [role=switch]")
    visitor.press("Save choices", "dialog button")
    (claims,) = visitor.recorded(1)
    assert claims["act"] == "custom"
    assert granted(visitor) == ("statistics",)
    visitor.until(lambda: "/analytics.js" in visitor.asked_of_tags())
    assert "/ads.js" not in visitor.asked_of_tags()


def test_a_held_film_loads_alone_when_asked_for(visitor: Visitor) -> None:
    visitor.open("/video")
    visitor.press("Reject all")
    visitor.press("Load this once", "button", frame=True)
    visitor.until(lambda: "/video.html" in visitor.asked_of_tags())
    assert granted(visitor) == ()
    visitor.open("/video")
    visitor.settle()
    assert visitor.asked_of_tags().count("/video.html") == 1


@pytest.fixture
def signalling(stage: Stage, tmp_path: Path) -> Iterator[Callable[[], Visitor]]:
    """Makes a visitor whose Firefox sends its signal, as its own settings have it do."""
    preference = {"privacy.globalprivacycontrol.enabled": True}
    with running_firefox(tmp_path / "profile", preference) as running:
        yield lambda: Visitor(running, stage)


def test_r07_the_browsers_own_signal_holds_marketing_off(
    signalling: Callable[[], Visitor],
) -> None:
    visitor = signalling()
    visitor.open()
    assert visitor.evaluate("navigator.globalPrivacyControl") is True
    visitor.until(lambda: "Global Privacy Control" in visitor.shown("section.one"))
    visitor.press("Accept all")
    (claims,) = visitor.recorded(1)
    assert claims["gpc"] is True
    assert granted(visitor) == ("preferences", "statistics")
    visitor.until(lambda: "/analytics.js" in visitor.asked_of_tags())
    visitor.open("/video")
    visitor.settle()
    assert not {"/ads.js", "/video.html"} & set(visitor.asked_of_tags())
    visitor.leave()
