"""Markdown with anything in it: shown, and nothing in it can act, lead astray or take long."""

import re
from html.parser import HTMLParser
from urllib.parse import urlsplit

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from consent_service.web.pages.markdown import Outside, rendered

EXAMPLES = settings(max_examples=400, deadline=None)

TAGS = frozenset(
    re.findall(
        r"\w+",
        "a blockquote br code del div em h2 h3 h4 h5 h6 hr li ol p pre s span strong table tbody "
        "td th thead tr ul",
    )
)
ATTRIBUTES = {
    "a": {"href", "title", "class", "rel"},
    "div": {"class", "tabindex"},
    "pre": {"tabindex"},
    "span": {"aria-hidden", "class"},
    "ol": {"start"},
    **{f"h{level}": {"id"} for level in range(2, 7)},
    **{name: {"class"} for name in ("td", "th")},
}
SCHEMES = {"", "http", "https", "mailto", "tel"}
AWAY = Outside(frozenset({"tea.example"}), "leads away")


class Shown(HTMLParser):
    """What a browser would make of it, as far as it must not."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.faults: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag not in TAGS or set(given) - ATTRIBUTES.get(tag, set()):
            self.faults.append(f"{tag} {given}")
        if urlsplit(given.get("href") or "").scheme.lower() not in SCHEMES:
            self.faults.append(f"link {given}")
        if "id" in given:
            self.ids.append(given["id"] or "")

    def handle_comment(self, data: str) -> None:
        self.faults.append(f"comment {data}")

    def handle_decl(self, decl: str) -> None:
        self.faults.append(f"declaration {decl}")


PIECES = st.sampled_from(
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "<!-- ",
        "-->",
        "<a href=javascript:x>",
        "[x](javascript:alert(1))",
        "[x](data:text/html;base64,PHNjcmlwdD4=)",
        "[x](vbscript:x)",
        "[x](java\tscript:x)",
        "[x](&#106;avascript:x)",
        "[x](https://a.example 'title\" onclick=x')",
        "[x](//a.example)",
        "[x](http://[)",
        "![x](https://a.example/p.gif)",
        "<https://a.example>",
        "<javascript:x>",
        "[r]",
        "\n[r]: javascript:x\n",
        "\n[r]: https://a.example 'x'\n",
        "\u202etxt.exe\u202c",
        "\u2066x\u2069",
        "\n# a",
        "\n## a {#b}",
        "\n## c {#a-2}",
        "\n| a | b |\n|:-|-:|\n| c |",
        "\n```js\nx\n```\n",
        "\n    code",
        "\n> ",
        "\n- ",
        "\n1000000000. ",
        "\n---\n",
        "  \n",
        "&lt;script&gt;",
        "\\",
        "`",
        "*",
        "\0",
    ]
)


@EXAMPLES
@given(st.lists(PIECES | st.text(max_size=20), max_size=25).map("".join))
@example('[x](<https://a.example/" onmouseover="x>)')
@example('[x](https://a.example "\\" onmouseover=x")')
@example("# <b>x</b>\n# <b>x</b>")
def test_whatever_is_written_nothing_in_it_can_act(text: str) -> None:
    html = rendered(text, outside=AWAY)
    shown = Shown(html)
    assert shown.faults == []
    assert len(shown.ids) == len(set(shown.ids))
    assert not re.search("[\u202a-\u202e\u2066-\u2069]", html)


@pytest.mark.parametrize(
    "html",
    [
        "<script>x</script>",
        "<p onclick=x>",
        '<a href="javascript:x">',
        "<!-- x -->",
        '<td style="background:url(x)">',
        "<img src=x>",
    ],
)
def test_what_could_act_is_seen(html: str) -> None:
    assert Shown(html).faults
