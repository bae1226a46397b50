"""What everybody may read, in their language, without a cookie."""

import asyncio
import re
from itertools import count

import pytest

from consent_service import policies, sites
from consent_service.model import Category
from consent_service.web.pages.markdown import Outside, rendered
from tests.api.pages.people import (
    Document,
    stranger,
)
from tests.given import declaration, policy, text
from tests.served import House, Shop, open_shop

pytestmark = pytest.mark.asyncio(loop_scope="module")

_numbers = count(1)


async def public(shop: Shop, page: str = "cookies", query: str = "", **headers: str) -> str:
    answer = await stranger(shop.house).get(f"/policies/{shop.site.key}/{page}{query}", **headers)
    assert answer.status_code == 200, answer.text
    assert "set-cookie" not in answer.headers
    return answer.text


@pytest.mark.parametrize(
    ("query", "accepted", "language"),
    [
        ("", "", "en"),
        ("", "sv-SE,sv;q=0.9,en;q=0.5", "sv"),
        ("", "fi", "en"),
        ("?lang=sv", "en", "sv"),
        ("?lang=xx", "sv", "sv"),
    ],
)
async def test_a_visitor_reads_in_the_language_asked_for(
    stall: Shop, query: str, accepted: str, language: str
) -> None:
    page = await public(stall, query=query, accept_language=accepted)
    assert f'<html lang="{language}" dir="ltr">' in page
    assert ("Everything that may be stored" in page) == (language == "en")
    assert ("Allt som kan sparas" in page) == (language == "sv")


async def test_r37_every_stored_item_is_listed_with_all_that_the_law_asks(house: House) -> None:
    declared = [
        declaration("consent", "necessary", seconds=None),
        declaration("_a_*", "marketing", seconds=31_536_000, country="US", readers="Others Inc"),
        declaration("pic", "marketing", storage="pixel", seconds=None, domain="ads.example"),
        declaration("seen", "statistics", storage="local_storage", seconds=0),
    ]
    shop = await open_shop(house, f"listed-{next(_numbers)}", policy(declarations=declared))
    words = Document(await public(shop)).words()
    for said in (
        "Session: until you close the browser",
        "Why it is necessary: Nothing works without consent.",
        "Persistent: 1 year",
        "United States",
        "Also read by: Others Inc",
        "Tracking pixel",
        "Set for: ads.example",
        "Nothing stays",
        "Local storage",
        "Persistent: until it is deleted",
        "Nordic Metrics AB",
        "Nothing is stored in this category.",
        "Nordlund Tea AB",
        "Storgatan 1, 620 99 Lindehamn",
        "privacy@tea.example",
    ):
        assert said in words, said
    order = [words.index(f"What {category.value} cookies are for.") for category in Category]
    assert order == sorted(order)


async def test_r40_every_version_stays_readable_with_its_date_and_hash(shop: Shop) -> None:
    first = await policies.current(shop.house.store, shop.site)
    shop.house.clock.time += 86_400
    documents = {"cookies": text("New"), "privacy": text("N")}
    second = await shop.publish(policy(documents=documents), "minor")
    page = Document(await public(shop, "privacy"))
    assert second.digest in page.html
    old = next(link for link in page.links if "/versions/1/privacy?" in link)
    answer = await stranger(shop.house).get(old)
    assert "This is an old version" in answer.text
    assert first.digest in answer.text
    assert (await public(shop, "privacy", f"?version={first.digest}")).count(first.digest) > 0
    dates = re.findall(r'<time datetime="(\d{4}-\d\d-\d\d)T', page.html)
    assert len(set(dates)) == 2


async def test_a_site_without_a_version_has_no_pages_yet(house: House) -> None:
    key = f"bare-{next(_numbers)}"
    await sites.add(house.store, key, "Bare", ("https://a.example",), house.clock.now)
    for path in (f"/policies/{key}/cookies", "/policies/no-such-site/privacy"):
        assert (await stranger(house).get(path)).status_code == 404


@pytest.mark.parametrize(
    ("markdown", "shown"),
    [
        ("<script>alert(1)</script>", "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>"),
        ("[x](javascript:alert(1))", "<p>[x](javascript:alert(1))</p>"),
        ("[x](JaVaScRiPt:alert(1))", "<p>[x](JaVaScRiPt:alert(1))</p>"),
        ("[x](data:text/html,y)", "<p>[x](data:text/html,y)</p>"),
        ("[x](vbscript:y)", "<p>[x](vbscript:y)</p>"),
        ("[x](java&#115;cript:y)", "<p>[x](javascript:y)</p>"),
        ("<javascript:alert(1)>", "<p>&lt;javascript:alert(1)&gt;</p>"),
        ("![x](https://a.example/p.gif)", '<p>!<a href="https://a.example/p.gif">x</a></p>'),
        ("[x](https://a.example)", '<p><a href="https://a.example">x</a></p>'),
        ("[x](mailto:a@b.example)", '<p><a href="mailto:a@b.example">x</a></p>'),
        ("# A\n### B\n# C", '<h2 id="a">A</h2>\n<h3 id="b">B</h3>\n<h2 id="c">C</h2>'),
        (
            "|a|\n|-:|\n|b|",
            '<div class="scroll" tabindex="0"><table>\n<thead>\n<tr>\n'
            '<th class="align-right">a</th>\n'
            '</tr>\n</thead>\n<tbody>\n<tr>\n<td class="align-right">b</td>\n</tr>\n</tbody>\n'
            "</table></div>",
        ),
        ("## A {#named}", '<h2 id="named">A</h2>'),
        ("# A\n# A", '<h2 id="a">A</h2>\n<h2 id="a-2">A</h2>'),
        ("# A\n# A {#a-2}\n# A", '<h2 id="a">A</h2>\n<h2 id="a-2">A</h2>\n<h2 id="a-3">A</h2>'),
        ("a\u202eb\u2066c", "<p>abc</p>"),
    ],
)
async def test_markdown_can_say_everything_and_do_nothing(markdown: str, shown: str) -> None:
    assert rendered(markdown).strip() == shown


LEAVES = (
    '<span aria-hidden="true">\u00a0\u2197</span><span class="visually-hidden"> (goes away)</span>'
)
MARKED = ' class="outside" rel="external noopener noreferrer"'


@pytest.mark.parametrize(
    ("address", "leaves"),
    [
        ("https://a.example/x", True),
        ("//a.example/x", True),
        ("http://tea.example.a.example/", True),
        ("https://tea.example:8443/x", False),
        ("https://TEA.example/", False),
        ("/policies/x", False),
        ("#part", False),
        ("mailto:a@b.example", False),
    ],
)
async def test_a_link_to_another_site_says_so_to_eyes_and_ears(address: str, leaves: bool) -> None:
    outside = Outside(frozenset({"tea.example"}), "goes away")
    html = rendered(f"[there]({address})", outside=outside)
    assert (LEAVES in html) is leaves
    assert (MARKED in html) is leaves
    assert ">there" in html


async def test_pages_mark_links_that_leave_the_site(house: House) -> None:
    links = "[away](https://a.example/) [home](https://shop.example/) [here](/help)"
    documents = {"cookies": text(links), "privacy": text(links)}
    shop = await open_shop(house, f"links-{next(_numbers)}", policy(documents=documents))
    html = (await public(shop, "privacy", "?lang=sv")).partition('id="choice"')[0]
    assert html.count('class="outside"') == 1
    assert "away\u00a0\u2197 (leder till en annan webbplats)" in Document(html).text


async def test_a_long_document_does_not_hold_up_the_others(house: House) -> None:
    slow = {"cookies": text("[" * 190_000), "privacy": text("x")}
    shop = await open_shop(house, f"long-{next(_numbers)}", policy(documents=slow))
    asked = asyncio.create_task(public(shop))
    await asyncio.sleep(0)
    assert (await house.client.get("/healthz")).status_code == 200
    assert "[[[[" in await asked


async def test_headings_without_number_have_a_name_each() -> None:
    html = rendered("# a\n" * 50_000)
    assert '<h2 id="a-50000">' in html


async def test_r39_the_privacy_page_offers_the_authority_of_every_country(stall: Shop) -> None:
    html = await public(stall, "privacy", "?lang=sv")
    before, _, every = html.partition("<details>")
    assert "Sverige: <a" in before
    assert "Finland: <a" in before
    assert "Norge: <a" not in before
    assert "Norge: <a" in every
    assert "Baden-Württemberg" in every
    english = Document(await public(stall, "privacy", "?lang=en")).words()
    own = english.index("United Kingdom: first tell Nordlund Tea AB (privacy@tea.example)")
    assert own < english.index("Office (ICO)")


async def test_r39_the_authority_is_never_guessed_from_an_address(stall: Shop) -> None:
    plain = await public(stall, "privacy", "?lang=en")
    for header in ("x-forwarded-for", "cf-ipcountry", "x-real-ip"):
        answer = await stall.client.get(
            f"/policies/{stall.site.key}/privacy?lang=en", headers={header: "SE"}
        )
        assert answer.text == plain


async def test_the_cookie_page_helps_with_each_common_browser(stall: Shop) -> None:
    html = await public(stall)
    for browser in ("Chrome", "Edge", "Firefox", "Safari (Mac)", "Opera"):
        assert re.search(rf'<a class="outside"[^>]*>{re.escape(browser)}', html), browser
    assert "Turning cookies off in your browser" in html
    assert "Session cookies go when you close it." in html
