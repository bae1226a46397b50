"""The files that pages load: style, script, icon. Only what lies in `web/static`, read once."""

from functools import cache
from importlib.resources import files
from typing import NamedTuple

from starlette.requests import Request
from starlette.responses import Response

from consent_service.errors import NotFound
from consent_service.signing import sha256_b64

_TYPES = {
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
}


class File(NamedTuple):
    """A file as it is sent."""

    content: bytes
    type: str
    hash: str
    """The first 16 characters of its SHA-256 in base64url."""


@cache
def _all() -> dict[str, File]:
    folder = files("consent_service.web").joinpath("static")
    return {file.name: _read(file.name, file.read_bytes()) for file in folder.iterdir()}


def _read(name: str, content: bytes) -> File:
    return File(content, _TYPES[name.rpartition(".")[2]], sha256_b64(content)[:16])


def url(name: str) -> str:
    """The address of a file, which changes with its content."""
    return f"/static/{name}?v={_all()[name].hash}"


async def static(request: Request) -> Response:
    """A file: for a year where its hash is in the address, else for five minutes."""
    file = _all().get(request.path_params["path"])
    if file is None:
        raise NotFound("there is no such file")
    known = request.query_params.get("v") == file.hash
    cache_control = "public, max-age=31536000, immutable" if known else "public, max-age=300"
    headers = {
        "cache-control": cache_control,
        "etag": f'"{file.hash}"',
        "x-content-type-options": "nosniff",
    }
    if request.headers.get("if-none-match") == f'"{file.hash}"':
        return Response(None, 304, headers)
    return Response(file.content, 200, {**headers, "content-type": file.type})
