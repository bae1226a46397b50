"""Checking without us: the program for an auditor's own machine."""

from functools import cache
from importlib.resources import files

from starlette.requests import Request
from starlette.responses import Response

from consent_service.signing import sha256_b64


@cache
def _program() -> bytes:
    return files("consent_service.exports").joinpath("verify.py").read_bytes()


async def program(request: Request) -> Response:
    """The verifier, as a file: the one that this release brought."""
    headers = {
        "cache-control": "public, max-age=300",
        "content-disposition": 'attachment; filename="verify.py"',
        "etag": f'"{sha256_b64(_program())[:16]}"',
        "x-content-type-options": "nosniff",
    }
    return Response(_program(), 200, headers, "text/x-python; charset=utf-8")
