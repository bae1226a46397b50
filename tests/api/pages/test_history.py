"""What changed, for everybody: the list, each version at its own address, feeds."""

import json
import re
from datetime import datetime
from typing import Any
from xml.etree import ElementTree

import pytest

from consent_service import plans, words
from consent_service.model import ChangeClass, ChangeKind, Plan
from consent_service.policies import Publication
from consent_service.signing import sha256_b64
from consent_service.web.pages import feeds
from consent_service.web.pages.feeds import Entry, Feed
from tests.api.pages.people import Document, stranger
from tests.given import Json, declaration, policy, text, with_another_advertiser
from tests.served import Shop

pytestmark = pytest.mark.asyncio(loop_scope="module")

ATOM = "{http://www.w3.org/2005/Atom}"


async def public(shop: Shop, path: str, **headers: str) -> str:
    answer = await stranger(shop.house).get(f"/policies/{shop.site.key}/{path}", **headers)
    assert answer.status_code == 200, answer.text
    assert "set-cookie" not in answer.headers
    return answer.text


def said(html: str) -> str:
    return Document(html).words()


async def changed(shop: Shop, change_class: str = "major", **changes: Any) -> None:
    """Publish a version that says this otherwise."""
    await shop.publish(policy(**changes), change_class)


# --- The list ------------------------------------------------------------------------------------


async def test_every_version_is_listed_with_its_date_its_class_and_what_changed(
    shop: Shop,
) -> None:
    shop.house.clock.time += 86_400 * 3
    documents = {"cookies": text("# Cookies, in other words"), "privacy": text("# Privacy")}
    await changed(shop, "minor", documents=documents)
    html = await public(shop, "changes")
    page = said(html)
    assert page.index("Version 2") < page.index("Version 1")
    assert "Version 2 18 January 2027 Told applies now Note to visitors" in page
    assert "Version 1 15 January 2027 The first version: there was nothing before it." in page
    assert "New wording: Cookie policy" in page
    assert re.search(r"<ins><span[^>]*> \[added: </span>, in other words", html)
    assert "(sv)" not in page, "one language at a time"


async def test_cookies_are_told_row_by_row_in_the_readers_language(shop: Shop) -> None:
    kept = [declaration("consent", "necessary"), declaration("language", "preferences")]
    longer = declaration("_count_*", "statistics", seconds=31_536_000, country="US")
    new = declaration("_pix2", "marketing", provider="AdPix Inc", seconds=None, readers="All Ltd")
    await changed(shop, declarations=[*kept, longer, new])
    swedish = said(await public(shop, "changes?lang=sv"))
    assert "ja till Statistics (sv) och Marketing (sv) fick frågan igen." in swedish
    for words_of_a_row in (
        "_count_* ändrad",
        "[borttagen: Varaktig: 1 månad]",
        "[ny: Varaktig: 1 år]",
        "[ny: USA]",
        "_pix2 ny Marketing (sv) AdPix Inc Läses också av: All Ltd",
        "_adpix borttagen",
    ):
        assert words_of_a_row in swedish, words_of_a_row
    assert "consent ändrad" not in swedish
    assert "Kept longer" not in swedish


async def test_r16_a_text_that_changed_in_another_language_is_said_to(shop: Shop) -> None:
    title = {"en": "Which cookies?", "sv": "Vilka då?"}
    await changed(
        shop, "minor", banner={"title": title, "intro": text("Choose what may be stored.")}
    )
    english = said(await public(shop, "changes?lang=en"))
    assert "New wording: Heading of the banner Changed in: svenska" in english
    assert "Vilka" not in english
    assert "[ny: Vilka då?]" in said(await public(shop, "changes?lang=sv"))


CHANGES: dict[str, tuple[Json, str]] = {
    "the days": ({"days": {"granted": 90, "refused": 150}}, "A yes stands for 3 months"),
    "the controller": (
        {
            "controller": {
                "name": "Nordlund Tea AB",
                "address": "Storgatan 2",
                "email": "privacy@tea.example",
            }
        },
        "Who is responsible: address",
    ),
    "the scope": ({"domain": "tea.example"}, "Where a choice holds"),
    "the looks": ({"theme": {"layout": "card", "radius": 0}}, "How the banner looks"),
    "the signals": ({"signals": ["google"]}, "Which vendors are told your choice"),
    "blocking": ({"blocking": False}, "What is held back before you have answered"),
    "withdrawal": ({"withdrawal": {"reload": "offer"}}, "What happens when you withdraw"),
}


@pytest.mark.parametrize("name", CHANGES)
async def test_what_else_changed_is_told_in_words(shop: Shop, name: str) -> None:
    change, words_of_it = CHANGES[name]
    asked = "major" if name == "the scope" else "minor"
    await changed(shop, asked, **change)
    page = said(await public(shop, "changes"))
    assert words_of_it in page.partition("Version 1")[0]
    assert "radius" not in page


@pytest.mark.parametrize("language", sorted(words.languages()))
async def test_every_kind_of_change_has_words(language: str) -> None:
    assert set(words.texts(language)["changes"]["kinds"]) == {kind.value for kind in ChangeKind}


async def test_the_list_goes_on_on_another_page(shop: Shop) -> None:
    for number in range(2, 23):
        await changed(shop, "minor", days={"granted": 100 + number})
    first = await public(shop, "changes")
    assert said(first).count("Version ") == 20
    older = next(link for link in Document(first).links if "before=" in link)
    second = await public(shop, older.rpartition("/")[2])
    assert "Version 2 " in said(second)
    assert "Version 3 " not in said(second)
    assert [link for link in Document(second).links if link.endswith("changes?lang=en")]
    assert "Version 22" in said(await public(shop, "changes?before=x"))


# --- Versions ------------------------------------------------------------------------------------


async def test_r40_a_version_has_one_address_by_number_and_one_by_hash(shop: Shop) -> None:
    first = sha256_b64((await shop.get("/policy")).content)
    await changed(shop, "minor", documents={"cookies": text("New."), "privacy": text("N.")})
    by_number, by_hash = [await public(shop, f"versions/{name}") for name in ("1", first)]
    assert said(by_number) == said(by_hash)
    assert "This is an old version." in said(by_number)
    assert first in said(by_number)
    for name in ("cookies", "privacy"):
        pages = [await public(shop, f"versions/{each}/{name}") for each in ("1", first)]
        assert said(pages[0]) == said(pages[1])
        assert "This is an old version." in said(pages[0])
        link = f"/policies/{shop.site.key}/{name}?lang=en"
        assert link in Document(pages[0]).links
        assert '<meta name="robots" content="noindex">' in pages[0]
    now = await public(shop, "versions/2/cookies")
    assert "This is an old version." not in said(now)
    assert "noindex" not in now


@pytest.mark.parametrize("path", ["versions/9", "versions/x", "versions/9/cookies", "versions/0"])
async def test_a_version_that_is_none_is_not_found(stall: Shop, path: str) -> None:
    answer = await stranger(stall.house).get(f"/policies/{stall.site.key}/{path}")
    assert answer.status_code == 404


@pytest.mark.parametrize(
    "path", ["cookies", "privacy", "changes", "versions/1", "versions/1/privacy"]
)
async def test_each_page_names_its_other_languages_and_its_feeds(stall: Shop, path: str) -> None:
    html = await public(stall, f"{path}?lang=sv")
    base = f"/policies/{stall.site.key}/{path}"
    named = dict(re.findall(r'<link rel="alternate" hreflang="([^"]+)" href="([^"]+)">', html))
    whole = f"https://consent.example{base}"
    assert named == {"en": f"{whole}?lang=en", "sv": f"{whole}?lang=sv", "x-default": whole}
    kinds = re.findall(r'<link rel="alternate" type="([^"]+)" title="[^"]+" href="([^"]+)">', html)
    feeds = f"/policies/{stall.site.key}/changes"
    assert kinds == [
        ("application/atom+xml", f"{feeds}.atom?lang=sv"),
        ("application/feed+json", f"{feeds}.json?lang=sv"),
    ]


# --- Feeds ---------------------------------------------------------------------------------------


def texts(parent: ElementTree.Element, name: str) -> list[str]:
    return [element.text or "" for element in parent.findall(f"{ATOM}{name}")]


@pytest.mark.parametrize("language", ["en", "sv"])
async def test_the_changes_are_followed_as_atom(shop: Shop, language: str) -> None:
    await changed(shop, "minor", documents={"cookies": text("<b>&"), "privacy": text("N.")})
    answer = await shop.client.get(f"/policies/{shop.site.key}/changes.atom?lang={language}")
    assert answer.headers["content-type"] == "application/atom+xml; charset=utf-8"
    root = ElementTree.fromstring(answer.content)
    assert root.tag == f"{ATOM}feed"
    assert root.get("{http://www.w3.org/XML/1998/namespace}lang") == language
    base = f"https://consent.example/policies/{shop.site.key}"
    for name in ("id", "title", "updated"):
        assert len(texts(root, name)) == 1, name
        assert texts(root, name)[0]
    assert texts(root, "id") == [f"{base}/changes.atom?lang={language}"]
    author = root.find(f"{ATOM}author")
    assert author is not None
    assert texts(author, "name") == ["Nordlund Tea AB"]
    links = {link.get("rel"): link.get("href") for link in root.findall(f"{ATOM}link")}
    assert links["self"] == f"{base}/changes.atom?lang={language}"
    assert_entries(root, base, language)


def assert_entries(root: ElementTree.Element, base: str, language: str) -> None:
    """Each entry has what RFC 4287 asks for, and no two have one name."""
    entries = root.findall(f"{ATOM}entry")
    names = [texts(entry, "id")[0] for entry in entries]
    assert len(entries) == len(set(names)) == 2
    dates = [datetime.fromisoformat(texts(entry, "updated")[0]) for entry in entries]
    assert dates == sorted(dates, reverse=True)
    assert datetime.fromisoformat(texts(root, "updated")[0]) == dates[0]
    for entry, name in zip(entries, names, strict=True):
        digest = name.removeprefix("ni:///sha-256;").removesuffix(f"?lang={language}")
        link = entry.find(f"{ATOM}link")
        content = entry.find(f"{ATOM}content")
        assert link is not None
        assert content is not None
        assert link.get("href") == f"{base}/versions/{digest}?lang={language}"
        assert (content.get("type"), bool(content.text)) == ("html", True)
        assert texts(entry, "title")[0].startswith("Version ")


@pytest.mark.parametrize("language", ["en", "sv"])
async def test_the_changes_are_followed_as_json_feed(shop: Shop, language: str) -> None:
    evil = declaration("<script>alert(1)</script>", "statistics")
    await changed(shop, declarations=[declaration("consent", "necessary"), evil])
    answer = await shop.client.get(f"/policies/{shop.site.key}/changes.json?lang={language}")
    assert answer.headers["content-type"] == "application/feed+json"
    assert answer.headers["access-control-allow-origin"] == "*"
    feed = json.loads(answer.content)
    assert feed["version"] == "https://jsonfeed.org/version/1.1"
    base = f"https://consent.example/policies/{shop.site.key}"
    assert feed["feed_url"] == f"{base}/changes.json?lang={language}"
    assert feed["home_page_url"] == f"{base}/changes?lang={language}"
    assert (feed["language"], feed["authors"]) == (language, [{"name": "Nordlund Tea AB"}])
    assert len({item["id"] for item in feed["items"]}) == 2
    for item in feed["items"]:
        assert item["url"].startswith(f"{base}/versions/")
        assert datetime.fromisoformat(item["date_published"]).tzinfo is not None
        assert item["title"]
        assert "<script>" not in item["content_html"]
    assert "&lt;script&gt;" in feed["items"][0]["content_html"]


async def test_a_character_that_no_xml_may_hold_does_not_break_the_feed() -> None:
    entry = Entry(
        "d", "https://a.example/1", "One\x0b", "S", "<p>\ufffe&</p>", "2026-11-22T00:00:00Z"
    )
    feed = Feed("T\0", "https://a.example", "https://a.example/f", "en", "A", (entry,))
    root = ElementTree.fromstring(feeds.atom(feed))
    assert texts(root, "title") == ["T"]
    found = root.find(f"{ATOM}entry")
    assert found is not None
    assert (texts(found, "title"), texts(found, "content")) == (["One"], ["<p>&</p>"])


async def test_a_feeds_entry_leads_to_its_version(stall: Shop) -> None:
    feed = (await stall.client.get(f"/policies/{stall.site.key}/changes.json")).json()
    path = feed["items"][0]["url"].removeprefix("https://consent.example")
    answer = await stranger(stall.house).get(path)
    assert answer.status_code == 200
    assert "Version 1 on Nordlund Tea" in said(answer.text)


# --- Told before ---------------------------------------------------------------------------------


async def announced(shop: Shop, change_class: str = "major", **changes: Any) -> Plan:
    """A version that is scheduled for the first of March in Stockholm, and announced."""
    revision = await shop.draft(policy(**changes))
    asked = Publication(
        revision=revision,
        change_class=ChangeClass(change_class),
        at="2027-03-01T00:30",
        zone="Europe/Stockholm",
        announce=True,
    )
    plan = await plans.submit(shop.house.store, shop.site, asked, shop.house.operator)
    assert isinstance(plan, Plan)
    # Longer than `web.service.FRESH`: another process's planning is seen after that.
    shop.house.clock.time += 2
    return plan


def _new_advertiser() -> list[Json]:
    declared: list[Json] = with_another_advertiser()["declarations"]
    return declared


async def test_what_comes_is_told_before_with_its_day_in_the_readers_language(shop: Shop) -> None:
    before = said(await public(shop, "changes"))
    await announced(shop, declarations=_new_advertiser())
    html = await public(shop, "changes")
    page = said(html)
    assert "From 1 March 2027 Version 2 Asked again" in page
    assert "Whoever has agreed to Marketing is then asked again." in page
    assert "_pix2 added Marketing AdPix Inc" in page
    assert page.index("From 1 March 2027") < page.index("Version 1")
    assert "applies now" in page[page.index("Version 1") :]
    swedish = said(await public(shop, "changes?lang=sv"))
    assert "Från 1 mars 2027" in swedish
    assert "Den som har sagt ja till Marketing (sv) får då frågan igen." in swedish
    assert "From 1 March" not in before


async def test_what_is_announced_leaves_banner_policy_and_versions_as_they_are(shop: Shop) -> None:
    paths = ("/banner.js", "/policy", "/policy/versions")
    before = [(await shop.get(path)).content for path in paths]
    await announced(shop, declarations=_new_advertiser())
    assert [(await shop.get(path)).content for path in paths] == before
    answer = await stranger(shop.house).get(f"/policies/{shop.site.key}/versions/2")
    assert answer.status_code == 404
    assert "_pix2" not in await public(shop, "cookies")


async def test_feeds_tell_before_and_their_entry_keeps_its_name(shop: Shop) -> None:
    documents = {"cookies": text("# Other"), "privacy": text("# Privacy")}
    plan = await announced(shop, "minor", documents=documents)
    feed = json.loads(await public(shop, "changes.json"))
    first, second = feed["items"]
    assert first["title"] == "From 1 March 2027: Version 2 on Nordlund Tea"
    assert first["id"] == f"urn:uuid:{plan.id}?lang=en"
    assert first["url"].endswith(f"/policies/{shop.site.key}/changes?lang=en#planned")
    assert first["summary"].endswith("The cookie policy is new. Your choice still holds.")
    assert second["id"].startswith("ni:///sha-256;")
    root = ElementTree.fromstring(await public(shop, "changes.atom?lang=sv"))
    titles = [entry.findtext(f"{ATOM}title") for entry in root.findall(f"{ATOM}entry")]
    assert titles[0] == "Från 1 mars 2027: Version 2 på Nordlund Tea"


async def test_what_is_cancelled_is_told_no_more_and_older_pages_tell_it_never(shop: Shop) -> None:
    plan = await announced(shop, declarations=_new_advertiser())
    assert "From 1 March" not in said(await public(shop, "changes?before=5"))
    await plans.cancel(shop.house.store, shop.site, plan.id, shop.house.operator)
    shop.house.clock.time += 2
    assert "From 1 March" not in said(await public(shop, "changes"))
    assert len(json.loads(await public(shop, "changes.json"))["items"]) == 1
