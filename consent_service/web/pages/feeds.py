"""A list of changes as programs follow it: Atom (RFC 4287) and JSON Feed 1.1. Pure."""

import re
from typing import NamedTuple
from xml.etree.ElementTree import Element, SubElement, tostring

import msgspec

ATOM_TYPE, JSON_TYPE = "application/atom+xml", "application/feed+json"

# What no XML document may hold, escaped or not (XML 1.0, 2.2).
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class Entry(NamedTuple):
    """One version."""

    name: str
    """A URI that stays, wherever the service moves: the version's hash (RFC 6920)."""
    url: str
    title: str
    summary: str
    html: str
    at: str
    """RFC 3339."""


class Feed(NamedTuple):
    """All of a site's versions, in one language."""

    title: str
    home: str
    url: str
    language: str
    author: str
    entries: tuple[Entry, ...]


def _id(entry: Entry, language: str) -> str:
    return f"{entry.name}?lang={language}"


def atom(feed: Feed) -> bytes:
    """The feed as Atom."""
    root = Element("feed", {"xmlns": "http://www.w3.org/2005/Atom", "xml:lang": feed.language})
    _add(root, "id", feed.url)
    _add(root, "title", feed.title)
    _add(root, "updated", max(entry.at for entry in feed.entries))
    _add(SubElement(root, "author"), "name", feed.author)
    _link(root, "self", feed.url, ATOM_TYPE)
    _link(root, "alternate", feed.home, "text/html")
    for entry in feed.entries:
        _atom_entry(SubElement(root, "entry"), entry, feed.language)
    written: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return written


def _atom_entry(element: Element, entry: Entry, language: str) -> None:
    _add(element, "id", _id(entry, language))
    _add(element, "title", entry.title)
    _add(element, "published", entry.at)
    _add(element, "updated", entry.at)
    _link(element, "alternate", entry.url, "text/html")
    _add(element, "summary", entry.summary)
    content = _add(element, "content", entry.html)
    content.set("type", "html")


def _add(parent: Element, name: str, text: str) -> Element:
    element = SubElement(parent, name)
    element.text = _NO_XML.sub("", text)
    return element


def _link(parent: Element, relation: str, address: str, kind: str) -> None:
    SubElement(parent, "link", {"rel": relation, "href": address, "type": kind})


def json_feed(feed: Feed) -> bytes:
    """The feed as JSON Feed."""
    items = [
        {
            "id": _id(entry, feed.language),
            "url": entry.url,
            "title": entry.title,
            "summary": entry.summary,
            "content_html": entry.html,
            "date_published": entry.at,
            "language": feed.language,
        }
        for entry in feed.entries
    ]
    whole = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": feed.title,
        "home_page_url": feed.home,
        "feed_url": feed.url,
        "language": feed.language,
        "authors": [{"name": feed.author}],
        "items": items,
    }
    return msgspec.json.encode(whole)
