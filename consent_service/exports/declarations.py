"""A policy's declarations as CSV (RFC 4180), one row each: to be edited elsewhere and taken in
again, which gives the same declarations.

A table may be opened with a spreadsheet, which runs what looks like a formula: a text that begins
as one gets an apostrophe before it, and loses it when it is taken in.
"""

import csv
import io

from consent_service import words
from consent_service.cookie_lists import PLAIN, TEXTS
from consent_service.model import CookieDeclaration, Policy

_SIGNS = frozenset("=+-@\t\r\n'")


def table(policy: Policy) -> bytes:
    """All declarations of a policy, their texts in each of its languages."""
    out = io.StringIO()
    writer = csv.writer(out)
    texts = [f"{name}.{language}" for name in TEXTS for language in policy.languages]
    writer.writerow(["name", *PLAIN, "seconds", "lasts", "hosts", *texts])
    for item in policy.declarations:
        writer.writerow([_safe(cell) for cell in _cells(item, policy.languages)])
    # With a mark at its start, spreadsheets know that it is UTF-8.
    return out.getvalue().encode("utf-8-sig")


def _cells(item: CookieDeclaration, languages: tuple[str, ...]) -> list[str]:
    plain = [str(getattr(item, name)) for name in PLAIN]
    seconds = "session" if item.seconds is None else str(item.seconds)
    lasts = words.duration(item.seconds, "en")
    texts = [getattr(item, name).get(language, "") for name in TEXTS for language in languages]
    return [item.name, *plain, seconds, lasts, " ".join(item.hosts), *texts]


def _safe(text: str) -> str:
    return f"'{text}" if text[:1] in _SIGNS and text else text
