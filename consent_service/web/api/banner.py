"""The banner: composed when published, sent as it is."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from consent_service import policies, words
from consent_service.errors import NotFound
from consent_service.model import Artifact
from consent_service.web.access import site_of
from consent_service.web.hot import Headers, Ready, answer, keep, key
from consent_service.web.service import FRESH, service

IMMUTABLE = "public, max-age=31536000, immutable"

_ANYBODY = (
    # Any page may load it, also with `crossorigin` for its integrity hash.
    (b"access-control-allow-origin", b"*"),
    (b"cross-origin-resource-policy", b"cross-origin"),
    (b"timing-allow-origin", b"*"),
)
_BODY = (
    (b"content-type", b"text/javascript; charset=utf-8"),
    (b"x-content-type-options", b"nosniff"),
)


class Sent(Response):
    """A banner that is sent as it was made ready."""

    def __init__(self, ready: Ready) -> None:
        super().__init__()
        self._ready = ready

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await answer(self._ready, scope["headers"], send)


async def script(request: Request) -> Response:
    """The current banner under its short-lived address. `?lang=` asks for a language."""
    running = service(request)
    # Before anything is read: a publish that comes between puts a new one in its place.
    hot, site = running.hot, await site_of(request)
    record = await running.current(site)
    offered = policies.decode_version(record.body).policy.languages
    language = words.nearest(request.query_params.get("lang", ""), offered) or offered[0]
    artifact = await running.artifact(site, record.number, language)
    cache = f"public, max-age={site.max_age}, stale-if-error=86400"
    ready = _ready(request, artifact, cache, running.now() + FRESH)
    keep(hot, request.scope, ready)
    return Sent(ready)


async def by_hash(request: Request) -> Response:
    """Exact bytes under their SHA-256, for ever: for pages that pin what they run (SRI)."""
    running, site = service(request), await site_of(request)
    digest = request.path_params["sha256"]
    if len(digest) != 43:
        raise NotFound("a banner's address is its SHA-256 in base64url, 43 characters")
    artifact = await running.store.policies.artifact_by_digest(site.id, digest)
    return Sent(_ready(request, artifact, IMMUTABLE, running.now()))


def _ready(request: Request, artifact: Artifact, cache: str, until: float) -> Ready:
    *_, coding = key(request.scope)
    bodies = {"br": artifact.brotli, "gzip": artifact.gzip, "identity": artifact.body}
    body = bodies[coding]
    etag = f'"{artifact.digest}-{coding}"'.encode()
    common: Headers = (
        *_ANYBODY,
        (b"etag", etag),
        (b"cache-control", cache.encode()),
        (b"vary", b"accept-encoding"),
    )
    of_body: Headers = (*_BODY, (b"content-length", str(len(body)).encode()))
    if coding != "identity":
        of_body = (*of_body, (b"content-encoding", coding.encode()))
    return Ready(etag, until, (*common, *of_body), common, body)
