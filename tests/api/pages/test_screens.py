"""Screenshots on the pages, as long as no browser takes them: shown, asked for, waited for."""

import pytest

from consent_service import screens
from consent_service.model import Role
from tests.api.pages.people import Person, document, recorded, with_role
from tests.served import Shop
from tests.store import given

pytestmark = pytest.mark.asyncio(loop_scope="module")


def page_of(shop: Shop) -> str:
    return f"/sites/{shop.site.key}/versions/1"


def pictures(html: str) -> list[str]:
    """Where the pictures of a page are."""
    return [part.split('"')[0] for part in html.split('<img src="')[1:]]


async def pretend(shop: Shop, layers: tuple[int, ...] = (1, 2)) -> None:
    """As if a process had taken the pictures of the first language."""
    known = await screens.album(shop.house.store, shop.site.id, 1)
    first = known.pictured[0]
    for layer, viewport in first.lacking:
        if layer in layers:
            screen = given.screen(shop.site.id, first.banner.digest, layer, viewport)
            await shop.house.store.screens.add(screen, b"a picture")


async def test_without_a_browser_the_version_says_so_and_waits(
    shop: Shop, editor: Person, auditor: Person
) -> None:
    for person, may in ((editor, True), (auditor, False)):
        page = await person.get(page_of(shop))
        words = document(page).words()
        assert "0 of 12 screenshots are taken" in words
        assert "There is no browser here: screenshots are switched off here" in words
        assert ("/screens/stop" in page.text) is may
        assert 'href="/help/operate#screenshots"' in page.text
        assert "data-live" not in page.text


async def test_an_editor_stops_it_and_asks_again(shop: Shop, editor: Person) -> None:
    stopped = await editor.post(f"{page_of(shop)}/screens/stop")
    assert stopped.headers["location"] == f"{page_of(shop)}#screens"
    words = document(await editor.get(page_of(shop))).words()
    assert "Somebody stopped it" in words
    assert (await editor.post(f"{page_of(shop)}/screens/stop")).status_code == 422
    asked = await editor.post(f"{page_of(shop)}/screens")
    assert asked.headers["location"] == f"{page_of(shop)}#screens"
    again = await editor.post(f"{page_of(shop)}/screens")
    assert again.status_code == 422
    assert "asked for already" in again.text
    verbs = [each.verb for each in await shop.house.store.events.page(shop.site.id, limit=99)]
    assert verbs.count("policy.ask_render") == 1
    assert verbs.count("job.stop") == 1


@pytest.mark.parametrize("address", ["/screens", "/screens/stop"])
async def test_an_auditor_looks_and_asks_for_nothing(
    shop: Shop, auditor: Person, address: str
) -> None:
    assert (await auditor.post(f"{page_of(shop)}{address}")).status_code == 403


async def test_pictures_of_one_language_are_shown_at_a_time(shop: Shop, auditor: Person) -> None:
    await pretend(shop)
    page = await auditor.get(page_of(shop))
    assert "6 of 12 screenshots are taken" in document(page).words()
    assert len(pictures(page.text)) == 6
    assert 'alt="The first layer of the banner in English, in a window of 360 pixels"' in page.text
    for language in ("sv", "xx"):
        other = await auditor.get(f"{page_of(shop)}?language={language}")
        assert len(pictures(other.text)) == (6 if language == "xx" else 0)


async def test_a_picture_is_for_those_of_its_site_alone(
    shop: Shop, stall: Shop, auditor: Person
) -> None:
    await pretend(shop)
    (address, *_) = pictures((await auditor.get(page_of(shop))).text)
    assert (await auditor.get(address)).status_code == 200
    signed_out = await shop.client.get(address)
    assert signed_out.status_code == 303
    of_other = await auditor.get(address.replace(shop.site.key, stall.site.key))
    assert of_other.status_code == 403
    stranger = await with_role(shop.house, stall.site, Role.AUDITOR)
    assert (await stranger.get(address)).status_code == 403
    moved = await stranger.get(address.replace(shop.site.key, stall.site.key))
    assert moved.status_code == 404


@pytest.mark.parametrize("name", ["narrow-3", "huge-1", "x", "narrow-1.png"])
async def test_a_picture_that_is_none_is_not_found(shop: Shop, auditor: Person, name: str) -> None:
    await pretend(shop)
    (address, *_) = pictures((await auditor.get(page_of(shop))).text)
    folder, _, _ = address.rpartition("/")
    assert (await auditor.get(f"{folder}/{name}.png")).status_code == 404
    assert (await auditor.get(f"{folder}x/narrow-1.png")).status_code == 404


async def test_a_receipt_without_a_picture_leads_to_the_versions(
    shop: Shop, auditor: Person
) -> None:
    await pretend(shop, layers=(2,))
    id = await recorded(shop)
    page = await auditor.get(f"/sites/{shop.site.key}/receipts/{id}")
    assert "3. Exact banner code, and how it looked: not shown" in document(page).words()
    assert pictures(page.text) == []
    assert f'href="{page_of(shop)}?language=en#screens"' in page.text
