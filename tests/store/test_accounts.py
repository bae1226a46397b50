"""The shelf of accounts: sign-in, roles, links that work once, tokens."""

import asyncio

import pytest
from msgspec.structs import replace

from consent_service.errors import Conflict, NotFound
from consent_service.model import EVERY_SITE, Account, ApiToken, Role
from consent_service.store import Store
from tests.store import given


async def _account(store: Store, email: str = "ed@shop.example") -> Account:
    return await store.accounts.add(email, "Ed", "argon2-hash", given.NOW)


async def test_an_account_comes_back_as_it_was_added(store: Store) -> None:
    account = await _account(store)
    assert account == Account(id=1, email="ed@shop.example", name="Ed", created_at=given.NOW)
    assert await store.accounts.by_email("ed@shop.example") == account
    assert await store.accounts.by_id(1) == account
    assert await store.accounts.password_hash(1) == "argon2-hash"
    assert await store.accounts.session_epoch(1) == 1


SPELLINGS = ["ed@shop.example", "ED@SHOP.EXAMPLE", "Ed@Shop.Example"]


@pytest.mark.parametrize("spelling", SPELLINGS)
async def test_an_email_is_one_in_whatever_case_it_is_written(store: Store, spelling: str) -> None:
    account = await _account(store, "Ed@shop.example")
    assert await store.accounts.by_email(spelling) == account
    with pytest.raises(Conflict, match="already an account") as caught:
        await _account(store, spelling)
    assert caught.value.field == "email"


async def test_an_email_with_letters_beyond_ascii_is_one_as_well(store: Store) -> None:
    account = await _account(store, "ÅSA@straße.example")
    assert await store.accounts.by_email("åsa@STRASSE.example") == account


async def test_accounts_added_at_once_get_ids_of_their_own(store: Store) -> None:
    accounts = await asyncio.gather(*(_account(store, f"{n}@shop.example") for n in range(6)))
    assert sorted(account.id for account in accounts) == [1, 2, 3, 4, 5, 6]
    assert [account.email[0] for account in await store.accounts.all()] == list("012345")


async def test_an_unknown_account_is_not_found(store: Store) -> None:
    accounts = store.accounts
    with pytest.raises(NotFound, match=r"no account for nobody@shop\.example"):
        await accounts.by_email("nobody@shop.example")
    for call in (
        accounts.by_id(9),
        accounts.password_hash(9),
        accounts.session_epoch(9),
        accounts.set_password(9, "hash"),
        accounts.disable(9),
        accounts.grant(9, 1, Role.EDITOR),
        accounts.add_link(b"hash", 9, given.NOW),
    ):
        with pytest.raises(NotFound, match="no account with the id 9"):
            await call


async def test_another_password_ends_every_session(store: Store) -> None:
    account = await store.accounts.add("ed@shop.example", "Ed", None, given.NOW)
    assert await store.accounts.password_hash(account.id) is None
    await store.accounts.set_password(account.id, "new hash")
    assert await store.accounts.password_hash(account.id) == "new hash"
    assert await store.accounts.session_epoch(account.id) == 2


async def test_a_disabled_account_may_nothing_and_its_sessions_end(store: Store) -> None:
    account = await _account(store)
    await store.accounts.grant(account.id, EVERY_SITE, Role.ADMIN)
    await store.accounts.disable(account.id)
    disabled = await store.accounts.by_id(account.id)
    assert disabled.disabled
    assert not disabled.may(Role.AUDITOR, 1)
    assert await store.accounts.session_epoch(account.id) == 2


async def test_roles_are_granted_once_and_revoked(store: Store) -> None:
    account, other = await _account(store), await _account(store, "al@shop.example")
    for role in (Role.EDITOR, Role.AUDITOR, Role.EDITOR):
        await store.accounts.grant(account.id, 1, role)
    await store.accounts.grant(account.id, EVERY_SITE, Role.AUDITOR)
    roles = {EVERY_SITE: (Role.AUDITOR,), 1: (Role.AUDITOR, Role.EDITOR)}
    assert (await store.accounts.by_id(account.id)).roles == roles
    assert [one.roles for one in await store.accounts.all()] == [{}, roles]
    assert (await store.accounts.by_id(other.id)).roles == {}
    await store.accounts.revoke(account.id, 1, Role.EDITOR)
    await store.accounts.revoke(account.id, 2, Role.EDITOR)
    roles[1] = (Role.AUDITOR,)
    assert (await store.accounts.by_email(account.email)).roles == roles


async def test_of_five_who_use_a_sign_in_link_one_gets_in(store: Store) -> None:
    account = await _account(store)
    await store.accounts.add_link(b"hash", account.id, given.NOW + 60)
    claims = (store.accounts.claim_link(b"hash", given.NOW) for _ in range(5))
    claimed = await asyncio.gather(*claims, return_exceptions=True)
    assert claimed.count(account.id) == 1
    assert sum(isinstance(one, NotFound) for one in claimed) == 4


NO_LINKS = {
    "unknown": (b"other", given.NOW),
    "expired": (b"hash", given.NOW + 61),
    "expired this second": (b"hash", given.NOW + 60),
}


@pytest.mark.parametrize("case", NO_LINKS.values(), ids=NO_LINKS)
async def test_a_link_that_does_not_hold_is_not_found(
    store: Store, case: tuple[bytes, int]
) -> None:
    account = await _account(store)
    await store.accounts.add_link(b"hash", account.id, given.NOW + 60)
    with pytest.raises(NotFound, match="used or has expired"):
        await store.accounts.claim_link(*case)
    assert await store.accounts.claim_link(b"hash", given.NOW + 59) == account.id


async def test_a_link_twice_is_a_conflict(store: Store) -> None:
    account = await _account(store)
    await store.accounts.add_link(b"hash", account.id, given.NOW)
    with pytest.raises(Conflict):
        await store.accounts.add_link(b"hash", account.id, given.NOW)


def _token(name: str, at: int = given.NOW) -> ApiToken:
    return ApiToken(
        id=name,
        site_id=1,
        role=Role.EDITOR,
        label="the build",
        created_at=at,
        created_by="ed@shop.example",
    )


async def test_tokens_are_kept_listed_and_revoked(store: Store) -> None:
    await given.site(store)
    old, new = _token("aaaa"), _token("bbbb", given.NOW + 1)
    await store.accounts.add_token(old, b"old hash")
    await store.accounts.add_token(new, b"new hash")
    assert await store.accounts.token("aaaa") == (old, b"old hash")
    assert await store.accounts.tokens(1) == [new, old]
    assert await store.accounts.tokens(2) == []
    await store.accounts.revoke_token("aaaa", given.NOW + 5)
    await store.accounts.revoke_token("aaaa", given.NOW + 9)
    revoked = replace(old, revoked_at=given.NOW + 5)
    assert await store.accounts.token("aaaa") == (revoked, b"old hash")
    assert await store.accounts.tokens(1) == [new, revoked]


async def test_an_unknown_token_is_not_found_and_one_twice_is_a_conflict(store: Store) -> None:
    await given.site(store)
    await store.accounts.add_token(_token("aaaa"), b"hash")
    with pytest.raises(Conflict):
        await store.accounts.add_token(_token("aaaa"), b"other")
    with pytest.raises(NotFound, match="no token zzzz"):
        await store.accounts.token("zzzz")
    with pytest.raises(NotFound, match="no token zzzz"):
        await store.accounts.revoke_token("zzzz", given.NOW)
