"""The one way out of the house: a request with a time-out and a limit, to an address that an admin
has set. Redirects are not followed: nobody but an admin says where anything goes.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import NamedTuple

import httpx

from consent_service import __version__
from consent_service.errors import ConsentError

SECONDS = 10.0
"""How long somebody outside may take, all in all."""

MOST = 1 << 17
"""Bytes of the longest answer that is read."""


class Trouble(ConsentError):
    """Somebody outside did not do what was asked. The message goes on after their name."""


class Uncertain(Trouble):
    """It is not known whether it was done: it must not be done again before its time."""


class Answer(NamedTuple):
    """What somebody outside answered. Nothing in it is checked yet."""

    status: int
    kind: str
    """The content type, as it was sent."""
    body: bytes

    @property
    def said(self) -> str:
        """The beginning of its text, as a message may show it."""
        text = " ".join(self.body[:120].decode("ascii", "replace").split())
        return f": {text!a}" if text else ""


class Way(NamedTuple):
    """What requests are made with."""

    client: httpx.AsyncClient
    seconds: float
    """How long somebody outside may take, all in all."""


@asynccontextmanager
async def opened(seconds: float = SECONDS) -> AsyncIterator[Way]:
    """The way out, until the block ends."""
    agent = {"user-agent": f"consent-service/{__version__}"}
    async with httpx.AsyncClient(timeout=seconds, follow_redirects=False, headers=agent) as client:
        yield Way(client, seconds)


async def post(way: Way, url: str, body: bytes, kind: str) -> Answer:
    """What that address answers. Raises `Trouble`."""
    sending = way.client.stream("POST", url, content=body, headers={"content-type": kind})
    try:
        # The client's own time-out is for each piece: somebody could send one a second for ever.
        async with asyncio.timeout(way.seconds), sending as response:
            return await _answer(response)
    except (TimeoutError, httpx.TimeoutException) as error:
        raise Trouble(f"does not answer within {way.seconds:g} seconds") from error
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        said = str(error) or type(error).__name__
        raise Trouble(f"cannot be reached: {said[:200]}") from error


async def _answer(response: httpx.Response) -> Answer:
    if response.has_redirect_location:
        raise Trouble(
            f"answers {response.status_code} and another address, which is not followed: "
            "set that address if it is the right one"
        )
    body = b""
    async for piece in response.aiter_bytes():
        body += piece
        if len(body) > MOST:
            raise Trouble(f"answers with more than {MOST} bytes")
    return Answer(response.status_code, response.headers.get("content-type", ""), body)
