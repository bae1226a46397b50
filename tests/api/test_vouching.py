"""The whole way: publish, a receipt, the ledger, two witnesses, a stamp, a bundle, the verifier.

Everything is real but the distance: a service, two witnesses with databases of their own, and an
authority made of openssl behind a server.
"""

import asyncio
import subprocess
import sys
import time
import zipfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from io import BytesIO
from pathlib import Path

import httpx

from consent_service import vouching
from consent_service.exports.verify import FAILS, HOLDS, Anchors, check_bundle, screen_digest
from consent_service.ledger import origin_of
from consent_service.merkle import Key, log_key, witness_key
from consent_service.model import Role, Screen, Witness
from consent_service.signing import Pen, b64url, open_keyring, sha256_b64, unb64url
from consent_service.store import open_store
from consent_service.vouching import Standing
from consent_service.web.witness import create_witness
from consent_service.witness import Bench, bench
from tests.api.pages.people import Person, with_role
from tests.outsiders import Outsider, http, outsider
from tests.served import Clock, Shop, open_shop, running_house, serving
from tests.tools import ROOT
from tests.unit.authority import authority

VERIFY = ROOT / "consent_service/exports/verify.py"
_NOWHERE = "http://127.0.0.1:1"
_PICTURE = b"\x89PNG\r\n\x1a\n" + b"a picture of the banner"
NAMES = ("east.example/w", "west.example/w")


class Real(Clock):
    """The machine's own clock, by which openssl stamps."""

    def __call__(self) -> float:
        return time.time()


@asynccontextmanager
async def witnessing(folder: Path, name: str, log: Key) -> AsyncIterator[Witness]:
    """A witness of that ledger, with a key and a database of its own."""
    pen = Pen(name.encode().ljust(32, b"."))

    @asynccontextmanager
    async def opened() -> AsyncIterator[Bench]:
        async with open_store(f"sqlite:///{folder}/{name.partition('.')[0]}.db") as store:
            yield bench(store, name, pen, [log])

    async with serving(create_witness(opened(), time.time)) as url:
        yield Witness(key=witness_key(name, pen.public).vkey, url=url)


def log_of(shop: Shop) -> Key:
    """The key by which the shop's ledger is known."""
    pen = open_keyring(shop.house.settings.keys, 0).ledger
    return log_key(origin_of("https://consent.example", shop.site), pen.public)


@asynccontextmanager
async def vouched_shop(database: str, folder: Path) -> AsyncIterator[Shop]:
    """A shop whose ledger two witnesses and an authority vouch for, as fast as they can."""
    tsa = authority(folder)
    soon = {"witness_seconds": 0.2, "stamp_seconds": 0.2}
    async with AsyncExitStack() as stack:
        house = await stack.enter_async_context(running_house(database, folder, Real(), **soon))
        shop = await open_shop(house, "tea")
        await pictured(shop)
        log = log_of(shop)
        witnesses = tuple(
            [await stack.enter_async_context(witnessing(folder, name, log)) for name in NAMES]
        )
        stamps = await stack.enter_async_context(
            outsider(lambda query: http("200 OK", tsa.answer(query)))
        )
        changes = {"witnesses": witnesses, "authority": stamps.url}
        await vouching.point(house.store, shop.site, changes, house.operator)
        await seen(shop, 1)
        await known(shop, *NAMES)
        yield shop


async def pictured(shop: Shop) -> None:
    """How the banner looks, as if a browser had been here."""
    artifact = await shop.house.store.policies.artifact_by_tag(shop.site.id, shop.tag)
    entry = screen_digest(unb64url(artifact.digest), 1, "wide", _PICTURE)
    screen = Screen(
        site_id=shop.site.id,
        banner=artifact.digest,
        layer=1,
        viewport="wide",
        taken_at=shop.house.clock.now,
        digest=sha256_b64(_PICTURE),
        entry=b64url(entry),
    )
    await shop.house.store.screens.add(screen, _PICTURE)


async def seen(shop: Shop, size: int, name: str = "") -> Standing:
    """How it stands once all those outside, or the one of that name, have seen so many entries."""
    for _ in range(600):
        site = await shop.house.store.sites.by_key(shop.site.key)
        stands = await vouching.standing(shop.house.desk, site)
        asked = [party for party in stands.parties if name in ("", party.name)]
        if asked and all(party.size >= size for party in asked):
            return stands
        await asyncio.sleep(0.05)
    raise AssertionError(f"they have not seen {size}: {stands.parties}")


async def known(shop: Shop, *names: str) -> None:
    """Wait until the service knows the site's witnesses: it remembers a site for a second."""
    for _ in range(600):
        text = (await shop.client.get(f"/ledger/{shop.site.key}/tlog-policy.txt")).text
        if all((name in text) == (name in names) for name in NAMES):
            return
        await asyncio.sleep(0.05)
    raise AssertionError(f"these are not its witnesses: {names}")


async def place_of(shop: Shop, receipt: str) -> int:
    for _ in range(600):
        place = await shop.house.store.ledger.place(shop.site.id, receipt)
        if place is not None:
            return place
        await asyncio.sleep(0.05)
    raise AssertionError("it is not in the ledger")


async def _bundle(shop: Shop, auditor: Person) -> tuple[str, bytes]:
    """A new receipt's id and evidence, after all have seen the ledger without and with it."""
    stands = await seen(shop, 1)
    assert [party.trouble for party in stands.parties] == ["", "", ""]
    choice = shop.choice()
    assert (await shop.post(choice)).status_code == 201
    receipt = str(choice["id"])
    await seen(shop, await place_of(shop, receipt) + 1)
    answer = await auditor.get(f"/sites/tea/receipts/{receipt}/evidence.zip")
    assert answer.status_code == 200, answer.text
    return receipt, answer.content


def _verified(file: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-I", str(VERIFY), str(file), *options]
    return subprocess.run(command, capture_output=True, text=True, check=False)


async def test_a_bundle_shows_all_five_checks_on_the_word_of_others(
    database: str, tmp_path: Path
) -> None:
    async with vouched_shop(database, tmp_path) as shop:
        auditor = await with_role(shop.house, shop.site, Role.AUDITOR)
        receipt, content = await _bundle(shop, auditor)
        trust = (await shop.client.get("/ledger/tea/tlog-policy.txt")).content
        cosigned = await shop.client.get("/ledger/tea/cosigned")
        page = await auditor.get("/sites/tea/ledger")
        shown = await auditor.get(f"/sites/tea/receipts/{receipt}")
    file = tmp_path / "bundle.zip"
    file.write_bytes(content)
    told = await asyncio.to_thread(_verified, file)
    assert told.returncode == 0, told.stdout + told.stderr
    said = " ".join(told.stdout.split())
    assert "It existed by" in said
    assert "and not before" in said
    _assert_carried(content)
    # An auditor's own tlog-policy and root, instead of what came along.
    (tmp_path / "trust").write_bytes(trust)
    own = ("--trust", str(tmp_path / "trust"), "--tsa", str(tmp_path / "root.pem"))
    insisting = await asyncio.to_thread(_verified, file, *own)
    assert insisting.returncode == 0, insisting.stdout + insisting.stderr
    assert all(name in cosigned.text for name in NAMES)
    assert all(name in page.text for name in (*NAMES, "Last stamped"))
    assert "It existed by" in shown.text


def _assert_carried(content: bytes) -> None:
    with zipfile.ZipFile(BytesIO(content)) as bundle:
        names = set(bundle.namelist())
        proof = bundle.read("receipt.tlog-proof").decode()
        before = bundle.read("previous.checkpoint").decode()
        trust = bundle.read("tlog-policy.txt").decode()
    assert all(name in text for name in NAMES for text in (proof, before, trust))
    assert "group witnesses 2 w0 w1\nquorum witnesses\n" in trust
    # Stamps come less often than cosignatures: where there is one, it is in the bundle.
    assert "tsa.pem" in names or not any(name.endswith(".tsr") for name in names)


async def test_evidence_stands_when_a_witness_was_away_and_when_it_is_another_by_now(
    database: str, tmp_path: Path
) -> None:
    nowhere = Witness(key=witness_key(NAMES[1], Pen(b"w" * 32).public).vkey, url=_NOWHERE)
    async with AsyncExitStack() as stack:
        opened = running_house(database, tmp_path, Real(), witness_seconds=0.2)
        house = await stack.enter_async_context(opened)
        shop = await open_shop(house, "alone")
        east = await stack.enter_async_context(witnessing(tmp_path, NAMES[0], log_of(shop)))
        await vouching.point(house.store, shop.site, {"witnesses": (east, nowhere)}, house.operator)
        auditor = await with_role(house, shop.site, Role.AUDITOR)
        await seen(shop, 1, NAMES[0])
        await known(shop, *NAMES)
        choice = shop.choice()
        assert (await shop.post(choice)).status_code == 201
        receipt = str(choice["id"])
        await seen(shop, await place_of(shop, receipt) + 1, NAMES[0])
        address = f"/sites/alone/receipts/{receipt}/evidence.zip"
        first = (await auditor.get(address)).content
        insisted = (await shop.client.get("/ledger/alone/tlog-policy.txt")).content
        await vouching.point(house.store, shop.site, {"witnesses": (nowhere,)}, house.operator)
        await known(shop, NAMES[1])
        second = (await auditor.get(address)).content
    for content in (first, second):
        found = {result.name: result for result in check_bundle(content)}
        assert (found["ledger"].state, found["time"].state) == (HOLDS, HOLDS), found
        assert f"the witness {NAMES[0]} saw the ledger without it" in found["time"].text
    # Whoever insists on both of them is told that one was away.
    strict = check_bundle(first, Anchors(trust=insisted))
    assert [each.state for each in strict if each.name in ("ledger", "time")] == [FAILS, FAILS]
    assert "1 witnesses cosigned it, which is not the quorum" in strict[-1].text


async def _came(somebody: Outsider) -> None:
    for _ in range(600):
        if somebody.came:
            return
        await asyncio.sleep(0.05)
    raise AssertionError("nobody was gone to")


async def test_banners_and_receipts_go_on_whatever_those_outside_do(
    database: str, tmp_path: Path
) -> None:
    soon = {"witness_seconds": 0.1, "stamp_seconds": 0.1}
    async with (
        outsider(lambda _: None) as silent,
        running_house(database, tmp_path, Real(), **soon) as house,
    ):
        shop = await open_shop(house, "mute")
        pens = {name: Pen(name.encode().ljust(32, b".")) for name in NAMES}
        keys = [witness_key(name, pen.public).vkey for name, pen in pens.items()]
        witnesses = (Witness(key=keys[0], url=silent.url), Witness(key=keys[1], url=_NOWHERE))
        changes = {"witnesses": witnesses, "authority": silent.url}
        await vouching.point(house.store, shop.site, changes, house.operator)
        await _came(silent)
        choice = shop.choice()
        assert (await shop.post(choice)).status_code == 201
        banner: httpx.Response = await shop.get("/banner.js")
        assert banner.status_code == 200
        assert await place_of(shop, str(choice["id"])) > 0
