"""The API's description (OpenAPI 3.1), made from the very types that parse what comes in."""

from functools import cache
from typing import Any, NamedTuple

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from consent_service import __version__
from consent_service.caught import Catch
from consent_service.model import Choice, PolicyVersion
from consent_service.policies import Publication
from consent_service.web.api import ledger, plans, policies, receipts
from consent_service.web.errors import Problem


class Operation(NamedTuple):
    """What one address does, in words and types."""

    summary: str
    answers: dict[int, tuple[str, type | str]]
    """By status: what it means, and its type or its content type."""
    takes: type | str | None = None
    """The body: its type, or in words where it is no JSON."""
    refusals: tuple[int, ...] = ()
    token: bool = False


JAVASCRIPT, JWK_SET = "text/javascript", "application/jwk-set+json"

# By method and path, as in `routes.py`. A test holds the two tables together.
OPERATIONS: dict[tuple[str, str], Operation] = {
    ("GET", "/v1/sites/{site}/banner.js"): Operation(
        "The current banner, in one file. `lang` asks for a language.",
        {200: ("The script, compressed as the browser asks.", JAVASCRIPT)},
        refusals=(404,),
    ),
    ("GET", "/v1/sites/{site}/banner/{sha256}.js"): Operation(
        "Exact bytes under their SHA-256, for ever: for Subresource Integrity.",
        {200: ("The script.", JAVASCRIPT)},
        refusals=(404,),
    ),
    ("GET", "/v1/sites/{site}/policy"): Operation(
        "The version that visitors are asked now.",
        {200: ("Its exact bytes; `X-Policy-SHA256` is their hash.", PolicyVersion)},
        refusals=(404,),
    ),
    ("GET", "/v1/sites/{site}/policy/versions"): Operation(
        "Every published version, newest first.",
        {200: ("The list.", policies.VersionList)},
        refusals=(404,),
    ),
    ("GET", "/v1/sites/{site}/policy/versions/{reference}"): Operation(
        "A published version by its number or SHA-256, for ever.",
        {200: ("The exact bytes that its hash is of.", PolicyVersion)},
        refusals=(404,),
    ),
    ("POST", "/v1/sites/{site}/receipts"): Operation(
        "Record a visitor's choice. Answered only when its signed receipt is stored durably. "
        "Idempotent by `id`. Sent by pages of the site's origins, as `text/plain` so that no "
        "preflight is needed, or as `application/json`.",
        {
            201: ("Recorded.", receipts.Confirmation),
            200: ("A retry: the receipt that is on file.", receipts.Confirmation),
        },
        takes=Choice,
        refusals=(403, 404, 409, 410, 413, 415, 422, 503),
    ),
    ("GET", "/v1/sites/{site}/receipts/{id}"): Operation(
        "A receipt by its id, which whoever made the choice holds.",
        {200: ("The receipt, as signed and as read.", receipts.Readable)},
        refusals=(404,),
    ),
    ("GET", "/v1/sites/{site}/policy/draft"): Operation(
        "The draft, with the revision that publishing names.",
        {200: ("The draft.", policies.DraftDocument)},
        refusals=(401, 403, 404),
        token=True,
    ),
    ("PUT", "/v1/sites/{site}/policy/draft"): Operation(
        "Save the draft over the revision that was seen.",
        {200: ("The draft as saved.", policies.DraftDocument)},
        takes=policies.DraftSaving,
        refusals=(401, 403, 404, 409, 413, 415, 422),
        token=True,
    ),
    ("GET", "/v1/sites/{site}/policy/draft/proposal"): Operation(
        "What publishing the draft as it stands would mean: changes, class, who is asked again.",
        {200: ("The proposal.", policies.DraftProposal)},
        refusals=(401, 403, 404),
        token=True,
    ),
    ("POST", "/v1/sites/{site}/policy/draft/proposal"): Operation(
        "What saving and publishing this policy would mean. Nothing is saved.",
        {200: ("The proposal.", policies.DraftProposal)},
        takes=policies.DraftSaving,
        refusals=(401, 403, 404, 413, 415, 422),
        token=True,
    ),
    ("POST", "/v1/sites/{site}/policy/versions"): Operation(
        "Publish the draft at the revision that was seen, as the next version: now, or `at` a set "
        "time. Where the site wants a second person, it is proposed.",
        {
            201: ("Published.", policies.VersionSummary),
            202: ("It waits: for its time, or for a second person.", plans.PlanDocument),
        },
        takes=Publication,
        refusals=(401, 403, 404, 409, 413, 415, 422),
        token=True,
    ),
    ("GET", "/v1/sites/{site}/policy/plans"): Operation(
        "The newest planned publications: what waits, and what became of the others.",
        {200: ("The list.", plans.PlanList)},
        refusals=(401, 403, 404),
        token=True,
    ),
    ("GET", "/v1/sites/{site}/policy/plans/{plan}"): Operation(
        "A planned publication.",
        {200: ("How it stands.", plans.PlanDocument)},
        refusals=(401, 403, 404),
        token=True,
    ),
    ("DELETE", "/v1/sites/{site}/policy/plans/{plan}"): Operation(
        "Take back a planned publication that waits. Approving one is for people, on its page.",
        {200: ("It is cancelled.", plans.PlanDocument)},
        refusals=(401, 403, 404, 409),
        token=True,
    ),
    ("POST", "/v1/sites/{site}/caught"): Operation(
        "Tell of a tag that automatic blocking held back though nobody marked it. Counted by day, "
        "host and kind; nothing else is kept. Sent by pages of the site's origins.",
        {204: ("Counted.", "")},
        takes=Catch,
        refusals=(403, 404, 413, 415, 422, 429),
    ),
    ("GET", "/v1/sites/{site}/receipts/{id}/proof"): Operation(
        "A receipt's place in the ledger, with the proof of it. `size` asks for the proof under "
        "that kept checkpoint.",
        {
            200: ("The proof.", ledger.Proof),
            202: ("It waits for its entry: ask again after `Retry-After`.", ledger.Waiting),
        },
        refusals=(404, 422),
    ),
    ("POST", "/v1/sites/{site}/receipts/{id}/erasure"): Operation(
        "Erase a receipt and those that it replaced: for whoever holds its id, from a page of the "
        "site's origins (GDPR 17). A second time changes nothing.",
        {200: ("They are gone, with their salts; their entries stay.", ledger.Erased)},
        refusals=(403, 404, 413, 415, 503),
    ),
    ("GET", "/v1/sites/{site}/ledger/consistency"): Operation(
        "The proof that the ledger of `to` entries begins with the one of `from` entries.",
        {200: ("The proof (RFC 6962).", ledger.Consistency)},
        refusals=(404, 422),
    ),
    ("POST", "/v1/receipts/verify"): Operation(
        "Verify a receipt, sent as it is: its signature, that it is on file, and its place in the "
        "ledger. Nothing of it is kept.",
        {200: ("What was found, step by step.", ledger.Verified)},
        takes="A compact JWS.",
        refusals=(413, 415),
    ),
    ("GET", "/ledger/{site}/checkpoint"): Operation(
        "The ledger's newest signed checkpoint (C2SP tlog-checkpoint).",
        {200: ("The signed note.", "text/plain")},
        refusals=(404,),
    ),
    ("GET", "/ledger/{site}/cosigned"): Operation(
        "The newest checkpoint that more than half of the site's witnesses have cosigned.",
        {200: ("The signed and cosigned note.", "text/plain")},
        refusals=(404,),
    ),
    ("GET", "/ledger/{site}/tile/{path}"): Operation(
        "A tile of the ledger, or a bundle of its entries (C2SP tlog-tiles): "
        "`<level>/<number>[.p/<width>]`, `entries/<number>[.p/<width>]`. It never changes.",
        {200: ("The hashes, 32 bytes each, or the entries.", "application/octet-stream")},
        refusals=(404,),
    ),
    ("GET", "/ledger/{site}/tlog-policy.txt"): Operation(
        "Whom to trust (C2SP tlog-policy): the ledger's public keys and the site's witnesses.",
        {200: ("The file.", "text/plain")},
        refusals=(404,),
    ),
    ("GET", "/.well-known/gpc.json"): Operation(
        "That Global Privacy Control is honoured: for this service's own origin, and for sites to "
        "redirect to.",
        {200: ("The support resource.", "application/json")},
    ),
    ("GET", "/.well-known/jwks.json"): Operation(
        "The public keys that receipts are checked with, retired ones too (RFC 7517).",
        {200: ("The key set.", JWK_SET)},
    ),
    ("GET", "/healthz"): Operation(
        "Whether the process answers.", {200: ("It does.", "application/json")}
    ),
    ("GET", "/readyz"): Operation(
        "Whether the process can store a receipt.",
        {200: ("It can.", "application/json")},
        refusals=(503,),
    ),
}

_REFUSALS = {
    401: "Nobody is signed in, or the token is not known.",
    403: "Not for this caller, or from this origin.",
    404: "There is no such thing.",
    409: "Someone else changed it first, or this id stands for something else.",
    410: "This version was superseded too long ago.",
    413: "The body is too large.",
    415: "The body's content type is not taken here.",
    429: "Too much of this in this minute.",
    422: "The body does not fit: `field` and `detail` say where and how.",
    503: "Nothing was stored. Try again after `Retry-After` seconds.",
}

# By the end of the path: the name, its type, and what it asks for.
_QUERIES = {
    "/banner.js": {"lang": ("string", "A BCP 47 language tag.")},
    "/proof": {"size": ("integer", "The size of a kept checkpoint; the newest if left out.")},
    "/consistency": {
        "from": ("integer", "Entries of the older tree."),
        "to": ("integer", "Entries of the newer tree."),
    },
}

_PARAMETERS = {
    "site": "The site's key.",
    "sha256": "A SHA-256 in base64url, 43 characters.",
    "reference": "A version's number, or its SHA-256 in base64url.",
    "id": "The receipt's id, a UUIDv7.",
    "plan": "The planned publication's id, a UUIDv7.",
    "path": "The tile's path below `tile/`.",
}


@cache
def document() -> dict[str, Any]:
    """The OpenAPI 3.1 document."""
    types = sorted(_types(), key=lambda kind: kind.__name__)
    _, schemas = msgspec.json.schema_components(types, ref_template="#/components/schemas/{name}")
    paths: dict[str, dict[str, Any]] = {}
    for (method, path), operation in OPERATIONS.items():
        paths.setdefault(path, {})[method.lower()] = _operation(method, path, operation)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Consent service",
            "version": __version__,
            "description": "Cookie consent with signed receipts.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _types() -> set[type]:
    found: set[type] = {Problem}
    for operation in OPERATIONS.values():
        found |= {kind for _, kind in operation.answers.values() if isinstance(kind, type)}
        found |= {operation.takes} if isinstance(operation.takes, type) else set()
    return found


def _operation(method: str, path: str, operation: Operation) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": f"{method.lower()}{path}".replace("/", "_").replace(".", "_"),
        "summary": operation.summary,
        "parameters": _parameters(path),
        "responses": {
            **{str(code): _answer(*answer) for code, answer in operation.answers.items()},
            **{str(code): _refusal(code) for code in operation.refusals},
        },
    }
    if operation.takes:
        described["requestBody"] = _taken(path, operation.takes)
    if operation.token:
        described["security"] = [{"token": []}]
    return described


def _parameters(path: str) -> list[dict[str, Any]]:
    named = [
        {
            "name": name,
            "in": "path",
            "required": True,
            "description": words,
            "schema": {"type": "string"},
        }
        for name, words in _PARAMETERS.items()
        if f"{{{name}}}" in path
    ]
    asked = next((each for end, each in _QUERIES.items() if path.endswith(end)), {})
    return named + [
        {"name": name, "in": "query", "description": words, "schema": {"type": kind}}
        for name, (kind, words) in asked.items()
    ]


def _taken(path: str, kind: type | str) -> dict[str, Any]:
    if isinstance(kind, str):
        text = {"schema": {"type": "string", "description": kind}}
        return {"required": True, "content": dict.fromkeys(ledger.TOKENS, text)}
    by_pages = path.endswith(("/receipts", "/caught"))
    types = receipts.TYPES if by_pages else ("application/json",)
    return {"required": True, "content": {name: {"schema": _reference(kind)} for name in types}}


def _answer(meaning: str, kind: type | str) -> dict[str, Any]:
    if not kind:
        return {"description": meaning}
    if isinstance(kind, str):
        return {"description": meaning, "content": {kind: {}}}
    return {"description": meaning, "content": {"application/json": {"schema": _reference(kind)}}}


def _refusal(code: int) -> dict[str, Any]:
    content = {"application/problem+json": {"schema": _reference(Problem)}}
    return {"description": _REFUSALS[code], "content": content}


def _reference(kind: type) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{kind.__name__}"}


async def json(request: Request) -> Response:
    """The document itself."""
    headers = {"access-control-allow-origin": "*", "cache-control": "public, max-age=300"}
    return Response(msgspec.json.encode(document()), 200, headers, "application/json")
