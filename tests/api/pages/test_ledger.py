"""The ledger's page: how far it is, who vouches for it, and who may say who does."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from consent_service import ledger
from consent_service.merkle import parse_checkpoint, parse_note, witness_key
from consent_service.signing import Pen
from consent_service.store.errands import Errand, Kind
from tests.api.pages.people import Document, Person, assert_message_at, document, recorded
from tests.served import Shop
from tests.unit.authority import Authority, authority

pytestmark = pytest.mark.asyncio(loop_scope="module")

VKEY = witness_key("east.example/w", Pen(b"e" * 32).public).vkey


async def entered(shop: Shop) -> int:
    """The size of the ledger, once the service has entered all that waited."""
    for _ in range(1200):
        # In this order: what was entered after a look at the head is not in that head.
        if not await shop.house.store.ledger.waiting(shop.site.id):
            return (await ledger.head_of(shop.house.store, shop.site.id)).size
        await asyncio.sleep(0.05)
    raise AssertionError("nothing is entered")


async def looked(shop: Shop, person: Person) -> Document:
    answer = await person.get(f"/sites/{shop.site.key}/ledger")
    assert answer.status_code == 200, answer.text
    return document(answer)


async def test_it_says_how_far_the_ledger_is_and_that_nobody_vouches(
    shop: Shop, auditor: Person
) -> None:
    await recorded(shop)
    size = await entered(shop)
    page = await looked(shop, auditor)
    assert f"Entries{size}" in page.words()
    assert f"consent.example/ledger/{shop.site.key}" in page.words()
    assert "Nobody. Without a witness" in page.words()
    for link in ("checkpoint", "tlog-policy.txt"):
        address = f"/ledger/{shop.site.key}/{link}"
        assert address in page.links
        assert (await shop.client.get(address)).status_code == 200
    assert (await shop.client.get(f"/ledger/{shop.site.key}/cosigned")).status_code == 404


async def test_an_admin_points_the_site_at_witnesses_and_an_auditor_only_looks(
    shop: Shop, admin: Person, auditor: Person
) -> None:
    await recorded(shop)
    await entered(shop)
    path = f"/sites/{shop.site.key}/ledger"
    form = (await looked(shop, admin)).form("witnesses")
    saved = await admin.post(path, form.with_(witnesses=f"{VKEY} https://east.example/\n"))
    assert saved.headers["location"] == f"{path}?saved=1"
    page = await looked(shop, auditor)
    assert "east.example/w" in page.words()
    assert "never yet" in page.words()
    assert not [form for form in page.forms if form.action == path]
    assert (await auditor.post(path, {"witnesses": ""})).status_code == 403
    again = (await looked(shop, admin)).form("witnesses")
    assert again["witnesses"] == f"{VKEY} https://east.example"
    assert VKEY in (await shop.client.get(f"/ledger/{shop.site.key}/tlog-policy.txt")).text
    await admin.post(path, again.with_(witnesses=""))
    assert "Nobody." in (await looked(shop, auditor)).words()


@pytest.mark.parametrize(
    ("witnesses", "message"),
    [
        ("hello", "Write a witness as its key, a space and its address"),
        ("a+b https://x.example", "name+id+base64"),
        (f"{VKEY} javascript:x", "not an http or https address"),
        (f"{VKEY} https://x.example\n{VKEY} https://x.example", "there twice"),
    ],
)
async def test_what_is_no_witness_is_refused_at_the_field_and_stays_typed(
    shop: Shop, admin: Person, witnesses: str, message: str
) -> None:
    answer = await admin.post(f"/sites/{shop.site.key}/ledger", {"witnesses": witnesses})
    assert answer.status_code == 422
    page = document(answer)
    assert_message_at(page, "witnesses", message)
    assert page.form("witnesses")["witnesses"] == witnesses


async def test_an_authority_is_set_and_what_is_none_is_refused_at_its_field(
    shop: Shop, admin: Person
) -> None:
    path = f"/sites/{shop.site.key}/ledger"
    saved = await admin.post(path, {"authority": "https://tsa.example/tsr"})
    assert saved.status_code == 303
    page = await looked(shop, admin)
    assert page.form("authority")["authority"] == "https://tsa.example/tsr"
    assert "waits" in page.words()
    refused = document(await admin.post(path, {"authority": "tsa.example"}))
    assert_message_at(refused, "authority", "not an http or https address")
    assert refused.form("authority")["authority"] == "tsa.example"


@pytest.fixture(scope="module")
def tsa(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return authority(tmp_path_factory.mktemp("tsa"))


async def test_certificates_of_an_authority_are_given_shown_to_auditors_and_taken_off(
    shop: Shop, admin: Person, auditor: Person, tsa: Authority
) -> None:
    path, given = f"/sites/{shop.site.key}/ledger", tsa.root.decode() + tsa.own.decode()
    form = (await looked(shop, admin)).form("authority_pem").with_(authority="https://tsa.example")
    typed = f"of us\r\n{given.replace(chr(10), chr(13) + chr(10))}\r\n"
    saved = await admin.post(path, form.with_(authority_pem=typed))
    assert saved.headers["location"] == f"{path}?saved=1"
    for person in (admin, auditor):
        words = (await looked(shop, person)).words()
        assert "A stamp is kept only if it leads to one of these certificates:" in words
        assert f"CN={tsa.folder.name} SHA-256 " in words
        assert "CN=stamps SHA-256 " in words
    again = (await looked(shop, admin)).form("authority_pem")
    assert again["authority_pem"] == given
    await admin.post(path, again)
    keeping = (await shop.house.store.sites.by_key(shop.site.key)).keeping
    assert keeping.authority_pem == given, "saved as it was shown, it stays"
    await admin.post(path, again.with_(authority_pem=tsa.root.decode()))
    assert "leads to this certificate:" in (await looked(shop, auditor)).words()
    await admin.post(path, again.with_(authority_pem=" \r\n"))
    assert "leads to" not in (await looked(shop, auditor)).words()


# What is given, made of a certificate; what is said of it.
NO_CERTIFICATES: dict[str, tuple[Callable[[str], str], str]] = {
    "words": (lambda _: "hello", "A certificate cannot be read, or there is none"),
    "one without an end": (lambda pem: pem[:200], "A certificate cannot be read"),
    "a private key": (
        lambda pem: f"{pem}-----BEGIN EC PRIVATE KEY-----\n",
        "There is a private key in it",
    ),
    "too many": (lambda pem: pem * 21, "20 certificates are the most"),
    "too much": (lambda pem: "+/\n" * 22_000 + pem, "more than 64 KiB"),
}


@pytest.mark.parametrize("name", NO_CERTIFICATES)
async def test_what_is_no_certificate_is_refused_at_its_field_and_stays_typed(
    shop: Shop, admin: Person, tsa: Authority, name: str
) -> None:
    made, message = NO_CERTIFICATES[name]
    typed = made(tsa.root.decode())
    fields = {"authority": "https://tsa.example", "authority_pem": typed}
    answer = await admin.post(f"/sites/{shop.site.key}/ledger", fields)
    assert answer.status_code == 422
    page = document(answer)
    assert_message_at(page, "authority_pem", message)
    assert page.form("authority_pem")["authority_pem"] == typed


async def test_certificates_of_no_authority_are_refused_at_their_field(
    shop: Shop, admin: Person, tsa: Authority
) -> None:
    fields = {"authority": "", "authority_pem": tsa.root.decode()}
    page = document(await admin.post(f"/sites/{shop.site.key}/ledger", fields))
    assert_message_at(page, "authority_pem", "These certificates are of no authority")


async def test_no_address_is_taken_where_there_is_no_mail_server(shop: Shop, admin: Person) -> None:
    path = f"/sites/{shop.site.key}/ledger"
    assert "as soon as the service has a mail server" in (await looked(shop, admin)).words()
    refused = document(await admin.post(path, {"mail_to": "ann@auditors.example"}))
    assert_message_at(refused, "mail_to", "This service has no mail server")


async def test_trouble_is_told_in_words(shop: Shop, admin: Person, auditor: Person) -> None:
    path, store = f"/sites/{shop.site.key}/ledger", shop.house.store
    await admin.post(path, {"witnesses": f"{VKEY} https://east.example"})
    now = shop.house.clock.now
    await store.errands.claim(shop.site.id, Kind.WITNESS, VKEY, now, now + 999)
    trouble = "has cosigned 9 entries, and the ledger has 6: <it> was put back"
    errand = Errand(Kind.WITNESS, VKEY, now + 999, now - 60, 4, trouble, now)
    await store.errands.settle(shop.site.id, errand)
    page = await looked(shop, auditor)
    assert f"It {trouble}." in page.words()
    assert "it is tried again" in page.words()


def _size(file: Path) -> int:
    """How many entries a checkpoint is of."""
    return parse_checkpoint(parse_note(file.read_bytes()).text).size


async def _outside(shop: Shop) -> Path:
    """The checkpoint outside the database, which is written after the commit: the head's own."""
    head = await ledger.head_of(shop.house.store, shop.site.id)
    name = f"consent.example_ledger_{shop.site.key}.checkpoint"
    path = shop.house.settings.checkpoints_folder / name
    for _ in range(1200):
        # An earlier one may be there: the head's is still to be written over it then.
        if path.exists() and _size(path) == head.size:
            return path
        await asyncio.sleep(0.05)
    raise AssertionError("there is no checkpoint outside the database")


async def test_a_ledger_that_is_stuck_says_so_with_words_of_help(
    shop: Shop, auditor: Person
) -> None:
    await recorded(shop)
    await entered(shop)
    file = await _outside(shop)
    kept = file.read_bytes()
    try:
        file.write_text("hello\n")
        page = await looked(shop, auditor)
    finally:
        file.write_bytes(kept)
    assert "The ledger does not go on" in page.words()
    assert "is not a checkpoint" in page.words()
    assert "nothing is signed until you decide" in page.words()
    assert "/help/ledger#when-a-ledger-stops" in page.links
    assert "The ledger does not go on" not in (await looked(shop, auditor)).words()
