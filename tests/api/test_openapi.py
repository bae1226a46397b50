"""The API's description: valid, complete, and what really comes fits it."""

import json
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import httpx
import jsonschema
import pytest
import pytest_asyncio
from openapi_spec_validator import validate

from consent_service import __version__
from consent_service.model import Role
from consent_service.web.openapi import OPERATIONS
from consent_service.web.routes import ADDRESSES
from tests import given
from tests.given import Json, policy, policy_json
from tests.served import House, Shop

pytestmark = pytest.mark.asyncio(loop_scope="module")

# Addresses for programs that describe themselves, or that no program needs described.
UNDESCRIBED = {("GET", "/openapi.json")}


@pytest_asyncio.fixture(loop_scope="module")
async def described(house: House) -> Json:
    """The description, as it is served."""
    answer = await house.client.get("/openapi.json")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    document: Json = answer.json()
    return document


def is_for_programs(path: str) -> bool:
    return path.startswith(("/v1/", "/.well-known/", "/ledger/")) or path in ("/healthz", "/readyz")


async def test_the_description_is_valid_openapi(described: Json) -> None:
    validate(described)
    assert described["openapi"].startswith("3.1")
    assert described["info"]["version"] == __version__


async def test_a_description_that_is_none_is_seen(described: Json) -> None:
    del described["info"]
    with pytest.raises(Exception, match="info"):
        validate(described)


async def test_every_address_for_programs_is_described_and_no_other(described: Json) -> None:
    served = {
        (row.method, row.path.replace("{path:path}", "{path}"))
        for row in ADDRESSES
        if is_for_programs(row.path)
    }
    assert set(OPERATIONS) == served - UNDESCRIBED
    listed = {
        (method.upper(), path)
        for path, operations in described["paths"].items()
        for method in operations
    }
    assert listed == set(OPERATIONS)


async def test_what_needs_a_token_says_so(described: Json) -> None:
    for row in ADDRESSES:
        if (row.method, row.path) in OPERATIONS:
            operation = described["paths"][row.path][row.method.lower()]
            assert ("security" in operation) is isinstance(row.needs, Role), row.path


async def test_every_name_in_an_address_is_described(described: Json) -> None:
    for path, operations in described["paths"].items():
        for operation in operations.values():
            named = {each["name"] for each in operation["parameters"] if each["in"] == "path"}
            assert {f"{{{name}}}" for name in named} == set(_names(path))


def _names(path: str) -> list[str]:
    return [part.split("}")[0] + "}" for part in path.replace("/", " ").split() if "{" in part]


Asking = Callable[[Shop, dict[str, str]], Awaitable[httpx.Response]]


def _get(path: str) -> Asking:
    return lambda shop, _: shop.get(path)


def _post(body: Any) -> Asking:
    return lambda shop, _: shop.post_bytes(body if isinstance(body, bytes) else _bytes(body))


def _bytes(value: Any) -> bytes:
    return json.dumps(value).encode()


async def _recorded(shop: Shop, _: dict[str, str]) -> httpx.Response:
    return await shop.post(shop.choice())


async def _retried(shop: Shop, _: dict[str, str]) -> httpx.Response:
    choice = shop.choice()
    await shop.post(choice)
    return await shop.post(choice)


async def _conflicting(shop: Shop, _: dict[str, str]) -> httpx.Response:
    choice = shop.choice()
    await shop.post(choice)
    return await shop.post(choice | {"layer": 2})


async def _elsewhere(shop: Shop, _: dict[str, str]) -> httpx.Response:
    return await shop.post(shop.choice(), "https://evil.example")


async def _read(shop: Shop, _: dict[str, str]) -> httpx.Response:
    choice = shop.refusal()
    await shop.post(choice)
    return await shop.get(f"/receipts/{choice['id']}")


async def _retired(shop: Shop, _: dict[str, str]) -> httpx.Response:
    choice = shop.choice()
    await shop.publish(policy(declarations=given.with_another_advertiser()["declarations"]))
    shop.house.clock.time += 49 * 3600
    return await shop.post(choice)


async def _caught(shop: Shop, _: dict[str, str]) -> httpx.Response:
    declared = given.declaration("_x", "marketing", hosts=["ads.example"])
    await shop.publish(policy(declarations=[*policy_json()["declarations"], declared]))
    headers = {"origin": given.ORIGIN, "content-type": "text/plain"}
    body = b'{"host":"ads.example","kind":"script"}'
    return await shop.client.post(f"{shop.path}/caught", content=body, headers=headers)


async def _of_type(shop: Shop, _: dict[str, str]) -> httpx.Response:
    return await shop.post_bytes(b"{}", "text/html")


async def _plain(path: str, shop: Shop, _: dict[str, str]) -> httpx.Response:
    return await shop.client.get(path)


async def _draft(shop: Shop, token: dict[str, str]) -> httpx.Response:
    return await shop.get("/policy/draft", **token)


async def _save(revision: int, shop: Shop, token: dict[str, str]) -> httpx.Response:
    body = {"revision": revision, "policy": policy_json()}
    seen = (await _draft(shop, token)).json()["revision"] if revision else 0
    return await shop.client.put(
        f"{shop.path}/policy/draft", json=body | {"revision": seen}, headers=token
    )


async def _proposed(shop: Shop, token: dict[str, str]) -> httpx.Response:
    body = {"revision": 0, "policy": given.with_another_advertiser()}
    return await shop.client.post(f"{shop.path}/policy/draft/proposal", json=body, headers=token)


async def _publish(content: Json, shop: Shop, token: dict[str, str]) -> httpx.Response:
    revision = await shop.draft(policy(**content))
    asked = {"revision": revision, "change_class": "patch"}
    return await shop.client.post(f"{shop.path}/policy/versions", json=asked, headers=token)


async def _unknown_token(shop: Shop, _: dict[str, str]) -> httpx.Response:
    return await shop.get("/policy/draft", authorization="Bearer x")


async def _auditor(shop: Shop, _: dict[str, str]) -> httpx.Response:
    return await shop.get("/policy/draft", **await shop.token(Role.AUDITOR))


RECEIPTS, DRAFT = "/v1/sites/{site}/receipts", "/v1/sites/{site}/policy/draft"
PROPOSAL = f"{DRAFT}/proposal"
VERSIONS, VERSION = (
    "/v1/sites/{site}/policy/versions",
    "/v1/sites/{site}/policy/versions/{reference}",
)

# What is asked; under which address and status it is described.
ASKED: list[tuple[Asking, str, str, int]] = [
    (_get("/banner.js"), "get", "/v1/sites/{site}/banner.js", 200),
    (_get(f"/banner/{'a' * 43}.js"), "get", "/v1/sites/{site}/banner/{sha256}.js", 404),
    (_get("/policy"), "get", "/v1/sites/{site}/policy", 200),
    (_get("/policy/versions"), "get", VERSIONS, 200),
    (_get("/policy/versions/1"), "get", VERSION, 200),
    (_get("/policy/versions/9"), "get", VERSION, 404),
    (_recorded, "post", RECEIPTS, 201),
    (_retried, "post", RECEIPTS, 200),
    (_elsewhere, "post", RECEIPTS, 403),
    (_conflicting, "post", RECEIPTS, 409),
    (_retired, "post", RECEIPTS, 410),
    (_post(b" " * 9000), "post", RECEIPTS, 413),
    (_of_type, "post", RECEIPTS, 415),
    (_post({}), "post", RECEIPTS, 422),
    (_read, "get", "/v1/sites/{site}/receipts/{id}", 200),
    (_get("/receipts/x"), "get", "/v1/sites/{site}/receipts/{id}", 404),
    (_draft, "get", DRAFT, 200),
    (_unknown_token, "get", DRAFT, 401),
    (_auditor, "get", DRAFT, 403),
    (partial(_save, 1), "put", DRAFT, 200),
    (partial(_save, 0), "put", DRAFT, 409),
    (lambda shop, token: shop.get("/policy/draft/proposal", **token), "get", PROPOSAL, 200),
    (_proposed, "post", PROPOSAL, 200),
    (partial(_publish, {}), "post", VERSIONS, 201),
    (partial(_publish, {"categories": {}}), "post", VERSIONS, 422),
    (_caught, "post", "/v1/sites/{site}/caught", 204),
    (partial(_plain, "/.well-known/gpc.json"), "get", "/.well-known/gpc.json", 200),
    (partial(_plain, "/.well-known/jwks.json"), "get", "/.well-known/jwks.json", 200),
    (partial(_plain, "/healthz"), "get", "/healthz", 200),
    (partial(_plain, "/readyz"), "get", "/readyz", 200),
]


@pytest.mark.parametrize("row", ASKED, ids=lambda row: f"{row[3]} {row[1]} {row[2]}")
async def test_what_comes_is_as_described(
    shop: Shop, described: Json, row: tuple[Asking, str, str, int]
) -> None:
    ask, method, path, status = row
    answer = await ask(shop, await shop.token())
    assert answer.status_code == status, answer.text
    answered = described["paths"][path][method]["responses"][str(status)]
    if status == 204:
        assert (answer.content, "content" in answered) == (b"", False)
        return
    content = answered["content"]
    sent = answer.headers["content-type"].partition(";")[0]
    assert sent in content
    if "schema" in content[sent]:
        check(described, content[sent]["schema"], answer.json())


def check(described: Json, schema: Json, value: Any) -> None:
    """Raises unless the value fits the schema, with the description's own parts resolved."""
    whole = {**schema, "components": described["components"]}
    jsonschema.Draft202012Validator(whole).validate(value)


@pytest.mark.parametrize(
    "change",
    [
        {"gpc": 1},
        {"layer": 3},
        {"user": "ada"},
        {"id": "x"},
        {"id": f"{given.new_id()}\n"},
        {"previous": 7},
        {"language": "EN"},
        {"choices": {"necessary": True}},
        {"action": "import"},
    ],
)
async def test_what_is_refused_does_not_fit_the_description_either(
    stall: Shop, described: Json, change: Json
) -> None:
    taken = described["paths"][RECEIPTS]["post"]["requestBody"]["content"]
    assert set(taken) == {"text/plain", "application/json"}
    choice, wrong = stall.choice(), stall.choice() | change
    check(described, taken["text/plain"]["schema"], choice)
    assert (await stall.post(wrong)).status_code == 422
    with pytest.raises(jsonschema.ValidationError):
        check(described, taken["text/plain"]["schema"], wrong)


async def test_a_policy_fits_what_a_draft_is_described_as(stall: Shop, described: Json) -> None:
    taken = described["paths"][DRAFT]["put"]["requestBody"]["content"]["application/json"]
    check(described, taken["schema"], {"revision": 0, "policy": policy_json()})
    with pytest.raises(jsonschema.ValidationError):
        check(described, taken["schema"], {"revision": 0, "policy": policy_json(languages=[])})
