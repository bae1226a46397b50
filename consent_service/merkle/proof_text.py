"""A proof that is a file (C2SP tlog-proof@v1): an entry's place, and the checkpoint it is under.

It needs no network to be checked. Its `extra` line is nobody's word: here it holds the salt of a
receipt, which is right if the entry's digest comes out of it, and only then.
"""

from dataclasses import dataclass

from consent_service.errors import Invalid
from consent_service.merkle.notes import Note, format_note, parse_note
from consent_service.merkle.opening import Verify
from consent_service.merkle.text import b64, decimal, shown, unb64, unb64_hash, utf8
from consent_service.merkle.trust import Trust, Vouched, check_checkpoint
from consent_service.merkle.verifying import check_inclusion

_HEADER = "c2sp.org/tlog-proof@v1"
_MOST = 63
"""Hashes in the longest proof: a tree of 2^63 entries is that high."""


@dataclass(frozen=True, slots=True)
class EntryProof:
    """Where an entry stands, and what shows it. Nothing in it is checked yet."""

    index: int
    hashes: tuple[bytes, ...]
    checkpoint: Note
    extra: bytes = b""


def format_proof(proof: EntryProof) -> bytes:
    """The bytes of a proof. Raises `Invalid` if they could not be read back as the same."""
    extra = [f"extra {b64(proof.extra)}"] if proof.extra else []
    lines = [_HEADER, *extra, f"index {proof.index}", *map(b64, proof.hashes), "", ""]
    data = "\n".join(lines).encode() + format_note(proof.checkpoint)
    if parse_proof(data) != proof:
        raise Invalid("this proof cannot be written")
    return data


def parse_proof(data: bytes) -> EntryProof:
    """The proof in strangers' bytes. Total: it returns, or raises `Invalid`."""
    # The first blank line ends the hashes; those in the checkpoint are its own.
    head, blank, note = utf8(data, "the proof").partition("\n\n")
    header, *lines = head.split("\n")
    if not blank or header != _HEADER:
        raise Invalid(f"a proof begins with {_HEADER}, and has a checkpoint after a blank line")
    extra = b""
    if lines and lines[0].startswith("extra "):
        extra = unb64(lines.pop(0).removeprefix("extra "), "the proof's extra line")
        if not extra:
            raise Invalid("a proof without extra data has no extra line")
    index, *hashes = lines or [""]
    if not index.startswith("index ") or len(hashes) > _MOST:
        raise Invalid(f"a proof has an index, then at most {_MOST} hashes: {shown(index)}")
    return EntryProof(
        decimal(index.removeprefix("index "), "the proof's index"),
        tuple(unb64_hash(line, f"hash {at} of the proof") for at, line in enumerate(hashes)),
        parse_note(note.encode()),
        extra,
    )


def check_proof(
    proof: EntryProof, leaf: bytes, origin: str, trust: Trust, verify: Verify
) -> Vouched:
    """On whose word the entry with the hash `leaf` stands in the ledger `origin`.

    Raises `Tampered`, or `Invalid` where the checkpoint is none.
    """
    vouched = check_checkpoint(proof.checkpoint, origin, trust, verify)
    size, root = vouched.checkpoint.size, vouched.checkpoint.root
    check_inclusion(proof.index, size, root, leaf, proof.hashes)
    return vouched
