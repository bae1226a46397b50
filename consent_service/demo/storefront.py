"""The demo shop: plain pages with one script tag of the service, and tags that wait.

The pages are written by hand in `shop/`. When one is served, `{{name}}` is replaced by what is
known only then: where the service and the tags are, how much lies in the basket, a nonce.
"""

import re
import secrets
from collections.abc import Mapping
from html import escape
from importlib.resources import files

from starlette.applications import Starlette
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

PAGES: Mapping[str, str] = {
    "/": "index.html",
    "/sv/": "sv.html",
    "/product": "product.html",
    "/video": "video.html",
    "/about": "about.html",
}
"""The pages by their paths. Any other path is answered by `NOT_FOUND`."""

NOT_FOUND = "404.html"
FILES = (
    "shop.css",
    "panel.js",
    "favicon.svg",
    "cup.svg",
    "linden.svg",
    "currant.svg",
    "spruce.svg",
)
BASKET = "basket"
BASKET_MOST = 99
LANGUAGE = "shop_language"

_SHOP = files(__package__).joinpath("shop")
_PLACE = re.compile(r"\{\{(\w+)\}\}")


def shop_app(service_url: str, site_key: str, tags_url: str) -> Starlette:
    """The shop as an ASGI application, for any origin that it is served from.

    `service_url` and `tags_url` are base URLs without a slash at the end; `site_key` is the
    site's key at the service. The shop keeps nothing but what is in its visitors' cookies.
    """
    app = Starlette(
        routes=[
            *(Route(path, _page) for path in PAGES),
            Route("/basket", _basket, methods=["POST"]),
            *(Route(f"/{name}", _file) for name in FILES),
        ],
        exception_handlers={404: _not_found},
    )
    app.state.places = {"service": service_url, "site": site_key, "tags": tags_url}
    return app


async def _page(request: Request) -> Response:
    path = request.url.path
    remembered = request.cookies.get(LANGUAGE)
    if path == "/" and remembered == "sv" and request.query_params.get("lang") != "en":
        return RedirectResponse("/sv/", 302, headers={"Cache-Control": "no-store"})
    return _render(request, PAGES[path], 200)


async def _not_found(request: Request, _: Exception) -> Response:
    return _render(request, NOT_FOUND, 404)


async def _file(request: Request) -> Response:
    return FileResponse(str(_SHOP.joinpath(request.url.path.removeprefix("/"))))


async def _basket(request: Request) -> Response:
    async with request.form() as form:
        put: str | UploadFile | None = form.get("put")
    response = RedirectResponse("/product#basket", 303)
    if put == "one":
        count = min(_in_basket(request) + 1, BASKET_MOST)
        response.set_cookie(BASKET, str(count), samesite="lax")
    else:
        response.delete_cookie(BASKET, samesite="lax")
    return response


def _in_basket(request: Request) -> int:
    """How many packets the basket's cookie says; 0 where it says anything else."""
    count = request.cookies.get(BASKET, "")
    return int(count) if re.fullmatch(r"[0-9]{1,2}", count) else 0


def _render(request: Request, name: str, status: int) -> Response:
    nonce = secrets.token_urlsafe(16)
    places: dict[str, str] = {
        **request.app.state.places,
        "basket": str(_in_basket(request)),
        "nonce": nonce,
    }
    text = _SHOP.joinpath(name).read_text(encoding="utf-8")
    html = _PLACE.sub(lambda place: escape(places[place[1]]), text)
    # No-store, so that a page that is gone back to says what the basket holds now.
    headers = {"Content-Security-Policy": _policy(places), "Cache-Control": "no-store"}
    return HTMLResponse(html, status, headers)


def _policy(places: Mapping[str, str]) -> str:
    """A strict Content-Security-Policy: the service and the tags are all that is let in."""
    service, tags, nonce = places["service"], places["tags"], places["nonce"]
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src 'self' 'nonce-{nonce}' {service} {tags}",
            "style-src 'self'",
            f"img-src 'self' {tags}",
            f"connect-src {service} {tags}",
            f"frame-src {tags}",
            "form-action 'self'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
        )
    )
