"""Packed receipts: few bytes in the row, and every byte that was signed comes back."""

import msgspec
import pytest
from hypothesis import given as examples
from hypothesis import settings
from hypothesis import strategies as st
from msgspec import UNSET

from consent_service.model import BannerReference, Claims
from consent_service.store import ReceiptWriter, Store
from consent_service.store.packing import pack, unpack
from tests.claims import IDS, TEXTS, usual
from tests.store import given
from tests.store.outside import outside


@st.composite
def strange(draw: st.DrawFn) -> Claims:
    """What it never signs, and what an older or a newer release may have."""
    change = draw(
        st.fixed_dictionaries(
            {},
            optional={
                "iat": st.integers(-(2**70), 2**70),
                "jti": TEXTS,
                "sub": TEXTS,
                "act": TEXTS,
                "src": TEXTS,
                "cat": st.dictionaries(TEXTS, st.booleans(), max_size=5),
                "ui": st.builds(
                    BannerReference, sha256=TEXTS, layer=st.integers(-9, 999), viewport=TEXTS
                ),
                "exp_consent": st.integers(-(2**70), 2**70),
                "prev": TEXTS,
            },
        )
    )
    return msgspec.structs.replace(draw(usual()), **change)


@settings(max_examples=400, deadline=None)
@examples(usual())
def test_what_the_service_signs_is_packed_and_comes_back_byte_for_byte(claims: Claims) -> None:
    payload = msgspec.json.encode(claims)
    packed = pack(payload, claims.jti, claims.iat)
    assert packed, "it has to be packed"
    assert len(packed.own) == 4 + 16 * (claims.sub is not UNSET) + 32 * (claims.prev is not None)
    assert unpack(packed, claims.jti, claims.iat) == payload


@settings(max_examples=400, deadline=None)
@examples(usual() | strange(), IDS, st.integers(0, 2**40))
def test_what_is_packed_comes_back_or_is_not_packed(claims: Claims, id: str, at: int) -> None:
    payload = msgspec.json.encode(claims)
    for name, time in ((claims.jti, claims.iat), (id, at)):
        packed = pack(payload, name, time)
        assert packed is None or unpack(packed, name, time) == payload


@settings(max_examples=200, deadline=None)
@examples(st.binary(max_size=300))
def test_bytes_that_are_no_claims_are_not_packed(payload: bytes) -> None:
    assert pack(payload, given.uuid(), given.NOW) is None


SIGNED = msgspec.json.encode(
    msgspec.json.decode(given.receipt(1, "01890a5d-ac96-774b-bcce-b302099a8057").payload)
)
OTHERWISE = {
    "spaces": msgspec.json.format(SIGNED, indent=1),
    "a member more": SIGNED[:-1] + b',"more":1}',
    "a member twice": SIGNED[:-1] + b',"gpc":false}',
    "an escape": SIGNED.replace(b"opt-in", b"opt\\u002din"),
    "a number written otherwise": SIGNED.replace(b'"layer":1', b'"layer":1.0'),
}


@pytest.mark.parametrize("payload", OTHERWISE.values(), ids=OTHERWISE)
def test_a_payload_written_otherwise_is_kept_as_it_is(payload: bytes) -> None:
    assert pack(SIGNED, "01890a5d-ac96-774b-bcce-b302099a8057", given.NOW)
    assert pack(payload, "01890a5d-ac96-774b-bcce-b302099a8057", given.NOW) is None


async def test_rows_of_before_and_rows_that_are_packed_read_alike(store: Store, url: str) -> None:
    site = await given.published(store)
    packed, whole = given.receipt(site.id), given.receipt(site.id)
    spaced = msgspec.json.format(whole.payload, indent=1)
    signed = given.keyring().sign_receipt(spaced)
    whole = msgspec.structs.replace(whole, payload=spaced, signature=signed.signature)
    async with ReceiptWriter(store, 10, 10) as writer:
        for receipt in (packed, whole):
            assert await writer.add(receipt) == receipt
    for receipt in (packed, whole):
        assert await store.receipts.by_id(site.id, receipt.id) == receipt
    with outside(url) as connection:
        rows = connection.run("select form, length(payload) from receipts order by id")
    assert sorted(rows) == [(0, len(spaced)), (1, 4)]
