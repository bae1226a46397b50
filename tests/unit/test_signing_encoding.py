"""Base64url in one spelling, hashes, and what nobody can guess."""

import base64
import contextlib
import hashlib
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent_service.errors import Invalid
from consent_service.signing import (
    b64url,
    constant_time_equal,
    hash_secret,
    new_secret,
    sha256_b64,
    unb64url,
    uuid7,
)
from tests.unit.signed import NOW


@given(st.binary())
def test_base64url_goes_out_and_comes_back(data: bytes) -> None:
    assert unb64url(b64url(data)) == data
    assert b64url(data) == base64.urlsafe_b64encode(data).rstrip(b"=").decode()


@given(st.text())
def test_whatever_unb64url_takes_has_that_one_spelling(text: str) -> None:
    with contextlib.suppress(Invalid):
        assert b64url(unb64url(text)) == text


@pytest.mark.parametrize("text", ["A", "AB", "AA==", "A A", "AA\n", "+/", "\xe5", "\ud800", "AAA="])
def test_unb64url_refuses_other_spellings(text: str) -> None:
    with pytest.raises(Invalid):
        unb64url(text)


def test_a_digest_has_43_characters_and_is_sha256() -> None:
    assert sha256_b64(b"") == "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU"


# --- Secrets and ids


def test_a_token_is_kept_as_the_hash_of_its_secret() -> None:
    secret = new_secret()
    assert len(unb64url(secret)) == 32
    assert secret != new_secret()
    assert hash_secret(secret) == hashlib.sha256(secret.encode()).digest()
    assert len(hash_secret("\ud800")) == 32


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [
        ("a", "a", True),
        ("a", b"a", True),
        ("å", "å", True),
        ("a", "b", False),
        ("a", "aa", False),
        ("", "", True),
        ("\ud800", "?", False),
    ],
)
def test_secrets_are_compared_whatever_they_hold(
    one: str | bytes, other: str | bytes, equal: bool
) -> None:
    assert constant_time_equal(one, other) is equal


def test_a_uuid7_is_of_that_version_and_that_millisecond() -> None:
    made = uuid.UUID(uuid7(0x0123_4567_89AB))
    assert (made.version, made.variant) == (7, uuid.RFC_4122)
    assert made.hex.startswith("0123456789ab")


def test_uuid7s_are_distinct_and_sort_by_time() -> None:
    many = [uuid7(NOW * 1000 + ms) for ms in range(1000)]
    assert many == sorted(set(many))
    assert len({uuid7(0) for _ in range(1000)}) == 1000
