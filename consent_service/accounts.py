"""Accounts: who signs in, and what for."""

import asyncio
import re
from typing import NamedTuple

import argon2

from consent_service import audit
from consent_service.audit import Act
from consent_service.errors import Forbidden, Invalid, NotFound, SignInNeeded
from consent_service.model import Account, ApiToken, Role
from consent_service.signing import (
    constant_time_equal,
    hash_secret,
    new_secret,
    uuid7,
)
from consent_service.store import Store

LINK_SECONDS = 3_600
"""A one-time sign-in link is good for an hour."""

MIN_PASSWORD = 12
MAX_PASSWORD = 1_000

_EMAIL = re.compile(r"^[^@\s]{1,64}@[^@\s]{1,190}$")
_hasher = argon2.PasswordHasher()
# Verified where there is no such account, so that the answer takes as long (no word on who exists).
_NOBODY = _hasher.hash("nobody has this password")
_WRONG = "the e-mail and password do not fit together"


async def add(store: Store, email: str, name: str, act: Act) -> Account:
    """A new account without a password: it signs in by a one-time link first."""
    if not _EMAIL.match(email):
        raise Invalid("that is not an e-mail address", "email")
    if not name.strip():
        raise Invalid("give the person's name", "name")
    async with store.transaction() as tx:
        account = await tx.accounts.add(email, name.strip(), None, act.now)
        await audit.log(tx, act, "account.add", email)
    return account


class Grant(NamedTuple):
    """A role on a site (`EVERY_SITE` for all)."""

    role: Role
    site_id: int


async def grant(store: Store, account: Account, given: Grant, act: Act) -> None:
    """Give a role on a site. Granting what is granted changes nothing."""
    role, site_id = given
    async with store.transaction() as tx:
        await tx.accounts.grant(account.id, site_id, role)
        # An event is about one site or about none: `EVERY_SITE` is no row that it could point to.
        await audit.log(tx, act, "role.grant", f"{role.value} to {account.email}", site_id or None)


async def revoke(store: Store, account: Account, taken: Grant, act: Act) -> None:
    """Take a role on a site back."""
    role, site_id = taken
    async with store.transaction() as tx:
        await tx.accounts.revoke(account.id, site_id, role)
        # An event is about one site or about none: `EVERY_SITE` is no row that it could point to.
        await audit.log(tx, act, "role.revoke", f"{role.value} of {account.email}", site_id or None)


async def set_password(store: Store, account: Account, password: str, act: Act) -> None:
    """Set a password and end every session of the account. Raises `Invalid` if it is too short."""
    if not MIN_PASSWORD <= len(password) <= MAX_PASSWORD:
        raise Invalid(f"a password has {MIN_PASSWORD} characters at least", "password")
    # argon2 takes tens of milliseconds on purpose: not on the event loop.
    hashed = await asyncio.to_thread(_hasher.hash, password)
    async with store.transaction() as tx:
        await tx.accounts.set_password(account.id, hashed)
        await audit.log(tx, act, "account.password", account.email)


async def is_password(store: Store, account: Account, password: str) -> bool:
    """Whether this is the account's present password; true where it has none yet."""
    hashed = await store.accounts.password_hash(account.id)
    if not hashed:
        return True
    return await asyncio.to_thread(_fits, hashed, password[:MAX_PASSWORD])


async def sign_in(store: Store, email: str, password: str, now: int) -> Account:
    """The account that this e-mail and password belong to.

    Raises `SignInNeeded`, in the same words and time whether or not the account exists.
    """
    try:
        account = await store.accounts.by_email(email)
        hashed = await store.accounts.password_hash(account.id) or _NOBODY
    except NotFound:
        account, hashed = None, _NOBODY
    fits = await asyncio.to_thread(_fits, hashed, password[:MAX_PASSWORD])
    if account is None or account.disabled or not fits or hashed == _NOBODY:
        raise SignInNeeded(_WRONG)
    await audit.log(store, Act(account.email, now), "sign_in", "by password")
    return account


def _fits(hashed: str, password: str) -> bool:
    try:
        return _hasher.verify(hashed, password)
    except (argon2.exceptions.VerificationError, argon2.exceptions.InvalidHashError):
        return False


async def sign_in_link(store: Store, account: Account, now: int) -> str:
    """The secret of a new one-time link, good for an hour. Only its hash is kept."""
    secret = new_secret()
    await store.accounts.add_link(hash_secret(secret), account.id, now + LINK_SECONDS)
    return secret


async def sign_in_by_link(store: Store, secret: str, now: int) -> Account:
    """The account of a one-time link, which is used up. Raises `SignInNeeded`."""
    try:
        async with store.transaction() as tx:
            account_id = await tx.accounts.claim_link(hash_secret(secret), now)
            account = await tx.accounts.by_id(account_id)
            await audit.log(tx, Act(account.email, now), "sign_in", "by link")
    except NotFound as error:
        raise SignInNeeded(
            "this sign-in link was used already, or is older than an hour"
        ) from error
    if account.disabled:
        raise Forbidden("this account is closed")
    return account


class NewToken(NamedTuple):
    """A token just made. `secret` is shown once and not kept."""

    token: ApiToken
    secret: str


async def add_token(store: Store, given: Grant, label: str, act: Act) -> NewToken:
    """A machine's way in, for one site and role. The secret is `<id>.<random>`."""
    if not label.strip():
        raise Invalid("say what the token is for", "label")
    token = ApiToken(
        id=uuid7(int(act.at * 1000)),
        site_id=given.site_id,
        role=given.role,
        label=label.strip()[:100],
        created_at=act.now,
        created_by=act.by,
    )
    secret = f"{token.id}.{new_secret()}"
    async with store.transaction() as tx:
        await tx.accounts.add_token(token, hash_secret(secret))
        await audit.log(tx, act, "token.add", f"{token.id} {given.role.value}", given.site_id)
    return NewToken(token, secret)


async def open_token(store: Store, secret: str) -> ApiToken:
    """The token of a bearer's secret. Raises `SignInNeeded`, always in the same words."""
    refusal = SignInNeeded("this token is not known, or was taken back")
    id, dot, _ = secret.partition(".")
    if not dot or len(secret) > 200:
        raise refusal
    try:
        token, kept = await store.accounts.token(id)
    except NotFound as error:
        raise refusal from error
    if not constant_time_equal(hash_secret(secret), kept) or token.revoked_at is not None:
        raise refusal
    return token


async def revoke_token(store: Store, token: ApiToken, act: Act) -> None:
    """Take a token back, at once and for good."""
    async with store.transaction() as tx:
        await tx.accounts.revoke_token(token.id, act.now)
        await audit.log(tx, act, "token.revoke", token.id, token.site_id)
