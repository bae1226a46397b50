"""Words that mislead, in each language (R11, R41). Data, in `loaded.json`: patterns for `re`.

Every language is looked at with its own patterns alone: a word that is loaded in one is an
ordinary word in another.
"""

import json
import re
from functools import cache
from importlib.resources import files

from msgspec import Struct


class Loaded(Struct, frozen=True, kw_only=True):
    """What is not to be said in one language."""

    label: re.Pattern[str]
    """On a button: what hides that it accepts or refuses, such as "OK" or "Got it"."""
    vague: re.Pattern[str]
    """Alone as a purpose: what could mean anything, such as "improve your experience"."""
    regularly: re.Pattern[str]
    """What puts the duty to notice changes on the visitor (WP260, section 29)."""


_NOTHING = re.compile("(?!)")
_NONE = Loaded(label=_NOTHING, vague=_NOTHING, regularly=_NOTHING)


def loaded(language: str) -> Loaded:
    """The patterns of a language, `pt-BR` having those of `pt`; for an unknown one, none."""
    return _all().get(language.split("-")[0], _NONE)


@cache
def _all() -> dict[str, Loaded]:
    texts = files(__package__).joinpath("loaded.json").read_text(encoding="utf-8")
    return {language: _compiled(**parts) for language, parts in json.loads(texts).items()}


def _compiled(*, label: str, vague: str, look: str, often: str) -> Loaded:
    # Both orders, within one sentence.
    look, often, between = rf"\b({look})\b", rf"\b({often})\b", r"[^.]{0,80}"
    regularly = f"{look}{between}{often}|{often}{between}{look}"
    return Loaded(
        label=re.compile(rf"\b({label})\b", re.IGNORECASE),
        vague=re.compile(vague, re.IGNORECASE),
        regularly=re.compile(regularly, re.IGNORECASE),
    )
