"""Checkpoints (C2SP tlog-checkpoint): a ledger's name, its size, and its root."""

from typing import NamedTuple

from consent_service.errors import Invalid
from consent_service.merkle.hashing import EMPTY_ROOT
from consent_service.merkle.text import b64, decimal, shown, unb64_hash


class Checkpoint(NamedTuple):
    """What a ledger says of itself at one moment. It is a promise once it is signed."""

    origin: str
    """The ledger's name, such as `consent.example/ledger/shop`: an address without its scheme."""
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()
    """Further lines. They are signed, and mean nothing here."""


def format_checkpoint(checkpoint: Checkpoint) -> str:
    """The text of the note. Raises `Invalid` if it could not be read back as the same."""
    head = (checkpoint.origin, str(checkpoint.size), b64(checkpoint.root))
    text = "".join(f"{line}\n" for line in (*head, *checkpoint.extensions))
    if parse_checkpoint(text) != checkpoint:
        raise Invalid("each line of a checkpoint is one line")
    return text


def parse_checkpoint(text: str) -> Checkpoint:
    """The checkpoint in a note's text. Raises `Invalid`."""
    lines = text.split("\n")
    # After the last line's end comes nothing; before it, no line is empty.
    if len(lines) < 4 or lines.pop() or not all(lines):
        raise Invalid(f"a checkpoint has three lines or more, none empty: {shown(text)}")
    origin, size_line, root_line, *extensions = lines
    size = decimal(size_line, "the checkpoint's size")
    root = unb64_hash(root_line, "the checkpoint's root")
    if size == 0 and root != EMPTY_ROOT:
        raise Invalid("the root of a checkpoint of 0 entries is the hash of nothing")
    return Checkpoint(origin, size, root, tuple(extensions))
