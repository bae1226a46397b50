"""Markdown to HTML that cannot do anything: no HTML of its own, no pictures, only plain links."""

import re
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from markdown_it import MarkdownIt
from markdown_it.common.utils import escapeHtml
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markupsafe import Markup

from consent_service.checks import without_turns

_SCHEMES = frozenset({"", "http", "https", "mailto", "tel"})
_NAMED = re.compile(r"\s*\{#([a-z0-9-]+)\}\s*$")


class Outside(NamedTuple):
    """What counts as another site, and how a link that leads there says so."""

    own: frozenset[str]
    """The hosts that do not."""
    says: str

    def is_there(self, address: str) -> bool:
        """Whether a link leads to another site."""
        try:
            parts = urlsplit(address)
        except ValueError:
            return True
        return bool(parts.netloc) and (parts.hostname or "") not in self.own


_LEAVES = "outside"
"""The class of a link that leads to another site, and the name of its mark while it is made."""


def _plain_link(address: str) -> bool:
    try:
        return urlsplit(address.strip()).scheme.lower() in _SCHEMES
    except ValueError:
        return False


class _Markdown(MarkdownIt):
    def validateLink(self, url: str) -> bool:  # noqa: N802 (the library's name)
        return _plain_link(url)


class _Renderer(RendererHTML):
    """What may be wider than a phone can be scrolled, also by keyboard."""

    def table_open(self, tokens: Sequence[Token], index: int, *_: Any) -> str:
        return '<div class="scroll" tabindex="0"><table>\n'

    def table_close(self, tokens: Sequence[Token], index: int, *_: Any) -> str:
        return "</table></div>\n"

    def link_close(self, tokens: Sequence[Token], index: int, *_: Any) -> str:
        says = tokens[index].meta.get(_LEAVES, "")
        return f"{leaving(says)}</a>" if says else "</a>"

    def fence(self, tokens: Sequence[Token], index: int, *_: Any) -> str:
        return f'<pre tabindex="0"><code>{escapeHtml(tokens[index].content)}</code></pre>\n'

    def code_block(self, tokens: Sequence[Token], index: int, *_: Any) -> str:
        return self.fence(tokens, index)


# A picture from elsewhere would tell that place who reads the page.
_markdown = (
    _Markdown("commonmark", {"html": False}, renderer_cls=_Renderer)
    .enable("table")
    .disable("image")
)


def leaving(says: str) -> Markup:
    """What stands at the end of a link to another site: seen, and read aloud."""
    return Markup(
        '<span aria-hidden="true">\u00a0\u2197</span><span class="visually-hidden"> ({})</span>'
    ).format(says)


def rendered(text: str, top: int = 2, outside: Outside | None = None) -> Markup:
    """The HTML of a text whose highest heading becomes `h2` (or `h<top>`); none is skipped.

    A heading may end in `{#name}`, which becomes its anchor; the others are named by their words.
    Links that lead `outside` say so.
    """
    tokens = _markdown.parse(without_turns(text))
    _level(tokens, top)
    if outside:
        _mark(tokens, outside)
    _empty_headers(tokens)
    _align(tokens)
    return Markup(_markdown.renderer.render(tokens, _markdown.options, {}))  # noqa: S704 (HTML off: it is the renderer's own)


def _align(tokens: list[Token]) -> None:
    """A column's side as a class: the pages' own rules let no style into an attribute."""
    for token in tokens:
        style = token.attrs.pop("style", "")
        if style:
            token.attrSet("class", str(style).replace("text-align:", "align-"))


def _mark(tokens: list[Token], outside: Outside) -> None:
    """Mark the links to other sites. Links do not lie within links, so their ends alternate."""
    leaves = False
    for token in (child for parent in tokens for child in parent.children or ()):
        if token.type == "link_open":
            leaves = outside.is_there(str(token.attrGet("href")))
            if leaves:
                token.attrSet("class", _LEAVES)
                token.attrSet("rel", "external noopener noreferrer")
        elif token.type == "link_close" and leaves:
            token.meta[_LEAVES] = outside.says


def _empty_headers(tokens: list[Token]) -> None:
    """A header cell without words heads nothing: it is an ordinary cell."""
    for opening, inline, closing in zip(tokens, tokens[1:], tokens[2:], strict=False):
        if opening.type == "th_open" and not inline.content:
            opening.tag = closing.tag = "td"


def _level(tokens: list[Token], top: int) -> None:
    taken: dict[str, int] = {}
    open_levels: list[int] = []
    for opening, inline, closing in _headings(tokens):
        written = int(opening.tag[1])
        while open_levels and open_levels[-1] >= written:
            open_levels.pop()
        open_levels.append(written)
        opening.tag = closing.tag = f"h{min(top + len(open_levels) - 1, 6)}"
        opening.attrSet("id", _anchor(inline, taken))


def _headings(tokens: list[Token]) -> Iterator[tuple[Token, Token, Token]]:
    for index, token in enumerate(tokens):
        if token.type == "heading_open":
            yield token, tokens[index + 1], tokens[index + 2]


def _anchor(inline: Token, taken: dict[str, int]) -> str:
    last = inline.children[-1] if inline.children else None
    named = _NAMED.search(last.content) if last and last.type == "text" else None
    if last and named:
        last.content = last.content[: named.start()]
    name = named[1] if named else _slug(inline.content)
    return _free(name, taken)


def _free(name: str, taken: dict[str, int]) -> str:
    """The name, with a number where it is taken. What was tried before is not tried again."""
    number, free = taken.get(name, 1), name
    while free in taken:
        number += 1
        free = f"{name}-{number}"
    taken[name] = taken[free] = number
    return free


def _slug(text: str) -> str:
    """A heading's words as an anchor: `How long they stay` is `how-long-they-stay`."""
    words = re.findall(r"\w+", text.lower())
    return "-".join(words) or "part"


def inline(text: str) -> Markup:
    """The HTML of one line: its `code` and links."""
    return Markup(_markdown.renderInline(text))  # noqa: S704 (HTML off: it is the renderer's own)


def title(text: str) -> tuple[str, str]:
    """A page's first heading, and the rest of its text."""
    first, _, rest = text.lstrip().partition("\n")
    return first.lstrip("# ").strip(), rest
