"""A receipt for the tests of signatures, and a key pair that signs whatever a test wants signed."""

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from consent_service.model import BannerReference, Claims, PolicyReference
from consent_service.signing import PublicKeys, b64url
from consent_service.signing.jwk import canonical_jwk, thumbprint
from consent_service.signing.jws import jws_signer

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
