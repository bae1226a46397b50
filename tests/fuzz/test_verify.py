"""The verifier, with every byte of a bundle changed in turn, and with anything at all in it."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509
from hypothesis import given
from hypothesis import strategies as st

from consent_service.exports import bundle, verify
from consent_service.exports.verify import (
    FAILS,
    SUMS,
    Failed,
    check_members,
    pack,
    sums,
    unpack,
)
from tests.unit.authority import authority
from tests.unit.evidence import Scene

FIVE = ["signature", "texts", "banner", "ledger", "time"]
Files = dict[str, bytes]


def small() -> Files:
    """The files of a bundle that are looked into: without those for people and other programs."""
    every = bundle.members(Scene().evidence())
    passed_over = (SUMS, "README.txt", "dpv.jsonld", "kantara.json", "screens/en-wide-1.png")
    files = {name: every[name] for name in every if name not in passed_over}
    return {SUMS: sums(files), **files}


SMALL = small()


@pytest.fixture(scope="module")
def whole() -> Files:
    """The files of a small bundle in which everything holds."""
    return SMALL


def flips(data: bytes) -> Iterator[tuple[int, bytes]]:
    """The data with each of its bytes changed in turn."""
    for at, byte in enumerate(data):
        yield at, data[:at] + bytes([byte ^ (1 << at % 8)]) + data[at + 1 :]


def test_every_changed_byte_of_the_file_is_seen_and_named(whole: Files) -> None:
    data = pack(whole)
    names = "|".join(re.escape(name) for name in whole)
    told = re.compile(rf"Byte [0-9]+|{names}|is not a bundle|SHA256SUMS")
    missed = []
    for at, changed in flips(data):
        try:
            found = unpack(changed)
            text = verify.check_whole(changed, found, found)
        except Failed as error:
            text = f"{str(error)[:1].upper()}{str(error)[1:]}"
            if told.search(text):
                continue
        missed.append((at, text))
    assert not missed, missed[:5]


ANSWERS = {
    "receipt.jws": {"signature"},
    "policy.json": {"texts"},
    "banner.js": {"banner"},
    "settings.js": {"banner"},
    "screens/sv-narrow-2.png": {"banner"},
    "receipt.tlog-proof": {"ledger"},
    "policy.tlog-proof": {"texts"},
    "banner.tlog-proof": {"banner"},
    "screens/sv-narrow-2.tlog-proof": {"banner"},
    "previous.checkpoint": {"time"},
    "previous.consistency": {"time"},
    "jwks.json": {"signature"},
}


@pytest.mark.parametrize("name", ANSWERS)
def test_every_changed_byte_of_a_part_is_seen_by_the_check_of_that_part(
    whole: Files, name: str
) -> None:
    # As if somebody had put the list right: what the checks see by themselves.
    missed = []
    for at, changed in flips(whole[name]):
        found = check_members({**whole, name: changed})
        failed = {result.name for result in found if result.state == FAILS}
        if not ANSWERS[name] & failed and not _harmless(name, whole[name], changed):
            missed.append((name, at, failed))
    assert not missed, missed[:5]


def _harmless(name: str, before: bytes, after: bytes) -> bool:
    """Whether that byte means nothing: a key set may say more of a key than what it is."""
    if name != "jwks.json":
        return False
    try:
        return verify.read_jwks(before) == verify.read_jwks(after)
    except Failed:
        return False


@pytest.mark.parametrize("name", [name for name in ANSWERS if name != "settings.js"])
def test_half_a_part_fails_its_check(whole: Files, name: str) -> None:
    half = whole[name][: len(whole[name]) // 2]
    found = check_members({**whole, name: half})
    assert FAILS in {result.state for result in found if result.name in ANSWERS[name]}


@pytest.mark.parametrize("name", ["tlog-policy.txt"])
def test_no_changed_byte_raises_anything(whole: Files, name: str) -> None:
    for _, changed in flips(whole[name]):
        found = check_members({**whole, name: changed})
        assert [result.name for result in found] == FIVE


@pytest.mark.parametrize("kind", ["ec", "rsa"])
def test_no_changed_byte_of_a_stamp_raises_anything_or_moves_its_time(
    tmp_path: Path, kind: str
) -> None:
    tsa = authority(tmp_path, kind)
    text, roots = b"a text", x509.load_pem_x509_certificates(tsa.root)
    stamp = tsa.stamp(text)
    true = verify.check_stamp(stamp, text, roots, "it")
    found = {_time(changed, text, roots) for _, changed in flips(stamp)}
    assert found == {true, None}


def _time(stamp: bytes, text: bytes, roots: list[x509.Certificate]) -> int | None:
    try:
        return verify.check_stamp(stamp, text, roots, "it")
    except Failed:
        return None


@given(st.binary(max_size=400))
def test_whatever_is_in_a_file_it_is_named(data: bytes) -> None:
    for begin in (b"", b"PK\3\4"):
        assert verify.check_bundle(begin + data)[0].state == FAILS


@given(st.sampled_from(sorted(ANSWERS)), st.binary(max_size=200))
def test_whatever_is_in_a_part_it_is_named(name: str, data: bytes) -> None:
    found = check_members({**SMALL, name: data})
    assert FAILS in {result.state for result in found if result.name in ANSWERS[name]}
