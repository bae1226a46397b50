"""Exports of a period: complete, resumed where they broke off, and held against by the verifier."""

import zipfile
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest

from consent_service.errors import Invalid
from consent_service.exports import parts, period, verify
from consent_service.exports.parts import Wanted
from consent_service.exports.period import Source, export
from consent_service.exports.verify import HOLDS, OPEN
from consent_service.model import Site, StoredReceipt
from consent_service.signing import jwks
from consent_service.store import Store
from tests.store import given
from tests.store.given import NOW

ACTIONS = ("accept_all", "reject_all", "custom")


async def told(done: int, total: int) -> None:
    """Nobody looks."""


async def filled(store: Store, count: int = 25) -> tuple[Source, list[StoredReceipt]]:
    """A site with receipts, two a second, and where an export takes them from."""
    site = await given.published(store)
    made = [
        given.receipt(site.id, at=NOW + number // 2, action=ACTIONS[number % 3])
        for number in range(count)
    ]
    await store.receipts.add_all(made)
    return await source(store, site), sorted(made, key=lambda one: (one.recorded_at, one.id))


async def source(store: Store, site: Site) -> Source:
    keys = jwks(key.jwk for key in await store.keys.all())
    return Source(store, site, keys, NOW + 1_000)


def wanted(format_: str = "jsonl", begin: int = NOW, end: int = NOW + 900, **only: Any) -> Wanted:
    return Wanted(format=format_, begin=begin, end=end, **only)


def lines(file: Path) -> list[bytes]:
    """The lines of all parts, in their order."""
    with zipfile.ZipFile(file) as opened:
        names = sorted(name for name in opened.namelist() if name.startswith("parts/"))
        return [line for name in names for line in opened.read(name).splitlines()]


def ids(file: Path) -> list[str]:
    return [msgspec.json.decode(line)["claims"]["jti"] for line in lines(file)]


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small pages and parts, so that a few receipts make several of each."""
    monkeypatch.setattr(parts, "PAGE", 3)
    monkeypatch.setattr(period, "PART", 7)


async def test_an_export_has_every_receipt_of_its_period_in_order(
    store: Store, tmp_path: Path
) -> None:
    origin, made = await filled(store)
    asked = wanted(begin=NOW + 2, end=NOW + 10)
    file = await export(origin, asked, tmp_path / "out", told)
    expected = [one.id for one in made if NOW + 2 <= one.recorded_at < NOW + 10]
    assert ids(file) == expected
    assert len(expected) == 16
    results = verify.check_export(file)
    assert [result.state for result in results] == [HOLDS] * 3, results
    assert "16 receipts of shop" in results[1].text


async def test_a_table_has_a_row_of_each(store: Store, tmp_path: Path) -> None:
    origin, made = await filled(store)
    file = await export(origin, wanted("csv"), tmp_path / "out", told)
    rows = [row for row in lines(file) if not row.startswith(b"id,")]
    assert [row[:36].decode() for row in rows] == [one.id for one in made]
    assert [result.state for result in verify.check_export(file)] == [HOLDS, HOLDS, OPEN]


@pytest.mark.parametrize("format_", ["csv", "jsonl"])
async def test_a_period_without_receipts_is_an_export_without_any(
    store: Store, tmp_path: Path, format_: str
) -> None:
    origin, _ = await filled(store, 2)
    asked = wanted(format_, NOW + 500, NOW + 600)
    file = await export(origin, asked, tmp_path / "out", told)
    assert verify.check_export(file)[1].state == HOLDS


@pytest.mark.parametrize(
    ("only", "kept"),
    [
        ({"action": "custom"}, {2}),
        ({"version": 1}, {0, 1, 2}),
        ({"version": 2}, set()),
        ({"language": "en", "granted": ("marketing",)}, {0, 1, 2}),
        ({"denied": ("marketing",)}, set()),
        ({"language": "sv"}, set()),
    ],
)
async def test_only_what_is_asked_for_is_in_it(
    store: Store, tmp_path: Path, only: dict[str, Any], kept: set[int]
) -> None:
    origin, _ = await filled(store, 12)
    file = await export(origin, wanted(**only), tmp_path / "out", told)
    assert len(lines(file)) == 4 * len(kept)


async def test_what_may_still_come_is_not_in_it(store: Store, tmp_path: Path) -> None:
    origin, made = await filled(store, 20)
    just_now = origin._replace(now=NOW + 5 + period.SETTLED)
    file = await export(just_now, wanted(), tmp_path / "out", told)
    assert ids(file) == [one.id for one in made if one.recorded_at < NOW + 5]
    with zipfile.ZipFile(file) as opened:
        said = msgspec.json.decode(opened.read("manifest.json"))
    assert (said["to"], said["asked_to"]) == (NOW + 5, NOW + 900)
    assert said["actions"] == {"accept_all": 4, "custom": 3, "reject_all": 3}


class Stopped(Exception):
    """Somebody pulled the plug."""


@pytest.mark.parametrize("at", range(1, 10))
async def test_an_export_that_broke_off_is_taken_up_and_comes_out_the_same(
    store: Store, tmp_path: Path, at: int
) -> None:
    origin, _ = await filled(store)
    whole = await export(origin, wanted(), tmp_path / "whole", told)
    seen = []

    async def breaks(done: int, total: int) -> None:
        seen.append(done)
        if len(seen) == at:
            raise Stopped

    with pytest.raises(Stopped):
        await export(origin, wanted(), tmp_path / "out", breaks)
    file = await export(origin, wanted(), tmp_path / "out", told)
    assert file.read_bytes() == whole.read_bytes() or lines(file) == lines(whole)
    assert [result.state for result in verify.check_export(file)] == [HOLDS] * 3


async def test_a_folder_of_another_export_is_left_alone(store: Store, tmp_path: Path) -> None:
    origin, _ = await filled(store)

    async def breaks(done: int, total: int) -> None:
        if done > 8:
            raise Stopped

    with pytest.raises(Stopped):
        await export(origin, wanted(), tmp_path, breaks)
    with pytest.raises(Invalid, match="another period or format"):
        await export(origin, wanted("csv"), tmp_path, told)


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        (wanted("xml"), "format"),
        (wanted(end=NOW), "end"),
        (wanted(granted=("all",)), "categories"),
        (wanted(granted=("marketing",), denied=("marketing",)), "categories"),
    ],
)
def test_a_wish_that_is_none_is_refused(asked: Wanted, field: str) -> None:
    with pytest.raises(Invalid) as refused:
        period.check(asked)
    assert refused.value.field == field


# --- What the verifier sees ----------------------------------------------------------------------


class Change(NamedTuple):
    """Something else in one of an export's files; the list put right by the forger, or not."""

    name: str
    before: bytes
    after: bytes
    put_right: bool = True


def changed(file: Path, change: Change) -> Path:
    """The export with that change."""
    name, before, after, put_right = change
    with zipfile.ZipFile(file) as opened:
        files = {each: opened.read(each) for each in opened.namelist()}
    assert before in files[name], name
    files[name] = files[name].replace(before, after, 1)
    if put_right:
        rest = {each: content for each, content in files.items() if each != verify.SUMS}
        files[verify.SUMS] = verify.sums(rest)
    forged = file.with_name("forged.zip")
    with zipfile.ZipFile(forged, "w") as made:
        for each, content in files.items():
            made.writestr(each, content)
    return forged


PART = "parts/00001.jsonl"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (Change(PART, b"accept_all", b"reject_all", False), "is not the file that the list"),
        (Change(PART, b"accept_all", b"reject_all"), "is not the part that the manifest"),
        (Change("manifest.json", b'"receipts": 25', b'"receipts": 26'), "parts have 25 receipts"),
        (Change("manifest.json", b'"site": "shop"', b'"site": "shed"'), "another site or period"),
        (Change("manifest.json", b'"jsonl"', b'"xml"'), "names a format that is none"),
        (Change("manifest.json", b'"parts"', b'"part"'), "lacks 'parts'"),
        (Change("jwks.json", b'"keys"', b'"kids"'), "is not a set of keys"),
        (Change("SHA256SUMS", b"manifest", b"manifold", False), "manifold"),
    ],
)
async def test_a_changed_export_is_named(
    store: Store, tmp_path: Path, change: Change, said: str
) -> None:
    origin, _ = await filled(store)
    file = await export(origin, wanted(), tmp_path / "out", told)
    results = verify.check_export(changed(file, change))
    assert verify.exit_code(results) == 1
    assert any(said in result.text for result in results), results


async def test_a_receipt_that_was_changed_with_its_manifest_is_named(
    store: Store, tmp_path: Path
) -> None:
    origin, _ = await filled(store, 3)
    file = await export(origin, wanted(), tmp_path / "out", told)
    with zipfile.ZipFile(file) as opened:
        part = opened.read(PART)
    other = part.replace(b"accept_all", b"reject_all", 1)
    once = changed(file, Change(PART, part, other)).rename(tmp_path / "once.zip")
    before, after = (sha256(content).hexdigest().encode() for content in (part, other))
    twice = changed(once, Change("manifest.json", before, after))
    results = verify.check_export(twice)
    assert [result.state for result in results[:2]] == [HOLDS, HOLDS]
    assert "what it shows is not what was signed" in results[2].text


@pytest.mark.parametrize("keep", [0, 1, 30, 500, -1, -30])
async def test_a_truncated_export_is_named(store: Store, tmp_path: Path, keep: int) -> None:
    origin, _ = await filled(store, 3)
    file = await export(origin, wanted(), tmp_path / "out", told)
    cut = tmp_path / "cut.zip"
    cut.write_bytes(file.read_bytes()[:keep])
    assert verify.exit_code(verify.check_file(cut)) == 1
    assert verify.exit_code(verify.check_export(cut)) == 1


async def test_the_signatures_can_be_passed_over(store: Store, tmp_path: Path) -> None:
    origin, _ = await filled(store, 3)
    file = await export(origin, wanted(), tmp_path / "out", told)
    results = verify.check_file(file, quick=True)
    assert [result.state for result in results] == [HOLDS, HOLDS, OPEN]
