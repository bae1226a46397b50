"""A witness's own application, in process."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext

import httpx
from starlette.types import Receive, Scope, Send

from consent_service.web.witness import create_witness
from consent_service.witness import Bench
from tests.store import given


@asynccontextmanager
async def client_of(witness: Bench, now: int = given.NOW) -> AsyncIterator[httpx.AsyncClient]:
    """A client of that witness, whose clock stands still."""
    app = create_witness(nullcontext(witness), lambda: now)
    async with app.router.lifespan_context(app) as state:

        async def served(scope: Scope, receive: Receive, send: Send) -> None:
            await app({**scope, "state": dict(state or {})}, receive, send)

        transport = httpx.ASGITransport(app=served)
        async with httpx.AsyncClient(transport=transport, base_url="http://witness") as client:
            yield client


async def asked(witness: Bench, body: bytes) -> httpx.Response:
    """What it answers to a submission."""
    async with client_of(witness) as client:
        return await client.post("/add-checkpoint", content=body)
