"""Sites: who may embed the banner, and whether the tag is where it should be."""

import re
from html.parser import HTMLParser
from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit

import httpx
import msgspec

from consent_service import audit
from consent_service.audit import Act
from consent_service.errors import Invalid
from consent_service.merkle import KeyType, parse_vkey
from consent_service.model import Keeping, Site, SiteKey, Witness
from consent_service.signing import Certificate, read_certificates
from consent_service.store import Store

MAX_AGE = 300
"""Seconds that a new site's banner may be cached under its short-lived address."""

MOST = 10
"""Witnesses, or e-mail addresses, that a site may have."""

MOST_PEM = 1 << 16
"""Bytes of the certificates of a time-stamping authority."""

_MOST_CERTIFICATES = 20
_PEM = "authority_pem"

# What can stand after RCPT TO: without quotes, comments and letters beyond ASCII.
_MAIL = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")
_HOST = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*\.?")
_NUMBERS = re.compile(r"\[[^\[\]]*\]\);?")
"""How our inline stub ends: with what it was made for."""
_PAGE_BYTES = 2_000_000
_PAGE_SECONDS = 10.0


async def add(store: Store, key: str, name: str, origins: tuple[str, ...], now: int) -> Site:
    """A new site. Raises `Invalid` for a bad key or origin, `Conflict` for a key that is taken."""
    if not is_key(key):
        raise Invalid("a site's key is 3 to 40 of a-z, 0-9 and hyphen, not at its ends", "key")
    if not name.strip():
        raise Invalid("give the site a name", "name")
    return await store.sites.add(key, name.strip(), _origins(origins), MAX_AGE, now)


def is_key(text: str) -> bool:
    """Whether a site could have this key."""
    try:
        msgspec.convert(text, SiteKey)
    except msgspec.ValidationError:
        return False
    return True


async def change(
    store: Store, site: Site, name: str, origins: tuple[str, ...], max_age: int
) -> Site:
    """The site with another name, other origins or another cache time (seconds, up to a day)."""
    if not name.strip():
        raise Invalid("give the site a name", "name")
    if not 0 <= max_age <= 86_400:
        raise Invalid("the cache time is from 0 to 86400 seconds", "max_age")
    return await store.sites.change(site.key, name.strip(), _origins(origins), max_age)


async def keep(store: Store, site: Site, keeping: Keeping) -> Site:
    """The site with other rules of keeping and other witnesses. Raises `Invalid`."""
    if not 1 <= keeping.years <= 6:
        raise Invalid("receipts are kept for 1 to 6 years after their consent lapsed", "years")
    if len(keeping.witnesses) > MOST or len(keeping.mail_to) > MOST:
        field = "witnesses" if len(keeping.witnesses) > MOST else "mail_to"
        raise Invalid(f"{MOST} are the most", field)
    names = [_check_witness(witness) for witness in keeping.witnesses]
    if len(set(names)) < len(names):
        raise Invalid("one of these witnesses is there twice", "witnesses")
    keeping = _with_authority(keeping)
    for address in keeping.mail_to:
        if not _MAIL.fullmatch(address) or len(address) > 254:
            raise Invalid(f"{address[:60]!r} is not an e-mail address", "mail_to")
    return await store.sites.keep(site.key, keeping)


async def set_approval(store: Store, site: Site, wanted: bool, act: Act) -> Site:
    """The site where a second person approves what is published, or where nobody need to."""
    async with store.transaction() as tx:
        changed = await tx.sites.set_approval(site.key, wanted)
        await audit.log(tx, act, "site.approval", "wanted" if wanted else "not wanted", site.id)
    return changed


def parse_witness(text: str) -> Witness:
    """A witness as people write one: its key, a space, its address. Raises `Invalid`."""
    key, _, url = text.strip().partition(" ")
    if not url:
        raise Invalid(
            "write a witness as its key, a space and its address, such as "
            "witness.example/w1+5e8e9b0f+BEF… https://witness.example",
            "witnesses",
        )
    return Witness(key=key, url=url.strip().rstrip("/"))


def parse_certificates(pem: str) -> str:
    """An authority's certificates as they are kept: nothing else of that text. Raises `Invalid`."""
    if len(pem.encode(errors="replace")) > MOST_PEM:
        raise Invalid(f"certificates of more than {MOST_PEM >> 10} KiB are not taken", _PEM)
    if "PRIVATE KEY" in pem:
        raise Invalid(
            "there is a private key in it, which nobody else must see: give certificates alone",
            _PEM,
        )
    found = _certificates(pem)
    if len(found) > _MOST_CERTIFICATES:
        raise Invalid(f"{_MOST_CERTIFICATES} certificates are the most", _PEM)
    return "".join(each.pem for each in found)


def _certificates(pem: str) -> tuple[Certificate, ...]:
    try:
        return read_certificates(pem)
    except Invalid as error:
        raise Invalid(error.message, _PEM) from error


def pinned(keeping: Keeping) -> tuple[Certificate, ...]:
    """The certificates to one of which the authority's stamps must lead; none for any."""
    return _certificates(keeping.authority_pem) if keeping.authority_pem else ()


def _with_authority(keeping: Keeping) -> Keeping:
    """The same, its authority being checked. Raises `Invalid`."""
    if keeping.authority:
        _check_address(keeping.authority, "authority")
    if not keeping.authority_pem:
        return keeping
    if not keeping.authority:
        raise Invalid("these certificates are of no authority: give its address too", _PEM)
    pem = parse_certificates(keeping.authority_pem)
    return msgspec.structs.replace(keeping, authority_pem=pem)


def _check_witness(witness: Witness) -> str:
    """The witness's name. Raises `Invalid`."""
    try:
        key = parse_vkey(witness.key)
    except Invalid as error:
        raise Invalid(error.message, "witnesses") from error
    if key.type != KeyType.WITNESS:
        raise Invalid(f"{witness.key[:60]} is not the key of a witness", "witnesses")
    _check_address(witness.url, "witnesses")
    return key.name


def _check_address(url: str, field: str) -> None:
    """Raises `Invalid` unless it is plainly somewhere: what is asked there holds no secret."""
    try:
        parts = urlsplit(url)
        good = parts.scheme in ("http", "https") and _host(parts.hostname or "")
        extra = parts.query or parts.fragment or parts.username is not None or parts.port == 0
    except ValueError:
        good, extra = "", ""
    if not good or extra or not url.isascii() or not url.isprintable() or " " in url:
        raise Invalid(f"{url[:60]!r} is not an http or https address", field)


def _origins(origins: tuple[str, ...]) -> tuple[str, ...]:
    if not origins:
        raise Invalid("name at least one origin, such as https://shop.example", "origins")
    return tuple(dict.fromkeys(parse_origin(origin) for origin in origins))


def parse_origin(text: str) -> str:
    """An origin as browsers send it (RFC 6454): scheme, host, and the port if it is unusual.

    Raises `Invalid` for anything with a path, a query or a name, and for other schemes.
    """
    try:
        parts = urlsplit(text.strip().rstrip("/"))
        host, port = _host(parts.hostname or ""), parts.port
    except ValueError as error:
        raise _no_origin(text) from error
    usual = {"http": 80, "https": 443}.get(parts.scheme)
    extra = parts.path or parts.query or parts.fragment or parts.username is not None
    if usual is None or extra:
        raise _no_origin(text)
    return f"{parts.scheme}://{host}" + (f":{port}" if port not in (None, usual) else "")


def _host(name: str) -> str:
    """A host as browsers write it. Raises `ValueError` for what can be none, such as `*`."""
    if ":" in name:
        return f"[{ip_address(name).compressed}]"
    ascii_name = name if name.isascii() else name.encode("idna").decode()
    if not _HOST.fullmatch(ascii_name):
        raise ValueError(name)
    return ascii_name


def _no_origin(text: str) -> Invalid:
    return Invalid(
        f"{text!r} is not an origin: write scheme, host and the port if it is unusual, such as "
        "https://shop.example",
        "origins",
    )


class Installation(msgspec.Struct, frozen=True, kw_only=True):
    """What was found when a page was looked at."""

    url: str
    found: bool
    """Whether the site's tag is on the page."""
    times: int
    """How often: once is right."""
    first: bool
    """Whether no other script that runs stands before it."""
    before: tuple[str, ...] = ()
    """The scripts that run before it, by address, or `inline`."""
    ungated: tuple[str, ...] = ()
    """Scripts and frames of hosts that the policy declares, but that no `data-consent` holds."""
    old_stub: bool = False
    """Whether an inline stub of ours is on the page that is not the current version's."""
    problem: str = ""
    """Why the page could not be looked at; empty where it could."""


async def inspect(
    site: Site, url: str, tag_path: str, declared_hosts: frozenset[str], stub: str = ""
) -> Installation:
    """Fetch one page of the site and say whether the tag is on it, and first.

    `stub` is the site's present inline stub, which belongs before the tag.

    Only pages of the site's own origins are fetched, and no redirect leaves them: the service
    must not become a way to reach other machines. Raises `Invalid` for any other address.
    """
    await _own_page(site, url)
    try:
        html = await _fetch(site, url)
    except (httpx.HTTPError, Invalid) as error:
        problem = str(error) or type(error).__name__
        return Installation(url=url, found=False, times=0, first=False, problem=problem)
    return look(url, html, tag_path, declared_hosts, stub)


async def _own_page(site: Site, url: str) -> None:
    try:
        parts = urlsplit(url)
        origin = parse_origin(f"{parts.scheme}://{parts.netloc}")
    except (Invalid, ValueError) as error:
        raise Invalid("give the page's full address", "url") from error
    if origin not in site.origins:
        raise Invalid(f"{origin} is not one of this site's origins", "url")


async def _fetch(site: Site, url: str) -> str:
    headers = {"user-agent": "consent-service install check", "accept": "text/html"}
    async with httpx.AsyncClient(timeout=_PAGE_SECONDS, headers=headers) as client:
        for _ in range(5):
            async with client.stream("GET", url) as response:
                if response.next_request is None:
                    response.raise_for_status()
                    return await _limited(response)
                url = str(response.next_request.url)
                await _own_page(site, url)
    raise Invalid("the page redirects too often", "url")


async def _limited(response: httpx.Response) -> str:
    content = b""
    async for piece in response.aiter_bytes():
        content += piece
        if len(content) > _PAGE_BYTES:
            raise Invalid("the page is larger than 2 MB: give a smaller one", "url")
    return content.decode(response.encoding or "utf-8", "replace")


def look(
    url: str, html: str, tag_path: str, declared_hosts: frozenset[str], stub: str = ""
) -> Installation:
    """What a page's HTML says about the tag. `tag_path` is `/v1/sites/<key>/banner.js`."""
    page = _Page(tag_path, declared_hosts, stub)
    page.feed(html)
    return Installation(
        url=url,
        found=page.times > 0,
        times=page.times,
        first=page.times > 0 and not page.before,
        before=tuple(page.before),
        ungated=tuple(page.ungated),
        old_stub=page.old_stub,
    )


class _Page(HTMLParser):
    """Counts the tag, and lists what runs before it or is held by nothing."""

    _RUNS = re.compile(r"^(|module|(text|application)/(java|ecma)script)$", re.IGNORECASE)

    def __init__(self, tag_path: str, declared_hosts: frozenset[str], stub: str) -> None:
        super().__init__()
        self._tag_path, self._hosts, self._stub = tag_path, declared_hosts, stub
        self._inline: list[str] | None = None
        """The text so far of an inline script that runs; None outside of one."""
        self.old_stub = False
        self.times = 0
        self.before: list[str] = []
        self.ungated: list[str] = []
        self._templates = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        self._templates += tag == "template"
        source = values.get("src", "")
        runs = tag == "script" and self._RUNS.match(values.get("type", "").strip())
        if runs and not self._templates:
            self._script(source)
        # A mark alone holds nothing: what has its address in place is fetched, a script that runs
        # does so at once. Firefox fetches also what lies in a template, but for frames.
        if runs or tag in ("img", "link") or (tag == "iframe" and not self._templates):
            self._third_party(source or values.get("href", ""))

    def handle_data(self, data: str) -> None:
        if self._inline is not None:
            self._inline.append(data)

    def handle_endtag(self, tag: str) -> None:
        self._templates -= tag == "template" and self._templates > 0
        if tag == "script" and self._inline is not None:
            self._ended("".join(self._inline).strip())
            self._inline = None

    def _script(self, source: str) -> None:
        if not source:
            self._inline = []
        elif _split(source).path == self._tag_path:
            self.times += 1
        elif not self.times:
            self.before.append(source)

    def _ended(self, inline: str) -> None:
        """An inline script that is our stub belongs before the tag; its numbers may be old ones."""
        code, _, numbers = inline.rpartition("(...")
        known, _, present = self._stub.rpartition("(...")
        if known and code == known and _NUMBERS.fullmatch(numbers):
            self.old_stub = self.old_stub or numbers != present
        elif not self.times:
            self.before.append("inline")

    def _third_party(self, source: str) -> None:
        if _split(source).hostname in self._hosts:
            self.ungated.append(source)


def _split(address: str) -> SplitResult:
    """An address of somebody's page, which may be none at all."""
    try:
        return urlsplit(address)
    except ValueError:
        return urlsplit("")
