"""Exports for an auditor: asked for, made in the background, taken away, checked elsewhere."""

import asyncio
from pathlib import Path

import httpx
import pytest

from consent_service.exports.verify import HOLDS, OPEN, check_file
from consent_service.model import Job, JobState
from consent_service.web.render import iso
from tests.api.pages.people import Document, Person, assert_message_at, document, recorded
from tests.given import choices
from tests.served import Shop

pytestmark = pytest.mark.asyncio(loop_scope="module")


def wish(shop: Shop, **fields: str) -> dict[str, str]:
    """The form, filled in for today."""
    day = iso(shop.house.clock.now)[:10]
    return {"format": "jsonl", "from": day, "to": day, **fields}


async def over(shop: Shop) -> Job:
    """The newest export, once it is over: the service's own worker is at it."""
    for _ in range(1200):
        (job, *_) = await shop.house.store.jobs.page(shop.site.id, "export")
        if job.state not in (JobState.WAITING, JobState.RUNNING):
            return job
        await asyncio.sleep(0.05)
    raise AssertionError("the export was not made")


async def taken(shop: Shop, person: Person, tmp_path: Path, **fields: str) -> Path:
    """The file that comes of a wish."""
    base = f"/sites/{shop.site.key}/exports"
    asked = await person.post(base, wish(shop, **fields))
    assert asked.headers["location"] == base, asked.text
    job = await over(shop)
    assert job.state is JobState.DONE, job.said
    page = document(await person.get(base))
    (link,) = [each for each in page.links if f"{job.id}/file" in each]
    answer = await person.get(link)
    assert answer.headers["content-type"] == "application/zip"
    file = tmp_path / "export.zip"
    file.write_bytes(answer.content)
    return file


async def some_receipts(shop: Shop) -> list[str]:
    ids = [await recorded(shop), await recorded(shop, action="custom", choices=choices())]
    # What may still come is not in an export: let the second go by.
    shop.house.clock.time += 60
    return ids


@pytest.mark.parametrize(("format_", "last"), [("jsonl", HOLDS), ("csv", OPEN), ("bundles", HOLDS)])
async def test_an_export_is_made_and_checked_by_the_verifier(
    shop: Shop, auditor: Person, tmp_path: Path, format_: str, last: str
) -> None:
    await some_receipts(shop)
    file = await taken(shop, auditor, tmp_path, format=format_)
    results = check_file(file)
    assert [result.state for result in results] == [HOLDS, HOLDS, last], results
    assert f"2 receipts of {shop.site.key}" in results[1].text
    events = await shop.house.store.events.page(shop.site.id, limit=500)
    said = [each.subject for each in events if each.verb == "receipt.export"]
    assert len(said) == 1
    assert said[0].startswith(format_)


async def test_only_what_is_asked_for_is_in_it(shop: Shop, auditor: Person, tmp_path: Path) -> None:
    await some_receipts(shop)
    file = await taken(shop, auditor, tmp_path, marketing="granted")
    assert "It has 1 receipts" in check_file(file)[1].text


@pytest.mark.parametrize(
    ("fields", "field", "message"),
    [
        ({"from": ""}, "from", "Say which day."),
        ({"to": ""}, "to", "Say which day."),
        ({"to": "soon"}, "to", "A day is written 2026-11-22."),
        ({"from": "2030-01-02", "to": "2030-01-01"}, "to", "The period ends before it begins."),
        ({"format": "xml"}, "format", "An export is csv, jsonl or bundles."),
    ],
)
async def test_a_wish_that_is_none_is_refused_at_its_field(
    shop: Shop, auditor: Person, fields: dict[str, str], field: str, message: str
) -> None:
    answer = await auditor.post(f"/sites/{shop.site.key}/exports", wish(shop, **fields))
    assert answer.status_code == 422
    assert_message_at(document(answer), field, message)
    assert await shop.house.store.jobs.page(shop.site.id, "export") == []


async def test_an_export_is_stopped(shop: Shop, auditor: Person) -> None:
    base = f"/sites/{shop.site.key}/exports"
    await auditor.post(base, wish(shop))
    (job,) = await shop.house.store.jobs.page(shop.site.id, "export")
    answer = await auditor.post(f"{base}/{job.id}/stop")
    found = await shop.house.store.jobs.by_id(shop.site.id, job.id)
    stopped = found.state is JobState.STOPPED
    # Its worker may have been the quicker one; then there is nothing to stop.
    assert answer.status_code == (303 if stopped else 422)
    again = await auditor.post(f"{base}/{job.id}/stop")
    assert again.status_code == 422


async def test_a_file_of_another_site_or_of_none_is_not_given(
    shop: Shop, auditor: Person, stall: Shop
) -> None:
    base = f"/sites/{shop.site.key}/exports"
    await auditor.post(base, wish(shop))
    job = await over(shop)
    elsewhere: httpx.Response = await auditor.get(f"/sites/{stall.site.key}/exports/{job.id}/file")
    assert elsewhere.status_code == 403
    missing = await auditor.get(f"{base}/01a204c5-e413-7c4f-bf15-ad3e6fb5d79d/file")
    assert missing.status_code == 404


async def test_too_many_at_once_are_refused(shop: Shop, auditor: Person) -> None:
    base = f"/sites/{shop.site.key}/exports"
    statuses = [(await auditor.post(base, wish(shop))).status_code for _ in range(25)]
    assert set(statuses) <= {303, 429}
    assert statuses[0] == 303


async def test_the_audit_trail_is_listed_and_narrowed(shop: Shop, auditor: Person) -> None:
    id = await recorded(shop)
    await auditor.get(f"/sites/{shop.site.key}/receipts/{id}")
    base = f"/sites/{shop.site.key}/events"

    async def page(query: str) -> Document:
        return document(await auditor.get(f"{base}?{query}"))

    words = (await page("")).words()
    assert "Looked at a receipt" in words
    assert "Published a version" in words
    assert "Published a version" not in (await page("verb=receipt.read")).text.split("To which")[1]
    mine = (await page(f"actor={auditor.email}")).text.split("To which")[1]
    assert "Looked at a receipt" in mine
    assert "operator" not in mine
    assert "No such event" in (await page("to=2000-01-01")).words()
