"""The shelf of accounts: who signs in, with which roles, by which links and tokens."""

from collections.abc import Sequence

from consent_service.errors import Conflict, NotFound
from consent_service.model import Account, ApiToken, Role
from consent_service.store.columns import found
from consent_service.store.database import Database, Row


class Accounts:
    """Accounts and their roles; one-time sign-in links and API tokens, by their hashes alone."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, email: str, name: str, password_hash: str | None, now: int) -> Account:
        """A new account without roles; None where it has no password yet.

        Raises `Conflict` where the e-mail is taken, in whatever case it is written.
        """
        row = None
        # Two processes may reckon the same id: the later one stores nothing and reckons again.
        while row is None:
            if await self._row_by_email(email):
                raise Conflict(f"there is already an account for {email}", "email")
            row = await self._database.fetch_one(
                """
                insert into accounts (id, email, email_folded, name, password_hash, created_at)
                select coalesce(max(id), 0) + 1, :email, :folded, :name, :password_hash, :now
                from accounts where true
                on conflict do nothing returning *""",
                email=email,
                folded=email.casefold(),
                name=name,
                password_hash=password_hash,
                now=now,
            )
        return _account(row, [])

    async def by_email(self, email: str) -> Account:
        """The account for an e-mail, in whatever case it is written. Raises `NotFound`."""
        row = found(await self._row_by_email(email), f"account for {email}")
        return _account(row, await self._roles(row["id"]))

    async def by_id(self, account_id: int) -> Account:
        """The account with that id. Raises `NotFound`."""
        row = await self._row(account_id)
        return _account(row, await self._roles(account_id))

    async def all(self) -> list[Account]:
        """Every account, by e-mail."""
        rows = await self._database.fetch_all("select * from accounts order by email_folded")
        roles = await self._database.fetch_all("select * from roles order by site_id, role")
        return [
            _account(row, [role for role in roles if role["account_id"] == row["id"]])
            for row in rows
        ]

    async def password_hash(self, account_id: int) -> str | None:
        """What the password is checked against; None where there is none. Raises `NotFound`."""
        row = await self._row(account_id)
        password_hash: str | None = row["password_hash"]
        return password_hash

    async def set_password(self, account_id: int, password_hash: str) -> None:
        """Another password: every session so far ends. Raises `NotFound`."""
        changed = await self._database.execute(
            """
            update accounts
            set password_hash = :password_hash, session_epoch = session_epoch + 1
            where id = :account_id""",
            account_id=account_id,
            password_hash=password_hash,
        )
        _must_have_changed(changed, account_id)

    async def session_epoch(self, account_id: int) -> int:
        """Sessions made under another number are over. Raises `NotFound`."""
        epoch: int = (await self._row(account_id))["session_epoch"]
        return epoch

    async def disable(self, account_id: int) -> None:
        """No more signing in, and every session so far ends. Raises `NotFound`."""
        changed = await self._database.execute(
            """
            update accounts set disabled = 1, session_epoch = session_epoch + 1
            where id = :account_id""",
            account_id=account_id,
        )
        _must_have_changed(changed, account_id)

    async def grant(self, account_id: int, site_id: int, role: Role) -> None:
        """Give a role on a site, or on all with `EVERY_SITE`. Raises `NotFound`."""
        await self._row(account_id)
        await self._database.execute(
            """
            insert into roles (account_id, site_id, role) values (:account_id, :site_id, :role)
            on conflict do nothing""",
            account_id=account_id,
            site_id=site_id,
            role=role.value,
        )

    async def revoke(self, account_id: int, site_id: int, role: Role) -> None:
        """Take a role away. One that is not held changes nothing."""
        await self._database.execute(
            """
            delete from roles
            where account_id = :account_id and site_id = :site_id and role = :role""",
            account_id=account_id,
            site_id=site_id,
            role=role.value,
        )

    async def add_link(self, link_hash: bytes, account_id: int, expires_at: int) -> None:
        """A sign-in link, by its secret's hash; `expires_at` in unix seconds.

        Raises `NotFound` where there is no such account, `Conflict` for a hash that is there.
        """
        await self._row(account_id)
        await self._database.execute(
            """
            insert into sign_in_links (hash, account_id, expires_at)
            values (:hash, :account_id, :expires_at)""",
            hash=link_hash,
            account_id=account_id,
            expires_at=expires_at,
        )

    async def claim_link(self, link_hash: bytes, now: int) -> int:
        """Use a sign-in link up; returns its account's id. Of several who try, one gets it.

        Raises `NotFound` for one that is unknown, used or expired.
        """
        row = await self._database.fetch_one(
            """
            update sign_in_links set used_at = :now
            where hash = :hash and used_at is null and expires_at > :now
            returning account_id""",
            hash=link_hash,
            now=now,
        )
        if row is None:
            raise NotFound("this sign-in link was used or has expired; ask for another")
        account_id: int = row["account_id"]
        return account_id

    async def add_token(self, token: ApiToken, token_hash: bytes) -> None:
        """Keep an API token, by its secret's hash. Raises `Conflict` where its id is taken."""
        await self._database.execute(
            """
            insert into tokens (id, site_id, role, label, created_at, created_by, revoked_at, hash)
            values (:id, :site_id, :role, :label, :created_at, :created_by, :revoked_at, :hash)""",
            id=token.id,
            site_id=token.site_id,
            role=token.role.value,
            label=token.label,
            created_at=token.created_at,
            created_by=token.created_by,
            revoked_at=token.revoked_at,
            hash=token_hash,
        )

    async def token(self, token_id: str) -> tuple[ApiToken, bytes]:
        """A token and its secret's hash; also one that was revoked. Raises `NotFound`."""
        row = await self._database.fetch_one("select * from tokens where id = :id", id=token_id)
        row = found(row, f"token {token_id}")
        return _token(row), row["hash"]

    async def tokens(self, site_id: int) -> list[ApiToken]:
        """A site's tokens, those revoked too, the newest first."""
        rows = await self._database.fetch_all(
            "select * from tokens where site_id = :site_id order by created_at desc, id",
            site_id=site_id,
        )
        return [_token(row) for row in rows]

    async def revoke_token(self, token_id: str, now: int) -> None:
        """Let a token in no more. One that was revoked stays as it was. Raises `NotFound`."""
        changed = await self._database.execute(
            "update tokens set revoked_at = coalesce(revoked_at, :now) where id = :id",
            id=token_id,
            now=now,
        )
        if not changed:
            raise NotFound(f"there is no token {token_id}")

    async def _row(self, account_id: int) -> Row:
        row = await self._database.fetch_one(
            "select * from accounts where id = :account_id", account_id=account_id
        )
        return found(row, f"account with the id {account_id}")

    async def _row_by_email(self, email: str) -> Row | None:
        return await self._database.fetch_one(
            "select * from accounts where email_folded = :folded", folded=email.casefold()
        )

    async def _roles(self, account_id: int) -> Sequence[Row]:
        return await self._database.fetch_all(
            "select * from roles where account_id = :account_id order by site_id, role",
            account_id=account_id,
        )


def _must_have_changed(changed: int, account_id: int) -> None:
    if not changed:
        raise NotFound(f"there is no account with the id {account_id}")


def _account(row: Row, roles: Sequence[Row]) -> Account:
    by_site: dict[int, tuple[Role, ...]] = {}
    for role in roles:
        site_id = role["site_id"]
        by_site[site_id] = (*by_site.get(site_id, ()), Role(role["role"]))
    return Account(
        id=row["id"],
        email=row["email"],
        name=row["name"],
        created_at=row["created_at"],
        disabled=bool(row["disabled"]),
        roles=by_site,
    )


def _token(row: Row) -> ApiToken:
    return ApiToken(
        id=row["id"],
        site_id=row["site_id"],
        role=Role(row["role"]),
        label=row["label"],
        created_at=row["created_at"],
        created_by=row["created_by"],
        revoked_at=row["revoked_at"],
    )
