"""The looks of a site's banner: layout and colours, with the real widget beside them."""

import re
from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace
from starlette.requests import Request
from starlette.responses import Response

from consent_service import changes, checks, policies
from consent_service.errors import Conflict, Invalid, NotFound
from consent_service.model import (
    Colours,
    Draft,
    Layout,
    ReopenButton,
    Scheme,
    Site,
    Theme,
)
from consent_service.web.access import act, site_of
from consent_service.web.pages import forms, preview
from consent_service.web.pages.forms import Form
from consent_service.web.pages.policies import revision
from consent_service.web.pages.policy_form import label, language_name
from consent_service.web.render import page, redirect
from consent_service.web.service import service

_LAYOUTS = (
    (Layout.BAR, "Bar", "Along the foot of the window."),
    (Layout.CARD, "Card", "In a corner of it."),
    (Layout.CENTRED, "Centred", "In the middle of it. The page stays usable."),
)
_SCHEMES = (
    (Scheme.AUTO, "As the device says", "Both sets of colours below are used."),
    (Scheme.LIGHT, "Always light", ""),
    (Scheme.DARK, "Always dark", ""),
)
_BUTTONS = (
    (ReopenButton.NONE, "None", "Your pages have a link or button of their own for it."),
    (ReopenButton.START, "At the start of the line", "On the left where text runs to the right."),
    (ReopenButton.END, "At its end", "On the right where text runs to the right."),
)
_COLOURS = (
    ("back", "Background", "Behind everything, and the labels of the buttons."),
    ("ink", "Text", ""),
    ("act", "Buttons", "All of them: yes and no look alike."),
)
_SHORT = re.compile(r"#?([0-9a-f])([0-9a-f])([0-9a-f])")
_LONG = re.compile(r"#?([0-9a-f]{6})")


async def looks(request: Request) -> Response:
    """The looks of the draft."""
    site = await site_of(request)
    try:
        draft = await policies.draft(service(request).store, site)
    except NotFound:
        return redirect(f"/sites/{site.key}/policy")
    theme = policies.parse_policy(draft.body).theme
    form = Form(_fields(theme))
    saved = request.query_params.get("saved") == str(draft.revision)
    return _page(request, site, draft, form, {"saved": saved})


async def change(request: Request) -> Response:
    """Show other looks, or save them into the draft at the revision that was seen."""
    running, site = service(request), await site_of(request)
    form, draft = await forms.read(request), await policies.draft(running.store, site)
    theme = typed(form)
    if form.values["do"] != "save":
        return _page(request, site, draft, form, {"unsaved": True})
    if theme is None or form.errors:
        return _page(request, site, draft, form, {"unsaved": True}, status=422)
    try:
        saved = await _save(request, site, draft, theme, revision(form.values))
    except Conflict:
        theirs = await policies.draft(running.store, site)
        return _conflict(request, site, theirs, form, theme)
    return redirect(f"/sites/{site.key}/theme?saved={saved.revision}")


async def _save(request: Request, site: Site, draft: Draft, theme: Theme, seen: int) -> Draft:
    """The draft with these looks, its texts as they are; it must still be what was seen."""
    if draft.revision != seen:
        raise Conflict(f"the draft is no longer at revision {seen}")
    policy = replace(policies.parse_policy(draft.body), theme=theme)
    return await policies.save_draft(service(request).store, site, seen, policy, act(request))


def _conflict(request: Request, site: Site, theirs: Draft, form: Form, mine: Theme) -> Response:
    """Somebody saved meanwhile. Saving again keeps their texts, with these looks over theirs."""
    before = changes.settings_of(policies.parse_policy(theirs.body).theme)
    after = changes.settings_of(mine)
    differences = [
        (label(f"theme.{name}"), value, after[name])
        for name, value in before.items()
        if value != after[name]
    ]
    context = {"theirs": theirs, "differences": differences, "unsaved": True}
    return _page(request, site, theirs, form, context, status=409)


def typed(form: Form) -> Theme | None:
    """The looks that were typed, each fault said at its field; None where there are no looks."""
    values = form.values
    try:
        theme = Theme(
            layout=_one(Layout, values, "theme.layout"),
            scheme=_one(Scheme, values, "theme.scheme"),
            button=_one(ReopenButton, values, "theme.button"),
            light=_colours(form, "light"),
            dark=_colours(form, "dark"),
            radius=_radius(form),
        )
    except Invalid as error:
        form.refuse(error)
        return None
    if form.errors:
        return None
    for finding in checks.looks(theme):
        form.refuse(Invalid(finding.message, finding.field))
    return theme


def _one(kind: Any, values: Mapping[str, str], name: str) -> Any:
    try:
        return kind(values[name])
    except ValueError as error:
        raise Invalid("choose one of these", name) from error


def _colours(form: Form, scheme: str) -> Colours:
    return Colours(**{name: _colour(form, f"theme.{scheme}.{name}") for name, _, _ in _COLOURS})


def _colour(form: Form, name: str) -> str:
    """A colour as people write it: `#17324D`, `17324d`, `#fff`."""
    text = form.values[name].strip().lower()
    short, long = _SHORT.fullmatch(text), _LONG.fullmatch(text)
    if short:
        return "#" + "".join(digit * 2 for digit in short.groups())
    if long:
        return f"#{long[1]}"
    form.refuse(Invalid("write a colour with six digits, such as #17324d", name))
    return "#000000"


def _radius(form: Form) -> int:
    text = form.values["theme.radius"].strip()
    if text.isascii() and text.isdigit() and len(text) < 3 and int(text) <= 24:
        return int(text)
    form.refuse(Invalid("give a whole number from 0 to 24", "theme.radius"))
    return 0


def _fields(theme: Theme) -> list[tuple[str, str]]:
    return [(f"theme.{name}", value) for name, value in changes.settings_of(theme).items()]


def _page(
    request: Request,
    site: Site,
    draft: Draft,
    form: Form,
    context: dict[str, Any],
    *,
    status: int = 200,
) -> Response:
    policy = policies.parse_policy(draft.body)
    # What is no looks at all is not shown; what only reads badly is, so that it can be seen.
    theme = typed(Form(form.values.items())) or policy.theme
    shown = preview.Shown.of_form(form.values, policy)
    defaults = {"saved": False, "unsaved": False, "theirs": None, "differences": ()}
    known = {
        "site": site,
        "draft": draft,
        "form": form.labelled(label),
        "shown": shown,
        "frame": preview.address(request, site, theme, shown),
        "contrasts": _contrasts(theme),
        "languages": [(name, language_name(name)) for name in policy.languages],
        "layouts": _LAYOUTS,
        "schemes": _SCHEMES,
        "buttons": _BUTTONS,
        "colours": _COLOURS,
        "widths": preview.WIDTHS,
        "layers": preview.LAYERS,
    }
    everything = {**defaults, **known, **context}
    return page(request, "policies/looks.html", everything, status, preview.FRAMING)


def _contrasts(theme: Theme) -> list[tuple[str, str, str]]:
    """For each scheme, how well its text and its buttons can be read: `12.4 to 1`."""
    said = []
    for scheme, name in (("light", "Light"), ("dark", "Dark")):
        colours: Colours = getattr(theme, scheme)
        said.append((name, _ratio(colours.ink, colours.back), _ratio(colours.act, colours.back)))
    return said


def _ratio(one: str, other: str) -> str:
    return f"{int(checks.contrast(one, other) * 10) / 10} to 1"
