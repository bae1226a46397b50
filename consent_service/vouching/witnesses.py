"""A checkpoint is handed to a witness (C2SP tlog-witness); its cosignature is verified and kept."""

from consent_service import ledger
from consent_service.errors import ConsentError, Invalid
from consent_service.merkle import (
    Key,
    Note,
    Signature,
    format_signature,
    format_submission,
    open_note,
    parse_note,
    parse_signatures,
    parse_size,
    parse_vkey,
    with_signatures,
)
from consent_service.merkle.submitting import ADD_CHECKPOINT, SIZE_TYPE
from consent_service.model import Witness
from consent_service.signing import verify
from consent_service.store.ledger import Cosigned, Kept
from consent_service.vouching.outgoing import Answer, Trouble, post
from consent_service.vouching.visits import Visit, check_clock, kept_newest

_TRIALS = 3
"""How often a witness may say that it has another size: another process may ask it as well."""

_MEANING = {
    400: "cannot read what it is sent, it says",
    403: "knows this ledger by another key: tell its operator the present one (tlog-policy.txt)",
    404: "does not know this ledger, or there is no witness at this address",
    422: "says that the ledger does not continue what it has cosigned: its history was changed",
}


async def cosign(visit: Visit) -> int:
    """Have the newest checkpoint cosigned; its size. Raises `Trouble`."""
    witness = _witness(visit)
    kept = await kept_newest(visit)
    old = await visit.store.ledger.cosigned(visit.site.id, witness.key)
    if old == kept.size:
        return old
    if old > kept.size:
        raise _ahead(old, kept.size)
    for _ in range(_TRIALS):
        answer = await _sent(visit, witness, kept, old)
        if answer.status == 200:
            await _keep(visit, witness, kept, answer.body)
            return kept.size
        old = _other_size(answer, old, kept.size)
    raise Trouble("says each time that it has cosigned another size")


def _witness(visit: Visit) -> Witness:
    return next(each for each in visit.site.keeping.witnesses if each.key == visit.errand.whom)


async def _sent(visit: Visit, witness: Witness, kept: Kept, old: int) -> Answer:
    proof = await ledger.consistency(visit.store, visit.site.id, old, kept.size)
    body = format_submission(old, proof, kept.note)
    return await post(visit.way, f"{witness.url}{ADD_CHECKPOINT}", body, "text/plain")


def _other_size(answer: Answer, old: int, size: int) -> int:
    """The size to try again from. Raises `Trouble` where there is none."""
    if answer.status != 409:
        meaning = _MEANING.get(answer.status, "does not answer as a witness does")
        raise Trouble(f"{meaning} (status {answer.status}{answer.said})")
    if answer.kind != SIZE_TYPE:
        raise Trouble(
            f"has cosigned another tree of {size} entries: the ledger was forked (status 409"
            f"{answer.said})"
        )
    known = _read_size(answer.body)
    if known > size:
        raise _ahead(known, size)
    if known == old:
        raise Trouble(f"says that it has cosigned {known} entries, and refuses to go on from there")
    return known


def _ahead(known: int, size: int) -> Trouble:
    return Trouble(
        f"has cosigned {known} entries, and the ledger has {size}: it was put back to an older "
        "state, or somebody else signs with its key"
    )


def _read_size(body: bytes) -> int:
    try:
        return parse_size(body)
    except Invalid as error:
        raise Trouble(f"says 409 without a size: {error.message}") from error


async def _keep(visit: Visit, witness: Witness, kept: Kept, body: bytes) -> None:
    """Keep the witness's line of an answer, once it is verified. Other lines are passed over."""
    key = parse_vkey(witness.key)
    try:
        note = Note(parse_note(kept.note).text, ())
        lines = parse_signatures(body.decode())
        (signed,) = open_note(with_signatures(note, _of(lines, key)), [key], verify)
    except UnicodeDecodeError as error:
        raise Trouble("answers with what is no text") from error
    except ConsentError as error:
        raise Trouble(f"answers with what is no cosignature of it: {error.message}") from error
    check_clock(signed.time or 0, visit.now)
    (line,) = _of(lines, key)[-1:]
    cosigned = Cosigned(witness.key, format_signature(line))
    await visit.store.ledger.add_cosignature(visit.site.id, kept.size, cosigned, signed.time or 0)


def _of(lines: tuple[Signature, ...], key: Key) -> list[Signature]:
    return [line for line in lines if (line.name, line.key_id) == (key.name, key.id)]
