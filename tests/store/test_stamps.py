"""Our ledger before a time-stamping authority: openssl's, behind a real server, and some others."""

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from consent_service import ledger, vouching
from consent_service.audit import Act
from consent_service.exports.verify import check_stamp
from consent_service.merkle import parse_note
from consent_service.model import Site
from consent_service.store import Store
from consent_service.store.errands import Kind
from consent_service.vouching import Doing, Party, Rounds
from consent_service.vouching.authorities import QUERY
from consent_service.vouching.rounds import AGAIN
from tests.outsiders import http, outsider
from tests.store import given
from tests.unit.authority import Authority, authority, cross_signed

EVERY = 600
REPLY = "application/timestamp-reply"


@pytest.fixture(scope="module")
def tsa(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return authority(tmp_path_factory.mktemp("tsa"))


@pytest.fixture(scope="module")
def rsa(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return authority(tmp_path_factory.mktemp("rsa"), kind="rsa")


@pytest.fixture(params=["ec", "rsa"])
def either(request: pytest.FixtureRequest, tsa: Authority, rsa: Authority) -> Authority:
    return tsa if request.param == "ec" else rsa


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return authority(tmp_path_factory.mktemp("other"))


@pytest.fixture
async def site(store: Store, folder: Path) -> Site:
    """A site with a ledger."""
    made = await given.published(store)
    await given.entered(given.desk(store, folder))
    return made


def stamping(tsa: Authority, change: Callable[[bytes], bytes] = bytes) -> Callable[[bytes], bytes]:
    """An authority's server; `change` is made to what it is asked."""
    return lambda query: http("200 OK", tsa.answer(change(query)), content_type=REPLY)


async def pointed(store: Store, site: Site, url: str, pem: bytes | None = None) -> Site:
    changes = {"authority": url} | ({"authority_pem": pem.decode()} if pem is not None else {})
    return await vouching.point(store, site, changes, Act("operator", given.NOW))


async def gone_round(store: Store, now: float, patience: float = 10.0) -> None:
    doings = {Kind.STAMP: Doing(vouching.stamp, EVERY)}
    await Rounds(store, doings, lambda: now, patience).round()


async def party(store: Store, site: Site, folder: Path) -> Party:
    stands = await vouching.standing(given.desk(store, folder), site)
    return stands.parties[0]


@pytest.mark.parametrize("kind_of_key", ["ec", "rsa"])
async def test_a_checkpoint_is_stamped_and_the_stamp_holds_under_the_authoritys_root(
    store: Store, site: Site, request: pytest.FixtureRequest, kind_of_key: str
) -> None:
    tsa: Authority = request.getfixturevalue("tsa" if kind_of_key == "ec" else "rsa")
    async with outsider(stamping(tsa)) as somebody:
        site = await pointed(store, site, somebody.url)
        began = time.time()
        await gone_round(store, began)
        await gone_round(store, began + EVERY)
        assert len(somebody.came) == 1, "what is stamped is not stamped again"
    head = await ledger.head_of(store, site.id)
    (stamp,) = await store.ledger.stamps(site.id, head.size)
    assert (stamp.authority, abs(stamp.at - began) < 60) == (somebody.url, True)
    roots = [x509.load_pem_x509_certificate(tsa.root)]
    text = parse_note(head.note).text.encode()
    assert check_stamp(stamp.token, text, roots, "it") == stamp.at
    assert await store.ledger.newest_stamps(site.id, 5) == [stamp]
    assert QUERY.encode() not in somebody.came[0]


async def test_a_stamp_whose_certificates_come_in_another_order_is_read_too(
    store: Store, site: Site, folder: Path, tsa: Authority
) -> None:
    """OpenSSL writes them as they come, and DER wants them sorted: of two, half are not."""

    def turned(query: bytes) -> bytes:
        answer = tsa.answer(query)
        names = (tsa.folder / "tsa.pem", tsa.folder / "root.pem")
        each = [x509.load_pem_x509_certificate(name.read_bytes()) for name in names]
        one, two = (certificate.public_bytes(Encoding.DER) for certificate in each)
        both = (one + two, two + one)
        assert (both[0] in answer) or (both[1] in answer)
        now, then = both if both[0] in answer else both[::-1]
        return http("200 OK", answer.replace(now, then), content_type=REPLY)

    for server in (turned, stamping(tsa)):
        async with outsider(server) as somebody:
            site = await pointed(store, site, somebody.url)
            await gone_round(store, time.time())
        assert (await party(store, site, folder)).trouble == ""
    head = await ledger.head_of(store, site.id)
    assert len(await store.ledger.stamps(site.id, head.size)) == 2


def _other_hash(query: bytes) -> bytes:
    """The request for a stamp of something else: the last byte of its hash is another."""
    at = query.index(b"\x04\x20") + 33
    return query[:at] + bytes([query[at] ^ 1]) + query[at + 1 :]


def _other_nonce(query: bytes) -> bytes:
    """The last byte of the nonce, which stands before `certReq`, is another."""
    at = query.rindex(b"\x01\x01\xff") - 1
    return query[:at] + bytes([query[at] ^ 1]) + query[at + 1 :]


def _without_certificate(query: bytes) -> bytes:
    """The request without the wish for one (`certReq`)."""
    at = query.rindex(b"\x01\x01\xff")
    return query[:at] + b"\x01\x01\x00" + query[at + 3 :]


def _answer(body: bytes, status: str = "200 OK") -> Callable[[bytes], bytes]:
    return lambda _: http(status, body, content_type=REPLY)


def _broken(tsa: Authority) -> Callable[[bytes], bytes]:
    """Its answer with the last byte, of the signature, changed."""

    def answer(query: bytes) -> bytes:
        made = tsa.answer(query)
        return http("200 OK", made[:-1] + bytes([made[-1] ^ 1]), content_type=REPLY)

    return answer


REFUSAL = bytes.fromhex("3010300e0201023009 0c07 77656c6c206e6f")
"""A TimeStampResp that says: rejection, `well no`."""

Answering = Callable[[bytes], bytes | None]


Made = Callable[[Authority], Answering]

# What an authority does, made of a good one; and what is said of it.
TROUBLES: dict[str, tuple[Made, str]] = {
    "another hash": (lambda tsa: stamping(tsa, _other_hash), "stamped something else"),
    "another nonce": (lambda tsa: stamping(tsa, _other_nonce), "its nonce is another"),
    "no certificate": (
        lambda tsa: stamping(tsa, _without_certificate),
        "the authority's certificate is not there",
    ),
    "a broken signature": (lambda tsa: _broken(tsa), "answers with a stamp that does not hold"),
    "garbage": (lambda _: _answer(b"hello"), "answers with what is no time stamp"),
    "nothing": (lambda _: _answer(b""), "answers with what is no time stamp"),
    "a refusal": (lambda _: _answer(REFUSAL), "refuses: 'well no'"),
    "an error": (
        lambda _: _answer(b"<h1>no", "503 Busy"),
        "does not stamp (status 503: '<h1>no')",
    ),
    "too much": (lambda _: _answer(b"0" * 200_000), "more than 131072 bytes"),
    "a redirect": (
        lambda _: lambda _: http("302 There", location="http://127.0.0.1:1/"),
        "another address, which is not followed",
    ),
    "no answer": (lambda _: lambda _: None, "does not answer within 0.5 seconds"),
}


@pytest.mark.parametrize("name", TROUBLES)
@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
async def test_what_an_authority_does_wrong_is_named_and_nothing_of_it_is_kept(
    store: Store, site: Site, folder: Path, request: pytest.FixtureRequest, name: str
) -> None:
    made, trouble = TROUBLES[name]
    async with outsider(made(request.getfixturevalue("tsa"))) as somebody:
        site = await pointed(store, site, somebody.url)
        await gone_round(store, time.time(), 0.5 if name == "no answer" else 10.0)
        assert len(somebody.came) == 1
    stands = await party(store, site, folder)
    assert trouble in stands.trouble
    assert stands.done_at == 0
    assert await store.ledger.newest_stamps(site.id, 5) == []


@pytest.mark.parametrize("ahead", [-500, 500])
@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
async def test_an_authority_with_another_clock_is_named(
    store: Store, site: Site, folder: Path, tsa: Authority, ahead: int
) -> None:
    async with outsider(stamping(tsa)) as somebody:
        site = await pointed(store, site, somebody.url)
        await gone_round(store, time.time() - ahead)
    trouble = (await party(store, site, folder)).trouble
    assert f"more than 60 seconds {'fast' if ahead > 0 else 'slow'}" in trouble


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
async def test_an_answer_with_a_changed_byte_is_taken_or_named(
    store: Store, site: Site, folder: Path, tsa: Authority
) -> None:
    """Taken where the byte is of no consequence; and nothing strange is ever raised."""

    def changed(query: bytes) -> bytes:
        made = bytearray(tsa.answer(query))
        made[41 * len(somebody.came) % len(made)] ^= 0x55
        return http("200 OK", bytes(made), content_type=REPLY)

    said = []
    async with outsider(changed) as somebody:
        for number in range(30):
            site = await pointed(store, site, f"{somebody.url}/{number}")
            await gone_round(store, time.time())
            said.append((await party(store, site, folder)).trouble)
    assert len(somebody.came) == 30
    named = ("answers", "stamped", "refuses", "has a clock")
    assert all(trouble == "" or trouble.startswith(named) for trouble in said), said
    assert len([trouble for trouble in said if trouble]) > 20


# --- Certificates that an operator has given -----------------------------------------------------

LEADS_TO_NONE = "stamps, but not under the certificates given for it: the stamp: "
GIVEN: dict[str, Callable[[Authority, Authority], bytes]] = {
    "its root": lambda tsa, _: tsa.root,
    "its own": lambda tsa, _: tsa.own,
    "its root beside another's": lambda tsa, other: other.root + tsa.root,
}


@pytest.mark.parametrize("name", GIVEN)
async def test_a_stamp_is_kept_that_leads_to_a_certificate_given_for_it(
    store: Store, site: Site, either: Authority, other: Authority, name: str
) -> None:
    async with outsider(stamping(either)) as somebody:
        site = await pointed(store, site, somebody.url, GIVEN[name](either, other))
        await gone_round(store, time.time())
    assert len(await store.ledger.newest_stamps(site.id, 5)) == 1


def _of_the_same_names(tsa: Authority, _: Authority, folder: Path) -> Authority:
    made = folder / tsa.folder.name
    made.mkdir()
    return authority(made)


def _with_the_right_root_along(tsa: Authority, other: Authority, _: Path) -> Authority:
    (other.folder / "both.pem").write_bytes(other.root + tsa.root)
    return replace(other, chain="both.pem")


# Who answers in the place of the authority whose root was given.
OTHERS: dict[str, Callable[[Authority, Authority, Path], Authority]] = {
    "another authority": lambda _, other, __: other,
    "one of the same names": _of_the_same_names,
    "one that brings the right root along": _with_the_right_root_along,
}


@pytest.fixture(params=OTHERS)
def wrong(
    request: pytest.FixtureRequest, either: Authority, other: Authority, tmp_path: Path
) -> Authority:
    return OTHERS[request.param](either, other, tmp_path)


async def test_a_stamp_that_leads_to_none_is_named_and_not_kept_until_the_right_one_comes(
    store: Store, site: Site, folder: Path, either: Authority, wrong: Authority
) -> None:
    answers, now = [wrong, either], time.time()
    async with outsider(lambda query: stamping(answers.pop(0))(query)) as somebody:
        site = await pointed(store, site, somebody.url, either.root)
        await gone_round(store, now - AGAIN)
        stands = await party(store, site, folder)
        assert stands.trouble.startswith(LEADS_TO_NONE), stands.trouble
        assert (stands.done_at, await store.ledger.newest_stamps(site.id, 5)) == (0, [])
        await gone_round(store, now)
    assert (await party(store, site, folder)).trouble == ""
    assert len(await store.ledger.newest_stamps(site.id, 5)) == 1


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
async def test_what_leads_to_none_is_told_in_the_log(
    store: Store, site: Site, tsa: Authority, other: Authority, caplog: pytest.LogCaptureFixture
) -> None:
    async with outsider(stamping(tsa)) as somebody:
        await pointed(store, site, somebody.url, other.root)
        await gone_round(store, time.time())
    (told,) = [each.getMessage() for each in caplog.records if LEADS_TO_NONE in each.getMessage()]
    assert told.startswith(f"the time-stamping authority {somebody.url} of shop stamps, but not")


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
async def test_a_stamp_that_came_before_the_certificates_is_held_to_them_too(
    store: Store, site: Site, folder: Path, tsa: Authority, other: Authority
) -> None:
    now = time.time()
    async with outsider(stamping(other)) as somebody:
        site = await pointed(store, site, somebody.url)
        await gone_round(store, now)
        for pem, trouble in ((tsa.root, LEADS_TO_NONE), (other.root, ""), (b"", "")):
            site = await pointed(store, site, somebody.url, pem)
            now += EVERY
            await gone_round(store, now)
            assert (await party(store, site, folder)).trouble.startswith(trouble)
            assert bool((await party(store, site, folder)).trouble) == bool(trouble)
        assert len(somebody.came) == 1, "what is stamped is not stamped again"


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
async def test_a_root_that_another_has_signed_too_may_be_given_either_way(
    store: Store, site: Site, folder: Path, tsa: Authority, other: Authority
) -> None:
    async with outsider(stamping(cross_signed(tsa, other))) as somebody:
        for number, root in enumerate((tsa.root, other.root)):
            site = await pointed(store, site, f"{somebody.url}/{number}", root)
            await gone_round(store, time.time())
            assert (await party(store, site, folder)).trouble == ""


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
async def test_a_stamp_without_its_certificate_is_not_kept_though_that_was_given(
    store: Store, site: Site, folder: Path, tsa: Authority
) -> None:
    """Whoever has the evidence alone could not check it."""
    async with outsider(stamping(tsa, _without_certificate)) as somebody:
        site = await pointed(store, site, somebody.url, tsa.own)
        await gone_round(store, time.time())
    assert "certificate is not there" in (await party(store, site, folder)).trouble
    assert await store.ledger.newest_stamps(site.id, 5) == []


async def test_certificates_stay_until_they_are_taken_off_or_the_authority_is_another(
    store: Store, site: Site, tsa: Authority, rsa: Authority
) -> None:
    async def kept() -> str:
        return (await store.sites.by_key(site.key)).keeping.authority_pem

    for given_pem, expected in ((tsa.root + rsa.root, tsa.root + rsa.root), (None, b"")):
        await pointed(store, site, "https://tsa.example/1", b"of us\n" + tsa.root)
        assert await kept() == tsa.root.decode(), "and nothing else of that text"
        await pointed(store, site, "https://tsa.example/1")
        assert await kept() == tsa.root.decode()
        await pointed(store, site, "https://tsa.example/2", given_pem)
        assert await kept() == expected.decode()
    await pointed(store, site, "https://tsa.example/2", tsa.root)
    await pointed(store, site, "https://tsa.example/2", b"")
    assert await kept() == ""


async def test_the_audit_trail_has_the_number_of_certificates_and_not_their_text(
    store: Store, site: Site, tsa: Authority, other: Authority
) -> None:
    await pointed(store, site, "https://tsa.example", tsa.root + other.root)
    await pointed(store, site, "https://tsa.example", tsa.root + other.root)
    (event,) = [each for each in await store.events.page(site.id) if each.verb == "site.vouch"]
    assert event.subject == (
        "witnesses: none; authority: https://tsa.example, certificates: 2; mailed to 0"
    )
