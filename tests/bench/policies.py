"""`python -m tests.bench.policies`: a draft of ten thousand declarations, step by step.

Processor time, the least of some rounds, in one process on SQLite in a folder of its own. Pages are
made by the application itself, asked in process: what is measured is a page without the network.
"""

import asyncio
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import httpx
from msgspec.structs import replace

from consent_service import accounts, checks, cookie_lists, declared, policies, sites, words
from consent_service.accounts import Grant
from consent_service.app import create_app
from consent_service.audit import Act
from consent_service.exports import declarations
from consent_service.model import ChangeClass, Policy, Role, Site
from consent_service.policies import Publication
from consent_service.settings import Settings
from consent_service.store import Store, open_store
from consent_service.web.access import cookie_name
from consent_service.web.pages import cookie_table
from tests.given import declaration, policy
from tests.served import serving

MANY = 10_000
ROUNDS = 3
_PARTS = ("preferences", "statistics", "marketing")

Step = Callable[[], Awaitable[object]]


def main() -> None:
    """Print one table."""
    print(f"a draft of {MANY:,} declarations in two languages; seconds of this process")
    with tempfile.TemporaryDirectory(prefix="consent-bench-") as name:
        asyncio.run(_everything(Path(name)))


def _policy(more: str = "") -> Policy:
    items = [declaration(f"_c{n}{more}", _PARTS[n % 3]) for n in range(MANY - 100)]
    items += [declaration(f"p{n}_*", _PARTS[n % 3]) for n in range(100)]
    return policy(declarations=items)


async def _everything(folder: Path) -> None:
    settings = Settings(database=f"sqlite:///{folder}/c.db", keys=folder / "keys", browser="off")
    async with serving(create_app(settings)) as url, open_store(settings.database) as store:
        site = await sites.add(store, "bench", "Bench", ("https://shop.example",), 0)
        await _pure()
        await _published(store, site)
        await _pages(store, site, url)


async def _pure() -> None:
    full = _policy()
    body, table = policies.encode(full), declarations.table(full)
    print(f"bytes of the draft {len(body):,}, of its table {len(table):,}")
    text, bare = cookie_lists.text_of(table), policy(declarations=[])

    async def checked() -> object:
        return checks.findings(full, words.languages())

    async def typed() -> object:
        return checks.of_declaration(full, 5_000, full.declarations[5_000])

    async def read() -> object:
        return policies.parse_policy(body)

    async def taken() -> object:
        return cookie_lists.steps(text, bare, overwrite=False)

    await _row("read the draft", read)
    await _row("check all of it", checked)
    await _row("check one row that is being typed", typed)
    await _row("look at a list of as many lines", taken)


async def _published(store: Store, site: Site) -> None:
    act = Act("bench", 0)
    draft = await policies.save_draft(store, site, 0, _policy(), act)
    revision = draft.revision

    async def publish() -> object:
        asked = Publication(revision=revision, change_class=ChangeClass.MAJOR)
        return await policies.publish(store, site, asked, act)

    async def again() -> object:
        nonlocal revision
        found = await policies.draft(store, site)
        before = policies.decode_draft(found.body)
        item = replace(before.declarations[0], provider=f"Company {found.revision}")
        one = declared.changed(before, 0, item)
        saved = await policies.save_draft(store, site, found.revision, one, act)
        revision = saved.revision
        return await publish()

    await _row("publish it as version 1", publish, rounds=1)
    await _row("change a row, save and publish it", again)


async def _pages(store: Store, site: Site, url: str) -> None:
    cookie = await _signed_in(store, site, url)
    async with httpx.AsyncClient(base_url=url, cookies=cookie, timeout=60) as client:
        for path in ("policy", "cookies", "cookies?page=200", "cookies?find=_c99", "cookies.csv"):
            await _page(client, f"/sites/{site.key}/{path}")


async def _signed_in(store: Store, site: Site, url: str) -> dict[str, str]:
    act = Act("bench", time.time())
    account = await accounts.add(store, "editor@bench.example", "Editor", act)
    await accounts.grant(store, account, Grant(Role.EDITOR, site.id), act)
    secret = await accounts.sign_in_link(store, account, act.now)
    async with httpx.AsyncClient(base_url=url) as client:
        answer = await client.post(f"/sign-in/{secret}", headers={"sec-fetch-site": "same-origin"})
        name = cookie_name(secure=False)
        return {name: answer.cookies[name]}


async def _page(client: httpx.AsyncClient, path: str) -> None:
    size = 0

    async def opened() -> object:
        nonlocal size
        answer = await client.get(path)
        assert answer.status_code == 200, answer.text[:200]
        size = len(answer.content)
        return answer

    cookie_table.checked.cache_clear()
    await _row(f"GET {path}, the first time", opened, rounds=1)
    await _row(f"GET {path}", opened)
    print(f"{'':44}{size:>12,} bytes")


async def _row(name: str, step: Step, rounds: int = ROUNDS) -> None:
    least = float("inf")
    for _ in range(rounds):
        begun = time.process_time()
        await step()
        least = min(least, time.process_time() - begun)
    print(f"{name:44}{least:12.3f}")


if __name__ == "__main__":
    main()
