"""Our ledger before witnesses: real ones on loopback, and some that do not do what they should."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from pathlib import Path
from typing import NamedTuple

import pytest

from consent_service import ledger, vouching
from consent_service.audit import Act
from consent_service.errors import Invalid
from consent_service.merkle import (
    Key,
    check_checkpoint,
    format_signature,
    parse_note,
    parse_submission,
    parse_trust,
    witness_key,
)
from consent_service.merkle.opening import cosign
from consent_service.model import Site, Witness
from consent_service.signing import Pen, verify
from consent_service.store import ReceiptWriter, Store
from consent_service.store.errands import Errand, Kind
from consent_service.vouching import Doing, Party, Rounds
from consent_service.web.witness import create_witness
from consent_service.witness import bench
from tests.outsiders import Answering, http, outsider
from tests.served import serving
from tests.store import given
from tests.store.given import NOW

EVERY = 60
PENS = {f"{name}.example/w": Pen(name.encode().ljust(32, b".")) for name in ("east", "west")}
EAST, WEST = (witness_key(name, pen.public) for name, pen in PENS.items())


class Clock:
    """A clock that stands still until a test moves it on."""

    def __init__(self) -> None:
        self.time = float(NOW)

    def __call__(self) -> float:
        return self.time


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def site(store: Store, folder: Path) -> Site:
    """A site with a ledger of some entries."""
    made = await given.published(store)
    await grow(store, folder, made, 3)
    return made


async def grow(store: Store, folder: Path, site: Site, count: int) -> int:
    """So many receipts more, entered; the size of the ledger."""
    async with ReceiptWriter(store, 100, 100) as writer:
        await asyncio.gather(*(writer.add(given.receipt(site.id)) for _ in range(count)))
    await given.entered(given.desk(store, folder))
    return (await ledger.head_of(store, site.id)).size


class Scene(NamedTuple):
    """What a test of trouble needs."""

    store: Store
    site: Site
    folder: Path
    clock: Clock


@pytest.fixture
def scene(store: Store, site: Site, folder: Path, clock: Clock) -> Scene:
    return Scene(store, site, folder, clock)


@asynccontextmanager
async def witness(store: Store, key: Key, clock: Clock) -> AsyncIterator[Witness]:
    """A real witness of all ledgers of that store, that remembers in the same database."""
    head = await ledger.head_of(store, 1)
    logs = await ledger.vkeys(store, head.site_id)
    app = create_witness(nullcontext(bench(store, key.name, PENS[key.name], logs)), clock)
    async with serving(app) as url:
        yield Witness(key=key.vkey, url=url)


async def pointed(store: Store, site: Site, *witnesses: Witness) -> Site:
    return await vouching.point(store, site, {"witnesses": witnesses}, Act("operator", NOW))


def rounds(store: Store, clock: Clock, patience: float = 10.0) -> Rounds:
    return Rounds(store, {Kind.WITNESS: Doing(vouching.cosign, EVERY)}, clock, patience)


async def parties(store: Store, site: Site, folder: Path) -> tuple[Party, ...]:
    stands = await vouching.standing(given.desk(store, folder), site)
    return stands.parties


async def test_each_witness_cosigns_what_the_ledger_grows_to(
    store: Store, site: Site, folder: Path, clock: Clock
) -> None:
    async with witness(store, EAST, clock) as east, witness(store, WEST, clock) as west:
        # One database is one memory: to each of them the ledger's size is the other's too.
        site = await pointed(store, site, east, west)
        for size in (5, 12):
            await rounds(store, clock).round()
            note = parse_note(await ledger.checkpoint(store, site.id))
            trust = parse_trust(await ledger.trust_of(store, site, "https://consent.example"))
            vouched = check_checkpoint(note, "consent.example/ledger/shop", trust, verify)
            assert vouched.checkpoint.size == size
            assert {each.key for each in vouched.witnesses} == {EAST, WEST}
            assert {each.time for each in vouched.witnesses} == {int(clock.time)}
            newest = await ledger.newest_vouched(store, site)
            assert newest
            assert newest.size == size
            await grow(store, folder, site, 7)
            clock.time += EVERY
    for party in await parties(store, site, folder):
        assert (party.size, party.trouble, party.done_at) == (12, "", NOW + EVERY)


async def test_proofs_carry_the_cosignatures_too(store: Store, site: Site, clock: Clock) -> None:
    async with witness(store, EAST, clock) as east:
        site = await pointed(store, site, east)
        await rounds(store, clock).round()
    receipt = (await store.receipts.page(site.id, None, 1))[0]
    proved = await ledger.prove(store, site.id, receipt.id)
    assert proved
    assert EAST.name.encode() in proved.checkpoint
    assert EAST.name.encode() in proved.text


async def test_nobody_is_asked_before_it_is_time_and_nobody_twice_for_the_same(
    store: Store, site: Site, folder: Path, clock: Clock
) -> None:
    async with outsider(_cosigning(EAST)) as somebody:
        site = await pointed(store, site, Witness(key=EAST.vkey, url=somebody.url))
        both = rounds(store, clock), rounds(store, clock)
        await asyncio.gather(*(each.round() for each in both))
        assert len(somebody.came) == 1
        clock.time += EVERY
        await both[0].round()
        assert len(somebody.came) == 1, "it was asked again for a size that it has cosigned"
        await grow(store, folder, site, 1)
        await both[0].round()
        assert len(somebody.came) == 1, "it was asked before it was time"
        clock.time += EVERY
        await both[1].round()
        assert len(somebody.came) == 2


def _cosigning(key: Key, pen: Pen | None = None, after: int = 0, more: bytes = b"") -> Answering:
    """A witness that cosigns whatever comes, `after` seconds later."""

    def answer(body: bytes) -> bytes:
        note = parse_note(parse_submission(body).note)
        line = cosign(note, key, NOW + after, (pen or PENS[key.name]).sign)
        return http("200 OK", more + format_signature(line).encode())

    return answer


def _always(answer: bytes | None) -> Answering:
    return lambda _: answer


_OTHER = Pen(b"o" * 32)
_STRANGER = format_signature(
    cosign(parse_note("a\n1\nb\n\n\N{EM DASH} x AAAAAAA=\n".encode()), WEST, NOW, _OTHER.sign)
).encode()

# What a witness answers, and what is said of it.
TROUBLES: dict[str, tuple[Answering, str]] = {
    "403": (_always(http("403 Forbidden")), "knows this ledger by another key"),
    "404": (_always(http("404 Not Found")), "does not know this ledger"),
    "422": (_always(http("422 Nope")), "its history was changed"),
    "400": (_always(http("400 Bad", b"what?")), "cannot read what it is sent, it says (status 400"),
    "500": (_always(http("500 Oh", b"<h1>\xff")), "does not answer as a witness does (status 500"),
    "204": (_always(http("204 No Content")), "does not answer as a witness does (status 204"),
    "a redirect": (
        _always(http("307 There", location="http://127.0.0.1:1/")),
        "another address, which is not followed",
    ),
    "409 of a larger tree": (
        _always(http("409 Conflict", b"99\n", content_type="text/x.tlog.size")),
        "has cosigned 99 entries, and the ledger has 5: it was put back",
    ),
    "409 without a size": (
        _always(http("409 Conflict", b"5\n", content_type="text/plain")),
        "has cosigned another tree of 5 entries: the ledger was forked",
    ),
    "409 with garbage": (
        _always(http("409 Conflict", b"05", content_type="text/x.tlog.size")),
        "says 409 without a size",
    ),
    "409 with our size": (
        _always(http("409 Conflict", b"0\n", content_type="text/x.tlog.size")),
        "has cosigned 0 entries, and refuses to go on from there",
    ),
    "garbage": (_always(http("200 OK", b"\xff\xfe")), "answers with what is no text"),
    "nothing": (_always(http("200 OK")), "answers with what is no cosignature of it"),
    "text": (_always(http("200 OK", b"hello\n")), "answers with what is no cosignature of it"),
    "a stranger's line": (_always(http("200 OK", _STRANGER)), "none of the 1 known keys signed"),
    "another key's signature": (_cosigning(EAST, _OTHER), "does not hold"),
    "too much": (_always(http("200 OK", b"x" * 200_000)), "more than 131072 bytes"),
    "no HTTP": (_always(b"SSH-2.0-x\r\n"), "cannot be reached"),
    "a broken answer": (
        _always(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nx"),
        "cannot be reached",
    ),
    "a clock that is fast": (_cosigning(EAST, after=500), "more than 60 seconds fast"),
    "a clock that is slow": (_cosigning(EAST, after=-61), "more than 60 seconds slow"),
    "no answer": (_always(None), "does not answer within 0.5 seconds"),
}


@pytest.mark.parametrize("name", TROUBLES)
@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
async def test_what_a_witness_does_wrong_is_named_and_nothing_of_it_is_kept(
    scene: Scene, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    (store, site, folder, clock), (answer, trouble) = scene, TROUBLES[name]
    async with outsider(answer) as somebody:
        site = await pointed(store, site, Witness(key=EAST.vkey, url=somebody.url))
        for _ in range(2):
            await rounds(store, clock, 0.5 if name == "no answer" else 10.0).round()
            clock.time += EVERY
        assert len(somebody.came) == 2, "it was not tried again"
    (party,) = await parties(store, site, folder)
    assert trouble in party.trouble
    assert (party.done_at, party.trouble_at) == (0, NOW)
    assert await store.ledger.cosigned(site.id, EAST.vkey) == 0
    logged = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert len(logged) == 1, "it is to be logged once"
    said = logged[0].getMessage()
    assert said.startswith(f"the witness {EAST.name} of shop ")
    assert trouble in said
    # And nothing stops.
    assert await grow(store, folder, site, 1) == 6


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
async def test_nobody_at_the_address_is_named_and_holds_up_nobody(
    store: Store, site: Site, folder: Path, clock: Clock
) -> None:
    nowhere = Witness(key=WEST.vkey, url="http://127.0.0.1:1")
    async with witness(store, EAST, clock) as east:
        site = await pointed(store, site, nowhere, east)
        await rounds(store, clock).round()
    found = {party.name: party.trouble for party in await parties(store, site, folder)}
    assert found[EAST.name] == ""
    assert found[WEST.name].startswith("cannot be reached")


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
async def test_whoever_is_well_again_is_said_to_be_so(
    store: Store,
    site: Site,
    folder: Path,
    clock: Clock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    answers = [http("500 Oh"), None]
    good = _cosigning(EAST, after=EVERY)
    caplog.set_level(logging.INFO, "consent_service")
    async with outsider(lambda body: answers.pop(0) if answers[0] else good(body)) as somebody:
        site = await pointed(store, site, Witness(key=EAST.vkey, url=somebody.url))
        await rounds(store, clock).round()
        clock.time += EVERY
        await rounds(store, clock).round()
    (party,) = await parties(store, site, folder)
    assert (party.trouble, party.trouble_at, party.size) == ("", 0, 5)
    assert caplog.messages[-1] == f"the witness {EAST.name} of shop is at it again"


async def test_a_witness_that_has_another_size_is_asked_again_from_there(
    store: Store, site: Site, folder: Path, clock: Clock
) -> None:
    """As after a kill between its answer and our keeping of it."""
    async with witness(store, EAST, clock) as east:
        site = await pointed(store, site, east)
        await rounds(store, clock).round()
        await grow(store, folder, site, 90)
    # Under another key the same memory is somebody of whom nothing is known here.
    async with witness(store, WEST, clock) as west:
        site = await pointed(store, site, Witness(key=WEST.vkey, url=west.url))
        await rounds(store, clock).round()
    (party,) = await parties(store, site, folder)
    assert (party.size, party.trouble) == (95, "")


async def test_a_ledger_that_was_put_back_is_found_out_by_its_witness(
    store: Store, site: Site, folder: Path, clock: Clock
) -> None:
    async with witness(store, EAST, clock) as east:
        site = await pointed(store, site, east)
        await rounds(store, clock).round()
        seen = await store.witnessed.last("consent.example/ledger/shop")
        assert seen
        assert seen.size == 5
        # The witness has seen more since: of a history that is gone here.
        more = seen._replace(size=9, root=b"r" * 32)
        assert await store.witnessed.move("consent.example/ledger/shop", seen, more)
        await grow(store, folder, site, 1)
        clock.time += EVERY
        await rounds(store, clock).round()
        (party,) = await parties(store, site, folder)
        assert "has cosigned 9 entries, and the ledger has 6: it was put back" in party.trouble
        await grow(store, folder, site, 3)
        clock.time += EVERY
        await rounds(store, clock).round()
        (party,) = await parties(store, site, folder)
        assert "has cosigned another tree of 9 entries: the ledger was forked" in party.trouble
        await grow(store, folder, site, 3)
        clock.time += EVERY
        await rounds(store, clock).round()
    (party,) = await parties(store, site, folder)
    assert "its history was changed (status 422" in party.trouble


async def test_whoever_is_no_longer_asked_is_forgotten_once_due(
    store: Store, site: Site, clock: Clock
) -> None:
    async with outsider(_always(http("500 Oh"))) as somebody:
        site = await pointed(store, site, Witness(key=EAST.vkey, url=somebody.url))
        await rounds(store, clock).round()
    site = await pointed(store, site)
    await rounds(store, clock).round()
    assert len(await store.errands.of(site.id)) == 1
    clock.time += EVERY
    await rounds(store, clock).round()
    assert await store.errands.of(site.id) == []


async def test_of_many_processes_one_has_the_errand(store: Store, site: Site) -> None:
    claims = [store.errands.claim(site.id, Kind.WITNESS, "w", NOW, NOW + 9) for _ in range(5)]
    assert sorted(await asyncio.gather(*claims)) == [False, False, False, False, True]
    assert not await store.errands.claim(site.id, Kind.WITNESS, "w", NOW + 8, NOW + 99)
    assert await store.errands.claim(site.id, Kind.WITNESS, "w", NOW + 9, NOW + 99)
    done = Errand(Kind.WITNESS, "w", NOW + 500, NOW + 10, 7, "is tired", NOW + 10)
    await store.errands.settle(site.id, done)
    assert await store.errands.of(site.id) == [done]


_HERE = "http://127.0.0.1:1"


@pytest.mark.parametrize(
    ("changes", "field", "message"),
    [
        ({"witnesses": (Witness(key="x", url=_HERE),)}, "witnesses", "name+id+base64"),
        (
            {"witnesses": (Witness(key=EAST.vkey, url="ftp://x.example"),)},
            "witnesses",
            "not an http or https address",
        ),
        (
            {"witnesses": (Witness(key=EAST.vkey, url="https://a:b@x.example"),)},
            "witnesses",
            "not an http or https address",
        ),
        (
            {"witnesses": (Witness(key=EAST.vkey, url="https://x.example/\n"),)},
            "witnesses",
            "not an http or https address",
        ),
        ({"authority": "file:///etc/x"}, "authority", "not an http or https address"),
        ({"authority": "https://x.example/#y"}, "authority", "not an http or https address"),
        ({"mail_to": ("a@b",)}, "mail_to", "not an e-mail address"),
        ({"mail_to": ("a@b.example\nBcc: c@d.example",)}, "mail_to", "not an e-mail address"),
        ({"mail_to": ("<a@b.example>",)}, "mail_to", "not an e-mail address"),
        ({"authority": "https://"}, "authority", "not an http or https address"),
        ({"witnesses": (Witness(key=EAST.vkey, url=_HERE),) * 2}, "witnesses", "there twice"),
        ({"witnesses": (Witness(key=EAST.vkey, url=_HERE),) * 11}, "witnesses", "10 are the most"),
    ],
)
@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
async def test_what_cannot_be_a_witness_is_refused_at_its_field(
    store: Store, site: Site, changes: dict[str, object], field: str, message: str
) -> None:
    with pytest.raises(Invalid, match=message.replace("+", r"\+")) as refused:
        await vouching.point(store, site, changes, Act("operator", NOW))
    assert refused.value.field == field
    assert (await store.sites.by_key("shop")).keeping == site.keeping


async def test_who_vouches_is_in_the_audit_trail(store: Store, site: Site) -> None:
    site = await pointed(store, site, Witness(key=EAST.vkey, url=_HERE))
    await pointed(store, site, *site.keeping.witnesses)
    await pointed(store, site)
    events = [each for each in await store.events.page(site.id) if each.verb == "site.vouch"]
    said = [each.subject for each in events]
    assert sorted(said) == [
        "witnesses: east.example/w; authority: none; mailed to 0",
        "witnesses: none; authority: none; mailed to 0",
    ]
