"""Receipts: what holds is read, and whatever else is sent is refused."""

import base64
import gc
import json
import re
import types
from collections.abc import Callable

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import assume, given
from hypothesis import strategies as st

from consent_service.errors import Invalid, Tampered
from consent_service.model import Receipt
from consent_service.signing import Keyring, PublicKeys, b64url, jwks, unb64url
from consent_service.signing.jwk import canonical_jwk, thumbprint
from consent_service.signing.jws import jws_signer
from tests.unit.signed import CLAIMS, HEADER, KEYS, KID, PAYLOAD, PUBLIC, SEED, TOKEN, signed

# --- The way out: verify, then read


def test_what_is_signed_is_verified_and_read(keyring: Keyring, receipt: Receipt) -> None:
    keys = PublicKeys(key.jwk for key in keyring.public_keys)
    assert keys.verify(receipt.token) == receipt
    assert keyring.public.verify(receipt.token) == receipt
    assert receipt.claims == CLAIMS


def test_a_key_set_as_published_verifies_what_its_keys_signed(
    keyring: Keyring, receipt: Receipt
) -> None:
    published = jwks(key.jwk for key in keyring.public_keys)
    assert PublicKeys.from_jwks(published).verify(receipt.token) == receipt


def test_no_keys_verify_nothing(receipt: Receipt) -> None:
    with pytest.raises(Tampered, match="not among the 0 known"):
        PublicKeys([]).verify(receipt.token)


def test_a_stored_row_becomes_the_same_bytes_again(receipt: Receipt, keyring: Keyring) -> None:
    row = (receipt.payload, receipt.signature, receipt.kid)
    assert PublicKeys.assemble(*row) == receipt.token
    assert keyring.public.verify_parts(*row) == receipt


@pytest.mark.parametrize(
    ("payload", "signature", "kid", "field"),
    [
        (PAYLOAD + b" ", None, None, "signature"),
        (b"", None, None, "form"),
        (None, b"\0" * 64, None, "signature"),
        (None, b"\0" * 63, None, "form"),
        (None, b"", None, "form"),
        (None, None, "k" * 43, "key"),
        (None, None, "", "key"),
        (None, None, '","alg":"none', "key"),
        (None, None, "\ud800", "key"),
    ],
)
def test_a_stored_row_that_was_changed_is_refused(
    payload: bytes | None, signature: bytes | None, kid: str | None, field: str
) -> None:
    true = KEYS.verify(TOKEN)
    with pytest.raises(Tampered) as refused:
        KEYS.verify_parts(
            true.payload if payload is None else payload,
            true.signature if signature is None else signature,
            true.kid if kid is None else kid,
        )
    assert refused.value.field == field


def test_what_could_not_be_read_back_is_not_signed(keyring: Keyring) -> None:
    with pytest.raises(Invalid, match="not the claims of a receipt"):
        keyring.sign_receipt(b"{}")


# --- The traps, each shut


def respelled(part: str) -> str:
    """The same bytes for a lenient decoder, in another spelling: the spare bits are set."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return part[:-1] + alphabet[alphabet.index(part[-1]) + 1]


def replaced(number: int, change: Callable[[str], str]) -> str:
    parts = TOKEN.split(".")
    parts[number] = change(parts[number])
    return ".".join(parts)


def signed_respelled() -> str:
    """A JWS truly signed over a payload in another spelling."""
    payload = b64url(PAYLOAD + b" " * (4 - len(PAYLOAD) % 3))  # So that it has spare bits.
    message = f"{b64url(msgspec.json.encode(HEADER))}.{respelled(payload)}"
    return jws_signer([SEED]).sign(message).decode()


def test_trap_1_a_lenient_decoder_takes_what_ours_refuses() -> None:
    parts = TOKEN.split(".")
    lenient = base64.urlsafe_b64decode(respelled(parts[2]) + "==")
    assert lenient == unb64url(parts[2])  # So the cases below would pass, were they not refused.
    assert jws_signer([SEED]).validate(replaced(2, respelled))
    assert jws_signer([SEED]).validate(replaced(2, lambda part: part[:40] + "!*!*" + part[40:]))


@pytest.mark.parametrize(
    "token",
    [
        replaced(2, respelled),
        signed_respelled(),
        replaced(2, lambda part: part + "=="),
        replaced(2, lambda part: part[:40] + "!*!*" + part[40:]),
        replaced(2, lambda part: part[:40] + "\n" + part[40:]),
        replaced(2, lambda part: part[:-1]),
        replaced(2, lambda part: part + "A"),
        replaced(0, lambda part: part + "="),
        replaced(1, lambda part: part[:9] + " " + part[9:]),
        replaced(1, lambda part: part.replace("-", "+") + "+"),
        TOKEN + "\n",
        " " + TOKEN,
        TOKEN + ".",
        "." + TOKEN,
        TOKEN.replace(".", "..", 1),
        TOKEN.rpartition(".")[0],
        TOKEN.rpartition(".")[0] + ".",
        TOKEN.replace("e", "\N{FULLWIDTH LATIN SMALL LETTER E}", 1),
        "",
        "..",
    ],
)
def test_trap_1_one_signature_has_one_spelling(token: str) -> None:
    with pytest.raises(Tampered) as refused:
        KEYS.verify(token)
    assert refused.value.field == "form"


@pytest.mark.parametrize(
    ("header", "says"),
    [
        (HEADER | {"alg": "none"}, "alg is 'none'"),
        (HEADER | {"alg": "HS256"}, "alg is 'HS256'"),
        (HEADER | {"alg": "eddsa"}, "alg is 'eddsa'"),
        (HEADER | {"alg": 1}, "not alg, kid and typ alone"),
        (HEADER | {"typ": "JWT"}, "typ is 'JWT'"),
        (HEADER | {"typ": ""}, "typ is ''"),
        (HEADER | {"crit": ["exp"]}, "unknown field `crit`"),
        (HEADER | {"jwk": {"kty": "OKP"}}, "unknown field `jwk`"),
        ({"alg": "EdDSA", "kid": KID}, "missing required field `typ`"),
        ({"alg": "EdDSA", "typ": "consent-receipt+jwt"}, "missing required field `kid`"),
        ({"typ": HEADER["typ"], "kid": KID, "alg": "EdDSA"}, "not written as this service"),
        (json.dumps(HEADER).encode(), "not written as this service"),
        (msgspec.json.encode(HEADER) + b"\n", "not written as this service"),
        (b'{"alg":"none",' + msgspec.json.encode(HEADER)[1:], "not written as this service"),
        (msgspec.json.encode(HEADER).replace(b"EdDSA", b"\\u0045dDSA"), "not written as"),
        (msgspec.json.encode(HEADER).replace(b"EdDSA", b"\xff"), "not alg, kid and typ alone"),
        (b"[" * 100_000, "not alg, kid and typ alone"),
        (b"null", "not alg, kid and typ alone"),
    ],
)
def test_trap_2_a_signed_header_other_than_ours_is_refused(header: object, says: str) -> None:
    token = signed(header)
    assert jws_signer([SEED]).validate(token)  # The signature is true, and not enough.
    with pytest.raises(Tampered, match=re.escape(says)) as refused:
        KEYS.verify(token)
    assert refused.value.field == "header"


def test_trap_2_a_kid_that_names_another_known_key_is_refused() -> None:
    seed = bytes(32)
    other = Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()
    both = PublicKeys([canonical_jwk(other), canonical_jwk(PUBLIC)])
    assert both.verify(TOKEN).kid == KID
    with pytest.raises(Tampered, match="does not hold under the key") as refused:
        both.verify(signed(HEADER | {"kid": thumbprint(other)}))
    assert refused.value.field == "signature"


@pytest.mark.parametrize("kid", ["k" * 43, "", KID + "\n", KID[:-1], "\N{SNOWMAN}"])
def test_trap_2_a_kid_that_names_no_known_key_is_refused(kid: str) -> None:
    with pytest.raises(Tampered, match="not among the 1 known") as refused:
        KEYS.verify(signed(HEADER | {"kid": kid}))
    assert refused.value.field == "key"


def test_trap_4_the_payload_comes_back_as_it_was_signed_not_encoded_again() -> None:
    # Members in another order, spaces, an escape, one more member: the same claims to a parser.
    odd = json.dumps({"z": 1, **dict(reversed(json.loads(PAYLOAD).items()))}, indent=2).encode()
    odd = odd.replace(b"shop", b"\\u0073hop")
    receipt = KEYS.verify(signed(HEADER, odd))
    assert receipt.claims == CLAIMS
    assert receipt.payload == odd != msgspec.json.encode(receipt.claims)
    row = (receipt.payload, receipt.signature, receipt.kid)
    assert PublicKeys.assemble(*row) == signed(HEADER, odd)


def test_trap_5_both_names_of_the_algorithm_are_taken_and_the_older_is_given() -> None:
    assert KEYS.verify(signed(HEADER | {"alg": "Ed25519"})).claims == CLAIMS
    assert KEYS.verify(TOKEN).claims == CLAIMS
    assert PublicKeys.assemble(PAYLOAD, b"", KID).startswith(b64url(b'{"alg":"EdDSA"')[:-2])


def test_trap_6_the_public_side_reaches_no_private_material(keyring: Keyring) -> None:
    reached = everything_reachable(keyring.public)
    assert any(type(thing).__name__ == "_Ed25519Verify" for thing in reached)
    assert not any("Private" in type(thing).__name__ for thing in reached)
    public = {base64.urlsafe_b64decode(json.loads(key.jwk)["x"] + "=")
              for key in keyring.public_keys}  # fmt: skip
    assert {thing for thing in reached if isinstance(thing, bytes) and len(thing) == 32} == public
    private = everything_reachable(keyring)
    assert any("Private" in type(thing).__name__ for thing in private)  # The search can find it.


def everything_reachable(start: object) -> list[object]:
    """What can be reached from an object without passing through classes, functions, modules."""
    code = (type, types.ModuleType, types.FunctionType, types.BuiltinFunctionType)
    found: dict[int, object] = {}
    waiting: list[object] = [start]
    while waiting:
        thing = waiting.pop()
        if id(thing) not in found and not isinstance(thing, code):
            found[id(thing)] = thing
            waiting += gc.get_referents(thing)
    return list(found.values())


@pytest.mark.parametrize("lapsed", [{"exp_consent": 0}, {"exp": 1}, {"nbf": 2**40}])
def test_a_lapsed_consent_is_still_a_true_receipt(lapsed: dict[str, int]) -> None:
    payload = msgspec.json.encode(json.loads(PAYLOAD) | lapsed)
    assert KEYS.verify(signed(HEADER, payload)).claims.site == "shop"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"jti": None}, "Expected `str`, got `null`"),
        ({"iat": "1"}, "Expected `int`, got `str`"),
        ({"gpc": 0}, "Expected `bool`, got `int`"),
        ({"pol": {"v": 1, "lang": "en"}}, "missing required field `sha256`"),
        ({"cat": {"necessary": True}}, "exactly the four categories"),
        ({"cat": {**CLAIMS.cat, "all": True}}, "exactly the four categories"),
        ({"epoch": {}}, "exactly the optional categories"),
        ({"epoch": {**CLAIMS.epoch, "necessary": 1}}, "exactly the optional categories"),
    ],
)
def test_a_signed_payload_that_is_not_a_receipt_is_refused(
    change: dict[str, object], says: str
) -> None:
    payload = msgspec.json.encode(json.loads(PAYLOAD) | change)
    with pytest.raises(Tampered, match=re.escape(says)) as refused:
        KEYS.verify(signed(HEADER, payload))
    assert refused.value.field == "claims"


@pytest.mark.parametrize("payload", [b"{}", b"hello", b"\xff", b"[" * 100_000, b'{"iat":1e999}'])
def test_a_signed_payload_that_is_not_json_is_refused(payload: bytes) -> None:
    with pytest.raises(Tampered, match="not the claims of a receipt"):
        KEYS.verify(signed(HEADER, payload))


# --- Whatever is sent, the answer is a receipt or `Tampered`


def test_every_changed_byte_of_a_token_is_refused() -> None:
    for place, old in enumerate(TOKEN):
        for bit in range(8):
            changed = chr(ord(old) ^ 1 << bit)
            with pytest.raises(Tampered):
                KEYS.verify(TOKEN[:place] + changed + TOKEN[place + 1 :])


def test_every_shortened_token_is_refused() -> None:
    for length in range(len(TOKEN)):
        with pytest.raises(Tampered):
            KEYS.verify(TOKEN[:length])


@given(st.text())
def test_any_text_is_refused_in_our_words(text: str) -> None:
    with pytest.raises(Tampered):
        KEYS.verify(text)
    assert not KEYS.steps(text)[0].passed


@given(st.binary(), st.binary(), st.binary(min_size=64, max_size=64))
def test_any_bytes_in_the_right_form_are_refused_in_our_words(
    header: bytes, payload: bytes, signature: bytes
) -> None:
    token = ".".join(map(b64url, (header, payload, signature)))
    with pytest.raises(Tampered):
        KEYS.verify(token)


@given(st.binary())
def test_any_signed_payload_is_refused_in_our_words(payload: bytes) -> None:
    with pytest.raises(Tampered):
        KEYS.verify(signed(HEADER, payload))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@given(st.sampled_from(sorted(HEADER)), json_values)
def test_any_value_in_a_signed_header_is_refused_in_our_words(member: str, value: object) -> None:
    # Hypothesis also tries words that it finds in our source: the true ones are among them.
    assume(value not in (*HEADER.values(), "Ed25519"))
    with pytest.raises(Tampered):
        KEYS.verify(signed(json.dumps(HEADER | {member: value}, separators=(",", ":")).encode()))


@given(st.sampled_from(sorted(json.loads(PAYLOAD))), json_values)
def test_any_value_in_a_signed_claim_is_read_or_refused_in_our_words(
    member: str, value: object
) -> None:
    payload = json.dumps(json.loads(PAYLOAD) | {member: value}).encode()
    try:
        assert KEYS.verify(signed(HEADER, payload)).payload == payload
    except Tampered as refused:
        assert refused.field == "claims"  # noqa: PT017 - either way is right, each in its form.


# --- Steps, for an auditor's page


def test_a_true_receipt_passes_every_step_in_order() -> None:
    steps = KEYS.steps(TOKEN)
    assert [(step.number, step.name) for step in steps] == [
        (1, "form"), (2, "header"), (3, "key"), (4, "signature"), (5, "claims")
    ]  # fmt: skip
    assert all(step.passed and step.reached and step.text.endswith(".") for step in steps)


@pytest.mark.parametrize(
    ("token", "failed", "says"),
    [
        (TOKEN[:-1], 1, "three parts of base64url"),
        (replaced(2, respelled), 1, "the signature is not canonical"),
        (signed(HEADER | {"alg": "none"}), 2, "alg is 'none'"),
        (signed(HEADER | {"kid": "k" * 43}), 3, "not among the 1 known"),
        (signed(HEADER)[:-86] + b64url(bytes(64)), 4, "does not hold under the key"),
        (signed(HEADER, b"{}"), 5, "missing required field `iss`"),
    ],
)
def test_steps_after_a_failed_one_are_not_reached(token: str, failed: int, says: str) -> None:
    steps = KEYS.steps(token)
    assert [step.number for step in steps] == [1, 2, 3, 4, 5]
    assert [step.passed for step in steps] == [step.number < failed for step in steps]
    assert [step.reached for step in steps] == [step.number <= failed for step in steps]
    assert says in steps[failed - 1].text
    assert all("Not reached" in step.text for step in steps[failed:])
