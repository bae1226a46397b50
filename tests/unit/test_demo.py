"""The demo: a policy that may be published, a shop that holds its tags back, tags that behave.

What its tags leave in a real browser is in `browser/test_demo.py`.
"""

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from html.parser import HTMLParser
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urljoin, urlsplit

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Match

from consent_service import checks, policies, words
from consent_service.audit import Act
from consent_service.demo import shop_app, tags_app
from consent_service.demo.seed import EMAIL, SITE, policy, seed
from consent_service.demo.storefront import NOT_FOUND, PAGES
from consent_service.errors import Misconfigured
from consent_service.model import EVERY_SITE, OPTIONAL, Category, ChangeClass, Role
from consent_service.policies import Publication
from consent_service.store import Store, open_store
from consent_service.web.routes import routes

SERVICE, SHOP, TAGS = "http://service.test:1", "http://shop.test:2", "http://tags.test:3"
TAG = f"{SERVICE}/v1/sites/{SITE}/banner.js"
NOW = 1_795_000_000
NOWHERE = "/no-such-page"
PATHS = (*PAGES, NOWHERE)
GATED = {category.value for category in OPTIONAL}


# The policy.


def test_the_policy_may_be_published_as_it_is() -> None:
    assert checks.findings(policy(), words.languages()) == ()


def test_every_text_is_there_in_english_and_in_swedish_and_says_something() -> None:
    assert policy().languages == ("en", "sv")
    for field, text in checks.each_text(policy()):
        assert set(text) == {"en", "sv"}, field
        assert all(part.strip() for part in text.values()), field
        assert text["en"] != text["sv"], field


def test_all_four_categories_have_declarations_and_hosts_that_the_widget_can_hold_back() -> None:
    declared = policy().declarations
    assert {item.category for item in declared} == set(Category)
    assert {item.seconds is None for item in declared} == {True, False}
    for item in declared:
        of_others = item.category in (Category.STATISTICS, Category.MARKETING)
        assert bool(item.hosts) == of_others, item.name


def test_r20_each_necessary_item_has_a_reason_and_the_date_on_which_it_was_confirmed() -> None:
    necessary = [item for item in policy().declarations if item.category is Category.NECESSARY]
    assert {item.name for item in necessary} == {"consent", "basket"}
    for item in necessary:
        assert re.search(r"\b20\d\d\b", item.reviewed)


def test_the_first_layer_is_short() -> None:
    for category in policy().categories.values():
        for text in category.text.values():
            assert len(text) <= 80
            assert len(re.findall(r"[.!?](?:\s|$)", text)) == 1, "one sentence"


@pytest.mark.parametrize("language", ["en", "sv"])
def test_the_documents_have_headings_from_level_two_down_and_no_html(language: str) -> None:
    for text in (policy().documents.cookies[language], policy().documents.privacy[language]):
        levels = [len(marks) for marks in re.findall(r"^(#+) ", text, re.MULTILINE)]
        assert levels[0] == 2
        assert set(levels) <= {2, 3}
        assert not re.search(r"<\w", text)


@pytest.mark.parametrize(
    ("point", "english", "swedish"),
    [
        ("13(1)(a) controller", "Kvarngränd 4", "Kvarngränd 4"),
        ("13(1)(b) data protection officer", "data protection officer", "dataskyddsombud"),
        ("13(1)(c) contract", "article 6(1)(b)", "artikel 6.1 b"),
        ("13(1)(c) consent", "article 6(1)(a)", "artikel 6.1 a"),
        ("13(1)(d) legitimate interest", "article 6(1)(f)", "artikel 6.1 f"),
        ("13(1)(e) recipients", "Who else receives it", "Vilka andra som får del av dem"),
        ("13(1)(f) third countries", "standard contractual clauses", "standardavtalsklausuler"),
        ("13(2)(a) how long", "seventh year", "sjunde året"),
        ("13(2)(b) access", "(access)", "(tillgång)"),
        ("13(2)(b) rectification", "(rectification)", "(rättelse)"),
        ("13(2)(b) erasure", "(erasure)", "(radering)"),
        ("13(2)(b) restriction", "(restriction)", "(begränsning)"),
        ("13(2)(b) objection", "(objection)", "(invändning)"),
        ("13(2)(b) portability", "(portability)", "(dataportabilitet)"),
        ("13(2)(c) withdrawal", "Take back your consent", "Ta tillbaka ditt samtycke"),
        ("13(2)(d) complaint where one lives", "where you live", "där du bor"),
        ("13(2)(e) whether it must be given", "Whether you must", "Om du måste lämna dem"),
        ("13(2)(f) automatic decisions", "automatic decisions", "automatiska beslut"),
        ("receipts: purpose", "prove what you consented to", "vad du har samtyckt till"),
        ("receipts: basis", "article 6(1)(c)), since article 7(1)", "artikel 6.1 c), eftersom"),
        ("receipts: how long", "three years after that", "tre år därefter"),
        ("receipts: no profiling", "**Profiling:** none", "**Profilering:** ingen"),
        ("children", "## Children", "## Barn"),
        ("special categories", "your health", "din hälsa"),
        ("e-mail", "Take care with e-mail", "Var försiktig med e-post"),
        ("newsletter", "newsletter", "nyhetsbrev"),
        ("other websites", "Links that lead away", "Länkar som leder bort"),
        ("changes", "notice in the banner", "meddelande i rutan"),
    ],
)
def test_r39_the_privacy_notice_tells(point: str, english: str, swedish: str) -> None:
    assert english in policy().documents.privacy["en"], point
    assert swedish in policy().documents.privacy["sv"], point


@pytest.mark.parametrize(
    "named",
    ["Chrome", "Edge", "Firefox", "Safari on a Mac", "iPhone", "Samsung Internet", "Opera"],
)
def test_the_cookie_page_says_how_to_delete_cookies_in_the_common_browsers(named: str) -> None:
    assert f"**{named}" in policy().documents.cookies["en"].replace("Safari on an ", "**")


# The shop's pages.


class Tag(NamedTuple):
    """One start tag of a page."""

    name: str
    attributes: dict[str, str]


class Page(HTMLParser):
    """What a page is made of, as a browser without scripts would see it."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[Tag] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(Tag(tag, {name: value or "" for name, value in attrs}))

    def all(self, name: str) -> list[dict[str, str]]:
        return [tag.attributes for tag in self.tags if tag.name == name]


@asynccontextmanager
async def client(app: Starlette, base_url: str) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url=base_url) as asking:
        yield asking


@pytest.fixture
async def shop() -> AsyncIterator[httpx.AsyncClient]:
    async with client(shop_app(SERVICE, SITE, TAGS), SHOP) as asking:
        yield asking


@pytest.fixture
async def tags() -> AsyncIterator[httpx.AsyncClient]:
    async with client(tags_app(), TAGS) as asking:
        yield asking


async def page(shop: httpx.AsyncClient, path: str) -> Page:
    response = await shop.get(path)
    assert response.status_code == (404 if path == NOWHERE else 200)
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    return Page(response.text)


def ungated(found: Page) -> list[Tag]:
    """The tags that make a browser ask the third parties by itself."""
    sources = ("src", "srcset", "poster", "data")
    return [
        tag
        for tag in _outside_templates(found)
        if any(tag.attributes.get(name, "").startswith(TAGS) for name in sources)
        or (tag.name == "link" and tag.attributes.get("href", "").startswith(TAGS))
        if not _held(tag)
    ]


def _held(tag: Tag) -> bool:
    gated = tag.attributes.get("data-consent") in GATED
    return gated and tag.name == "script" and tag.attributes.get("type") == "text/plain"


def _outside_templates(found: Page) -> Iterator[Tag]:
    # What is inside a template is not loaded. The advert's picture is all that ours hold.
    yield from (tag for tag in found.tags if not tag.attributes.get("src", "").endswith("svg"))


@pytest.mark.parametrize("path", PATHS)
async def test_each_page_has_the_tag_of_the_service_once_and_before_other_scripts(
    shop: httpx.AsyncClient, path: str
) -> None:
    scripts = (await page(shop, path)).all("script")
    assert scripts[0] == {"async": "", "src": TAG}
    assert [script for script in scripts if SERVICE in script.get("src", "")] == scripts[:1]


@pytest.mark.parametrize("path", PATHS)
async def test_r01_no_page_loads_a_third_party_by_itself(
    shop: httpx.AsyncClient, path: str
) -> None:
    found = await page(shop, path)
    assert ungated(found) == []
    held = [tag for tag in found.tags if "data-consent" in tag.attributes]
    assert {tag.attributes["data-consent"] for tag in held} == GATED
    assert {tag.name for tag in held} >= {"script", "img"}


@pytest.mark.parametrize(
    ("html", "count"),
    [
        (f'<script src="{TAGS}/a.js"></script>', 1),
        (f'<script data-consent="marketing" src="{TAGS}/a.js"></script>', 1),
        (f'<script type="text/plain" src="{TAGS}/a.js"></script>', 1),
        (f'<script type="text/plain" data-consent="ads" src="{TAGS}/a.js"></script>', 1),
        (f'<script type="text/plain" data-consent="marketing" src="{TAGS}/a.js"></script>', 0),
        (f'<img data-consent="marketing" src="{TAGS}/pixel.gif">', 1),
        (f'<img data-consent="marketing" data-consent-src="{TAGS}/pixel.gif">', 0),
        (f'<iframe src="{TAGS}/video.html"></iframe>', 1),
        (f'<link rel="preload" href="{TAGS}/a.js">', 1),
        (f'<a href="{TAGS}/log">the log</a>', 0),
    ],
)
def test_what_would_load_a_third_party_is_seen(html: str, count: int) -> None:
    assert len(ungated(Page(html))) == count


async def test_every_way_of_holding_back_is_on_the_pages(shop: httpx.AsyncClient) -> None:
    ways = set()
    for path in PATHS:
        found = await page(shop, path)
        ways |= {tag.name for tag in found.tags if "data-consent" in tag.attributes}
    assert ways == {"script", "img", "iframe", "template"}


@pytest.mark.parametrize("path", PATHS)
async def test_each_page_has_its_language_one_main_heading_and_a_title(
    shop: httpx.AsyncClient, path: str
) -> None:
    found = await page(shop, path)
    assert found.all("html") == [{"lang": "sv" if path == "/sv/" else "en"}]
    assert len(found.all("h1")) == len(found.all("main")) == len(found.all("title")) == 1
    assert all("alt" in image for image in found.all("img"))
    names = [tag.attributes["id"] for tag in found.tags if "id" in tag.attributes]
    assert len(names) == len(set(names))
    # A named element would hide `window.consent` from scripts that look for it.
    assert "consent" not in names


@pytest.mark.parametrize("path", PATHS)
async def test_r33_each_page_opens_the_settings_and_leads_to_the_policy_in_its_language(
    shop: httpx.AsyncClient, path: str
) -> None:
    found = await page(shop, path)
    links = found.all("a")
    assert len([link for link in links if "data-consent-open" in link]) == 1
    language = found.all("html")[0]["lang"]
    for document in ("cookies", "privacy"):
        address = f"{SERVICE}/policies/{SITE}/{document}?lang={language}"
        assert [link for link in links if link["href"] == address], document


@pytest.mark.parametrize("path", PATHS)
async def test_every_link_of_the_shop_leads_somewhere(
    shop: httpx.AsyncClient, tags: httpx.AsyncClient, path: str
) -> None:
    found = await page(shop, path)
    for address in _addresses(found):
        where = urlsplit(urljoin(SHOP + path, address))
        origin = f"{where.scheme}://{where.netloc}"
        if origin == SERVICE:
            assert _is_of_the_service(where.path), address
            continue
        target = await (tags if origin == TAGS else shop).get(f"{where.path}?{where.query}")
        here = path == NOWHERE == where.path
        assert target.status_code == (404 if here else 200), address
        if where.fragment:
            names = {tag.attributes.get("id") for tag in Page(target.text).tags}
            assert where.fragment in names, address


def _addresses(found: Page) -> list[str]:
    wanted = ("href", "src", "data-consent-src")
    return [tag.attributes[name] for tag in found.tags for name in wanted if name in tag.attributes]


def _is_of_the_service(path: str) -> bool:
    scope = {"type": "http", "method": "GET", "path": path, "root_path": "", "headers": []}
    return any(route.matches(scope)[0] is Match.FULL for route in routes())


def test_an_address_that_the_service_does_not_have_is_seen() -> None:
    assert _is_of_the_service(f"/v1/sites/{SITE}/banner.js")
    assert not _is_of_the_service("/v1/banners/demo.js")


@pytest.mark.parametrize("path", PATHS)
async def test_a_strict_content_security_policy_holds_on_each_page(
    shop: httpx.AsyncClient, path: str
) -> None:
    first, second = await shop.get(path), await shop.get(path)
    header = first.headers["content-security-policy"]
    rules = dict(rule.split(" ", 1) for rule in header.split("; "))
    nonce = re.findall(r"'nonce-([^']+)'", rules["script-src"])
    assert rules["default-src"] == rules["base-uri"] == rules["frame-ancestors"] == "'none'"
    assert "unsafe" not in header
    assert "*" not in header
    inline = [script for script in Page(first.text).all("script") if "src" not in script]
    assert [script["nonce"] for script in inline] == nonce
    assert nonce[0] not in second.text
    for tag in Page(first.text).tags:
        assert not [name for name in tag.attributes if name == "style" or name.startswith("on")]


async def test_the_service_and_the_tags_are_written_as_text_wherever_they_are() -> None:
    async with client(shop_app('http://a.test/?"><script>', SITE, TAGS), SHOP) as shop:
        html = (await shop.get("/")).text
    assert "http://a.test/?&quot;&gt;&lt;script&gt;" in html
    assert '"><script>' not in html
    assert "{{" not in html


async def test_r01_reading_the_shop_sets_no_cookie(shop: httpx.AsyncClient) -> None:
    for path in PATHS:
        assert "set-cookie" not in (await shop.get(path)).headers


async def test_the_basket_is_a_session_cookie_and_is_there_only_once_it_is_filled(
    shop: httpx.AsyncClient,
) -> None:
    put = await shop.post("/basket", data={"put": "one"})
    assert put.headers["location"] == "/product#basket"
    assert put.headers["set-cookie"] == "basket=1; Path=/; SameSite=lax"
    await shop.post("/basket", data={"put": "one"})
    assert "Basket (2)" in (await shop.get("/about")).text
    await shop.post("/basket", data={"put": "nothing"})
    assert not shop.cookies
    assert "Basket (0)" in (await shop.get("/about")).text


@pytest.mark.parametrize("value", ["-1", "100", "2x", "٣", "1e1", "%3Cscript%3E"])
async def test_a_basket_that_the_shop_did_not_write_is_empty(
    shop: httpx.AsyncClient, value: str
) -> None:
    cookie = f"basket={value}".encode()
    answer = await shop.get("/about", headers=[(b"cookie", cookie)])
    assert "Basket (0)" in answer.text


async def test_a_basket_holds_so_many_and_no_more(shop: httpx.AsyncClient) -> None:
    shop.cookies.set("basket", "99")
    put = await shop.post("/basket", data={"put": "one"})
    assert put.headers["set-cookie"].startswith("basket=99;")


@pytest.mark.parametrize(
    ("path", "remembered", "leads_to"),
    [
        ("/", "sv", "/sv/"),
        ("/", "en", None),
        ("/", "fr", None),
        ("/?lang=en", "sv", None),
        ("/sv/", "en", None),
        ("/about", "sv", None),
    ],
)
async def test_the_front_page_opens_in_the_language_that_was_remembered(
    shop: httpx.AsyncClient, path: str, remembered: str, leads_to: str | None
) -> None:
    shop.cookies.set("shop_language", remembered)
    assert (await shop.get(path)).headers.get("location") == leads_to


async def test_the_page_for_what_is_not_there_is_no_page_of_its_own(
    shop: httpx.AsyncClient,
) -> None:
    assert (await shop.get(f"/{NOT_FOUND}")).status_code == 404
    assert (await shop.get("/policy.json")).status_code == 404


# The third parties.


async def test_the_log_tells_what_reached_the_third_parties_and_can_be_cleared(
    tags: httpx.AsyncClient,
) -> None:
    await tags.get("/analytics.js", headers={"referer": f"{SHOP}/"})
    await tags.post("/collect", content=b'{"event":"page"}')
    await tags.get("/pixel.gif?page=/about", headers={"cookie": "adp_uid=7"})
    entries = (await tags.get("/log")).json()
    assert [(entry["method"], entry["path"]) for entry in entries] == [
        ("GET", "/analytics.js"),
        ("POST", "/collect"),
        ("GET", "/pixel.gif"),
    ]
    assert entries[0]["referrer"] == f"{SHOP}/"
    assert entries[1]["body"] == '{"event":"page"}'
    assert entries[2]["query"] == {"page": "/about"}
    assert entries[2]["cookies"] == ["adp_uid"]
    assert (await tags.post("/log/clear")).status_code == 204
    assert (await tags.get("/log")).json() == []


async def test_two_tag_servers_share_no_log(tags: httpx.AsyncClient) -> None:
    await tags.get("/ads.js")
    async with client(tags_app(), TAGS) as others:
        assert (await others.get("/log")).json() == []


@pytest.mark.parametrize(
    ("path", "names"),
    [
        ("/pixel.gif", ["adp_uid", "adp_seen"]),
        ("/video.html", ["lr_visitor"]),
        ("/analytics.js", []),
        ("/ads.js", []),
        ("/advert.svg", []),
        ("/log", []),
    ],
)
async def test_the_tags_host_sets_what_is_declared_for_as_long_as_is_declared(
    tags: httpx.AsyncClient, path: str, names: list[str]
) -> None:
    declared = {item.name: item for item in policy().declarations}
    headers = (await tags.get(path)).headers.get_list("set-cookie")
    assert [header.partition("=")[0] for header in headers] == names
    for header, name in zip(headers, names, strict=True):
        assert f"; Max-Age={declared[name].seconds};" in header
        assert "; SameSite=None; Secure; Partitioned" in header
        assert ("HttpOnly" in header) == (name == "adp_seen")


async def test_a_browser_that_comes_back_is_recognised(tags: httpx.AsyncClient) -> None:
    cookies = {"cookie": "adp_uid=abc; adp_seen=4"}
    uid, seen = (await tags.get("/pixel.gif", headers=cookies)).headers.get_list("set-cookie")
    assert uid.startswith("adp_uid=abc;")
    assert seen.startswith("adp_seen=5;")


@pytest.mark.parametrize("seen", ["", "x", "-3", "²", "9999999"])
async def test_a_count_that_makes_no_sense_begins_anew(tags: httpx.AsyncClient, seen: str) -> None:
    cookie = f"adp_seen={seen}".encode()
    answer = await tags.get("/pixel.gif", headers=[(b"cookie", cookie)])
    assert answer.headers.get_list("set-cookie")[1].startswith("adp_seen=1;")


# The store, and the command.


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with open_store(f"sqlite:///{tmp_path}/demo.db") as opened:
        yield opened


async def test_the_first_start_makes_a_site_a_version_and_a_person_with_every_role(
    store: Store,
) -> None:
    seeded = await seed(store, SHOP, NOW)
    site = await store.sites.by_key(SITE)
    person = await store.accounts.by_email(EMAIL)
    assert (site.origins, site.max_age, seeded.version) == ((SHOP,), 0, 1)
    assert set(person.roles[EVERY_SITE]) == set(Role)
    artifacts = await store.policies.languages(site.id, 1)
    assert sorted(artifacts) == ["en", "sv"]


async def test_a_later_start_keeps_what_was_published_and_adds_the_new_origin(
    store: Store,
) -> None:
    first = await seed(store, SHOP, NOW)
    site = await store.sites.by_key(SITE)
    draft = await policies.draft(store, site)
    asked = Publication(
        revision=draft.revision,
        change_class=ChangeClass.MAJOR,
        categories=(Category.MARKETING,),
    )
    await policies.publish(store, site, asked, Act("editor@demo.example", NOW + 5))
    events = await _events(store)
    again = await seed(store, SHOP, NOW + 10)
    assert again.version == 2
    assert again.secret != first.secret
    assert await _events(store) == events, "nothing was done again"
    await seed(store, "http://localhost:9", NOW + 20)
    assert (await store.sites.by_key(SITE)).origins == (SHOP, "http://localhost:9")


async def _events(store: Store) -> int:
    return len(await store.events.page(None))


async def test_a_start_that_broke_off_is_mended_by_the_next(store: Store) -> None:
    site = await store.sites.add(SITE, "Demo", (SHOP,), 300, NOW)
    await policies.save_draft(store, site, 0, policy(), Act("demo", NOW))
    await store.accounts.add(EMAIL, "Demo", None, NOW)
    seeded = await seed(store, SHOP, NOW)
    assert seeded.version == 1
    assert set((await store.accounts.by_email(EMAIL)).roles[EVERY_SITE]) == set(Role)


async def test_a_store_that_serves_others_is_refused_and_left_as_it_was(store: Store) -> None:
    await store.sites.add("real", "A real shop", ("https://shop.example",), 300, NOW)
    with pytest.raises(Misconfigured, match="already serves real"):
        await seed(store, SHOP, NOW)
    assert [site.key for site in await store.sites.all()] == ["real"]
    assert await store.accounts.all() == []


class Running(NamedTuple):
    """A demo in a process of its own, and its first screen."""

    process: subprocess.Popen[str]
    screen: str

    def address(self, label: str) -> str:
        found = re.search(rf"^  {label} +(\S+)$", self.screen, re.MULTILINE)
        assert found, self.screen
        return found[1]

    def stop(self, how: signal.Signals) -> int:
        # Leaving the block closes the pipe and waits.
        with self.process:
            self.process.send_signal(how)
            return self.process.wait(60)


def command(folder: Path, *options: str) -> list[str]:
    start = "from consent_service.cli import main; main()"
    return [sys.executable, "-c", start, "demo", "--data", str(folder / "kept"), *options]


def start(folder: Path) -> Running:
    anywhere = ("--port", "0", "--shop-port", "0", "--tags-port", "0")
    process = subprocess.Popen(
        command(folder, *anywhere),
        cwd=folder,
        env=os.environ | {"CONSENT_BROWSER": "off"},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line)
        if "to stop" in line:
            break
    return Running(process, "".join(lines))


def test_one_command_runs_all_three_and_stops_when_it_is_told_to(tmp_path: Path) -> None:
    demo = start(tmp_path)
    try:
        service = demo.address("API docs").removesuffix("/docs")
        answers = {
            "/healthz": httpx.get(f"{service}/healthz", timeout=60),
            "banner": httpx.get(f"{service}/v1/sites/{SITE}/banner.js", timeout=60),
            "shop": httpx.get(demo.address("Demo shop"), timeout=60),
            # Not every resolver knows the names under `localhost`, though every browser does.
            "tags": httpx.get(demo.address("Third parties").replace("tags.", ""), timeout=60),
        }
        assert {name: answer.status_code for name, answer in answers.items()} == dict.fromkeys(
            answers, 200
        )
        assert f"{service}/v1/sites/{SITE}/banner.js" in answers["shop"].text
        signed_in = httpx.get(demo.address("Sign in"), timeout=60)
        assert signed_in.status_code < 400
        assert "Policy version 1 is in force" in demo.screen
    finally:
        code = demo.stop(signal.SIGINT)
    assert code == 0

    again = start(tmp_path)
    secret = again.address("Sign in").rpartition("/")[2]
    assert again.stop(signal.SIGTERM) == 0
    assert secret not in demo.screen
    assert (tmp_path / "kept" / "keys").is_dir()
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]


@pytest.mark.parametrize("option", ["--port", "--shop-port", "--tags-port"])
def test_a_port_in_use_is_named_together_with_the_option_that_changes_it(
    tmp_path: Path, option: str
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        others = {"--port", "--shop-port", "--tags-port"} - {option}
        options = [part for other in sorted(others) for part in (other, "0")]
        ran = subprocess.run(
            command(tmp_path, option, port, *options),
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
    assert ran.returncode == 1
    assert f"port {port} is in use" in ran.stderr
    assert ran.stderr.rstrip().endswith(option)
    assert not list(tmp_path.iterdir()), "nothing was made"
