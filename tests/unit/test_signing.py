"""Receipts, sessions and the small things beside them: what holds, and what is refused."""

import base64
import contextlib
import gc
import hashlib
import json
import re
import subprocess
import types
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import joserfc.jwk
import joserfc.jws
import jwt
import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from consent_service.errors import Invalid, Tampered
from consent_service.model import BannerReference, Claims, PolicyReference, Receipt
from consent_service.signing import (
    Keyring,
    PublicKeys,
    Purpose,
    b64url,
    constant_time_equal,
    hash_secret,
    jwks,
    new_secret,
    open_keyring,
    rotate,
    sha256_b64,
    unb64url,
    uuid7,
)
from consent_service.signing.jwk import canonical_jwk, thumbprint
from consent_service.signing.jws import jws_signer
from consent_service.signing.sessions import Sessions
from tests import tools

NOW = 1_763_800_000

CLAIMS = Claims(
    iss="https://consent.example",
    jti="019aabcd-ef01-7abc-8def-0123456789ab",
    iat=NOW,
    site="shop",
    sub="AAAAAAAAAAAAAAAAAAAAAA",
    act="custom",
    src="banner",
    cat={"necessary": True, "preferences": True, "statistics": False, "marketing": False},
    pol=PolicyReference(v=7, sha256="p" * 43, lang="sv"),
    ui=BannerReference(sha256="u" * 43, layer=2, viewport="narrow"),
    epoch={"preferences": 1, "statistics": 1, "marketing": 2},
    basis="opt-in",
    gpc=False,
    exp_consent=NOW + 182 * 86_400,
    prev=None,
)
PAYLOAD = msgspec.json.encode(CLAIMS)

# A key pair of our own, so that a test can sign what the service never would.
SEED = bytes(range(32))
PUBLIC = Ed25519PrivateKey.from_private_bytes(SEED).public_key().public_bytes_raw()
KID = thumbprint(PUBLIC)
KEYS = PublicKeys([canonical_jwk(PUBLIC)])
HEADER = {"alg": "EdDSA", "kid": KID, "typ": "consent-receipt+jwt"}


def signed(header: object, payload: bytes = PAYLOAD) -> str:
    """A JWS truly signed with `SEED`, whatever its header and payload say."""
    document = header if isinstance(header, bytes) else msgspec.json.encode(header)
    return jws_signer([SEED]).sign(f"{b64url(document)}.{b64url(payload)}").decode()


TOKEN = signed(HEADER)


@pytest.fixture(scope="module")
def keyring(tmp_path_factory: pytest.TempPathFactory) -> Keyring:
    return open_keyring(tmp_path_factory.mktemp("house") / "keys", NOW)


@pytest.fixture(scope="module")
def receipt(keyring: Keyring) -> Receipt:
    return keyring.sign_receipt(PAYLOAD)


# --- The form is the standard's, to the byte


def test_the_example_of_rfc_8037_is_reproduced_byte_for_byte() -> None:
    seed = unb64url("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A")  # A.1
    public = Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()
    assert canonical_jwk(public) == (  # A.2, in the order of A.3
        b'{"crv":"Ed25519","kty":"OKP","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}'
    )
    assert thumbprint(public) == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"  # A.3
    parts = (b'{"alg":"EdDSA"}', b"Example of Ed25519 signing")  # A.4
    assert jws_signer([seed]).sign(".".join(map(b64url, parts))) == (
        b"eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc."
        b"hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"
    )


def test_a_receipt_has_exactly_the_three_header_members_in_order(receipt: Receipt) -> None:
    header, payload, signature = map(unb64url, receipt.token.split("."))
    assert header == (
        b'{"alg":"EdDSA","kid":"%s","typ":"consent-receipt+jwt"}' % receipt.kid.encode()
    )
    assert (payload, signature) == (PAYLOAD, receipt.signature)
    assert len(signature) == 64


def test_the_key_set_has_the_members_that_libraries_look_for(keyring: Keyring) -> None:
    (key,) = json.loads(jwks(key.jwk for key in keyring.public_keys))["keys"]
    assert key["kid"] == keyring.kid == sha256_b64(keyring.public_keys[0].jwk)
    assert len(unb64url(key.pop("x"))) == 32
    assert key == {
        "kty": "OKP", "crv": "Ed25519", "kid": keyring.kid, "alg": "EdDSA", "use": "sig"
    }  # fmt: skip


def key_set(keyring: Keyring) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(jwks(key.jwk for key in keyring.public_keys))
    return document


def test_pyjwt_verifies_a_receipt_with_our_key_set(keyring: Keyring, receipt: Receipt) -> None:
    key = jwt.PyJWKSet.from_dict(key_set(keyring))[receipt.kid]
    decoded = jwt.api_jws.decode_complete(receipt.token, key.key, algorithms=["EdDSA"])
    assert decoded["payload"] == PAYLOAD
    assert decoded["header"]["typ"] == "consent-receipt+jwt"


# RFC 9864 would rather have the name "Ed25519", which PyJWT does not know: so we give the older.
@pytest.mark.filterwarnings("ignore:EdDSA is deprecated")
def test_joserfc_verifies_a_receipt_with_our_key_set(keyring: Keyring, receipt: Receipt) -> None:
    keys = joserfc.jwk.KeySet(
        [joserfc.jwk.OKPKey.import_key(key) for key in key_set(keyring)["keys"]]
    )
    found = joserfc.jws.deserialize_compact(receipt.token, keys, algorithms=["EdDSA"])
    assert found.payload == PAYLOAD


@pytest.fixture(scope="module")
def npm_jose() -> Callable[[object], subprocess.CompletedProcess[str]]:
    """Runs `jose/verify.mjs` on some input; installs its one library the first time."""
    folder = Path(__file__).parent / "jose"
    if not (folder / "node_modules/jose").is_dir():
        npm = str(Path(tools.node()).with_name("npm"))
        command = [npm, "ci", "--no-audit", "--no-fund", "--prefix", str(folder)]
        subprocess.run(command, check=True, capture_output=True)

    def run(data: object) -> subprocess.CompletedProcess[str]:
        command = [tools.node(), str(folder / "verify.mjs")]
        return subprocess.run(command, input=json.dumps(data), capture_output=True, text=True)

    return run


def test_npm_jose_verifies_a_receipt_with_our_key_set(
    npm_jose: Callable[[object], subprocess.CompletedProcess[str]],
    keyring: Keyring,
    receipt: Receipt,
) -> None:
    ran = npm_jose({"jwks": key_set(keyring), "token": receipt.token})
    answer = json.loads(ran.stdout)
    assert base64.b64decode(answer["payload"]) == PAYLOAD
    assert answer["header"] == {"alg": "EdDSA", "kid": receipt.kid, "typ": "consent-receipt+jwt"}


def test_npm_jose_refuses_a_receipt_that_was_changed(
    npm_jose: Callable[[object], subprocess.CompletedProcess[str]],
    keyring: Keyring,
    receipt: Receipt,
) -> None:
    header, _, signature = receipt.token.split(".")
    other = b64url(PAYLOAD.replace(b'"statistics":false', b'"statistics":true '))
    ran = npm_jose({"jwks": key_set(keyring), "token": f"{header}.{other}.{signature}"})
    assert ran.returncode != 0
    assert "JWSSignatureVerificationFailed" in ran.stderr


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


def test_trap_3_each_purpose_has_a_key_of_its_own(keyring: Keyring, receipt: Receipt) -> None:
    seal = keyring.sessions.seal({"account": 1}, NOW)
    with pytest.raises(Tampered):
        keyring.public.verify(seal)
    with pytest.raises(Tampered):
        keyring.sessions.open(receipt.token, NOW, 60)


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


def test_trap_6_the_published_keys_have_no_private_member(keyring: Keyring) -> None:
    assert all("d" not in key for key in key_set(keyring)["keys"])
    assert all(b'"d"' not in key.jwk for key in keyring.public_keys)


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
    with pytest.raises(Tampered):
        SESSIONS.open(text, NOW, 60)


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


# --- JWKs from elsewhere


@pytest.mark.parametrize(
    "jwk",
    [
        b"",
        b"null",
        b"\xff",
        b"[" * 100_000,
        canonical_jwk(PUBLIC)[:-1],
        canonical_jwk(PUBLIC[:-1]),
        canonical_jwk(PUBLIC).replace(b"OKP", b"EC"),
        canonical_jwk(PUBLIC).replace(b"Ed25519", b"X25519"),
        canonical_jwk(PUBLIC).replace(b'"x"', b'"y"'),
        canonical_jwk(PUBLIC).replace(b'"x":"', b'"x":"='),
        canonical_jwk(PUBLIC)[:-1] + b',"kid":"another"}',
    ],
)
def test_what_is_not_an_ed25519_public_key_is_refused(jwk: bytes) -> None:
    with pytest.raises(Invalid):
        PublicKeys([jwk])
    with pytest.raises(Invalid):
        jwks([jwk])


@pytest.mark.parametrize("document", [b"", b"{}", b"[]", b'{"keys":1}', b'{"keys":[1]}'])
def test_what_is_not_a_key_set_is_refused(document: bytes) -> None:
    with pytest.raises(Invalid):
        PublicKeys.from_jwks(document)


def test_members_that_other_services_add_to_a_jwk_are_passed_over() -> None:
    richer = canonical_jwk(PUBLIC)[:-1] + b',"kid":"%s","use":"sig","x5c":[]}' % KID.encode()
    assert PublicKeys([richer]).kids == {KID}


# --- Sessions

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


# --- Rotation


def test_a_rotated_key_signs_and_the_older_still_verifies(tmp_path: Path) -> None:
    keyring = open_keyring(tmp_path / "keys", NOW)
    before = keyring.sign_receipt(PAYLOAD)
    sealed_before = keyring.sessions.seal({"account": 1}, NOW)
    made = rotate(tmp_path / "keys", Purpose.RECEIPTS, NOW + 1)
    rotate(tmp_path / "keys", Purpose.SESSIONS, NOW + 1)
    assert keyring.kid == before.kid  # Not before it looks.

    assert keyring.refresh()
    after = keyring.sign_receipt(PAYLOAD)
    assert after.kid == keyring.kid == made.kid != before.kid
    assert [key.kid for key in keyring.public_keys] == [before.kid, after.kid]
    for receipt in (before, after):
        assert keyring.public.verify(receipt.token) == receipt
    assert keyring.sessions.open(sealed_before, NOW, 60) == {"account": 1}
    assert not keyring.refresh()


# --- The small things


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
