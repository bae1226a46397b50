"""Checking without us: a receipt on the visitor's own device, and the program for auditors."""

from functools import cache
from importlib.resources import files

from starlette.requests import Request
from starlette.responses import Response

from consent_service import words
from consent_service.signing import sha256_b64
from consent_service.web.render import POLICY, page
from consent_service.web.service import service


async def form(request: Request) -> Response:
    """A page that checks a receipt where it is opened: nothing of the receipt reaches us."""
    offered = sorted(words.languages())
    language = _language(request, offered)
    texts = words.texts(language)
    context = {
        "language": language,
        "names": {name: words.own_name(name) for name in offered},
        "root": service(request).settings.base_url,
        "say": texts["verify"],
        "pages": texts["pages"],
    }
    headers = {
        # Nothing can be sent: what the script asks for is the keys and the words.
        "content-security-policy": POLICY.replace("form-action 'self'", "form-action 'none'"),
        "content-language": language,
        "vary": "accept-language",
    }
    return page(request, "verify/page.html", context, headers=headers)


def _language(request: Request, offered: list[str]) -> str:
    asked = words.nearest(request.query_params.get("lang", ""), offered)
    accepted = words.negotiate(request.headers.get("accept-language", ""), offered)
    return asked or accepted or "en"


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
