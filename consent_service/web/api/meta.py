"""What the service says of itself: its public keys, its health."""

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from consent_service.signing import jwks
from consent_service.web.service import service

_HONOURED_SINCE = "2026-11-22"
"""When it was last changed what this service says of Global Privacy Control."""

_PUBLIC = {"access-control-allow-origin": "*", "cache-control": "public, max-age=300"}


async def keys(request: Request) -> Response:
    """The public keys, retired ones too: a JWK set (RFC 7517). Receipts are checked with these."""
    published = await service(request).store.keys.all()
    document = jwks(key.jwk for key in published)
    return Response(document, 200, _PUBLIC, "application/jwk-set+json")


async def gpc(request: Request) -> Response:
    """That Global Privacy Control is honoured (its support resource). Sites may redirect here."""
    return Response(gpc_resource(_HONOURED_SINCE), 200, _PUBLIC, "application/json")


def gpc_resource(date: str) -> bytes:
    """The support resource as it stands since that date (`2026-11-22`)."""
    return msgspec.json.encode({"gpc": True, "lastUpdate": date})


async def alive(request: Request) -> Response:
    """The process answers."""
    return JSONResponse({"status": "ok"}, headers={"cache-control": "no-store"})


async def ready(request: Request) -> Response:
    """The process can store a receipt: 503 while its database does not answer."""
    await service(request).store.ping()
    return JSONResponse({"status": "ready"}, headers={"cache-control": "no-store"})
