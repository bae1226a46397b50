"""Whom an auditor trusts (C2SP tlog-policy): which ledgers, which witnesses, and how many of them.

"Policy" is the word of that format; here it stands for what a site tells its visitors.
"""

from collections.abc import Iterable
from typing import NamedTuple

from consent_service.errors import Tampered
from consent_service.merkle.checkpoints import Checkpoint, parse_checkpoint
from consent_service.merkle.keys import Key
from consent_service.merkle.notes import Note
from consent_service.merkle.opening import Signed, Verify, open_note
from consent_service.merkle.text import shown

NONE = "none"
"""The quorum that asks for no witness."""


class Log(NamedTuple):
    """A ledger that is trusted to have a name."""

    key: Key
    url: str = ""


class Witness(NamedTuple):
    """A witness, under the name that the rest of the file has for it."""

    name: str
    key: Key
    url: str = ""


class Group(NamedTuple):
    """Witnesses and groups, of which `threshold` must agree."""

    name: str
    threshold: int
    members: tuple[str, ...]


class Trust(NamedTuple):
    """Whom an auditor trusts. A checkpoint counts if a log signed it and the quorum cosigned."""

    logs: tuple[Log, ...] = ()
    witnesses: tuple[Witness, ...] = ()
    groups: tuple[Group, ...] = ()
    """A group names only witnesses, and groups before it."""
    quorum: str = NONE


class Vouched(NamedTuple):
    """A checkpoint that is trusted, and on whose word."""

    checkpoint: Checkpoint
    log: Key
    witnesses: tuple[Signed, ...]
    """The cosignatures that hold, in the order of the note."""


def check_checkpoint(note: Note, origin: str, trust: Trust, verify: Verify) -> Vouched:
    """The checkpoint in a note, for the ledger of that name. Raises `Tampered`, `Invalid`.

    1. The text is a checkpoint.
    2. It is of the ledger asked for.
    3. A trusted key of that ledger signed it; no signature of a known key fails.
    4. As many witnesses cosigned it as the quorum asks for.
    """
    checkpoint = parse_checkpoint(note.text)  # 1
    if checkpoint.origin != origin:  # 2
        raise Tampered(
            f"the checkpoint is of {shown(checkpoint.origin)}, another ledger than {shown(origin)}"
        )
    logs = [log.key for log in trust.logs if log.key.name == origin]
    witnesses = [witness.key for witness in trust.witnesses]
    signed = open_note(note, [*logs, *witnesses], verify)  # 3
    log = next((each.key for each in signed if each.key in logs), None)
    if log is None:
        raise Tampered(f"no trusted key of {shown(origin)} signed its checkpoint")
    cosigned = tuple(each for each in signed if each.key in witnesses)
    if not is_met(trust, (each.key for each in cosigned)):  # 4
        raise Tampered(
            f"{len(cosigned)} of {len(witnesses)} trusted witnesses cosigned the checkpoint: "
            f"the quorum {shown(trust.quorum)} is not met"
        )
    return Vouched(checkpoint, log, cosigned)


def is_met(trust: Trust, keys: Iterable[Key]) -> bool:
    """Whether the witnesses with these keys are a quorum."""
    have = set(keys)
    agreed = {NONE} | {witness.name for witness in trust.witnesses if witness.key in have}
    for group in trust.groups:
        if len(agreed & set(group.members)) >= group.threshold:
            agreed.add(group.name)
    return trust.quorum in agreed
