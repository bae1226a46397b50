"""The ledger over HTTP: an auditor needs these addresses, public keys, and nobody's word."""

import asyncio
import base64
from typing import Any

import httpx
import pytest

from consent_service.merkle import (
    EMPTY,
    Tile,
    check_consistency,
    check_proof,
    decode_bundle,
    decode_entry,
    grow,
    leaf_hash,
    leaf_hashes,
    parse_checkpoint,
    parse_note,
    parse_proof,
    parse_trust,
    receipt_digest,
    tiles_of,
)
from consent_service.merkle.checkpoints import Checkpoint
from consent_service.signing import verify
from tests import given
from tests.served import House, Shop

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def _ask(shop: Shop, path: str) -> httpx.Response:
    return await shop.client.get(f"/ledger/{shop.site.key}/{path}")


async def _proof(shop: Shop, id: str) -> dict[str, Any]:
    """The proof, once the running service has entered the receipt by itself."""
    for _ in range(1200):
        answer = await shop.get(f"/receipts/{id}/proof")
        if answer.status_code == 200:
            found: dict[str, Any] = answer.json()
            return found
        assert (answer.status_code, answer.json()) == (202, {"state": "pending"})
        assert answer.headers["retry-after"] == "1"
        await asyncio.sleep(0.05)
    raise AssertionError("it is not entered after a minute")


async def _checkpoint(shop: Shop) -> Checkpoint:
    return parse_checkpoint(parse_note((await _ask(shop, "checkpoint")).content).text)


async def test_r44_a_receipt_is_proved_by_what_is_public_alone(shop: Shop) -> None:
    choice = shop.choice()
    token = (await shop.post(choice)).json()["receipt"]
    proof = await _proof(shop, choice["id"])
    read = parse_proof(proof["file"].encode())
    entry = base64.b64decode(proof["entry"])
    assert decode_entry(entry).digest == receipt_digest(read.extra, token.encode())
    trust = parse_trust((await _ask(shop, "tlog-policy.txt")).content)
    origin = f"consent.example/ledger/{shop.site.key}"
    vouched = check_proof(read, leaf_hash(entry), origin, trust, verify)
    assert (vouched.checkpoint.size, read.index) == (proof["size"], proof["place"])


async def test_the_published_tiles_are_the_tree_of_the_published_entries(shop: Shop) -> None:
    choices = [shop.choice() for _ in range(300)]
    await asyncio.gather(*map(shop.post, choices))
    for choice in choices:
        await _proof(shop, choice["id"])
    checkpoint = await _checkpoint(shop)
    entries: list[bytes] = []
    for number in range(-(-checkpoint.size // 256)):
        width = min(256, checkpoint.size - 256 * number)
        answer = await _ask(shop, Tile(-1, number, width).path)
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
        entries += decode_bundle(answer.content)
    growth = grow(EMPTY, leaf_hashes(entries))
    assert growth.edge.root == checkpoint.root
    tiles = dict(growth.tiles)
    for tile in tiles_of(checkpoint.size):
        assert (await _ask(shop, tile.path)).content == tiles[tile]


async def test_consistency_is_shown_between_any_two_checkpoints(shop: Shop) -> None:
    seen = []
    for _ in range(3):
        choice = shop.choice()
        await shop.post(choice)
        await _proof(shop, choice["id"])
        seen.append(await _checkpoint(shop))
    old, _, new = seen
    answer = await shop.get(f"/ledger/consistency?from={old.size}&to={new.size}")
    hashes = [base64.b64decode(each) for each in answer.json()["hashes"]]
    check_consistency((old.size, new.size), (old.root, new.root), hashes)


REFUSED = {
    "backwards": ("ledger/consistency?from=3&to=2", 422),
    "no number": ("ledger/consistency?from=x&to=2", 422),
    "left out": ("ledger/consistency?from=1", 422),
    "negative": ("ledger/consistency?from=-1&to=2", 422),
    "other digits": ("ledger/consistency?from=%D9%A1&to=2", 422),
    "beyond the end": ("ledger/consistency?from=1&to=99999999", 404),
    "a proof of no receipt": (f"receipts/{given.new_id()}/proof", 404),
    "a proof of what is no id": ("receipts/x/proof", 404),
}


@pytest.mark.parametrize(("path", "status"), REFUSED.values(), ids=REFUSED)
async def test_what_cannot_be_proved_is_refused(shop: Shop, path: str, status: int) -> None:
    choice = shop.choice()
    await shop.post(choice)
    await _proof(shop, choice["id"])
    assert (await shop.get(f"/{path}")).status_code == status


@pytest.mark.parametrize("size", ["2", "x", "99999"])
async def test_a_proof_under_a_checkpoint_that_is_not_kept_is_refused(
    shop: Shop, size: str
) -> None:
    choice = shop.choice()
    await shop.post(choice)
    await _proof(shop, choice["id"])
    answer = await shop.get(f"/receipts/{choice['id']}/proof?size={size}")
    assert answer.status_code == (422 if size == "x" else 404)


NO_TILES = (
    "tile/0/001",
    "tile/9/000",
    "tile/0/000.p/256",
    "tile/0/0",
    "tile/x/000",
    "tile/0/000.p/999",
    "tile/entries/000",
    "tile/",
)


@pytest.mark.parametrize("path", NO_TILES)
async def test_what_is_no_tile_is_not_found(shop: Shop, path: str) -> None:
    choice = shop.choice()
    await shop.post(choice)
    await _proof(shop, choice["id"])
    answer = await _ask(shop, path)
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


async def test_a_site_without_a_ledger_says_so(house: House) -> None:
    for path in ("checkpoint", "tile/0/000", "tlog-policy.txt"):
        answer = await house.client.get(f"/ledger/nowhere/{path}")
        assert answer.status_code == 404


# --- Verifying -----------------------------------------------------------------------------------


async def _verify(shop: Shop, token: str) -> dict[str, Any]:
    answer = await shop.client.post(
        "/v1/receipts/verify", content=token, headers={"content-type": "text/plain"}
    )
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json()
    return found


async def test_a_receipt_is_verified_to_its_place_in_the_ledger(shop: Shop) -> None:
    choice = shop.choice()
    token = (await shop.post(choice)).json()["receipt"]
    await _proof(shop, choice["id"])
    found = await _verify(shop, f"{token}\n")
    assert found["holds"] is True
    names = [step["name"] for step in found["steps"]]
    assert names == ["form", "header", "key", "signature", "claims", "file", "ledger"]


async def test_what_does_not_verify_is_told_at_its_step(shop: Shop) -> None:
    choice = shop.choice()
    token = (await shop.post(choice)).json()["receipt"]
    await _proof(shop, choice["id"])
    head, payload, signature = token.split(".")
    for wrong, step in (
        ("what is this", "form"),
        ("", "form"),
        (f"{payload}.{payload}.{signature}", "header"),
        (f"{head}.{payload}.{'A' * 86}", "signature"),
    ):
        found = await _verify(shop, wrong)
        assert found["holds"] is False
        assert [each["name"] for each in found["steps"] if not each["passed"]] == [step]
    await shop.erase(choice["id"])
    found = await _verify(shop, token)
    assert [each["name"] for each in found["steps"] if not each["passed"]] == ["file"]
    assert "it was erased on 20" in found["steps"][-1]["text"]


async def test_a_body_that_is_too_long_or_of_another_type_is_refused(shop: Shop) -> None:
    for content, kind, status in (("a" * 20_000, "text/plain", 413), ("a", "text/html", 415)):
        answer = await shop.client.post(
            "/v1/receipts/verify", content=content, headers={"content-type": kind}
        )
        assert answer.status_code == status


# --- Erasing -------------------------------------------------------------------------------------


async def _erase(shop: Shop, id: str, **headers: str) -> httpx.Response:
    sent = {"content-type": "text/plain", "origin": given.ORIGIN} | headers
    return await shop.client.post(f"{shop.path}/receipts/{id}/erasure", headers=sent)


async def test_r60_who_holds_the_id_has_the_receipt_erased(shop: Shop) -> None:
    choice, other = shop.choice(), shop.choice()
    token = (await shop.post(choice)).json()["receipt"]
    await shop.post(other)
    answer = await _erase(shop, choice["id"])
    assert answer.status_code == 200, answer.text
    assert answer.headers["access-control-allow-origin"] == given.ORIGIN
    assert answer.json()["reason"] == 2
    assert (await _erase(shop, choice["id"])).json() == answer.json()
    assert (await shop.get(f"/receipts/{choice['id']}")).status_code == 404
    assert (await shop.get(f"/receipts/{choice['id']}/proof")).status_code == 404
    payload = token.split(".")[1]
    assert payload.encode() not in b"".join(
        value
        for rows in shop.house.contents().values()
        for row in rows
        for value in row
        if isinstance(value, bytes)
    )
    await _proof(shop, other["id"])


async def test_r60_with_it_go_those_that_it_replaced_and_no_link_to_it_is_made(shop: Shop) -> None:
    first = shop.choice()
    second = shop.choice(previous=first["id"])
    third = shop.choice(previous=second["id"])
    other = shop.choice()
    for choice in (first, second, third, other):
        assert (await shop.post(choice)).status_code == 201
    answer = await _erase(shop, second["id"])
    assert (answer.status_code, answer.json()["replaced"]) == (200, 1)
    for choice, status in ((first, 404), (second, 404), (third, 200), (other, 200)):
        assert (await shop.get(f"/receipts/{choice['id']}")).status_code == status
    # The browser withdraws once its receipt is erased: the service finds nothing to link it to.
    await _erase(shop, third["id"])
    withdrawn = shop.refusal(action="withdraw", previous=third["id"])
    assert (await shop.post(withdrawn)).status_code == 201
    claims = (await shop.get(f"/receipts/{withdrawn['id']}")).json()["claims"]
    assert claims["prev"] is None
    assert "sub" not in claims


@pytest.mark.parametrize(
    ("headers", "status"),
    [({"origin": "https://evil.example"}, 403), ({"content-type": "text/html"}, 415)],
)
async def test_nobody_else_can_have_it_erased(
    shop: Shop, headers: dict[str, str], status: int
) -> None:
    choice = shop.choice()
    await shop.post(choice)
    assert (await _erase(shop, choice["id"], **headers)).status_code == status
    assert (await shop.get(f"/receipts/{choice['id']}")).status_code == 200
    assert (await _erase(shop, given.new_id())).status_code == 404
