"""An entry is 78 bytes, each of which means something, and its digest can be made by anyone."""

import hashlib
import hmac
from contextlib import suppress
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent_service.errors import Invalid
from consent_service.merkle import (
    ENTRY_BYTES,
    NO_POLICY,
    Entry,
    EntryType,
    Reason,
    beginnings,
    content_digest,
    decode_entry,
    encode_entry,
    erasure_digest,
    prune_digest,
    receipt_digest,
)
from tests.unit.ledger import changed

POLICY, DIGEST, SALT = bytes([7]) * 32, bytes([9]) * 32, bytes(range(32))
ENTRY = Entry(EntryType.RECEIPT, 1_763_800_000, DIGEST, POLICY)


def test_an_entry_is_laid_out_as_it_is_documented() -> None:
    data = encode_entry(ENTRY)
    assert data == b"CRL1\x01\x00\x00\x00\x00\x00\x69\x21\x73\xc0" + POLICY + DIGEST
    assert len(data) == ENTRY_BYTES == 78
    assert decode_entry(data) == ENTRY
    assert Entry(EntryType.KEY, 0, DIGEST).policy == NO_POLICY == bytes(32)


def test_the_types_and_reasons_have_their_numbers_for_ever() -> None:
    assert {each.name: each.value for each in EntryType} == {
        "RECEIPT": 1, "POLICY": 2, "ERASURE": 3, "KEY": 4, "PRUNE": 5, "IMPORT": 6, "SCRIPT": 7,
        "AUDIT": 8, "SCREENSHOT": 9,
    }  # fmt: skip
    assert {each.name: each.value for each in Reason} == {
        "RETENTION": 1, "REQUEST": 2, "COURT": 3, "TEST_DATA": 4
    }  # fmt: skip


def test_no_byte_of_an_entry_can_change_and_mean_the_same() -> None:
    data = encode_entry(ENTRY)
    for other in changed(data):
        with suppress(Invalid):
            assert decode_entry(other) != ENTRY


@pytest.mark.parametrize(
    ("data", "finding"),
    [
        (b"", "has 78 bytes, and this one 0"),
        (bytes(77), "has 78 bytes, and this one 77"),
        (bytes(78), "begins with CRL1"),
        (b"CRL1\x00" + bytes(73), "no entry of type 0"),
        (b"CRL1\x0a" + bytes(73), "no entry of type 10"),
        (b"CRL1\x01\x01" + bytes(72), "flags are 0, and here they are 1"),
        (b"CRL1\x01\x00\xff" + bytes(71), "from 0 to 2\\^63 - 1"),
    ],
)
def test_what_is_not_an_entry_is_named(data: bytes, finding: str) -> None:
    with pytest.raises(Invalid, match=finding):
        decode_entry(data)


@pytest.mark.parametrize(
    "entry",
    [
        ENTRY._replace(time=-1),
        ENTRY._replace(time=2**63),
        ENTRY._replace(digest=b""),
        ENTRY._replace(policy=bytes(33)),
        ENTRY._replace(type=cast(EntryType, 10)),
    ],
)
def test_what_could_not_be_read_back_is_not_written(entry: Entry) -> None:
    with pytest.raises(Invalid):
        encode_entry(entry)


@given(
    st.builds(
        Entry,
        st.sampled_from(EntryType),
        st.integers(0, 2**63 - 1),
        st.binary(min_size=32, max_size=32),
        st.binary(min_size=32, max_size=32),
    )
)
def test_every_entry_is_read_back(entry: Entry) -> None:
    assert decode_entry(encode_entry(entry)) == entry


@given(st.binary(max_size=80) | st.binary(min_size=73, max_size=73).map(b"CRL1\x01".__add__))
def test_any_bytes_are_an_entry_or_refused(data: bytes) -> None:
    with suppress(Invalid):
        assert encode_entry(decode_entry(data)) == data


@given(
    st.lists(
        st.builds(
            lambda head, rest: (head + rest)[:78].ljust(78, b"\0"),
            st.sampled_from([b"", b"CRL1", b"CRL1\x01", b"CRL1\x08\x00", b"CRL1\x0a\x00"]),
            st.binary(max_size=78),
        )
    )
)
def test_what_many_begin_with_is_what_each_is_read_as(entries: list[bytes]) -> None:
    each = []
    for data in entries:
        try:
            entry = decode_entry(data)
        except Invalid:
            each.append((0, 0))
        else:
            each.append((int(entry.type), entry.time))
    assert beginnings(b"".join(entries)) == each


def test_a_receipts_digest_is_keyed_with_its_salt() -> None:
    said = hmac.new(SALT, b"consent-receipt/commit/v1\x00a.b.c", hashlib.sha256).digest()
    assert receipt_digest(SALT, b"a.b.c") == said
    assert receipt_digest(SALT[::-1], b"a.b.c") != said
    with pytest.raises(Invalid, match="32 bytes, and this one 31"):
        receipt_digest(SALT[:31], b"a.b.c")


def test_the_other_digests_are_plain_hashes_of_what_is_in_clear() -> None:
    sha256 = hashlib.sha256
    assert content_digest(b"policy") == sha256(b"policy").digest()
    index, to = (300).to_bytes(8, "big"), (999).to_bytes(8, "big")
    assert erasure_digest(300, Reason.REQUEST) == sha256(b"erase/v1\0" + index + b"\2").digest()
    assert prune_digest(300, 999) == sha256(b"prune/v1\0" + index + to).digest()


@pytest.mark.parametrize("numbers", [(-1, 5), (5, 4), (0, 2**63)])
def test_no_digest_is_made_of_places_that_cannot_be(numbers: tuple[int, int]) -> None:
    with pytest.raises(Invalid):
        prune_digest(*numbers)
    with pytest.raises(Invalid):
        erasure_digest(-1, Reason.COURT)
