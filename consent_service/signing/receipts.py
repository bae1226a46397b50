"""Keys and signatures: the only user of itsdangerous and cryptography.

Three purposes, three separate keys, so that no signature made for one is worth anything to
another: receipts (Ed25519), ledger (Ed25519), sessions (HMAC-SHA-256). Keys run oldest to newest:
the newest signs, all verify.

A receipt is a compact JWS (RFC 7515, RFC 8037). `Keyring` signs them and holds private keys;
`PublicKeys` verifies them and never does: whoever only looks receipts up, or checks them, gets
`PublicKeys` alone.

Nothing here reads a clock: `now` is Unix seconds, UTC.
"""

import fcntl
import hashlib
import hmac
import os
import re
import secrets
import shlex
import stat
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Literal, NamedTuple
from uuid import UUID

import msgspec
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from itsdangerous import BadData, Signer, TimestampSigner
from itsdangerous.encoding import base64_decode, base64_encode
from itsdangerous.signer import SigningAlgorithm

from consent_service.errors import Invalid, Misconfigured, Tampered
from consent_service.model import OPTIONAL, Category, Claims, PublicKey, Receipt

# --- Small things that others need too -----------------------------------------------------------


def b64url(data: bytes) -> str:
    """Base64url without padding (RFC 7515, section 2)."""
    return base64_encode(data).decode("ascii")


def unb64url(text: str) -> bytes:
    """The bytes of `text`, if it is the one way to write them. Raises `Invalid`.

    Decoders commonly skip strange characters and ignore the spare bits of the last one, so that
    one signature could be written in several ways. Here what comes out must go back in.
    """
    try:
        data = base64_decode(text)
    except BadData as error:
        raise Invalid("this is not base64url") from error
    if b64url(data) != text:
        raise Invalid("this is base64url, but not in its one canonical form")
    return data


def sha256_b64(data: bytes) -> str:
    """SHA-256 in base64url without padding: 43 characters, a `model.Digest`."""
    return b64url(hashlib.sha256(data).digest())


def constant_time_equal(one: str | bytes, other: str | bytes) -> bool:
    """Whether two secrets are the same, in a time that does not tell where they differ."""
    return hmac.compare_digest(_as_bytes(one), _as_bytes(other))


def new_secret() -> str:
    """256 random bits, as 43 characters of base64url."""
    return b64url(secrets.token_bytes(32))


def hash_secret(secret: str) -> bytes:
    """What is kept of a secret that we made, such as an API token: its SHA-256, 32 bytes.

    A plain hash is enough, and quick, because a secret of 256 random bits cannot be guessed;
    it would not be enough for a password.
    """
    return hashlib.sha256(_as_bytes(secret)).digest()


def uuid7(now_ms: int) -> str:
    """A fresh UUIDv7 (RFC 9562, section 5.7) for that millisecond since 1970, in canonical text."""
    time = (now_ms & 0xFFFF_FFFF_FFFF) << 80
    version = 7 << 76 | secrets.randbits(12) << 64
    variant = 2 << 62 | secrets.randbits(62)
    return str(UUID(int=time | version | variant))


def _as_bytes(text: str | bytes) -> bytes:
    # Strangers send lone surrogates too: they are different from everything, not an exception.
    return text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass")


# --- Public keys as others read them -------------------------------------------------------------


class _Jwk(msgspec.Struct, frozen=True):
    """The members of a JWK that matter here (RFC 8037, section 2). Others are passed over."""

    kty: Literal["OKP"]
    crv: Literal["Ed25519"]
    x: str
    kid: str = ""


class _Jwks(msgspec.Struct, frozen=True):
    keys: tuple[msgspec.Raw, ...]


def canonical_jwk(public: bytes) -> bytes:
    """The canonical JWK of a raw Ed25519 public key of 32 bytes (RFC 7638, section 3.3)."""
    return b'{"crv":"Ed25519","kty":"OKP","x":"%s"}' % base64_encode(public)


def thumbprint(public: bytes) -> str:
    """The `kid` of a raw Ed25519 public key: its RFC 7638 thumbprint, 43 characters."""
    return sha256_b64(canonical_jwk(public))


def jwks(keys: Iterable[bytes]) -> bytes:
    """The key set (RFC 7517) of these JWKs, for `/.well-known/jwks.json`.

    Raises `Invalid` if one of them is not an Ed25519 public key.
    """
    return msgspec.json.encode({"keys": [_published(_read_jwk(jwk)) for jwk in keys]})


def _published(public: bytes) -> dict[str, str]:
    kid = thumbprint(public)
    names = {"kty": "OKP", "crv": "Ed25519", "x": b64url(public)}
    return names | {"kid": kid, "alg": "EdDSA", "use": "sig"}


def _read_jwk(document: bytes) -> bytes:
    """The raw public key in a JWK. Raises `Invalid`."""
    try:
        jwk = msgspec.json.decode(document, type=_Jwk)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise Invalid(f"this is not an Ed25519 public key in JWK form: {error}") from error
    public = unb64url(jwk.x)
    if len(public) != 32:
        raise Invalid(f"an Ed25519 public key has 32 bytes, and this one has {len(public)}")
    kid = thumbprint(public)
    if jwk.kid not in ("", kid):
        raise Invalid(f"the key that calls itself {jwk.kid!a} has the thumbprint {kid}")
    return public


# --- Ed25519 behind the seam of itsdangerous -----------------------------------------------------


class _Ed25519Sign(SigningAlgorithm):
    """Signs, by seeds. Parsing a seed takes longer than signing: it is done once, here."""

    def __init__(self, seeds: Iterable[bytes]) -> None:
        self._keys = {seed: Ed25519PrivateKey.from_private_bytes(seed) for seed in seeds}

    def get_signature(self, key: bytes, value: bytes) -> bytes:
        return self._keys[key].sign(value)


class _Ed25519Verify(SigningAlgorithm):
    """Verifies, by a public key. It cannot sign: that part stays `NotImplementedError`."""

    def __init__(self, public: bytes) -> None:
        self._key = Ed25519PublicKey.from_public_bytes(public)

    def verify_signature(self, key: bytes, value: bytes, sig: bytes) -> bool:
        try:
            self._key.verify(sig, value)
        except InvalidSignature:
            return False
        return True


def jws_signer(seeds: Sequence[bytes]) -> Signer:
    """Signs `b64url(header).b64url(payload)` into a compact JWS, by the last of the seeds.

    With this derivation itsdangerous ignores its `salt`: what keeps contexts apart is that each
    has keys of its own, and the `typ` in the header.
    """
    return Signer(seeds, sep=".", key_derivation="none", algorithm=_Ed25519Sign(seeds))


def _jws_verifier(public: bytes) -> Signer:
    # One key each, so that the key which verifies cannot be another than the one looked up.
    return Signer([public], sep=".", key_derivation="none", algorithm=_Ed25519Verify(public))


# --- Receipts ------------------------------------------------------------------------------------


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


def receipt_header(kid: str) -> bytes:
    """The exact header of a receipt signed by the key `kid`."""
    return msgspec.json.encode(_Header(_ALGORITHMS[0], kid, _TYPE))


def read_claims(payload: bytes) -> Claims:
    """The claims in a receipt's payload. Raises `Invalid` if they are not those of a receipt."""
    try:
        claims = _CLAIMS_DECODER.decode(payload)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise Invalid(f"these are not the claims of a receipt: {error}") from error
    if set(claims.cat) != set(Category):
        raise Invalid("the claims do not decide about exactly the four categories", "cat")
    if set(claims.epoch) != set(OPTIONAL):
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
        public = {thumbprint(key): key for key in map(_read_jwk, keys)}
        self._verifiers = {kid: _jws_verifier(key) for kid, key in public.items()}

    @classmethod
    def from_jwks(cls, document: bytes) -> "PublicKeys":
        """From a key set as `jwks` makes it. Raises `Invalid`."""
        try:
            key_set = msgspec.json.decode(document, type=_Jwks)
        except (msgspec.MsgspecError, ValueError, RecursionError) as error:
            raise Invalid(f"this is not a JWK set: {error}") from error
        return cls(bytes(key) for key in key_set.keys)

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
        verifier = self._known(kid)  # 3
        _check_signature(verifier, token, kid)  # 4
        try:
            claims = read_claims(payload)  # 5
        except Invalid as error:
            raise Tampered(f"the signature holds, but {error}", CLAIMS) from error
        return Receipt(claims=claims, payload=payload, signature=signature, kid=kid, token=token)

    def verify_parts(self, payload: bytes, signature: bytes, kid: str) -> Receipt:
        """The receipt in a stored row. Raises `Tampered`, as `verify` does."""
        self._known(kid)  # A row may hold any text as its kid; the header is made of known ones.
        return self.verify(self.assemble(payload, signature, kid))

    @staticmethod
    def assemble(payload: bytes, signature: bytes, kid: str) -> str:
        """The JWS of a stored receipt, byte for byte as it was given out. Proves nothing."""
        return ".".join(b64url(part) for part in (receipt_header(kid), payload, signature))

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


# --- Sessions ------------------------------------------------------------------------------------

_SESSION_FORM = re.compile(r"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]{43})")
# Two machines' clocks differ a little: what one sealed just now is not from the future.
_SKEW_SECONDS = 60


class _ClockedSigner(TimestampSigner):
    """itsdangerous' signer, told the time instead of asking for it."""

    def __init__(self, keys: Sequence[bytes], context: str, now: int) -> None:
        # SHA-1 and a bare concatenation are its defaults: both are replaced here.
        super().__init__(
            keys,
            salt=f"consent-service/{context}",
            sep=".",
            key_derivation="hmac",
            digest_method=hashlib.sha256,
        )
        self._now = now

    def get_timestamp(self) -> int:
        return self._now


class Sessions:
    """Seals what a signed-in person's cookie holds. It can be read by its bearer, not changed."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        """From secrets of 32 bytes or more, oldest to newest."""
        self._keys = tuple(keys)

    def seal(self, payload: Mapping[str, object], now: int, context: str = "session") -> str:
        """A token that holds `payload`, sealed by the newest secret.

        What was sealed for one context never opens in another.
        """
        value = base64_encode(msgspec.json.encode(payload))
        return _ClockedSigner(self._keys, context, now).sign(value).decode("ascii")

    def open(
        self, token: str, now: int, max_age_seconds: int, context: str = "session"
    ) -> dict[str, object]:
        """The payload of a token not older than that. Raises `Tampered`."""
        form = _SESSION_FORM.fullmatch(token)
        if not form:
            raise Tampered("this is not a sealed session", FORM)
        payload, _, _ = (_session_part(part) for part in form.groups())
        try:
            signer = _ClockedSigner(self._keys, context, now)
            _, sealed = signer.unsign(token, return_timestamp=True)
        except BadData as error:
            raise Tampered("the session's seal does not hold", SIGNATURE) from error
        if not -_SKEW_SECONDS <= now - sealed.timestamp() <= max_age_seconds:
            raise Tampered("the session has run out: sign in again", "age")
        return msgspec.json.decode(payload, type=dict[str, object])


def _session_part(text: str) -> bytes:
    try:
        return unb64url(text)
    except Invalid as error:
        raise Tampered("the session is not in canonical form", FORM) from error


# --- Key files -----------------------------------------------------------------------------------


class Purpose(StrEnum):
    """What a key is for. A key never serves two purposes."""

    RECEIPTS = "receipts"
    LEDGER = "ledger"
    SESSIONS = "sessions"


class KeyFile(NamedTuple):
    """A private key on disk, without its secret."""

    path: Path
    purpose: Purpose
    created_at: int
    """Unix seconds, UTC."""
    kid: str
    """RFC 7638 thumbprint; for a session secret, its SHA-256."""


@dataclass(frozen=True)
class _PrivateKey:
    """A key file with its secret: a seed of 32 bytes, or a session secret."""

    file: KeyFile
    secret: bytes = field(repr=False)  # So that no log or traceback ever shows it.


@dataclass(frozen=True)
class _Held:
    """What a keyring holds at one moment. Replaced whole, so that no reader sees half of it."""

    listing: tuple[str, ...]
    public_keys: tuple[PublicKey, ...]
    public: PublicKeys
    kid: str
    prefix: bytes
    """The encoded header, with its dot: the same for every receipt of one key."""
    signer: Signer = field(repr=False)
    sessions: Sessions = field(repr=False)


# The time comes first and has a fixed width: names sort oldest to newest.
_KEY_NAME = re.compile(r"(receipts|ledger|sessions)-([0-9]{12})-[A-Za-z0-9_-]{8}\.(pem|secret)")


class Keyring:
    """The private side: signs receipts and seals sessions, by the newest key of each purpose."""

    def __init__(self, folder: Path) -> None:
        """From a folder that has a key for each purpose. Raises `Misconfigured`."""
        self._folder = folder
        self._held = _load(folder)

    @property
    def kid(self) -> str:
        """The thumbprint of the key that signs receipts now."""
        return self._held.kid

    @property
    def public_keys(self) -> tuple[PublicKey, ...]:
        """The public halves of the receipt keys, oldest to newest: to be stored and published.

        Store them before the first receipt is signed: a receipt must never outlive its key.
        """
        return self._held.public_keys

    @property
    def public(self) -> PublicKeys:
        """Verifies what these keys signed. It keeps no way back to them."""
        return self._held.public

    @property
    def sessions(self) -> Sessions:
        """The seals, by the session secrets. Ask again each time: a refresh replaces them."""
        return self._held.sessions

    def sign_receipt(self, payload: bytes) -> Receipt:
        """A receipt over exactly these bytes: encoded once, they are never encoded again.

        What could not be read back is not signed: raises `Invalid`.
        """
        held, claims = self._held, read_claims(payload)
        token = held.signer.sign(held.prefix + base64_encode(payload)).decode("ascii")
        return Receipt(
            claims=claims,
            payload=payload,
            signature=base64_decode(token[-86:]),
            kid=held.kid,
            token=token,
        )

    def reread(self) -> "Keyring | None":
        """A new keyring, if the folder's listing changed; else none. Costs one listing.

        A process that must first store the new public keys does so with its `public_keys`, and
        then calls `adopt`. Raises `Misconfigured`; this keyring goes on as it was.
        """
        with _plain_words(self._folder):
            same = _listing(self._folder) == self._held.listing
        return None if same else Keyring(self._folder)

    def adopt(self, newer: "Keyring") -> None:
        """Go on with the keys of `newer`."""
        self._held = newer._held

    def refresh(self) -> bool:
        """`reread` and `adopt` in one. Whether there was a change."""
        newer = self.reread()
        if newer:
            self.adopt(newer)
        return newer is not None


def open_keyring(folder: Path, now: int) -> Keyring:
    """The keys in `folder`; those that are missing are made first.

    Of several processes that start at once, one makes the keys and all use them.
    Raises `Misconfigured`, which says what to do.
    """
    with _plain_words(folder):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if _missing(_listing(folder)):
            _make_missing(folder, now)
    return Keyring(folder)


def rotate(folder: Path, purpose: Purpose, now: int) -> KeyFile:
    """Make a key that signs from now on; older ones still verify. Raises `Misconfigured`."""
    with _plain_words(folder), _lock(folder):
        times = [key.created_at for key in list_keys(folder) if key.purpose == purpose]
        # A clock that runs behind must not make a key that is older than the one it replaces.
        return _make(folder, purpose, max([now, *(time + 1 for time in times)]))


def list_keys(folder: Path) -> tuple[KeyFile, ...]:
    """The key files, by purpose and oldest to newest, each checked. Raises `Misconfigured`."""
    with _plain_words(folder):
        return tuple(key.file for key in _read_all(folder, _listing(folder)))


def _load(folder: Path) -> _Held:
    with _plain_words(folder):
        listing = _listing(folder)
        keys = _read_all(folder, listing)
    missing = _missing(listing)
    if missing:
        raise Misconfigured(f"the key folder {folder} has no key for: {', '.join(missing)}")
    receipts = [key for key in keys if key.file.purpose == Purpose.RECEIPTS]
    sessions = [key.secret for key in keys if key.file.purpose == Purpose.SESSIONS]
    kid = receipts[-1].file.kid
    public_keys = tuple(_public_key(key) for key in receipts)
    return _Held(
        listing=listing,
        public_keys=public_keys,
        public=PublicKeys(key.jwk for key in public_keys),
        kid=kid,
        prefix=base64_encode(receipt_header(kid)) + b".",
        signer=jws_signer([key.secret for key in receipts]),
        sessions=Sessions(sessions),
    )


def _listing(folder: Path) -> tuple[str, ...]:
    """The names of the key files, sorted. Dot files are the lock and half-written keys."""
    names = (name for name in os.listdir(folder) if name.endswith((".pem", ".secret")))
    return tuple(sorted(name for name in names if not name.startswith(".")))


def _missing(listing: Iterable[str]) -> list[Purpose]:
    present = {name.partition("-")[0] for name in listing}
    return [purpose for purpose in Purpose if purpose not in present]


def _public_key(key: _PrivateKey) -> PublicKey:
    jwk = canonical_jwk(_public_half(key.secret))
    return PublicKey(kid=key.file.kid, jwk=jwk, created_at=key.file.created_at)


def _public_half(seed: bytes) -> bytes:
    return Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()


# Reading.


def _read_all(folder: Path, listing: Iterable[str]) -> list[_PrivateKey]:
    _refuse_open_mode(folder, folder.stat(), 0o022, "700", "changed")
    return [_read_key(folder / name) for name in listing]


def _read_key(path: Path) -> _PrivateKey:
    named = _KEY_NAME.fullmatch(path.name)
    if not named:
        raise Misconfigured(
            f"{path} does not have the name of a key, such as receipts-001700000000-AbCdEfGh.pem: "
            "restore the name it had, or move it out of the folder"
        )
    purpose, created_at = Purpose(named[1]), int(named[2])
    with path.open("rb") as file:
        _refuse_open_mode(path, os.fstat(file.fileno()), 0o077, "600", "read")
        content = file.read(65_536)
    read = _read_secret if purpose == Purpose.SESSIONS else _read_pem
    secret = read(path, content)
    key_file = KeyFile(path, purpose, created_at, _kid(purpose, secret))
    if path.name != _file_name(key_file):
        raise Misconfigured(
            f"{path} holds another key than its name says: restore {path.name} from the backup"
        )
    return _PrivateKey(key_file, secret)


def _refuse_open_mode(path: Path, status: os.stat_result, bits: int, mode: str, verb: str) -> None:
    if status.st_mode & bits:
        raise Misconfigured(
            f"{path} can be {verb} by others (mode {stat.S_IMODE(status.st_mode):04o}); "
            f"run: chmod {mode} {shlex.quote(str(path))}"
        )


def _read_pem(path: Path, content: bytes) -> bytes:
    try:
        key = load_pem_private_key(content, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise Misconfigured(
            f"{path} is not an unencrypted private key in PEM: restore it from the backup"
        ) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise Misconfigured(f"{path} holds a private key, but not an Ed25519 one")
    return key.private_bytes_raw()


def _read_secret(path: Path, content: bytes) -> bytes:
    try:
        secret = unb64url(content.decode("ascii").removesuffix("\n"))
    except (UnicodeDecodeError, Invalid) as error:
        raise Misconfigured(
            f"{path} is not a secret in base64url: restore it from the backup"
        ) from error
    if len(secret) < 32:
        raise Misconfigured(f"{path} has a secret of {len(secret)} bytes; it needs 32 or more")
    return secret


def _kid(purpose: Purpose, secret: bytes) -> str:
    if purpose == Purpose.SESSIONS:
        return sha256_b64(secret)
    return thumbprint(_public_half(secret))


def _file_name(key: KeyFile) -> str:
    suffix = "secret" if key.purpose == Purpose.SESSIONS else "pem"
    return f"{key.purpose}-{key.created_at:012}-{key.kid[:8]}.{suffix}"


# Making.


def _make_missing(folder: Path, now: int) -> None:
    with _lock(folder):
        # Read again: while this process waited for the lock, another may have made them.
        for purpose in _missing(_listing(folder)):
            _make(folder, purpose, now)


@contextmanager
def _lock(folder: Path) -> Iterator[None]:
    """Hold the folder against other processes. The system lets go when a process dies."""
    descriptor = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _make(folder: Path, purpose: Purpose, now: int) -> KeyFile:
    """Make one key. The caller holds the lock."""
    secret, content = _new_key(purpose)
    kid = _kid(purpose, secret)
    name = _file_name(KeyFile(folder, purpose, now, kid))
    unfinished = folder / ".unfinished"
    unfinished.unlink(missing_ok=True)  # What a crash left: never used, as it had no name.
    _write_durably(unfinished, content)
    unfinished.rename(folder / name)
    _sync_folder(folder)
    return KeyFile(folder / name, purpose, now, kid)


def _new_key(purpose: Purpose) -> tuple[bytes, bytes]:
    """A new secret, and how it is written down."""
    if purpose == Purpose.SESSIONS:
        secret = secrets.token_bytes(32)
        return secret, base64_encode(secret) + b"\n"
    key = Ed25519PrivateKey.generate()
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return key.private_bytes_raw(), pem


def _write_durably(path: Path, content: bytes) -> None:
    # The mode is given as the file is made: at no moment can another account read it.
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(descriptor)


def _sync_folder(folder: Path) -> None:
    # Else a power cut could take the new name away, and with it the key of receipts given out.
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _plain_words(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise Misconfigured(
            f"the key folder {folder} cannot be used: {error}; it must exist, and belong to the "
            "account that the service runs as"
        ) from error
