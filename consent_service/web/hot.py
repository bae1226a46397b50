"""The short way for the banner: the one address that every visitor's browser asks for.

`api/banner.py` puts each answer here, ready to send; while it is fresh, a request for the same
bytes is answered before the router, from one look-up. Whatever is not here takes the long way.
"""

from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

from starlette.types import ASGIApp, Receive, Scope, Send

_MOST = 1_024
_LONGEST = 256
"""Bytes of a query string or header that may name a kept answer: none that we ask for is longer."""

Headers = tuple[tuple[bytes, bytes], ...]


class Ready(NamedTuple):
    """An answer, ready to send."""

    etag: bytes
    until: float
    """Unix seconds."""
    headers: Headers
    unchanged: Headers
    """The headers of a 304: the same, without those that describe the body."""
    body: bytes


class Hot:
    """Pure ASGI: answers from `Service.hot`, else passes on."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] == "GET":
            headers = scope["headers"]
            running = scope["state"]["service"]
            ready = running.hot.get(key(scope))
            if ready is not None and running.now() < ready.until:
                await answer(ready, headers, send)
                return
        await self._app(scope, receive, send)


def key(scope: Scope) -> tuple[bytes, bytes, str]:
    """What an answer depends on: the address, and the encoding that the browser takes."""
    accepted = header(scope["headers"], b"accept-encoding")
    return scope["path"].encode(), scope["query_string"], encoding(accepted[:_LONGEST])


def header(headers: Iterable[tuple[bytes, bytes]], name: bytes) -> bytes:
    """The first header of that name, in lower case, or nothing."""
    for key, value in headers:
        if key == name:
            return value
    return b""


@lru_cache(maxsize=256)
def encoding(accepted: bytes) -> str:
    """The best of br, gzip and identity that `Accept-Encoding` allows (RFC 9110, 12.5.3)."""
    allowed = set()
    for part in accepted.decode("latin-1").lower().split(","):
        name, _, weight = part.strip().partition(";")
        if "".join(weight.split()) not in ("q=0", "q=0.0", "q=0.00", "q=0.000"):
            allowed.add(name.strip())
    return next((name for name in ("br", "gzip") if name in allowed), "identity")


async def answer(ready: Ready, headers: Iterable[tuple[bytes, bytes]], send: Send) -> None:
    """Send the answer, or 304 where the browser has these bytes already (RFC 9110, 13.1.2)."""
    asked = header(headers, b"if-none-match")
    unchanged = asked == ready.etag or (asked != b"" and matches(asked, ready.etag))
    await send(
        {
            "type": "http.response.start",
            "status": 304 if unchanged else 200,
            "headers": ready.unchanged if unchanged else ready.headers,
        }
    )
    await send({"type": "http.response.body", "body": b"" if unchanged else ready.body})


def matches(asked: bytes, etag: bytes) -> bool:
    """Whether `If-None-Match` names this entity tag, or any. Weak comparison, as for GET."""
    if asked.strip() == b"*":
        return True
    return any(part.strip().removeprefix(b"W/") == etag for part in asked.split(b","))


def keep(hot: dict[tuple[bytes, bytes, str], Ready], scope: Scope, ready: Ready) -> None:
    """Keep an answer for the next request. Strangers' query strings cannot fill the memory."""
    if len(scope["query_string"]) > _LONGEST:
        return
    if len(hot) >= _MOST:
        hot.clear()
    hot[key(scope)] = ready
