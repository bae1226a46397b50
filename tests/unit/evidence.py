"""Evidence for the tests of the verifier: a receipt in a small ledger, with all that goes along.

Every part can be another than it should be: that is what the tests are about.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import NamedTuple

import msgspec
from msgspec.structs import replace

from consent_service.exports.bundle import Evidence, Place
from consent_service.exports.verify import screen_digest
from consent_service.merkle import (
    Checkpoint,
    Entry,
    EntryProof,
    EntryType,
    Key,
    Log,
    Note,
    Trust,
    Witness,
    content_digest,
    cosign,
    encode_entry,
    format_checkpoint,
    format_note,
    format_proof,
    format_trust,
    leaf_hash,
    prove_consistency,
    prove_inclusion,
    receipt_digest,
    sign_note,
    tree_root,
    with_signatures,
)
from consent_service.model import OPTIONAL, BannerReference, ChangeClass, Claims, PolicyReference
from consent_service.model import PolicyVersion as Version
from consent_service.policies import encode
from consent_service.signing import jwks, sha256_b64, unb64url
from consent_service.signing.jwk import canonical_jwk
from tests.given import policy
from tests.unit.ledger import EAST, EAST_SEED, LOG, LOG_SEED, Tiles, signer
from tests.unit.signed import CLAIMS, HEADER, NOW, PUBLIC, signed

SALT = bytes(range(100, 132))
SETTINGS = b"(() => { /* the second layer */ })();\n"
PICTURE = b"\x89PNG\r\n\x1a\n" + b"a picture of the banner"
QUORUM = Trust((Log(LOG),), (Witness("east", EAST),), (), "east")

POLICY = encode(
    Version(
        site="shop",
        number=7,
        published_at=NOW - 5_000,
        change_class=ChangeClass.MAJOR,
        epochs=dict.fromkeys(OPTIONAL, 1),
        policy=policy(),
    )
)
BANNER = b'(() => { /* asks; */ load("settings.js", "%s"); })();\n' % sha256_b64(SETTINGS).encode()


def claims(now: int = NOW, **changes: object) -> Claims:
    """The claims of a receipt that names the texts and the code here."""
    made = replace(
        CLAIMS,
        iat=now,
        exp_consent=now + 182 * 86_400,
        pol=PolicyReference(v=7, sha256=sha256_b64(POLICY), lang="sv"),
        ui=BannerReference(sha256=sha256_b64(BANNER), layer=2, viewport="narrow"),
    )
    return replace(made, **changes)


def token_of(said: Claims) -> str:
    return signed(HEADER, msgspec.json.encode(said))


class Signers(NamedTuple):
    """Who signs the checkpoints."""

    log: Key = LOG
    seed: bytes = LOG_SEED
    witness: Key | None = EAST


@dataclass
class Ledger:
    """A ledger of which every entry is kept, signed and cosigned as a test wants it."""

    entries: list[bytes] = field(default_factory=list)
    signers: Signers = field(default_factory=Signers)

    def add(self, entry: Entry) -> int:
        """Append an entry; its index."""
        self.entries.append(encode_entry(entry))
        return len(self.entries) - 1

    def fill(self, count: int) -> None:
        """Append receipts of others."""
        for number in range(count):
            digest = sha256(b"other %d" % number).digest()
            self.add(Entry(EntryType.RECEIPT, NOW, digest))

    def tiles(self, size: int) -> Tiles:
        tiles = Tiles()
        tiles.grow(b"".join(map(leaf_hash, self.entries[:size])))
        return tiles

    def checkpoint(self, size: int, seen: int, origin: str = "") -> Note:
        """The signed checkpoint of that size, cosigned at that time."""
        root = tree_root(self.tiles(size).hashes())
        named = origin or self.signers.log.name
        text = format_checkpoint(Checkpoint(named, size, root))
        note = sign_note(text, self.signers.log, signer(self.signers.seed))
        if self.signers.witness is None:
            return note
        return with_signatures(note, [cosign(note, EAST, seen, signer(EAST_SEED))])

    def proof(self, index: int, note: Note, extra: bytes, size: int) -> bytes:
        """The proof of an entry's place, under that checkpoint of that size."""
        path = prove_inclusion(index, self.tiles(size).hashes())
        return format_proof(EntryProof(index, tuple(path), note, extra))


@dataclass
class Scene:
    """A receipt in a ledger. A test changes what it is about, then asks for the evidence."""

    said: Claims = field(default_factory=claims)
    token: str = ""
    ledger: Ledger = field(default_factory=Ledger)
    trust: Trust = QUORUM
    before: int = 12
    """Entries of the checkpoint before the receipt."""
    seen: tuple[int, int] = (-20, 10)
    """When the witness saw the previous checkpoint, and the receipt's: seconds from `iat`."""
    stamps: Mapping[str, bytes] = field(default_factory=dict)
    authorities: bytes = b""
    origins: Sequence[str] = ("", "")

    def __post_init__(self) -> None:
        self.token = self.token or token_of(self.said)
        self._enter()

    def _enter(self) -> None:
        """Text, code and pictures, then others' receipts, then ours, then others' again."""
        ledger, digest = self.ledger, unb64url(self.said.pol.sha256)
        banner = sha256(BANNER).digest()
        screen = screen_digest(banner, 2, "narrow", PICTURE)
        each = {
            "policy": (EntryType.POLICY, content_digest(POLICY)),
            "banner": (EntryType.SCRIPT, content_digest(BANNER)),
            "screens/sv-narrow-2": (EntryType.SCREENSHOT, screen),
        }
        self.at = {
            name: ledger.add(Entry(kind, NOW - 4_000, found, digest))
            for name, (kind, found) in each.items()
        }
        ledger.fill(10)
        entry = Entry(
            EntryType.RECEIPT, self.said.iat, receipt_digest(SALT, self.token.encode()), digest
        )
        self.at["receipt"] = ledger.add(entry)
        ledger.fill(9)

    @property
    def notes(self) -> tuple[Note, Note]:
        """The checkpoint before the receipt, and the one that the proof is under."""
        iat, size = self.said.iat, len(self.ledger.entries)
        old = self.ledger.checkpoint(self.before, iat + self.seen[0], self.origins[0])
        return old, self.ledger.checkpoint(size, iat + self.seen[1], self.origins[1])

    def place(self) -> Place:
        """What shows where the receipt stands."""
        (old, note), size = self.notes, len(self.ledger.entries)
        entries = {name: self.ledger.entries[at] for name, at in self.at.items()}
        proofs = {
            name: self.ledger.proof(at, note, SALT if name == "receipt" else entries[name], size)
            for name, at in self.at.items()
        }
        return Place(
            trust=format_trust(self.trust),
            proofs=proofs,
            previous=format_note(old),
            consistency=tuple(prove_consistency(self.before, self.ledger.tiles(size).hashes())),
            stamps=self.stamps,
            authorities=self.authorities,
        )

    def evidence(self) -> Evidence:
        """All of it."""
        return Evidence(
            token=self.token,
            claims=self.said,
            policy=POLICY,
            banner=BANNER,
            settings=SETTINGS,
            jwks=jwks([canonical_jwk(PUBLIC)]),
            screens={"sv-narrow-2": PICTURE, "en-wide-1": PICTURE},
            place=self.place(),
        )
