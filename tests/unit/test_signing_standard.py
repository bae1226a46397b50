"""Receipts and keys are what the RFCs say, to the byte: libraries that are not ours take them."""

import base64
import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import joserfc.jwk
import joserfc.jws
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from consent_service.errors import Invalid
from consent_service.model import Receipt
from consent_service.signing import Keyring, PublicKeys, b64url, jwks, sha256_b64, unb64url
from consent_service.signing.jwk import canonical_jwk, thumbprint
from consent_service.signing.jws import jws_signer
from tests import tools
from tests.unit.signed import KID, PAYLOAD, PUBLIC

# --- Receipts


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
    """Runs `jose/verify.mjs` on some input. `make unit` and `make test` install its library."""
    folder = Path(__file__).parent / "jose"
    assert (folder / "node_modules/jose").is_dir(), (
        "npm jose is not here: run `npm ci --prefix tests/unit/jose`, or `make unit`"
    )

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


# --- Keys


def test_trap_6_the_published_keys_have_no_private_member(keyring: Keyring) -> None:
    assert all("d" not in key for key in key_set(keyring)["keys"])
    assert all(b'"d"' not in key.jwk for key in keyring.public_keys)


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
