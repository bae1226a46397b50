"""The private side: the newest key of each purpose signs, and all of them verify."""

from dataclasses import dataclass, field
from pathlib import Path

from itsdangerous import Signer
from itsdangerous.encoding import base64_decode, base64_encode

from consent_service.errors import Misconfigured
from consent_service.model import PublicKey, Receipt
from consent_service.signing.files import (
    PrivateKey,
    Purpose,
    in_plain_words,
    missing_from,
    names_in,
    public_half,
    read_keys,
)
from consent_service.signing.jwk import canonical_jwk
from consent_service.signing.jws import jws_signer
from consent_service.signing.ledger import LedgerKey, Pen
from consent_service.signing.making import make_missing
from consent_service.signing.receipts import PublicKeys, read_claims, receipt_header
from consent_service.signing.sessions import Sessions


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
    ledger_keys: tuple[LedgerKey, ...]
    ledger: Pen = field(repr=False)


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

    @property
    def ledger_keys(self) -> tuple[LedgerKey, ...]:
        """The public halves of the ledger's keys, oldest to newest: to be stored and published."""
        return self._held.ledger_keys

    @property
    def ledger(self) -> Pen:
        """Signs checkpoints, by the newest of the ledger's keys."""
        return self._held.ledger

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
        with in_plain_words(self._folder):
            same = names_in(self._folder) == self._held.listing
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
    with in_plain_words(folder):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if missing_from(names_in(folder)):
            make_missing(folder, now)
    return Keyring(folder)


def _load(folder: Path) -> _Held:
    with in_plain_words(folder):
        listing = names_in(folder)
        keys = read_keys(folder, listing)
    missing = missing_from(listing)
    if missing:
        raise Misconfigured(f"the key folder {folder} has no key for: {', '.join(missing)}")
    receipts = [key for key in keys if key.file.purpose == Purpose.RECEIPTS]
    sessions = [key.secret for key in keys if key.file.purpose == Purpose.SESSIONS]
    ledger = [key for key in keys if key.file.purpose == Purpose.LEDGER]
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
        ledger_keys=tuple(
            LedgerKey(public_half(key.secret), key.file.created_at) for key in ledger
        ),
        ledger=Pen(ledger[-1].secret),
    )


def _public_key(key: PrivateKey) -> PublicKey:
    jwk = canonical_jwk(public_half(key.secret))
    return PublicKey(kid=key.file.kid, jwk=jwk, created_at=key.file.created_at)
