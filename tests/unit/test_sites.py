"""A site's origins, and what a page's HTML says about the tag."""

import pytest

from consent_service.errors import Invalid
from consent_service.sites import is_key, look, parse_origin

TAG = "/v1/sites/tea/banner.js"
HOSTS = frozenset({"stats.example"})


@pytest.mark.parametrize(
    ("text", "origin"),
    [
        ("https://shop.example", "https://shop.example"),
        ("https://shop.example/", "https://shop.example"),
        ("  https://shop.example  ", "https://shop.example"),
        ("HTTPS://Shop.Example", "https://shop.example"),
        ("https://shop.example:443", "https://shop.example"),
        ("http://shop.example:80", "http://shop.example"),
        ("http://shop.example:443", "http://shop.example:443"),
        ("https://shop.example:8443", "https://shop.example:8443"),
        ("http://localhost:8001", "http://localhost:8001"),
        ("http://127.0.0.1:8001", "http://127.0.0.1:8001"),
        ("http://[::1]:8001", "http://[::1]:8001"),
        ("http://[0:0:0:0:0:0:0:1]", "http://[::1]"),
        ("https://räka.example", "https://xn--rka-qla.example"),
        ("https://xn--rka-qla.example", "https://xn--rka-qla.example"),
    ],
)
def test_an_origin_is_written_as_browsers_send_it(text: str, origin: str) -> None:
    assert parse_origin(text) == origin
    assert parse_origin(origin) == origin


@pytest.mark.parametrize(
    "text",
    [
        "",
        "*",
        "null",
        "shop.example",
        "//shop.example",
        "ftp://shop.example",
        "javascript:alert(1)",
        "https://",
        "https://*.shop.example",
        "https://*",
        "https://shop.example/path",
        "https://shop.example?x",
        "https://shop.example#x",
        "https://ada@shop.example",
        "https://ada:secret@shop.example",
        "https://@shop.example",
        "https://shop.example:99999",
        "https://shop.example:x",
        "https://shop example",
        "https://shop.example\\x",
        "https://shop..example",
        "https://.shop.example",
        "https://räka..example",
        f"https://{'ä' * 70}.example",
        "https://[",
        "https://[::1",
        "https://[nonsense]",
        "https://shop.example, https://tea.example",
        "https://shop.example https://tea.example",
        "https://shop.example\0",
    ],
)
def test_what_is_no_origin_is_refused(text: str) -> None:
    with pytest.raises(Invalid) as refused:
        parse_origin(text)
    assert refused.value.field == "origins"


@pytest.mark.parametrize(
    ("key", "good"),
    [
        ("tea", True),
        ("tea-shop-2", True),
        ("a" * 40, True),
        ("te", False),
        ("a" * 41, False),
        ("-tea", False),
        ("tea-", False),
        ("Tea", False),
        ("tea shop", False),
        ("tea\n", False),
        ("té-a", False),
        ("", False),
    ],
)
def test_a_sites_key_fits_in_an_address(key: str, good: bool) -> None:
    assert is_key(key) is good


SRC = f'<script async src="https://consent.example{TAG}"></script>'
OTHER = '<script src="https://cdn.example/x.js"></script>'

# What the page holds; whether the tag is found and first, how often, and what runs before it.
PAGES: dict[str, tuple[str, int, bool, tuple[str, ...]]] = {
    "the tag alone": (SRC, 1, True, ()),
    "the tag first": (SRC + OTHER, 1, True, ()),
    "no tag": (OTHER, 0, False, ("https://cdn.example/x.js",)),
    "an empty page": ("", 0, False, ()),
    "a script before it": (OTHER + SRC, 1, False, ("https://cdn.example/x.js",)),
    "an inline script before it": (f"<script>x()</script>{SRC}", 1, False, ("inline",)),
    "data before it": (f'<script type="application/json">1</script>{SRC}', 1, True, ()),
    "a held script before it": (
        f'<script type="text/plain" data-consent="x"></script>{SRC}',
        1,
        True,
        (),
    ),
    "a module before it": (f'<script type="module">1</script>{SRC}', 1, False, ("inline",)),
    "the tag twice": (SRC + SRC, 2, True, ()),
    "the tag in a template": (f"<template>{SRC}</template>", 0, False, ()),
    "the tag in a comment": (f"<!-- {SRC} -->", 0, False, ()),
    "another site's tag": (
        SRC.replace("tea", "other"),
        0,
        False,
        (SRC.split('"')[1].replace("tea", "other"),),
    ),
    "an address that is none": (
        f'<script src="https://["></script>{SRC}',
        1,
        False,
        ("https://[",),
    ),
    "broken HTML": (f'<p <b "></i></nothing>{SRC}</body', 1, True, ()),
}


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_looked_at_for_the_tag(name: str) -> None:
    html, times, first, before = PAGES[name]
    seen = look("https://tea.example/", html, TAG, HOSTS)
    assert (seen.found, seen.times, seen.first, seen.before) == (times > 0, times, first, before)


@pytest.mark.parametrize(
    ("html", "ungated"),
    [
        ('<script src="https://stats.example/a.js"></script>', ("https://stats.example/a.js",)),
        ('<img src="//stats.example/p.gif">', ("//stats.example/p.gif",)),
        ('<iframe src="https://stats.example/">', ("https://stats.example/",)),
        (
            '<script type="text/plain" data-consent="statistics" src="https://stats.example/a.js">',
            (),
        ),
        ('<iframe data-consent="statistics" data-consent-src="https://stats.example/">', ()),
        (
            '<script data-consent="statistics" src="https://stats.example/a.js"></script>',
            ("https://stats.example/a.js",),
        ),
        (
            '<iframe data-consent="statistics" src="https://stats.example/"></iframe>',
            ("https://stats.example/",),
        ),
        (
            '<template data-consent="statistics"><img src="https://stats.example/p.gif"></template>',
            ("https://stats.example/p.gif",),
        ),
        (
            '<template><script src="https://stats.example/a.js"></script></template>',
            ("https://stats.example/a.js",),
        ),
        (
            '<template data-consent="statistics"><iframe src="https://stats.example/"></iframe>'
            '<script type="text/plain" src="https://stats.example/a.js"></script>'
            '<img data-consent="statistics" data-consent-src="https://stats.example/p.gif">'
            "</template>",
            (),
        ),
        ('<img src="https://other.example/p.gif">', ()),
        ('<img src="https://[">', ()),
    ],
)
def test_r02_what_nothing_holds_back_is_named(html: str, ungated: tuple[str, ...]) -> None:
    assert look("https://tea.example/", SRC + html, TAG, HOSTS).ungated == ungated


STUB = "((a,b)=>{tell(a,b)})(...[1,2,1])"
OLD = "((a,b)=>{tell(a,b)})(...[1,1,1])"

STUBS: dict[str, tuple[str, str, tuple[str, ...], bool]] = {
    "before the tag": (f"<script>{STUB}</script>{SRC}", STUB, (), False),
    "with spaces around it": (f"<script>\n{STUB}\n</script>{SRC}", STUB, (), False),
    "with a nonce": (f'<script nonce="x">{STUB}</script>{SRC}', STUB, (), False),
    "of another version": (f"<script>{OLD}</script>{SRC}", STUB, (), True),
    "of another version, after the tag": (f"{SRC}<script>{OLD}</script>", STUB, (), True),
    "an old one beside the present": (
        f"<script>{OLD}</script><script>{STUB}</script>{SRC}",
        STUB,
        (),
        True,
    ),
    "with something more in it": (f"<script>{STUB};x()</script>{SRC}", STUB, ("inline",), False),
    "where the site has none": (f"<script>{STUB}</script>{SRC}", "", ("inline",), False),
    "nothing in it": (f"<script></script>{SRC}", "", ("inline",), False),
}


@pytest.mark.parametrize("name", STUBS)
def test_the_inline_stub_belongs_before_the_tag_if_it_is_the_present_one(name: str) -> None:
    html, stub, before, old = STUBS[name]
    seen = look("https://tea.example/", html, TAG, HOSTS, stub)
    assert (seen.times, seen.before, seen.old_stub) == (1, before, old)
