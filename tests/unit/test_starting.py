"""Starting points: complete in each language, and good enough to be published as they are."""

import json
import re
from pathlib import Path

import pytest

from consent_service import checks, starting, words
from consent_service.model import Category
from consent_service.policy_files import read
from tests.tools import ROOT
from tests.unit.test_cli import Run, run, said

__all__ = ["run"]

ABOUT = starting.About(
    controller="Nordlund Tea AB",
    address="Storgatan 1, 620 99 Lindehamn",
    email="privacy@tea.example",
    country="SE",
    reviewed="Ada, 22 November 2026",
)
SHOP = starting.Named("tea", "Nordlund Tea")
POINTS = list(starting.points("en"))
SPOKEN = tuple(sorted(starting.languages()))


@pytest.mark.parametrize("point", POINTS)
@pytest.mark.parametrize("languages", [*((each,) for each in SPOKEN), SPOKEN], ids="-".join)
def test_every_starting_point_passes_every_check(point: str, languages: tuple[str, ...]) -> None:
    begun = starting.policy(point, languages, SHOP, ABOUT)
    assert checks.findings(begun, words.languages()) == ()
    assert begun.languages == languages
    assert not re.search(r"\{(?!#)\w*\}", "".join(begun.documents.privacy.values()))


def test_an_address_of_several_lines_is_one_sentence_in_the_notice() -> None:
    about = ABOUT._replace(address="Storgatan 1\n# 620 99 Lindehamn")
    begun = starting.policy("necessary", ("en",), SHOP, about)
    assert (
        "Nordlund Tea AB, Storgatan 1, # 620 99 Lindehamn, decides" in begun.documents.privacy["en"]
    )
    assert begun.controller.address == about.address


def test_a_starting_point_declares_what_it_says() -> None:
    stored = {
        point: {item.category for item in starting.policy(point, ("en",), SHOP, ABOUT).declarations}
        for point in POINTS
    }
    necessary, statistics = Category.NECESSARY, Category.STATISTICS
    assert stored["necessary"] == {necessary}
    assert stored["matomo"] == stored["google"] == {necessary, statistics}
    assert stored["advertising"] == {necessary, statistics, Category.MARKETING}


@pytest.mark.parametrize("language", SPOKEN)
def test_r37_all_that_lies_under_the_widgets_name_is_declared(language: str) -> None:
    """The choice, the receipt that waits, and the version that was told: `widget/README.md`."""
    first = starting.policy("necessary", (language,), SHOP, ABOUT).declarations[0]
    assert first.name == "consent"
    assert len(re.findall(r"[.](?: |$)", first.purpose[language])) == 3


@pytest.mark.parametrize("language", sorted(starting.languages()))
def test_r16_every_language_has_every_text(language: str) -> None:
    folder = ROOT / "consent_service/starting"
    english, own = (_shape(folder / each / "texts.json") for each in ("en", language))
    assert own == english
    for name in ("cookies.md", "privacy.md"):
        texts = [(folder / each / name).read_text() for each in ("en", language)]
        anchors = [re.findall(r"\{#?[a-z]+\}", text) for text in texts]
        assert anchors[0] == anchors[1], name


def _shape(path: Path) -> list[str]:
    return sorted(_leaves(json.loads(path.read_text())))


def _leaves(value: object, path: str = "") -> list[str]:
    if not isinstance(value, dict):
        return [path]
    return [leaf for name, each in value.items() for leaf in _leaves(each, f"{path}/{name}")]


NEW = (
    *("--site", "tea", "--name", "Nordlund Tea", "--controller", "Nordlund Tea AB"),
    *("--address", "Storgatan 1", "--email", "privacy@tea.example", "--country", "SE"),
    *("--reviewed", "Ada, 22 November 2026"),
)


def test_a_policy_begins_as_a_file(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "site.yaml"
    words_of_it = ("policy", "new", str(path), *NEW, "--begin", "matomo", "--language", "sv")
    assert "consent-service policy publish" in said(run, *words_of_it)
    file = read(path.read_bytes()).file
    assert (file.site, file.revision, file.policy.languages) == ("tea", 0, ("sv",))
    assert checks.findings(file.policy, words.languages()) == ()
    before = path.read_bytes()
    assert run(*words_of_it).status == 2
    assert path.read_bytes() == before
