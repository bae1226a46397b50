"""The third parties of the demo: an analytics script, an advertising pixel, a video embed.

They behave like the real ones and respect nothing: whether they are asked at all is up to the
shop's pages. What reached them is kept in memory and told at `/log`, so that tests and people
can see what was requested, and what was not.
"""

import base64
import json
import time
from collections import deque
from collections.abc import Mapping
from importlib.resources import files
from typing import Any
from uuid import uuid4

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.routing import Route

DAY = 86_400
LOG_MOST = 10_000
BODY_MOST = 4_096
"""Characters of a report that the log keeps."""

_TAGS = files(__package__).joinpath("tags")
_PIXEL = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
# Another site's page may only have these sent along if they are `SameSite=None`, and that only
# `Secure`; browsers take that from a host under `localhost`. `Partitioned` where they know it.
_THIRD_PARTY = "Path=/; SameSite=None; Secure; Partitioned"
_INDEX = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>The tags' host</title>
<h1>The tags' host</h1>
<p>The third parties of the demo shop live here. <a href="/log">What reached them so far</a>.</p>
</html>
"""


def tags_app() -> Starlette:
    """The third parties as an ASGI application, with a log of its own."""
    app = Starlette(
        routes=[
            Route("/", _index),
            Route("/analytics.js", _script),
            Route("/ads.js", _script),
            Route("/advert.svg", _script),
            Route("/collect", _collect, methods=["POST"]),
            Route("/pixel.gif", _pixel),
            Route("/video.html", _video),
            Route("/log", _read_log),
            Route("/log/clear", _clear_log, methods=["POST"]),
        ]
    )
    app.state.log = deque(maxlen=LOG_MOST)
    return app


async def _index(_: Request) -> Response:
    return HTMLResponse(_INDEX)


async def _script(request: Request) -> Response:
    _note(request)
    name = request.url.path.removeprefix("/")
    # Asked for on every page, so that the log shows every page on which it ran.
    return FileResponse(str(_TAGS.joinpath(name)), headers={"Cache-Control": "no-store"})


async def _collect(request: Request) -> Response:
    body = await request.body()
    _note(request, body.decode(errors="replace")[:BODY_MOST])
    return Response(status_code=204)


async def _pixel(request: Request) -> Response:
    _note(request)
    response = Response(_PIXEL, media_type="image/gif", headers={"Cache-Control": "no-store"})
    seen = request.cookies.get("adp_seen", "")
    times = int(seen) + 1 if seen.isascii() and seen.isdigit() and len(seen) < 6 else 1
    _keep(response, "adp_uid", request.cookies.get("adp_uid", str(uuid4())), 365 * DAY)
    _keep(response, "adp_seen", str(times), 30 * DAY, "; HttpOnly")
    return response


async def _video(request: Request) -> Response:
    _note(request)
    response = HTMLResponse(_TAGS.joinpath("video.html").read_text(encoding="utf-8"))
    _keep(response, "lr_visitor", request.cookies.get("lr_visitor", str(uuid4())), 180 * DAY)
    return response


def _keep(response: Response, name: str, value: str, seconds: int, more: str = "") -> None:
    # Not `set_cookie`: it knows `Partitioned` only from Python 3.14 on.
    response.headers.append(
        "Set-Cookie", f"{name}={value}; Max-Age={seconds}; {_THIRD_PARTY}{more}"
    )


def _note(request: Request, body: str = "") -> None:
    entry: Mapping[str, Any] = {
        "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "method": request.method,
        "path": request.url.path,
        "query": dict(request.query_params),
        "referrer": request.headers.get("referer", ""),
        "cookies": sorted(request.cookies),
        "body": body,
    }
    request.app.state.log.append(entry)


async def _read_log(request: Request) -> Response:
    text = json.dumps(list(request.app.state.log), indent=2, ensure_ascii=False)
    headers = {"Cache-Control": "no-store", "Access-Control-Allow-Origin": "*"}
    return Response(text, media_type="application/json", headers=headers)


async def _clear_log(request: Request) -> Response:
    request.app.state.log.clear()
    return Response(status_code=204)
