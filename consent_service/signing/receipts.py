"""Receipts: what a true one is, and the one way from a token to what it says.

A receipt is a compact JWS. `PublicKeys` verifies receipts with public halves alone: whoever only
looks receipts up, or checks them, needs nothing else.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import NamedTuple

import msgspec
from itsdangerous import BadData, Signer

from consent_service.errors import Invalid, Tampered
from consent_service.model import OPTIONAL, Category, Claims, Receipt
from consent_service.signing.encoding import b64url_bytes, unb64url
from consent_service.signing.jwk import read_jwk, read_jwks, thumbprint
from consent_service.signing.jws import jws_verifier


class Step(NamedTuple):
    """One step of a verification, told to an auditor."""

    number: int
    name: str
    passed: bool
    reached: bool
    """False after a step that failed: nothing is known about this one."""
    text: str
    """What passing proves; or why it failed; or that it was not reached."""


FORM, HEADER, KEY, SIGNATURE, CLAIMS = "form", "header", "key", "signature", "claims"

_PROVES: Mapping[str, str] = {
    FORM: "It is three parts in canonical base64url: there is no other way to write these bytes.",
    HEADER: "The header names the algorithm, the key and the type of a consent receipt, and "
    "nothing else.",
    KEY: "The key that it names is one of this service's published keys.",
    SIGNATURE: "The holder of that key signed it, and not one bit has changed since.",
    CLAIMS: "It says all that a receipt must say, about every category.",
}

_SIGNATURE_BYTES = 64
_FORM = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]{86}")
# We sign with the name that every library knows, and also take its newer name (RFC 9864).
_ALGORITHMS = ("EdDSA", "Ed25519")
_TYPE = "consent-receipt+jwt"


class _Header(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    alg: str
    kid: str
    typ: str


_HEADER_DECODER = msgspec.json.Decoder(_Header)
_CLAIMS_DECODER = msgspec.json.Decoder(Claims)
_CATEGORIES, _OPTIONAL = frozenset(Category), frozenset(OPTIONAL)


def receipt_header(kid: str) -> bytes:
    """The exact header of a receipt signed by the key `kid`."""
    return msgspec.json.encode(_Header(_ALGORITHMS[0], kid, _TYPE))


@lru_cache(maxsize=256)
def _encoded_header(kid: str) -> bytes:
    return b64url_bytes(receipt_header(kid))


def token_bytes(payload: bytes, signature: bytes, kid: str) -> bytes:
    """The JWS of a stored receipt, byte for byte as it was given out. Proves nothing."""
    return b"%b.%b.%b" % (_encoded_header(kid), b64url_bytes(payload), b64url_bytes(signature))


def read_claims(payload: bytes) -> Claims:
    """The claims in a receipt's payload. Raises `Invalid` if they are not those of a receipt."""
    try:
        claims = _CLAIMS_DECODER.decode(payload)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise Invalid(f"these are not the claims of a receipt: {error}") from error
    if claims.cat.keys() != _CATEGORIES:
        raise Invalid("the claims do not decide about exactly the four categories", "cat")
    if claims.epoch.keys() != _OPTIONAL:
        raise Invalid(
            "the claims do not have an epoch for exactly the optional categories", "epoch"
        )
    return claims


class PublicKeys:
    """The keys that receipts may have been signed with, public halves only.

    There is one way from a token to a receipt, and it is here: verify, then read.
    """

    def __init__(self, keys: Iterable[bytes]) -> None:
        """From JWKs, canonical or with more members. Raises `Invalid`."""
        public = {thumbprint(key): key for key in map(read_jwk, keys)}
        self._verifiers = {kid: jws_verifier(key) for kid, key in public.items()}

    @classmethod
    def from_jwks(cls, document: bytes) -> "PublicKeys":
        """From a key set as `jwks` makes it. Raises `Invalid`."""
        return cls(read_jwks(document))

    @property
    def kids(self) -> frozenset[str]:
        """The thumbprints of the keys known here."""
        return frozenset(self._verifiers)

    # The procedure. Its order matters: nothing inside the token is believed before step 4,
    # and the claims are not even parsed.
    #
    # 1. form       Three parts in canonical base64url, the last of 64 bytes. A lenient decoder
    #               would let one signature be written in many ways, and skip junk in it.
    # 2. header     Exactly the three members, byte for byte as we write them. A signature over
    #               another header ("alg":"none", a member more) is not a receipt's, even if true.
    # 3. key        `kid` names one of the known keys.
    # 4. signature  It holds under that very key, not under some other that is known too.
    # 5. claims     They are readable and complete. Whether the consent has lapsed is not asked:
    #               an old receipt is still true.

    def verify(self, token: str) -> Receipt:
        """The receipt in a compact JWS. Raises `Tampered`, whose `field` names the failed step."""
        header, payload, signature = _parts(token)  # 1
        kid = _read_header(header)  # 2
        return self._signed(token, payload, signature, kid)

    def verify_parts(self, payload: bytes, signature: bytes, kid: str) -> Receipt:
        """The receipt in a stored row. Raises `Tampered`, as `verify` does."""
        self._known(kid)  # A row may hold any text as its kid; the header is made of known ones.
        token = self.assemble(payload, signature, kid)
        # Steps 1 and 2 hold for what was put together so of parts that are not too short.
        if payload and len(signature) == _SIGNATURE_BYTES:
            return self._signed(token, payload, signature, kid)
        return self.verify(token)

    def _signed(self, token: str, payload: bytes, signature: bytes, kid: str) -> Receipt:
        verifier = self._known(kid)  # 3
        _check_signature(verifier, token, kid)  # 4
        try:
            claims = read_claims(payload)  # 5
        except Invalid as error:
            raise Tampered(f"the signature holds, but {error}", CLAIMS) from error
        return Receipt(claims=claims, payload=payload, signature=signature, kid=kid, token=token)

    @staticmethod
    def assemble(payload: bytes, signature: bytes, kid: str) -> str:
        """As `token_bytes`, as text."""
        return token_bytes(payload, signature, kid).decode("ascii")

    def steps(self, token: str) -> tuple[Step, ...]:
        """The verification of a token, step by step, for an auditor's eyes. Never raises."""
        try:
            self.verify(token)
        except Tampered as error:
            return tuple(_steps(error))
        return tuple(_steps(None))

    def _known(self, kid: str) -> Signer:
        verifier = self._verifiers.get(kid)
        if verifier is None:
            raise Tampered(
                f"the header names the key {kid!a}, which is not among the {len(self._verifiers)} "
                "known: fetch the published keys again, or it is not a receipt of this service",
                KEY,
            )
        return verifier


def _parts(token: str) -> tuple[bytes, bytes, bytes]:
    if not _FORM.fullmatch(token):
        raise Tampered(
            "a receipt is three parts of base64url with dots between them, the last of "
            "86 characters, and nothing before or after",
            FORM,
        )
    header, payload, signature = token.split(".")
    return _part("header", header), _part("payload", payload), _part("signature", signature)


def _part(name: str, text: str) -> bytes:
    try:
        return unb64url(text)
    except Invalid as error:
        raise Tampered(f"the {name} is not canonical: {error}", FORM) from error


@lru_cache(maxsize=64)
def _read_header(document: bytes) -> str:
    """The `kid`, if the header is exactly what a receipt has."""
    try:
        header = _HEADER_DECODER.decode(document)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise Tampered(f"the header is not alg, kid and typ alone: {error}", HEADER) from error
    if header.alg not in _ALGORITHMS:
        raise Tampered(f"the header's alg is {header.alg!a}, not EdDSA", HEADER)
    if header.typ != _TYPE:
        raise Tampered(f"the header's typ is {header.typ!a}, not {_TYPE}", HEADER)
    # A member twice, another order, a space, an escape: the same to a parser, not the same bytes.
    if msgspec.json.encode(header) != document:
        raise Tampered("the header is not written as this service writes it", HEADER)
    return header.kid


def _check_signature(verifier: Signer, token: str, kid: str) -> None:
    try:
        verifier.unsign(token)
    except BadData as error:
        raise Tampered(f"the signature does not hold under the key {kid}", SIGNATURE) from error


def _steps(failure: Tampered | None) -> Iterator[Step]:
    reached = True
    for number, (name, proves) in enumerate(_PROVES.items(), start=1):
        if failure and failure.field == name:
            yield Step(number, name, False, True, f"Failed: {failure.message}.")
            reached = False
        elif reached:
            yield Step(number, name, True, True, proves)
        else:
            yield Step(number, name, False, False, "Not reached: a step before it failed.")
