"""A page that shows the banner of a draft, for a frame of ours: the real widget, which can do
nothing there.

The page is sandboxed by its own policy: it has no origin, so no cookie, no storage and no way to
ask for anything but its own files. Those cannot be asked for with anybody's session, and so have
an address that is sealed for an hour; it says which looks are shown.
"""

import asyncio
from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import quote

import msgspec
from msgspec.structs import replace
from starlette.requests import Request
from starlette.responses import Response

from consent_service import policies, previews, words
from consent_service.errors import NotFound, Tampered
from consent_service.model import Policy, Scheme, Site, Theme
from consent_service.previews import Preview
from consent_service.web.render import POLICY, page
from consent_service.web.service import service

SECONDS = 3_600
_CONTEXT = "preview"

# `sandbox` without `allow-same-origin`: whatever the scripts in it do, they are nobody.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'self'; sandbox allow-scripts"
)
_FRAMED = {
    "content-security-policy": _POLICY,
    "x-frame-options": "SAMEORIGIN",
    "referrer-policy": "no-referrer",
    "cache-control": "private, no-store",
}
_FILE = {
    "cache-control": "private, no-store",
    "x-content-type-options": "nosniff",
    # Asked for by a page without an origin.
    "access-control-allow-origin": "*",
    "cross-origin-resource-policy": "cross-origin",
}


FRAMING = {"content-security-policy": f"{POLICY}; frame-src 'self'"}
"""For a page of ours that has such a frame in it."""

WIDTHS = (("narrow", "320, a phone"), ("medium", "768, a tablet"), ("wide", "1440, a desk"))
LAYERS = (("1", "First layer"), ("2", "Settings"))

Texts = tuple[tuple[str, str], ...]


class Shown(NamedTuple):
    """What a preview shows of a banner."""

    width: str
    dark: bool
    layer: str
    language: str

    @classmethod
    def of_form(cls, values: Mapping[str, str], policy: Policy) -> "Shown":
        """As asked for; what is not known is as at the start."""
        width, language = values["show.width"], values["show.language"]
        return cls(
            width if width in dict(WIDTHS) else "narrow",
            values["show.scheme"] == "dark",
            "2" if values["show.layer"] == "2" else "1",
            language if language in policy.languages else policy.languages[0],
        )


class Sealed(msgspec.Struct, frozen=True, kw_only=True):
    """What the address of a preview says."""

    site: str
    language: str
    theme: Theme
    dark: bool
    texts: Texts = ()
    """What is being typed and differs from the draft, by the names of its fields."""


def address(request: Request, site: Site, theme: Theme, shown: Shown, texts: Texts = ()) -> str:
    """Where these looks of the site's draft, with these texts, can be seen for an hour."""
    running = service(request)
    said = Sealed(site=site.key, language=shown.language, theme=theme, dark=shown.dark, texts=texts)
    payload = msgspec.to_builtins(said)
    token = running.keyring.sessions.seal(payload, int(running.now()), _CONTEXT)
    return f"/preview/{quote(token)}"


async def frame(request: Request) -> Response:
    """A page of a shop that is none, with the banner on it."""
    said = _opened(request)
    context = {
        "language": said.language,
        "direction_of": words.direction(said.language),
        "dark": said.dark,
        "token": request.path_params["token"],
    }
    return page(request, "policies/preview.html", context, headers=_FRAMED)


async def script(request: Request) -> Response:
    """The banner itself."""
    composed = await _composed(request)
    return Response(composed.banner, 200, _FILE, "text/javascript")


async def settings(request: Request) -> Response:
    """Its second layer, by the hash that the banner names."""
    composed = await _composed(request)
    if request.path_params["sha256"] != composed.digest:
        raise NotFound("the draft has changed since: load the preview again")
    return Response(composed.settings, 200, _FILE, "text/javascript")


def _opened(request: Request) -> Sealed:
    running = service(request)
    try:
        payload = running.keyring.sessions.open(
            request.path_params["token"], int(running.now()), SECONDS, _CONTEXT
        )
        return msgspec.convert(payload, Sealed)
    except (Tampered, msgspec.ValidationError) as error:
        raise NotFound("there is no such preview, or no longer: load the page again") from error


async def _composed(request: Request) -> Preview:
    said, token = _opened(request), request.path_params["token"]
    site = await service(request).site(said.site)
    draft = await policies.draft(service(request).store, site)
    # Compressing takes a while: not on the event loop.
    return await asyncio.to_thread(_made, draft.body, said, token)


@lru_cache(maxsize=32)
def _made(body: bytes, said: Sealed, token: str) -> Preview:
    """What the banner asks for lies beside it: this takes the place of the site's address."""
    policy, theme = policies.decode_draft(body), said.theme
    if theme.scheme is Scheme.AUTO:
        theme = replace(theme, scheme=Scheme.DARK if said.dark else Scheme.LIGHT)
    known = said.language in policy.languages or said.texts
    language = said.language if known else policy.languages[0]
    typed = previews.with_texts(policy, language, dict(said.texts))
    return previews.compose(typed, theme, language, f"../../preview/{token}")
