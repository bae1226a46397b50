"""Signing in and out, and who may do what on a site."""

import asyncio
import re
from collections.abc import AsyncIterator
from itertools import count

import pytest
import pytest_asyncio

from consent_service import accounts
from consent_service.accounts import Grant
from consent_service.model import EVERY_SITE, Role
from consent_service.web.limits import ATTEMPTS, WINDOW
from consent_service.web.pages.accounts import local_path
from tests.api.pages.people import (
    COOKIE,
    PASSWORD,
    Document,
    Person,
    account,
    assert_message_at,
    document,
    signed_in,
    stranger,
)
from tests.served import House, Shop, open_shop

pytestmark = pytest.mark.asyncio(loop_scope="module")

_numbers = count(1)


@pytest_asyncio.fixture(loop_scope="module")
async def ada(house: House) -> AsyncIterator[Person]:
    """Somebody with a password, not signed in. Attempts of other tests are long ago."""
    house.clock.time += WINDOW + 1
    made = await account(house, Grant(Role.ADMIN, EVERY_SITE), name="Ada")
    await accounts.set_password(house.store, made, PASSWORD, house.operator)
    yield Person(house, made.email)
    house.clock.time += WINDOW + 1


async def sign_in(person: Person, password: str = PASSWORD, **more: str) -> int:
    fields = {"email": person.email, "password": password, **more}
    return (await person.post("/sign-in", fields)).status_code


async def test_the_right_password_opens_a_session_bound_to_this_host(ada: Person) -> None:
    fields = {"email": ada.email.upper(), "password": PASSWORD, "next": "/help"}
    answer = await ada.post("/sign-in", fields)
    assert (answer.status_code, answer.headers["location"]) == (303, "/help")
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("__Host-")
    parts = {part.strip().lower() for part in cookie.split(";")[1:]}
    assert {"httponly", "secure", "samesite=lax", "path=/", "max-age=43200"} <= parts
    assert not any(part.startswith("domain") for part in parts)
    assert (await ada.get("/account")).status_code == 200


async def test_a_session_ends_by_itself(ada: Person) -> None:
    assert await sign_in(ada) == 303
    ada.house.clock.time += 12 * 3600 + 1
    assert (await ada.get("/account")).status_code == 303


async def test_a_wrong_password_is_told_in_the_words_of_no_account(ada: Person) -> None:
    answers = [
        await ada.post("/sign-in", {"email": email, "password": "wrong password"})
        for email in (ada.email, "nobody@consent.example")
    ]
    pages = [document(answer) for answer in answers]
    assert [answer.status_code for answer in answers] == [401, 401]
    assert pages[0].words() == pages[1].words()
    assert_message_at(pages[0], "email", "do not fit together")
    assert pages[0].form("email")["email"] == ada.email
    assert pages[0].form("email")["password"] == ""
    assert "wrong password" not in answers[0].text


async def test_who_fails_too_often_waits_and_the_right_password_waits_too(ada: Person) -> None:
    assert [await sign_in(ada, "wrong") for _ in range(ATTEMPTS)] == [401] * ATTEMPTS
    answer = await ada.post("/sign-in", {"email": ada.email, "password": PASSWORD})
    assert answer.status_code == 429
    assert 0 < int(answer.headers["retry-after"]) <= WINDOW + 1
    assert not ada.cookie
    ada.house.clock.time += WINDOW + 1
    assert await sign_in(ada) == 303


async def test_many_attempts_at_once_do_not_slip_through(ada: Person) -> None:
    statuses = await asyncio.gather(*(sign_in(ada, f"guess {n}") for n in range(20)))
    assert sorted(statuses) == [401] * ATTEMPTS + [429] * (20 - ATTEMPTS)


async def test_signing_in_well_is_not_counted_as_failing(ada: Person) -> None:
    assert [await sign_in(ada) for _ in range(ATTEMPTS + 2)] == [303] * (ATTEMPTS + 2)


@pytest.mark.parametrize(
    ("wanted", "leads_to"),
    [
        ("/sites/shop?a=b#c", "/sites/shop?a=b#c"),
        ("//evil.example", "/sites"),
        ("/\\evil.example", "/sites"),
        ("/\t/evil.example", "/sites"),
        ("/\n/evil.example", "/sites"),
        ("https://evil.example", "/sites"),
        ("javascript:alert(1)", "/sites"),
        ("", "/sites"),
        ("sites", "/sites"),
    ],
)
async def test_next_leads_to_a_page_of_this_service_alone(wanted: str, leads_to: str) -> None:
    assert local_path(wanted) == leads_to


async def test_a_one_time_link_works_once_and_looking_does_not_use_it_up(house: House) -> None:
    made = await account(house)
    secret = await accounts.sign_in_link(house.store, made, house.clock.now)
    person = Person(house, made.email)
    for _ in range(3):
        assert (await person.get(f"/sign-in/{secret}")).status_code == 200
    first = await person.post(f"/sign-in/{secret}")
    assert first.headers["location"] == "/account?first=1"
    second = await stranger(house).post(f"/sign-in/{secret}")
    assert second.status_code == 401
    assert "used already" in document(second).words()
    assert "set-cookie" not in second.headers


async def test_a_one_time_link_is_good_for_an_hour(house: House) -> None:
    made = await account(house)
    secret = await accounts.sign_in_link(house.store, made, house.clock.now)
    house.clock.time += accounts.LINK_SECONDS
    assert (await stranger(house).post(f"/sign-in/{secret}")).status_code == 401


async def test_a_new_password_ends_every_other_session(house: House) -> None:
    person = await signed_in(house)
    other = Person(house, person.email, person.cookie)
    fields = {"password": PASSWORD, "again": PASSWORD}
    assert (await person.post("/account", fields)).headers["location"] == "/account?saved=1"
    assert (await other.get("/account")).status_code == 303
    assert (await person.get("/account")).status_code == 200
    assert await sign_in(other) == 303


@pytest.mark.parametrize(
    ("fields", "at", "message"),
    [
        ({"password": PASSWORD, "again": "another one"}, "again", "not the same"),
        ({"password": "short", "again": "short"}, "password", "12 characters"),
    ],
)
async def test_a_password_that_does_not_fit_changes_nothing(
    house: House, fields: dict[str, str], at: str, message: str
) -> None:
    person = await signed_in(house)
    answer = await person.post("/account", fields)
    assert answer.status_code == 422
    assert_message_at(document(answer), at, message)
    assert (await person.get("/account")).status_code == 200


async def test_another_password_asks_for_the_present_one(ada: Person) -> None:
    """Else whoever sits down at an open session takes the account over."""
    assert await sign_in(ada) == 303
    assert "present" in document(await ada.get("/account")).form("password")
    new = {"password": "another good password", "again": "another good password"}
    for present in ("", "wrong password"):
        answer = await ada.post("/account", new | {"present": present})
        assert answer.status_code == 422
        assert_message_at(document(answer), "present", "not your present password")
        assert document(answer).form("password")["present"] == ""
    assert (await ada.post("/account", new | {"present": PASSWORD})).status_code == 303
    assert await sign_in(Person(ada.house, ada.email), new["password"]) == 303


async def test_who_guesses_at_the_present_password_must_wait(ada: Person) -> None:
    assert await sign_in(ada) == 303
    fields = {"password": PASSWORD, "again": PASSWORD, "present": "wrong password"}
    seen = [(await ada.post("/account", fields)).status_code for _ in range(ATTEMPTS + 1)]
    assert seen == [422] * ATTEMPTS + [429]
    assert (await ada.post("/account", fields | {"present": PASSWORD})).status_code == 429
    ada.house.clock.time += WINDOW


async def test_who_came_by_a_link_sets_a_password_without_the_forgotten_one(ada: Person) -> None:
    made = await ada.house.store.accounts.by_email(ada.email)
    secret = await accounts.sign_in_link(ada.house.store, made, ada.house.clock.now)
    await ada.post(f"/sign-in/{secret}")
    assert "present" not in document(await ada.get("/account")).form("password")
    new = {"password": "another good password", "again": "another good password"}
    assert (await ada.post("/account", new)).status_code == 303
    # Once: the session that goes on knows the password.
    assert (await ada.post("/account", new)).status_code == 422


async def test_signing_out_takes_the_cookie_away(house: House) -> None:
    person = await signed_in(house)
    answer = await person.post("/sign-out")
    assert answer.headers["location"] == "/sign-in"
    assert f'{COOKIE}=""; ' in answer.headers["set-cookie"]
    assert "max-age=0" in answer.headers["set-cookie"].lower()


def shown_once(page: Document) -> str:
    return re.search(r'id="made"[^>]*>([^<]+)<', page.html)[1]  # type: ignore[index]  # It is there.


async def test_somebody_new_is_invited_with_a_link_that_is_shown_once(
    house: House, shop: Shop, admin: Person
) -> None:
    path = f"/sites/{shop.site.key}/access"
    email = f"new{next(_numbers)}@consent.example"
    fields = {"do": "invite", "email": email, "name": "New <b>Person</b>", "role": "auditor"}
    answer = await admin.post(path, fields)
    link = shown_once(document(answer))
    assert link.startswith("https://consent.example/sign-in/")
    assert link not in (await admin.get(path)).text
    assert "<b>Person" not in (await admin.get(path)).text
    person = Person(house, email)
    secret = link.rpartition("/")[2]
    assert (await person.post(f"/sign-in/{secret}")).status_code == 303
    assert (await person.get(f"/sites/{shop.site.key}/receipts")).status_code == 200
    assert (await person.get(f"/sites/{shop.site.key}/policy")).status_code == 403


async def test_somebody_known_gets_the_role_and_nobody_gets_their_link(
    house: House, shop: Shop, admin: Person
) -> None:
    person = await signed_in(house, Grant(Role.ADMIN, EVERY_SITE))
    path = f"/sites/{shop.site.key}/access"
    fields = {"do": "invite", "email": person.email, "name": "", "role": "editor"}
    assert (await admin.post(path, fields)).status_code == 303
    known = await house.store.accounts.by_email(person.email)
    assert known.roles[shop.site.id] == (Role.EDITOR,)
    refused = await admin.post(path, {"do": "link", "account": str(known.id)})
    assert refused.status_code == 422
    assert "sites that you do not administer" in document(refused).words()


async def test_an_admin_makes_a_link_for_those_of_the_own_site(
    house: House, shop: Shop, admin: Person, editor: Person
) -> None:
    known = await house.store.accounts.by_email(editor.email)
    path = f"/sites/{shop.site.key}/access"
    answer = await admin.post(path, {"do": "link", "account": str(known.id)})
    secret = shown_once(document(answer)).rpartition("/")[2]
    assert (await stranger(house).post(f"/sign-in/{secret}")).status_code == 303
    events = await house.store.events.page(shop.site.id)
    assert ("account.link", editor.email) in [(event.verb, event.subject) for event in events]
    nobody = await signed_in(house)
    other = await house.store.accounts.by_email(nobody.email)
    refused = await admin.post(path, {"do": "link", "account": str(other.id)})
    assert (refused.status_code, "sign-in/" in refused.text) == (422, False)


async def test_a_role_is_taken_back_at_once_but_not_the_own_admin_role(
    house: House, shop: Shop, admin: Person, editor: Person
) -> None:
    path = f"/sites/{shop.site.key}/access"
    known = await house.store.accounts.by_email(editor.email)
    fields = {"do": "revoke", "account": str(known.id), "role": "editor"}
    assert (await admin.post(path, fields)).status_code == 303
    assert (await editor.get(f"/sites/{shop.site.key}/policy")).status_code == 403
    own = await house.store.accounts.by_email(admin.email)
    refused = await admin.post(path, {"do": "revoke", "account": str(own.id), "role": "admin"})
    assert refused.status_code == 422
    assert (await admin.get(path)).status_code == 200


async def test_a_token_is_shown_once_works_and_is_taken_back(shop: Shop, admin: Person) -> None:
    path = f"/sites/{shop.site.key}/access"
    made = await admin.post(path, {"do": "token", "label": "The <build>", "scope": "editor"})
    secret = shown_once(document(made))
    listed = await admin.get(path)
    assert secret not in listed.text
    assert "The &lt;build&gt;" in listed.text
    bearer = {"authorization": f"Bearer {secret}"}
    assert (await shop.get("/policy/draft", **bearer)).status_code == 200
    token = document(listed).form("token")["token"]
    assert (await admin.post(path, {"do": "revoke-token", "token": token})).status_code == 303
    assert (await shop.get("/policy/draft", **bearer)).status_code == 401
    assert "Taken back" in (await admin.get(path)).text


async def test_a_token_of_another_site_is_not_taken_back(
    house: House, shop: Shop, admin: Person
) -> None:
    other = await open_shop(house, f"elsewhere-{next(_numbers)}")
    bearer = await other.token()
    token = bearer["authorization"].removeprefix("Bearer ").partition(".")[0]
    path = f"/sites/{shop.site.key}/access"
    refused = await admin.post(path, {"do": "revoke-token", "token": token})
    assert refused.status_code == 422
    assert (await other.get("/policy/draft", **bearer)).status_code == 200


@pytest.mark.parametrize(
    ("fields", "at"),
    [
        ({"do": "invite", "email": "no address", "name": "A", "role": "editor"}, "email"),
        ({"do": "invite", "email": "new@a.example", "name": "", "role": "editor"}, "name"),
        ({"do": "invite", "email": "new@a.example", "name": "A", "role": "owner"}, "role"),
        ({"do": "token", "label": " ", "scope": "editor"}, "label"),
    ],
)
async def test_access_that_does_not_fit_keeps_what_was_typed(
    shop: Shop, admin: Person, fields: dict[str, str], at: str
) -> None:
    answer = await admin.post(f"/sites/{shop.site.key}/access", fields)
    page = document(answer)
    assert answer.status_code == 422
    assert page.attributes[at]["aria-invalid"] == "true"
    typed = {name: value for name, value in fields.items() if name in ("email", "name", "label")}
    shown = page.form("email" if "email" in typed else "label")
    assert {name: shown[name] for name in typed} == typed
