"""Which languages of a text stand open on a page, and which are folded away. Pure."""

from collections.abc import Iterable
from typing import NamedTuple

from consent_service.web.pages.forms import Form

FEW = 3
"""As many languages fit a page: nothing is folded."""


class Folded(NamedTuple):
    """A text's languages, in their order."""

    open: tuple[str, ...]
    away: tuple[str, ...]


def folded(form: Form | None, stem: str, languages: Iterable[str], beside: str = "") -> Folded:
    """The languages of the fields `stem.<language>`: those that have a fault stand open, as do the
    first, which is the site's own, and the one that is worked on `beside` it.

    Without a form it is of texts to read.
    """
    own, *others = languages
    if len(others) < FEW:
        return Folded((own, *others), ())
    wanted = {own, beside} | {each for each in others if _has_fault(form, f"{stem}.{each}")}
    away = tuple(each for each in others if each not in wanted)
    return Folded(tuple(each for each in (own, *others) if each in wanted), away)


def _has_fault(form: Form | None, field: str) -> bool:
    return form is not None and bool(form.errors[field] or form.findings[field])
