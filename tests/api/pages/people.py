"""People who use the pages, and forms as a browser would send them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from itertools import count
from urllib.parse import urlencode

import httpx

from consent_service import accounts
from consent_service.accounts import Grant
from consent_service.model import Account, Role, Site
from consent_service.web.access import cookie_name
from tests.served import House, Shop

PASSWORD = "correct horse battery staple"
COOKIE = cookie_name(secure=True)
_numbers = count(1)
_SUBMITS = {"submit", "button", "reset", "image"}


@dataclass
class Person:
    """Somebody with a browser: a cookie, and forms posted from the service's own pages."""

    house: House
    email: str
    cookie: str = ""

    async def get(self, path: str, **headers: str) -> httpx.Response:
        return await self.house.client.get(path, headers=self._headers(headers))

    async def post(
        self, path: str, fields: "dict[str, str] | Fields | None" = None, **headers: str
    ) -> httpx.Response:
        pairs = list(fields.items()) if fields else []
        sent = {
            "content-type": "application/x-www-form-urlencoded",
            "sec-fetch-site": "same-origin",
            **self._headers(headers),
        }
        answer = await self.house.client.post(path, content=urlencode(pairs), headers=sent)
        self._keep(answer)
        return answer

    def _headers(self, more: dict[str, str]) -> dict[str, str]:
        named = {name.replace("_", "-"): value for name, value in more.items()}
        return {**({"cookie": f"{COOKIE}={self.cookie}"} if self.cookie else {}), **named}

    def _keep(self, answer: httpx.Response) -> None:
        """As a browser does, over TLS: httpx would not send a `Secure` cookie here."""
        given = re.search(rf"{COOKIE}=([^;]*);", answer.headers.get("set-cookie", ""))
        if given:
            self.cookie = given[1].strip('"')
        self.house.client.cookies.clear()


class Fields:
    """The fields of a form in order: a name may come several times."""

    def __init__(self) -> None:
        self.pairs: list[tuple[str, str]] = []

    def __getitem__(self, name: str) -> str:
        return next(value for key, value in self.pairs if key == name)

    def __contains__(self, name: str) -> bool:
        return any(key == name for key, _ in self.pairs)

    def items(self) -> list[tuple[str, str]]:
        return self.pairs

    def names(self) -> list[str]:
        return [name for name, _ in self.pairs]

    def with_(self, **changes: str) -> "Fields":
        return self.changed(changes)

    def changed(self, changes: dict[str, str]) -> "Fields":
        """The same, these fields having other values or coming to it."""
        made = Fields()
        made.pairs = [(name, value) for name, value in self.pairs if name not in changes]
        made.pairs += changes.items()
        return made


@dataclass
class _Form:
    action: str
    fields: Fields = field(default_factory=Fields)


class Document(HTMLParser):
    """What a test asks of a page: its forms, its scripts and styles, its text, its ids."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.html = html
        self.forms: list[_Form] = []
        self.inline: list[str] = []
        """Scripts, styles and handlers in the page itself."""
        self.ids: list[str] = []
        self.links: list[str] = []
        self.attributes: dict[str, dict[str, str]] = {}
        """By id."""
        self.text = ""
        self._open: list[str] = []
        self._select, self._area = "", ""
        self._chosen: list[str] = []
        self._templates = 0
        self.feed(html)

    def form(self, holds: str) -> Fields:
        """The form that has a field of that name."""
        return next(form.fields for form in self.forms if holds in form.fields)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        self._open.append(tag)
        self._templates += tag == "template"
        self._look(tag, values)
        if not self._templates:
            self._field(tag, values)

    def _look(self, tag: str, values: dict[str, str]) -> None:
        handlers = [name for name in values if name.startswith("on") or name == "style"]
        if handlers or tag == "style" or (tag == "script" and "src" not in values):
            self.inline.append(f"{tag} {handlers}")
        if "id" in values:
            self.ids.append(values["id"])
            self.attributes[values["id"]] = values
        if tag == "a":
            self.links.append(values.get("href", ""))

    def _field(self, tag: str, values: dict[str, str]) -> None:
        name, kind = values.get("name", ""), values.get("type", "text")
        if tag == "form":
            self.forms.append(_Form(values.get("action", "")))
        elif tag == "input" and name and kind not in _SUBMITS:
            if kind not in ("checkbox", "radio") or "checked" in values:
                self._add(name, values.get("value", ""))
        elif tag == "select":
            self._select, self._chosen = name, []
        elif tag == "option" and ("selected" in values or not self._chosen):
            self._chosen = [values.get("value", "")]
        elif tag == "textarea":
            self._area = name
            self._add(name, "")

    def handle_endtag(self, tag: str) -> None:
        self._templates -= tag == "template"
        if tag == "select" and not self._templates:
            self._add(self._select, self._chosen[0])
        if tag == "textarea":
            self._area = ""
        while self._open and self._open.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        if self._area and not self._templates:
            # The first line break after the tag is not part of the text.
            self.forms[-1].fields.pairs[-1] = (self._area, data.removeprefix("\n"))
        elif self._open and self._open[-1] not in ("script", "style", "template"):
            self.text += data

    def _add(self, name: str, value: str) -> None:
        if self.forms:
            self.forms[-1].fields.pairs.append((name, value))

    def words(self) -> str:
        """The text with its white space made plain."""
        return " ".join(self.text.split())


def document(answer: httpx.Response) -> Document:
    """The page in an answer."""
    assert answer.headers["content-type"] == "text/html; charset=utf-8", answer.text[:200]
    return Document(answer.text)


async def account(house: House, *grants: Grant, name: str = "A person") -> Account:
    """A new account with these roles."""
    email = f"person{next(_numbers)}@consent.example"
    made = await accounts.add(house.store, email, name, house.operator)
    for given in grants:
        await accounts.grant(house.store, made, given, house.operator)
    return await house.store.accounts.by_id(made.id)


async def signed_in(house: House, *grants: Grant) -> Person:
    """Somebody new with these roles, signed in by a one-time link."""
    made = await account(house, *grants)
    person = Person(house, made.email)
    secret = await accounts.sign_in_link(house.store, made, house.clock.now)
    answer = await person.post(f"/sign-in/{secret}")
    assert answer.status_code == 303, answer.text
    assert person.cookie
    return person


async def with_role(house: House, site: Site, role: Role) -> Person:
    """Somebody new with one role on one site, signed in."""
    return await signed_in(house, Grant(role, site.id))


def stranger(house: House) -> Person:
    """Somebody who is not signed in."""
    return Person(house, "")


PUBLIC = (
    "cookies",
    "privacy",
    "changes",
    "versions/1",
    "versions/1/cookies",
    "versions/1/privacy",
)
"""What everybody may read of a site."""


EDITORS = (
    *("/policy", "/policy/publish", "/theme"),
    *("/cookies", "/cookies?row=0", "/cookies/import"),
)
"""What editors see of a site."""


def pages_of(site: Site, receipt: str) -> Iterator[tuple[str, str]]:
    """Every page for people that can be opened: its address, and who may."""
    base = f"/sites/{site.key}"
    yield "/verify", "anyone"
    yield from ((path, "anyone") for path in ("/sign-in", "/sign-in/any", "/help", "/docs"))
    yield from ((f"/policies/{site.key}/{name}", "anyone") for name in PUBLIC)
    yield from ((path, "signed in") for path in ("/sites", "/account"))
    yield from ((f"{base}{path}", "member") for path in ("", "/versions", "/versions/1"))
    yield from ((f"{base}{path}", "editor") for path in EDITORS)
    yield from ((f"{base}/receipts{path}", "auditor") for path in ("", f"/{receipt}"))
    yield from ((f"{base}/{name}", "auditor") for name in ("exports", "events", "ledger"))
    yield f"{base}/access", "admin"


async def recorded(shop: Shop, **changes: object) -> str:
    """The id of a receipt on file."""
    choice = shop.choice(**changes)
    answer = await shop.post(choice)
    assert answer.status_code == 201, answer.text
    return str(choice["id"])


async def form_of(person: Person, path: str, holds: str) -> Fields:
    """The form on a page that has this field, as it stands."""
    answer = await person.get(path)
    assert answer.status_code == 200, answer.text
    return document(answer).form(holds)


def assert_message_at(page: Document, field: str, message: str) -> None:
    """The message stands at the field, is tied to it, and the summary leads there."""
    attributes = page.attributes[field]
    assert attributes["aria-invalid"] == "true"
    assert f"{field}-error" in attributes["aria-describedby"].split()
    assert f"#{field}" in page.links
    assert message in page.words()
