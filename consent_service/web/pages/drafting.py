"""What stands beside a draft while it is written: the banner as it would look, the pages as they
would read, and what keeps it from being published.
"""

import asyncio
import re
from typing import Any, NamedTuple

from markupsafe import Markup
from msgspec.structs import replace
from starlette.requests import Request

from consent_service import checks, declared, policies, previews, words
from consent_service.checks import Finding
from consent_service.errors import Invalid
from consent_service.model import Draft, Policy, Site
from consent_service.web.pages import cookie_table, preview, public
from consent_service.web.pages.markdown import Outside, rendered
from consent_service.web.pages.policy_form import DOCUMENTS, PolicyForm
from consent_service.web.pages.preview import Shown
from consent_service.web.service import service

_HEADING = re.compile(r'(<h[1-6]) id="')


class Told(NamedTuple):
    """What keeps the draft back, as the page lists it."""

    field: str
    name: str
    message: str
    rule: str
    """Empty where it cannot even be saved so."""

    @property
    def sentence(self) -> str:
        """At its field: `The sv text is missing (R16)`, which is closed with a full stop there."""
        rule = f" ({self.rule})" if self.rule else ""
        return f"{self.message[:1].upper()}{self.message[1:]}{rule}"


async def about(request: Request, site: Site, draft: Draft, edited: PolicyForm) -> dict[str, Any]:
    """All that follows the typing of a draft's texts."""
    before = policies.decode_draft(draft.body)
    policy, faults = await asyncio.to_thread(edited.checked, before)
    found = _told(policy, faults, edited)
    edited.form.find((each.field, each.sentence) for each in found)
    wrong = await asyncio.to_thread(cookie_table.checked, draft.body)
    shown = Shown.of_form(edited.form.values, policy)
    return {
        "found": found,
        "wrong": wrong,
        "wrong_rows": _rows(before, wrong),
        "declared": table_counts(before),
        "shown": shown,
        **_banner(request, site, before, policy, shown),
        "documents": await _documents(request, site, edited, shown),
        "widths": preview.WIDTHS,
        "layers": preview.LAYERS,
    }


def table_counts(policy: Policy) -> tuple[tuple[str, int], ...]:
    """How many declarations each category has."""
    return cookie_table.table(policy, {}, cookie_table.Asked()).counts


_MOST_ROWS = 20


def _rows(policy: Policy, wrong: cookie_table.Findings) -> list[tuple[int, str, Finding]]:
    """The first declarations that keep the draft back, with all that is to be said of each."""
    places = sorted(wrong)[:_MOST_ROWS]
    return [
        (place, policy.declarations[place].name, finding)
        for place in places
        for finding in wrong[place]
    ]


def _told(policy: Policy, faults: tuple[Invalid, ...], edited: PolicyForm) -> tuple[Told, ...]:
    called = edited.form.label
    bare = replace(policy, declarations=())
    found = checks.findings(bare, words.languages())
    unfit = [Told(each.field, called(each.field), _bare(each), "") for each in faults]
    kept = [Told(each.field, called(each.field), each.message, each.rule) for each in found]
    return (*unfit, *kept)


def _bare(fault: Invalid) -> str:
    return fault.message.removeprefix(f"{fault.field}: ")


def _banner(
    request: Request, site: Site, before: Policy, policy: Policy, shown: Shown
) -> dict[str, Any]:
    """Where the banner is to be seen as it is typed now."""
    typed = previews.texts_of(policy, shown.language)
    saved = previews.texts_of(before, shown.language)
    differ = tuple((name, text) for name, text in typed.items() if saved.get(name) != text)
    return {
        "frame": preview.address(request, site, policy.theme, shown, differ),
        # Another address each second, and the same banner: it is shown anew where this differs.
        "frame_key": declared.digest([typed, policy.theme, shown]),
    }


async def _documents(
    request: Request, site: Site, edited: PolicyForm, shown: Shown
) -> dict[str, Markup]:
    """The pages in the language that is looked at, and the one that is being written."""
    names = [f"documents.{name}.{shown.language}" for name in DOCUMENTS]
    asked = edited.form.values["show.document"]
    if asked.startswith("documents.") and asked not in names:
        names.append(asked)
    base, values = service(request).settings.base_url, edited.form.values
    return {
        name: await asyncio.to_thread(
            _page, values[name], name, public.outside(site, base, name.rpartition(".")[2])
        )
        for name in names
    }


def _page(text: str, name: str, outside: Outside) -> Markup:
    """As visitors will read it. Its headings are not places of the page that it is shown in."""
    html = str(rendered(text[: checks.MAX_DOCUMENT], 3, outside))
    own = name.replace(".", "-")
    return Markup(_HEADING.sub(rf'\1 id="shown-{own}-', html))  # noqa: S704 (the renderer's own, ids renamed)
