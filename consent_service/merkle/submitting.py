"""What a ledger sends to a witness (C2SP tlog-witness), and what it is told in return."""

from collections.abc import Sequence
from typing import NamedTuple

from consent_service.errors import Invalid
from consent_service.merkle.text import b64, decimal, shown, unb64_hash, utf8

MAX_SUBMISSION = 1 << 16
"""Bytes that a submission may have: a checkpoint with a hundred signatures has a third of it."""

MAX_HASHES = 63
"""Hashes in the longest proof: a tree of 2^63 entries is that high."""

SIZE_TYPE = "text/x.tlog.size"
"""The content type of an answer that says which size the witness has."""

ADD_CHECKPOINT = "/add-checkpoint"
"""What comes after a witness's address."""


class Submission(NamedTuple):
    """A checkpoint for a witness to cosign. Nothing in it is checked yet."""

    old: int
    """The size of the checkpoint that the witness is thought to have."""
    proof: tuple[bytes, ...]
    """That the new tree begins with that one."""
    note: bytes
    """The signed checkpoint."""


def format_submission(old: int, proof: Sequence[bytes], note: bytes) -> bytes:
    """The body of a request. Raises `Invalid` if it could not be read back as the same."""
    lines = [f"old {old}", *map(b64, proof), "", ""]
    data = "\n".join(lines).encode() + note
    if parse_submission(data) != (old, tuple(proof), note):
        raise Invalid("this cannot be sent to a witness")
    return data


def parse_submission(data: bytes) -> Submission:
    """The submission in strangers' bytes. Total: it returns, or raises `Invalid`."""
    if len(data) > MAX_SUBMISSION:
        raise Invalid(f"a submission has at most {MAX_SUBMISSION} bytes")
    # The first blank line ends the hashes; the checkpoint has one of its own.
    head, blank, note = data.partition(b"\n\n")
    first, *hashes = utf8(head, "the submission").split("\n")
    if not blank or not note or not first.startswith("old "):
        raise Invalid(
            "a submission is a line `old` with a size, lines of hashes, a blank line, and a "
            f"checkpoint: {shown(first)}"
        )
    if len(hashes) > MAX_HASHES:
        raise Invalid(f"a proof has {MAX_HASHES} hashes at the most, and this one {len(hashes)}")
    proof = tuple(unb64_hash(line, f"hash {at} of the proof") for at, line in enumerate(hashes))
    return Submission(decimal(first.removeprefix("old "), "the old size"), proof, note)


def format_size(size: int) -> bytes:
    """The body of an answer that says which size the witness has."""
    return b"%d\n" % size


def parse_size(data: bytes) -> int:
    """The size in such an answer. Total: it returns, or raises `Invalid`."""
    text = utf8(data[:64], "the size")
    if text[-1:] != "\n":
        raise Invalid(f"a witness's size is a decimal number and a line's end: {shown(text)}")
    return decimal(text[:-1], "the witness's size")
