"""Words that mislead: each language knows its own, and no other's."""

import json

import pytest

from consent_service import words
from consent_service.loaded import loaded
from tests.tools import ROOT

BAD: dict[str, dict[str, str]] = json.loads((ROOT / "tests/vectors/loaded.json").read_text("utf-8"))


@pytest.mark.parametrize("language", sorted(words.languages() | BAD.keys()))
def test_r11_r41_every_language_has_words_that_mislead(language: str) -> None:
    patterns, bad = loaded(language), BAD[language]
    assert patterns.label.search(bad["label"])
    assert patterns.vague.search(bad["vague"])
    assert patterns.regularly.search(bad["regularly"])


def test_a_variant_has_the_words_of_its_language_and_an_unknown_language_none() -> None:
    assert loaded("pt-BR") is loaded("pt")
    assert not loaded("xx").label.search("OK")
    assert not loaded("de").label.search("Vale")
