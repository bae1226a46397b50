"""A witness of somebody else's ledger: what it cosigns, what it refuses, what it remembers."""

import asyncio
from typing import NamedTuple

import httpx
import pytest

from consent_service.errors import Conflict, Invalid
from consent_service.merkle import (
    EMPTY_ROOT,
    Checkpoint,
    Key,
    Note,
    format_checkpoint,
    format_note,
    format_submission,
    leaf_hash,
    log_key,
    open_note,
    parse_note,
    parse_signatures,
    parse_vkey,
    prove_consistency,
    sign_note,
    tree_root,
    with_signatures,
)
from consent_service.signing import Pen, verify
from consent_service.store import Store
from consent_service.store.witnessed import Seen
from consent_service.witness import Bench, bench
from tests.store import given
from tests.store.outside import Refused, outside
from tests.store.witnessing import asked, client_of
from tests.unit.ledger import (
    EAST,
    LOG,
    LOG_SEED,
    ORIGIN,
    OTHER_SEED,
    grown,
    public,
    signer,
)

SEED = bytes([9]) * 32
NAME = "witness.example/w1"


class Tree(NamedTuple):
    """A ledger's tree of so many entries; where `other`, with another first entry."""

    size: int
    other: bool = False

    @property
    def root(self) -> bytes:
        if not self.size:
            return EMPTY_ROOT
        return leaf_hash(b"other") if self.other else tree_root(grown(self.size).hashes())

    def note(self, key: Key = LOG, seed: bytes = LOG_SEED) -> Note:
        text = format_checkpoint(Checkpoint(key.name, self.size, self.root))
        return sign_note(text, key, signer(seed))


def proof(old: int, new: int) -> tuple[bytes, ...]:
    return prove_consistency(old, grown(new).hashes())


def sent(old: int, new: int) -> bytes:
    """The submission of an honest ledger that grew."""
    return format_submission(old, proof(old, new), format_note(Tree(new).note()))


@pytest.fixture
def witness(store: Store) -> Bench:
    """A witness that knows one ledger."""
    return bench(store, NAME, Pen(SEED), [LOG])


def cosigned(witness: Bench, answer: httpx.Response, note: Note) -> int | None:
    """When the witness says that it saw this checkpoint; its signature holds."""
    assert answer.status_code == 200, answer.text
    lines = parse_signatures(answer.text)
    (signed,) = open_note(with_signatures(Note(note.text, ()), lines), [witness.key], verify)
    return signed.time


async def test_each_checkpoint_that_continues_the_last_one_is_cosigned(witness: Bench) -> None:
    for old, new in ((0, 0), (0, 1), (1, 3), (3, 3), (3, 8), (8, 300), (300, 513)):
        answer = await asked(witness, sent(old, new))
        assert cosigned(witness, answer, Tree(new).note()) == given.NOW
        last = await witness.store.witnessed.last(ORIGIN)
        assert last
        assert (last.size, last.root) == (new, Tree(new).root)


STRANGE = log_key(ORIGIN, public(OTHER_SEED))
ELSEWHERE = log_key("consent.example/ledger/other", public(LOG_SEED))

# After 5 entries were cosigned: what is sent, and the status that the specification wants.
REFUSED: dict[str, tuple[bytes, int]] = {
    "no submission": (b"hello", 400),
    "a line too many": (format_submission(5, (), b"old 5\n\n" + Tree(5).root.hex().encode()), 400),
    "no checkpoint": (format_submission(5, (), format_note(sign_note("a\n", LOG, bytes))), 404),
    "another ledger": (
        format_submission(0, (), format_note(Tree(3).note(ELSEWHERE, LOG_SEED))),
        404,
    ),
    "another key": (format_submission(5, (), format_note(Tree(5).note(STRANGE, OTHER_SEED))), 403),
    "a signature that does not hold": (
        format_submission(5, (), format_note(Tree(5).note(LOG, OTHER_SEED))),
        403,
    ),
    "an old size that is larger": (sent(3, 3).replace(b"old 3", b"old 4"), 400),
    "an older size": (sent(3, 8), 409),
    "a newer size": (sent(6, 8), 409),
    "from nothing": (sent(0, 8), 409),
    "a smaller tree": (sent(3, 3), 409),
    "no proof": (format_submission(5, (), format_note(Tree(8).note())), 422),
    "a proof of another tree": (
        format_submission(5, proof(6, 8), format_note(Tree(8).note())),
        422,
    ),
    "a proof with a changed hash": (
        format_submission(5, (bytes(32), *proof(5, 8)[1:]), format_note(Tree(8).note())),
        422,
    ),
    "a proof with a hash more": (
        format_submission(5, (*proof(5, 8), bytes(32)), format_note(Tree(8).note())),
        422,
    ),
    "a proof where none is needed": (
        format_submission(5, (bytes(32),), format_note(Tree(5).note())),
        422,
    ),
    "another tree of the same size": (
        format_submission(5, (), format_note(Tree(5, other=True).note())),
        409,
    ),
    "a body without end": (b"old 5\n" + b"x" * 70_000, 413),
}


@pytest.mark.parametrize("name", REFUSED)
async def test_what_does_not_continue_is_refused_as_the_specification_says(
    witness: Bench, name: str
) -> None:
    body, status = REFUSED[name]
    assert (await asked(witness, sent(0, 5))).status_code == 200
    before = await witness.store.witnessed.last(ORIGIN)
    answer = await asked(witness, body)
    assert (answer.status_code, "\N{EM DASH}" in answer.text) == (status, False), answer.text
    assert await witness.store.witnessed.last(ORIGIN) == before
    told = answer.headers["content-type"] == "text/x.tlog.size"
    if name in ("an older size", "a newer size", "from nothing", "a smaller tree"):
        assert (told, answer.text) == (True, "5\n")
    else:
        # Of another tree of the same size above all: there is no size to try again from.
        assert not told


async def test_a_ledger_that_was_never_seen_begins_from_nothing(witness: Bench) -> None:
    answer = await asked(witness, sent(3, 5))
    assert (answer.status_code, answer.text) == (409, "0\n")
    with_proof = format_submission(0, (bytes(32),), format_note(Tree(5).note()))
    assert (await asked(witness, with_proof)).status_code == 422
    assert await witness.store.witnessed.last(ORIGIN) is None


async def test_signatures_of_unknown_keys_are_passed_over(witness: Bench) -> None:
    both = with_signatures(Tree(5).note(), Tree(5).note(STRANGE, OTHER_SEED).signatures)
    answer = await asked(witness, format_submission(0, (), format_note(both)))
    assert answer.status_code == 200


async def test_a_ledger_whose_key_was_rotated_is_known_by_either(store: Store) -> None:
    either = bench(store, NAME, Pen(SEED), [LOG, STRANGE])
    assert (await asked(either, sent(0, 5))).status_code == 200
    newer = format_note(Tree(8).note(STRANGE, OTHER_SEED))
    assert (await asked(either, format_submission(5, proof(5, 8), newer))).status_code == 200


async def test_only_the_one_address_is_there(witness: Bench) -> None:
    async with client_of(witness) as client:
        assert (await client.get("/add-checkpoint")).status_code == 405
        assert (await client.post("/")).status_code == 404


async def test_the_key_of_a_witness_is_not_taken_for_a_ledgers(store: Store) -> None:
    with pytest.raises(Invalid, match="not of a ledger"):
        bench(store, NAME, Pen(SEED), [EAST])


async def test_of_many_at_once_each_size_is_cosigned_once(witness: Bench) -> None:
    """Two trees of each size, signed by the ledger itself: of no size both are cosigned."""
    honest = [sent(0, size) for size in range(1, 9)]
    forked = format_submission(0, (), format_note(Tree(1, other=True).note()))
    answers = await asyncio.gather(*(asked(witness, each) for each in [*honest, forked] * 3))
    signed = [answer for answer in answers if answer.status_code == 200]
    assert len(signed) == 1
    assert all(answer.status_code == 409 for answer in answers if answer not in signed)


async def test_the_database_itself_lets_no_witness_forget(store: Store, url: str) -> None:
    seen = Seen(5, b"r" * 32, b"note", 1)
    assert await store.witnessed.move("a", None, seen)
    assert not await store.witnessed.move("a", None, seen._replace(root=b"x" * 32))
    with pytest.raises(Conflict):
        await store.witnessed.move("a", seen, seen._replace(size=4))
    with pytest.raises(Conflict):
        await store.witnessed.move("a", seen, seen._replace(root=b"x" * 32))
    for attack in (
        "delete from witnessed",
        "update witnessed set size = size - 1",
        "update witnessed set root = note || root",
        "update witnessed set origin = 'b'",
    ):
        with outside(url) as connection, pytest.raises(Refused):
            connection.run(attack)
    assert await store.witnessed.last("a") == seen


# --- The published requests of another implementation --------------------------------------------

SIGSUM = "sigsum.org/v1/tree/4d6d8825a6bb689d459628312889dfbb0bcd41b5211d9e1ce768b0ff0309e562"
SIGSUM_PUBLIC = bytes.fromhex("ffdc2d4d98e4124d3feaf788c0c2f9abfd796083d1f0495437f302ec79cf100f")
TWO = "KgEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\nKgIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"
ONE_TO_FIVE = (
    "KgEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"
    "+fUDV+k970B4I3uKrqJM4aP1lloPZP8mvr2Z4wRw2LI=\n"
    "KgQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"
)
ROOTS = {
    1: "KgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
    3: "RcCI1Nk56ZcSmIEfIn0SleqtV7uvrlXNccFx595Iwl0=",
    5: "QrtXrQZCCvpIgsSmOsah7HdICzMLLyDfxToMql9WTjY=",
}
SIGNATURES = {
    1: "UgIom7fPZTqpxWWhyjWduBvTvGVqsokMbqTArsQilegKoFBJQjUFAmQ0+YeS"
    "PM3wfUQMFSzVnnNuWRTYrajXpNUbIQY=",
    3: "UgIom2VbtIcdFbwFAy1n7s6IkAxIY6J/GQOTuZF2ORV39d75cbAj2aQYwyJr"
    "e36kezNobZs4SUUdrcawfAB8WVrx6go=",
    5: "UgIomw/EOJmWi0i1FQsOj+etB7F8IccFam/jgd6wzRns4QPVmyEZtdvl1U2K"
    "EmLOZ/ASRcWJi0tW90dJWAShei7sDww=",
}


def _published(old: int, lines: str, size: int, origin: str = SIGSUM) -> bytes:
    return (
        f"old {old}\n{lines}\n{origin}\n{size}\n{ROOTS[size]}\n\n"
        f"\N{EM DASH} {SIGSUM} {SIGNATURES[size]}\n"
    ).encode()


# From the tests of litewitness (FiloSottile/torchwood, internal/witness), in their order.
PUBLISHED: list[tuple[str, bytes, int]] = [
    ("the first entry", _published(0, "", 1), 200),
    ("64 hashes", _published(0, TWO.splitlines()[0].join(["", "\n"]) * 64, 1), 400),
    (
        "a signature with a changed byte",
        _published(1, TWO, 3).replace(b"6go=\n", b"6gs=\n"),
        403,
    ),
    ("an unknown log", _published(1, TWO, 3, SIGSUM[:-1] + "1"), 404),
    ("no proof", _published(1, "", 3), 422),
    ("a changed hash", _published(1, TWO.replace("KgIA", "KgIB"), 3), 422),
    ("from one to three", _published(1, TWO, 3), 200),
    ("one that stayed behind", _published(1, ONE_TO_FIVE, 5), 409),
]


async def test_the_requests_of_litewitness_are_answered_as_it_answers_them(store: Store) -> None:
    log = log_key(SIGSUM, SIGSUM_PUBLIC)
    assert parse_vkey(log.vkey).id.hex() == "5202289b"
    witness = bench(store, "example.com", Pen(SEED), [log])
    for name, body, status in PUBLISHED:
        answer = await asked(witness, body)
        assert answer.status_code == status, f"{name}: {answer.text}"
        if status == 200:
            note = parse_note(body.partition(b"\n\n")[2])
            assert cosigned(witness, answer, note) == given.NOW
    assert answer.text == "3\n"


async def test_a_shorter_tree_that_was_checked_first_never_takes_a_longer_ones_place(
    store: Store,
) -> None:
    """The race that the specification warns of: both from 1, one to 3 and one to 5."""
    witness = bench(store, "example.com", Pen(SEED), [log_key(SIGSUM, SIGSUM_PUBLIC)])
    await asked(witness, _published(0, "", 1))
    both = [_published(1, ONE_TO_FIVE, 5), _published(1, TWO, 3)]
    answers = await asyncio.gather(*(asked(witness, body) for body in both))
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    last = await store.witnessed.last(SIGSUM)
    assert last
    assert last.size == (5 if answers[0].status_code == 200 else 3)
