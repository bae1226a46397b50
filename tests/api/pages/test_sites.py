"""Sites are added and changed; the install page tells what to do, and whether it is done."""

import base64
import hashlib
import html
import re
from itertools import count

import pytest
from starlette.applications import Starlette
from starlette.responses import HTMLResponse
from starlette.routing import Route

from consent_service import policies, sites
from consent_service.accounts import Grant
from consent_service.model import EVERY_SITE, CaughtKind, Role
from consent_service.web.render import iso
from tests.api.pages.people import (
    Person,
    assert_message_at,
    document,
    form_of,
    signed_in,
    with_role,
)
from tests.given import declaration, policy, policy_json
from tests.served import House, Shop, open_shop, serving

pytestmark = pytest.mark.asyncio(loop_scope="module")

_numbers = count(1)


async def test_an_admin_of_every_site_adds_one(house: House) -> None:
    person = await signed_in(house, Grant(Role.ADMIN, EVERY_SITE))
    key = f"new-{next(_numbers)}"
    fields = {"key": key, "name": "Tea", "origins": "https://a.example\nhttps://b.example/"}
    answer = await person.post("/sites", fields)
    assert answer.headers["location"] == f"/sites/{key}"
    added = await house.store.sites.by_key(key)
    assert added.origins == ("https://a.example", "https://b.example")
    (event,) = await house.store.events.page(added.id, limit=5)
    assert (event.actor, event.verb, event.subject) == (person.email, "site.add", key)
    assert "Nothing is published yet" in document(await person.get(f"/sites/{key}")).words()


async def test_an_admin_of_one_site_adds_none(admin: Person) -> None:
    answer = await admin.post("/sites", {"key": "mine", "name": "Mine", "origins": "https://a.b"})
    assert answer.status_code == 403
    assert "Add a site" not in (await admin.get("/sites")).text


@pytest.mark.parametrize(
    ("changes", "at", "status"),
    [
        ({"key": "No"}, "key", 422),
        ({"name": " "}, "name", 422),
        ({"origins": "https://a.example/path"}, "origins", 422),
        ({"origins": ""}, "origins", 422),
        ({"key": "taken"}, "key", 409),
    ],
)
async def test_a_site_that_does_not_fit_keeps_what_was_typed(
    house: House, stall: Shop, changes: dict[str, str], at: str, status: int
) -> None:
    person = await signed_in(house, Grant(Role.ADMIN, EVERY_SITE))
    typed = {"key": "fitting", "name": "A <name>", "origins": "https://a.example", **changes}
    if typed["key"] == "taken":
        typed["key"] = stall.site.key
    answer = await person.post("/sites", typed)
    page = document(answer)
    assert answer.status_code == status
    assert page.attributes[at]["aria-invalid"] == "true"
    assert dict(page.form("key").items()) == typed


async def test_a_site_is_changed_by_its_admin(shop: Shop, admin: Person) -> None:
    path = f"/sites/{shop.site.key}"
    fields = await form_of(admin, path, "max_age")
    changed = fields.with_(name="Tea & more", origins="https://new.example", max_age="60")
    assert (await admin.post(path, changed)).headers["location"] == f"{path}?saved=1"
    found = await shop.house.store.sites.by_key(shop.site.key)
    assert (found.name, found.origins, found.max_age) == (
        "Tea & more",
        ("https://new.example",),
        60,
    )
    wrong = await admin.post(path, changed.with_(max_age="a minute"))
    assert wrong.status_code == 422
    assert document(wrong).form("max_age")["max_age"] == "a minute"


async def test_the_install_page_has_the_tag_and_pins_the_exact_bytes(
    shop: Shop, editor: Person
) -> None:
    page = await editor.get(f"/sites/{shop.site.key}")
    shown = html.unescape(page.text)
    base = shop.house.settings.base_url
    assert f'<script async src="{base}{shop.path}/banner.js"></script>' in shown
    pinned = re.findall(rf'src="{base}([^"]+)" integrity="sha256-([^"]+)"', shown)
    assert len(pinned) == 2
    for path, integrity in pinned:
        banner = await shop.client.get(path)
        digest = hashlib.sha256(banner.content).digest()
        assert base64.b64encode(digest).decode() == integrity


TAG = '<script async src="https://consent.example/v1/sites/{key}/banner.js"></script>'


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("<head>{tag}</head>", ("All is well on this page", "It is first")),
        ("<script src=/a.js></script>{tag}", ("Scripts run before it", "/a.js")),
        ("{tag}{tag}", ("The tag is on the page 2 times",)),
        ("<p>nothing</p>", ("The tag is not on the page",)),
        (
            "{tag}<script src=https://stats.example/x.js></script>",
            ("Not held until a yes", "https://stats.example/x.js"),
        ),
    ],
)
async def test_a_page_of_the_site_is_looked_at(
    house: House, body: str, said: tuple[str, ...]
) -> None:
    key = f"checked-{next(_numbers)}"
    declared = [declaration("_s", "statistics", hosts=["stats.example"])]
    content = policy(declarations=[*policy_json()["declarations"], *declared])
    shop = await open_shop(house, key, content)
    editor = await with_role(house, shop.site, Role.EDITOR)
    html_page = body.format(tag=TAG.format(key=key))
    app = Starlette(routes=[Route("/", lambda _: HTMLResponse(html_page))])
    async with serving(app) as address:
        await sites.change(house.store, shop.site, "Checked", (address,), 0)
        house.clock.time += 2
        answer = await editor.post(f"/sites/{key}/check", {"url": f"{address}/"})
    words = document(answer).words()
    assert answer.status_code == 200
    assert all(text in words for text in said), words
    assert ("All is well" in words) == (said[0] == "All is well on this page")


async def test_a_page_of_another_origin_is_not_fetched(shop: Shop, editor: Person) -> None:
    answer = await editor.post(
        f"/sites/{shop.site.key}/check", {"url": "http://169.254.169.254/latest/meta-data"}
    )
    page = document(answer)
    assert answer.status_code == 422
    assert_message_at(page, "url", "not one of this site's origins")
    assert page.form("url")["url"] == "http://169.254.169.254/latest/meta-data"


async def test_the_inline_stub_is_printed_with_the_hash_that_a_policy_allows_it_by(
    shop: Shop, editor: Person
) -> None:
    path = f"/sites/{shop.site.key}"
    assert "Before the tag" not in (await editor.get(path)).text
    await shop.publish(policy(signals=["google"]), "patch")
    page = await editor.get(path)
    shown = {
        name: html.unescape(re.search(rf'<pre id="{name}"[^>]*>(.*?)</pre>', page.text, re.S)[1])  # type: ignore[index]  # It is there.
        for name in ("stub", "stub-hash")
    }
    inside = re.fullmatch(r"<script>(.*)</script>", shown["stub"], re.S)
    assert inside
    assert "</script" not in inside[1]
    assert "dataLayer" in inside[1]
    digest = base64.b64encode(hashlib.sha256(inside[1].encode()).digest()).decode()
    assert shown["stub-hash"] == f"'sha256-{digest}'"
    assert "made for version 2" in document(page).words()
    await shop.publish(policy(signals=["google"], days={"granted": 90, "refused": 150}), "minor")
    assert shown["stub-hash"] not in html.unescape((await editor.get(path)).text)


async def test_what_was_caught_is_reported_with_what_to_do(
    house: House, shop: Shop, auditor: Person
) -> None:
    path = f"/sites/{shop.site.key}"
    assert "Nothing, in the last 30 days." in document(await auditor.get(path)).words()
    today = house.clock.now // 86_400
    for day, host, kind in (
        (today, "stats.example", CaughtKind.SCRIPT),
        (today, "stats.example", CaughtKind.SCRIPT),
        (today - 9, "stats.example", CaughtKind.SCRIPT),
        (today - 1, "<b>ads</b>.example", CaughtKind.FETCH),
    ):
        await house.store.caught.add(shop.site.id, day, host, kind)
    page = await auditor.get(path)
    assert "<b>ads" not in page.text
    rows = re.findall(r"<tr role=\"row\">\s*<th scope=\"row\".*?</tr>", page.text, re.DOTALL)
    cells = [re.findall(r"<td[^>]*>(?:<time[^>]*>)?([^<]*)", row) for row in rows]
    assert [row[:3] for row in cells] == [["script", "2", "3"], ["request", "1", "1"]]
    assert "Mark the script in the page" in cells[0][4]
    assert "window.consent.when" in cells[1][4]


async def test_the_file_that_tells_of_the_signal_is_downloaded(
    house: House, shop: Shop, auditor: Person
) -> None:
    answer = await auditor.get(f"/sites/{shop.site.key}/gpc.json")
    assert answer.headers["content-disposition"] == 'attachment; filename="gpc.json"'
    record = await policies.version(house.store, shop.site, "1")
    day = iso(record.published_at)[:10]
    assert answer.json() == {"gpc": True, "lastUpdate": day}
