"""What the service says of itself: its public keys, its health."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from consent_service.signing import jwks
from consent_service.web.service import service

_PUBLIC = {"access-control-allow-origin": "*", "cache-control": "public, max-age=300"}


async def keys(request: Request) -> Response:
    """The public keys, retired ones too: a JWK set (RFC 7517). Receipts are checked with these."""
    published = await service(request).store.keys.all()
    document = jwks(key.jwk for key in published)
    return Response(document, 200, _PUBLIC, "application/jwk-set+json")


async def alive(request: Request) -> Response:
    """The process answers."""
    return JSONResponse({"status": "ok"}, headers={"cache-control": "no-store"})


async def ready(request: Request) -> Response:
    """The process can store a receipt: 503 while its database does not answer."""
    await service(request).store.ping()
    return JSONResponse({"status": "ready"}, headers={"cache-control": "no-store"})
