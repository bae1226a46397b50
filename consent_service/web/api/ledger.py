"""The ledger over HTTP: its files as C2SP has them, and proofs for whoever asks.

Everything here is public: an entry tells nobody whose it is. What a visitor's own receipt is asked
by is its id, as everywhere.
"""

import base64

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from consent_service import ledger, receipts
from consent_service.audit import Act
from consent_service.errors import Invalid, NotFound, Tampered
from consent_service.exports.times import rfc3339
from consent_service.ledger import Proved
from consent_service.merkle import parse_path
from consent_service.model import Receipt
from consent_service.web.access import site_of
from consent_service.web.api.banner import IMMUTABLE
from consent_service.web.api.receipts import TYPES, allowed_origin, let_read
from consent_service.web.limits import body
from consent_service.web.service import Service, service

TOKENS = ("text/plain", "application/jose")
MAX_TOKEN = 16_384
"""Bytes of a receipt that is to be verified."""

_ANY = {"access-control-allow-origin": "*", "x-content-type-options": "nosniff"}
_SHORT = "public, max-age=2"
_TEXT = "text/plain; charset=utf-8"


class Proof(msgspec.Struct, frozen=True, kw_only=True):
    """Where a receipt stands in the ledger, and all that it takes to check that."""

    place: int
    """The entry's index, from 0."""
    size: int
    """Entries in the tree that the checkpoint is of."""
    entry: str
    """The entry's 78 bytes, in base64."""
    salt: str
    """The receipt's salt, in base64: the entry's digest is the HMAC of the receipt with it."""
    hashes: tuple[str, ...]
    """The inclusion proof (RFC 6962), from the bottom up, in base64."""
    checkpoint: str
    """The signed checkpoint (C2SP tlog-checkpoint)."""
    file: str
    """The same as one file (C2SP tlog-proof)."""


class Waiting(msgspec.Struct, frozen=True, kw_only=True):
    """The receipt is on file, and waits for its entry: at most about a second."""

    state: str = "pending"


class Consistency(msgspec.Struct, frozen=True, kw_only=True, rename={"old": "from", "new": "to"}):
    """That the ledger only grew between two sizes (RFC 6962)."""

    old: int
    new: int
    hashes: tuple[str, ...]


class CheckedStep(msgspec.Struct, frozen=True, kw_only=True):
    """One step of a verification."""

    name: str
    passed: bool
    text: str
    """What passing proves, or why it failed."""


class Verified(msgspec.Struct, frozen=True, kw_only=True):
    """What this service finds about a receipt. An auditor finds the same without it."""

    holds: bool
    steps: tuple[CheckedStep, ...]


class Erased(msgspec.Struct, frozen=True, kw_only=True):
    """A receipt is gone, with its salt; what is left is that it was here."""

    id: str
    erased_at: int
    """Unix seconds."""
    reason: int
    """1 retention, 2 Art. 17 GDPR, 3 court, 4 test data."""
    place: int | None
    """Its entry in the ledger stays, and can be tied to nobody."""
    replaced: int
    """How many receipts went with it that it had replaced: this browser's earlier ones."""


async def checkpoint(request: Request) -> Response:
    """The newest signed checkpoint."""
    site = await site_of(request)
    note = await ledger.checkpoint(service(request).store, site.id)
    return Response(note, 200, {**_ANY, "cache-control": _SHORT}, _TEXT)


async def cosigned(request: Request) -> Response:
    """The newest checkpoint that more than half of the site's witnesses have cosigned."""
    site = await site_of(request)
    kept = await ledger.newest_vouched(service(request).store, site)
    if kept is None:
        raise NotFound("no checkpoint of this ledger is cosigned by most of the site's witnesses")
    return Response(ledger.cosigned(kept), 200, {**_ANY, "cache-control": _SHORT}, _TEXT)


async def tile(request: Request) -> Response:
    """A tile of hashes, or a bundle of entries. It never changes."""
    site = await site_of(request)
    asked = _tile(f"tile/{request.path_params['path']}")
    found = await ledger.tile_bytes(service(request).store, site.id, asked)
    headers = {**_ANY, "cache-control": IMMUTABLE}
    return Response(found, 200, headers, "application/octet-stream")


def _tile(path: str) -> ledger.Tile:
    try:
        return parse_path(path)
    except Invalid as error:
        raise NotFound(error.message) from error


async def trust(request: Request) -> Response:
    """Whom to trust (C2SP tlog-policy): the ledger's keys and the site's witnesses."""
    running, site = service(request), await site_of(request)
    text = await ledger.trust_of(running.store, site, running.settings.base_url)
    return Response(text, 200, {**_ANY, "cache-control": "public, max-age=300"}, _TEXT)


async def proof(request: Request) -> Response:
    """A receipt's place in the ledger, with its proof; 202 while it waits for its entry."""
    running, site = service(request), await site_of(request)
    origin = request.headers.get("origin")
    let_read(request, origin if origin in site.origins else None)
    size = _number(request, "size") if "size" in request.query_params else None
    proved = await ledger.prove(running.store, site.id, request.path_params["id"], size)
    headers = {"cache-control": "no-store", **request.state.answer_headers}
    if proved is None:
        return _json(Waiting(), 202, {**headers, "retry-after": "1"})
    return _json(_proof(proved), 200, headers)


def _proof(proved: Proved) -> Proof:
    return Proof(
        place=proved.place,
        size=proved.size,
        entry=_b64(proved.entry),
        salt=_b64(proved.salt),
        hashes=tuple(map(_b64, proved.hashes)),
        checkpoint=proved.checkpoint.decode(),
        file=proved.text.decode(),
    )


async def consistency(request: Request) -> Response:
    """The proof that the ledger of `to` entries begins with the one of `from` entries."""
    running, site = service(request), await site_of(request)
    old, new = _number(request, "from"), _number(request, "to")
    hashes = await ledger.consistency(running.store, site.id, old, new)
    answer = Consistency(old=old, new=new, hashes=tuple(map(_b64, hashes)))
    return _json(answer, 200, {**_ANY, "cache-control": IMMUTABLE})


async def verify(request: Request) -> Response:
    """Verify a receipt: its signature, that it is on file, and its place. Nothing is kept."""
    running = service(request)
    sent = await body(request, MAX_TOKEN, TOKENS)
    token = sent.decode("utf-8", "replace").strip()
    steps = await running.with_keys(lambda: _steps(running, token))
    answer = Verified(holds=all(step.passed for step in steps), steps=steps)
    return _json(answer, 200, {**_ANY, "cache-control": "no-store"})


async def _steps(running: Service, token: str) -> tuple[CheckedStep, ...]:
    found = running.keys.steps(token)
    steps = [
        CheckedStep(name=step.name, passed=step.passed, text=step.text)
        for step in found
        if step.reached
    ]
    if all(step.passed for step in steps):
        steps += await _on_file(running, running.keys.verify(token))
    return tuple(steps)


async def _on_file(running: Service, receipt: Receipt) -> list[CheckedStep]:
    try:
        site = await running.site(receipt.claims.site)
        stored = await receipts.read(running.store, running.keys, site, receipt.claims.jti)
        if stored.token != receipt.token:
            raise Tampered("another receipt is on file under its id")
        proved = await ledger.prove(running.store, site.id, receipt.claims.jti)
    except (NotFound, Tampered) as error:
        text = await _why_not_there(running, receipt, error.message)
        return [CheckedStep(name="file", passed=False, text=f"Failed: {text}.")]
    on_file = CheckedStep(name="file", passed=True, text="It is on file, byte for byte.")
    where = "It waits for its entry: ask again in a second."
    if proved:
        where = f"It is entry {proved.place} of the {proved.size} in the signed checkpoint."
    return [on_file, CheckedStep(name="ledger", passed=proved is not None, text=where)]


async def _why_not_there(running: Service, receipt: Receipt, otherwise: str) -> str:
    """That it was erased, if it was: whoever has a copy may know, and nobody else asks."""
    try:
        site = await running.site(receipt.claims.site)
        gone = await running.store.receipts.erasure(site.id, receipt.claims.jti)
    except NotFound:
        return otherwise
    if gone is None:
        return otherwise
    day = rfc3339(gone.erased_at)[:10]
    return f"it was erased on {day}, and the ledger of the site has an entry that says so"


async def erase(request: Request) -> Response:
    """Erase a receipt and those it replaced: for who holds its id, from a page of the site."""
    running, site = service(request), await site_of(request)
    let_read(request, allowed_origin(request, site))
    await body(request, 64, TYPES)
    act, id = Act("visitor", running.now()), request.path_params["id"]
    gone, replaced = await receipts.erase_own(running.ledger, site, id, act)
    answer = Erased(
        id=id,
        erased_at=gone.erased_at,
        reason=gone.reason,
        place=gone.place,
        replaced=replaced,
    )
    return _json(answer, 200, {"cache-control": "no-store", **request.state.answer_headers})


def _number(request: Request, name: str) -> int:
    text = request.query_params.get(name, "")
    if not (text.isascii() and text.isdecimal() and len(text) < 19):
        raise Invalid(f"{name}: a whole number of entries", name)
    return int(text)


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _json(answer: msgspec.Struct, status: int, headers: dict[str, str]) -> Response:
    return Response(msgspec.json.encode(answer), status, headers, "application/json")
