"""What every page keeps to: who may see it, its headers, its words as words."""

import json
import re
from itertools import count

import pytest

from consent_service import policies, sites
from consent_service.model import Role
from tests.api.pages.people import (
    COOKIE,
    Document,
    Person,
    document,
    form_of,
    pages_of,
    recorded,
    signed_in,
    stranger,
    with_role,
)
from tests.given import policy_json
from tests.served import House, Shop, open_shop

pytestmark = pytest.mark.asyncio(loop_scope="module")

_numbers = count(1)
XSS = "\"><script>alert(1)</script><img src=x onerror=alert(2)>'{{7*7}}</textarea><b>"


MAY = {
    "anyone": {"nobody", "stranger", "editor", "auditor", "admin"},
    "signed in": {"stranger", "editor", "auditor", "admin"},
    "member": {"editor", "auditor", "admin"},
    "editor": {"editor", "admin"},
    "auditor": {"auditor", "admin"},
    "admin": {"admin"},
}


async def test_each_page_opens_for_its_roles_and_for_nobody_else(house: House, shop: Shop) -> None:
    people = {
        "nobody": stranger(house),
        "stranger": await signed_in(house),
        **{role.value: await with_role(house, shop.site, role) for role in Role},
    }
    receipt = await recorded(shop)
    for path, needs in pages_of(shop.site, receipt):
        for name, person in people.items():
            answer = await person.get(path)
            if name == "nobody" and name not in MAY[needs]:
                assert answer.headers["location"] == f"/sign-in?next={path.partition('?')[0]}"
            elif path == "/sign-in" and person.cookie:
                assert answer.headers["location"] == "/sites"
            else:
                assert answer.status_code == (200 if name in MAY[needs] else 403), (path, name)


async def test_a_role_on_one_site_opens_nothing_of_another(house: House, shop: Shop) -> None:
    other = await open_shop(house, f"other-{next(_numbers)}")
    person = await with_role(house, other.site, Role.ADMIN)
    for path, needs in pages_of(shop.site, await recorded(shop)):
        if needs not in ("anyone", "signed in"):
            assert (await person.get(path)).status_code == 403, path
    assert shop.site.key not in (await person.get("/sites")).text


async def test_every_page_is_one_document_without_code_or_style_of_its_own(
    shop: Shop, admin: Person
) -> None:
    for path, _ in pages_of(shop.site, await recorded(shop)):
        person = admin if path != "/sign-in" else stranger(shop.house)
        answer = await person.get(path)
        page = document(answer)
        assert page.inline == [], path
        assert len(page.ids) == len(set(page.ids)), path
        assert re.findall(r"<h1[ >]", answer.text) == ["<h1>"], path
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        private = "no-store" if not path.startswith(("/policies", "/help", "/docs")) else "public"
        assert answer.headers["cache-control"].startswith(private), path


async def test_a_reader_of_inline_code_sees_it() -> None:
    page = Document("<p style='x'>a</p><script>b</script><p onclick='c'>d</p><style>e</style>")
    assert len(page.inline) == 4


async def test_an_address_that_is_none_is_a_page_that_says_so(house: House) -> None:
    answer = await stranger(house).get("/nowhere")
    assert answer.status_code == 404
    assert "There is nothing at this address" in document(answer).words()


async def test_the_front_door_leads_to_the_sites_or_to_the_sign_in(
    house: House, admin: Person
) -> None:
    assert (await admin.get("/")).headers["location"] == "/sites"
    assert (await stranger(house).get("/")).headers["location"] == "/sign-in"


POSTS = (
    "/sites/{key}/exports",
    "/sign-in",
    "/sign-in/token",
    "/sign-out",
    "/account",
    "/sites",
    "/sites/{key}",
    "/sites/{key}/check",
    "/sites/{key}/policy",
    "/sites/{key}/policy/publish",
    "/sites/{key}/cookies",
    "/sites/{key}/cookies/import",
    "/sites/{key}/access",
)


@pytest.mark.parametrize(
    "headers",
    [
        {"sec_fetch_site": "cross-site"},
        {"sec_fetch_site": "same-site"},
        {"sec_fetch_site": "cross-site", "origin": "https://consent.example"},
    ],
    ids=str,
)
async def test_a_post_from_another_sites_page_is_refused_and_changes_nothing(
    shop: Shop, admin: Person, headers: dict[str, str]
) -> None:
    before = shop.house.contents()
    for path in POSTS:
        answer = await admin.post(path.format(key=shop.site.key), {"do": "start"}, **headers)
        assert answer.status_code == 403, path
        assert "set-cookie" not in answer.headers
    assert shop.house.contents() == before


async def test_a_post_from_an_older_browser_is_known_by_its_origin(
    shop: Shop, admin: Person
) -> None:
    path = f"/sites/{shop.site.key}"
    sent = {"content-type": "application/x-www-form-urlencoded", "cookie": f"{COOKIE}=x"}
    for origin, status in (("https://evil.example", 403), ("null", 403)):
        answer = await shop.client.post(path, headers={**sent, "origin": origin}, content="a=b")
        assert answer.status_code == status, origin
    sent["cookie"] = f"{COOKIE}={admin.cookie}"
    fields = (await form_of(admin, path, "max_age")).with_(name="Renamed")
    answer = await shop.client.post(
        path, data=dict(fields.items()), headers={**sent, "origin": "https://consent.example"}
    )
    assert answer.status_code == 303


async def test_nothing_that_an_editor_types_becomes_markup(house: House) -> None:
    key = f"hostile-{next(_numbers)}"
    hostile = policies.parse_policy(json.dumps(_hostile(policy_json())).encode())
    shop = await open_shop(house, key, hostile)
    await sites.change(house.store, shop.site, XSS, ("https://shop.example",), 0)
    await shop.draft(policies.parse_policy(json.dumps(_hostile(policy_json(), "b")).encode()))
    house.clock.time += 2
    person = await with_role(house, shop.site, Role.ADMIN)
    receipt = await recorded(shop)
    for path, _ in pages_of(shop.site, receipt):
        page = document(await person.get(path)) if path != "/sign-in" else None
        if page:
            assert page.inline == [], path
            assert "<script>alert" not in page.html, path
            assert "<img src=x" not in page.html, path
            assert "'49<" not in page.html, path
    fields = await form_of(person, f"/sites/{key}/policy", "revision")
    assert fields["banner.title.en"] == f"b{XSS}"[:60]
    wrong = fields.changed({"domain": XSS, "do": "save"})
    page = document(await person.post(f"/sites/{key}/policy", wrong))
    assert page.inline == []
    assert page.form("revision")["domain"] == XSS


_KEPT = {"languages", "category", "storage", "country", "seconds", "days", "domain", "hosts"}


def _hostile(value: object, mark: str = "a", name: str = "") -> object:
    """A policy in which every text that can be typed tries to be markup."""
    if name in _KEPT:
        return value
    if isinstance(value, dict):
        return {key: _hostile(part, mark, key) for key, part in value.items()}
    if isinstance(value, list):
        return [_hostile(part, f"{mark}{index}") for index, part in enumerate(value)]
    return f"{mark}{XSS}"[:60] if isinstance(value, str) else value
