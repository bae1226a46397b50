"""The note to visitors that goes with a minor change: told, not asked. Pure.

An editor writes it; where that is left open, it is put together from the changes in the product's
own words, so that nobody is ever told nothing.
"""

from collections.abc import Iterable

from consent_service import words
from consent_service.checks import MAX_NOTICE, invisible_turns
from consent_service.errors import Invalid
from consent_service.model import Change, ChangeClass, Text

_SENTENCES = 3
"""How many changes a proposed note names: it is a strip, and the pages tell all."""


def of_version(
    wanted: ChangeClass, written: Text, changes: Iterable[Change], languages: tuple[str, ...]
) -> Text:
    """The note that a version of this class tells: as written, else as proposed; {} if none.

    Raises `Invalid` where one is written for a version that tells nothing, in a language that
    is not the policy's, or longer than fits.
    """
    texts = {language: text.strip() for language, text in written.items() if text.strip()}
    if wanted is not ChangeClass.MINOR:
        if texts:
            raise Invalid(
                f"a {wanted.value} version shows no note: publish it as minor to tell visitors "
                "without asking them",
                "notice",
            )
        return {}
    for language, text in texts.items():
        _check(language, text, languages)
    suggested = proposed(changes, languages)
    return {language: texts.get(language, suggested[language]) for language in languages}


def _check(language: str, text: str, languages: tuple[str, ...]) -> None:
    field = f"notice.{language}"
    if language not in languages:
        raise Invalid(f"{language} is not one of the policy's languages", field)
    if len(text) > MAX_NOTICE:
        raise Invalid(f"{len(text)} characters: at most {MAX_NOTICE} fit here", field)
    if invisible_turns(text):
        raise Invalid("remove the invisible characters that turn the reading direction", field)


def proposed(changes: Iterable[Change], languages: Iterable[str]) -> Text:
    """A note made of what visitors are to be told of these changes, in each language."""
    told = [change for change in changes if change.proposed is not ChangeClass.PATCH]
    return {language: _note(told, language) for language in languages}


def _note(told: list[Change], language: str) -> str:
    say = words.texts(language)["notice"]
    sentences = list(dict.fromkeys(_sentence(change, say) for change in told))
    whole = [say["intro"], *sentences[:_SENTENCES], say["stands"]]
    note = " ".join(sentence for sentence in whole if sentence)
    # Names may be long: then what changed is on the page that the note links to.
    return note if len(note) <= MAX_NOTICE else f"{say['intro']} {say['stands']}"


def _sentence(change: Change, say: dict[str, str]) -> str:
    key = change.name if change.name in say else change.kind.value
    return say.get(key, "").format(name=change.name, provider=change.provider)
