"""Sessions: what was sealed opens, for its time, in its context, by its own keys."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent_service.errors import Tampered
from consent_service.model import Receipt
from consent_service.signing import Keyring
from consent_service.signing.sessions import Sessions
from tests.unit.signed import NOW, PUBLIC, SEED

SESSIONS = Sessions([b"o" * 32, b"n" * 32])
SEALED = SESSIONS.seal({"account": 7, "name": "Åsa"}, NOW)


def test_a_session_opens_to_what_was_sealed() -> None:
    assert SESSIONS.open(SEALED, NOW, 60) == {"account": 7, "name": "Åsa"}


def test_every_changed_byte_of_a_session_is_refused() -> None:
    for place, old in enumerate(SEALED):
        for bit in range(8):
            changed = chr(ord(old) ^ 1 << bit)
            with pytest.raises(Tampered):
                SESSIONS.open(SEALED[:place] + changed + SEALED[place + 1 :], NOW, 60)


@pytest.mark.parametrize(
    ("seconds_later", "opens"),
    [(0, True), (60, True), (61, False), (10**9, False), (-60, True), (-61, False)],
)
def test_a_session_runs_out(seconds_later: int, opens: bool) -> None:
    if opens:
        assert SESSIONS.open(SEALED, NOW + seconds_later, 60)["account"] == 7
    else:
        with pytest.raises(Tampered, match="sign in again"):
            SESSIONS.open(SEALED, NOW + seconds_later, 60)


def test_a_session_of_an_older_secret_opens_until_that_secret_is_gone() -> None:
    older = Sessions([b"o" * 32]).seal({"account": 7}, NOW)
    assert SESSIONS.open(older, NOW, 60) == {"account": 7}
    with pytest.raises(Tampered, match="seal does not hold"):
        Sessions([b"n" * 32]).open(older, NOW, 60)


def test_the_newest_secret_seals() -> None:
    assert Sessions([b"n" * 32]).open(SEALED, NOW, 60)["account"] == 7


def test_a_receipt_key_never_opens_a_session(keyring: Keyring) -> None:
    for key in (SEED, PUBLIC, keyring.public_keys[0].jwk):
        forged = Sessions([key]).seal({"account": 1}, NOW)
        for sessions in (SESSIONS, keyring.sessions):
            with pytest.raises(Tampered, match="seal does not hold"):
                sessions.open(forged, NOW, 60)


def test_what_was_sealed_for_one_context_does_not_open_in_another() -> None:
    sealed = SESSIONS.seal({"account": 7}, NOW, context="password-reset")
    assert SESSIONS.open(sealed, NOW, 60, context="password-reset") == {"account": 7}
    with pytest.raises(Tampered):
        SESSIONS.open(sealed, NOW, 60)


@given(st.text())
def test_any_text_is_refused_in_our_words(text: str) -> None:
    with pytest.raises(Tampered):
        SESSIONS.open(text, NOW, 60)


def test_trap_3_each_purpose_has_a_key_of_its_own(keyring: Keyring, receipt: Receipt) -> None:
    seal = keyring.sessions.seal({"account": 1}, NOW)
    with pytest.raises(Tampered):
        keyring.public.verify(seal)
    with pytest.raises(Tampered):
        keyring.sessions.open(receipt.token, NOW, 60)
