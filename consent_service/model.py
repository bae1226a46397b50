"""The words of the house, as frozen types, and the one rule that two languages share.

Read this file first. Every noun that code, pages and help use is here, with its meaning.
Nothing here waits, reads a clock or touches a disk.

`msgspec` structs, because strangers' bytes are parsed straight into these types and the
OpenAPI document is generated from them: what is described is what is enforced.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, NamedTuple

from msgspec import UNSET, Meta, Struct, UnsetType

SECONDS_A_DAY = 86_400

# Each pattern below ends with `$(?!\n)`: Python's `$` alone also holds before a last line break,
# which the same pattern in the OpenAPI document (ECMA-262) refuses.

Text = dict[str, str]
"""One text in several languages: `{"en": "Statistics", "sv": "Statistik"}`."""

Language = Annotated[str, Meta(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$(?!\n)", max_length=35)]
"""A BCP 47 language tag, its first part in lower case."""

SiteKey = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9-]{1,38}[a-z0-9]$(?!\n)")]
"""A site's public name in addresses: 3 to 40 of a-z, 0-9 and hyphen."""

Uuid = Annotated[
    str,
    Meta(pattern=r"^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$(?!\n)"),
]
"""A UUIDv7 (RFC 9562) in its canonical text form."""

Digest = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{43}$(?!\n)")]
"""A SHA-256 in base64url without padding."""


class Category(StrEnum):
    """A group of purposes that the visitor grants or denies as one. These four, always."""

    NECESSARY = "necessary"
    PREFERENCES = "preferences"
    STATISTICS = "statistics"
    MARKETING = "marketing"


OPTIONAL = (Category.PREFERENCES, Category.STATISTICS, Category.MARKETING)
"""The categories that a visitor may deny, in the order of the product."""

Epochs = dict[Category, int]
"""For each optional category, how often what it means has changed in substance, from 1."""


class Storage(StrEnum):
    """Where a declared item lies on the visitor's device."""

    COOKIE = "cookie"
    LOCAL_STORAGE = "local_storage"
    SESSION_STORAGE = "session_storage"
    INDEXED_DB = "indexed_db"
    PIXEL = "pixel"


class Controller(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The legal entity answerable for a site (GDPR 4(7)), as visitors are told of it."""

    name: str
    address: str
    email: str
    phone: str = ""
    url: str = ""


class BannerText(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What the editor says on the first layer. The buttons have the product's labels (R8)."""

    title: Text
    intro: Text


class CategoryText(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What one category is called and what it is for."""

    title: Text
    text: Text


class CookieDeclaration(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One stored item, as visitors are told of it (R37)."""

    name: Annotated[str, Meta(min_length=1, max_length=128)]
    """The item's name, or a pattern in which `*` stands for any characters: `_ga_*`."""
    category: Category
    provider: str
    """Who sets it."""
    readers: str = ""
    """Who else may read it; empty where that is the provider alone."""
    purpose: Text
    storage: Storage = Storage.COOKIE
    seconds: Annotated[int, Meta(ge=0, le=400 * SECONDS_A_DAY * 10)] | None = None
    """How long it lasts, in seconds; null for a session item. 0 for an item never deleted."""
    country: Annotated[str, Meta(pattern=r"^([A-Z]{2})?$(?!\n)")] = ""
    """The recipient's country, ISO 3166-1 alpha-2."""
    domain: str = ""
    """The domain that a cookie is set for, where it is not the page's own."""
    hosts: tuple[str, ...] = ()
    """The hosts whose tags set it: the widget can hold these back."""
    reason: Text = {}
    """Why it is strictly necessary (R20); for the necessary category only."""
    reviewed: str = ""
    """Who confirmed that it is strictly necessary, and when (R20); free text."""


class Documents(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The long texts of a policy, in Markdown."""

    cookies: Text
    privacy: Text


class Days(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How long a choice stands, in days (R30, R31)."""

    granted: Annotated[int, Meta(ge=1, le=365)] = 182
    refused: Annotated[int, Meta(ge=120, le=365)] = 182


Colour = Annotated[str, Meta(pattern=r"^#[0-9a-f]{6}$(?!\n)")]
"""A colour of sRGB, as `input type=color` gives it: `#17324d`."""


class Colours(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The banner's colours in one scheme. Every button's label is `back` on `act` (R10)."""

    back: Colour
    """Behind everything, and the labels of the buttons."""
    ink: Colour
    """Text."""
    act: Colour
    """Buttons, and the state of switches."""


class Layout(StrEnum):
    """Where the first layer lies in the window."""

    BAR = "bar"
    CARD = "card"
    CENTRED = "centred"


class Scheme(StrEnum):
    """Which of the two sets of colours is worn; `auto` as the visitor's device says."""

    AUTO = "auto"
    LIGHT = "light"
    DARK = "dark"


class ReopenButton(StrEnum):
    """On which side of the window, if at all, a button stands that opens the settings again."""

    NONE = "none"
    START = "start"
    END = "end"


class Theme(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How the banner looks. Nothing in it can make accept and refuse unequal (R10)."""

    layout: Layout = Layout.BAR
    scheme: Scheme = Scheme.AUTO
    light: Colours = Colours(back="#ffffff", ink="#16202c", act="#17324d")
    dark: Colours = Colours(back="#171d26", ink="#eef1f6", act="#cfe0f5")
    radius: Annotated[int, Meta(ge=0, le=24)] = 8
    """Of corners, in CSS pixels."""
    button: ReopenButton = ReopenButton.NONE


class Signal(StrEnum):
    """A vendor's own way of being told a choice. Each is a part of the banner, if it is on."""

    GOOGLE = "google"
    MICROSOFT_UET = "microsoft_uet"
    CLARITY = "clarity"
    META = "meta"
    TIKTOK = "tiktok"
    MATOMO = "matomo"
    PINTEREST = "pinterest"
    REDDIT = "reddit"
    POSTHOG = "posthog"
    SHOPIFY = "shopify"
    WORDPRESS = "wordpress"


class Reload(StrEnum):
    """What follows a withdrawal while code of a denied category still runs in the page."""

    AUTO = "auto"
    OFFER = "offer"


class Withdrawal(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a withdrawal does beyond deleting what a script can delete (R24)."""

    reload: Reload = Reload.AUTO
    hook: Annotated[str, Meta(pattern=r"^(/(?![/\\])[!-\[\]-~]*)?$(?!\n)", max_length=512)] = ""
    """A path of the site that the widget posts the denied categories to, as a JSON list: for
    cookies that only the site's server can expire."""


class Policy(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a site tells and asks, in every language. An editor's draft is one of these."""

    languages: Annotated[tuple[Language, ...], Meta(min_length=1, max_length=40)]
    """The first is the site's own: it is used where nothing else is known."""
    controller: Controller
    banner: BannerText
    categories: dict[Category, CategoryText]
    declarations: Annotated[tuple[CookieDeclaration, ...], Meta(max_length=10_000)] = ()
    documents: Documents
    days: Days = Days()
    domain: Annotated[
        str, Meta(pattern=r"^([a-z0-9-]+(\.[a-z0-9-]+)+)?$(?!\n)", max_length=253)
    ] = ""
    """The domain that the choice holds for (R26); empty for the page's own host alone."""
    theme: Theme = Theme()
    signals: tuple[Signal, ...] = ()
    """The vendors that are told choices in their own way."""
    google_advanced: bool = False
    """Google's tags load before a yes and report without cookies: requests leave before a yes."""
    blocking: bool = True
    """Whether tags of declared hosts are held back though nobody marked them."""
    withdrawal: Withdrawal = Withdrawal()


class ChangeClass(StrEnum):
    """What a change asks of visitors: to be asked again, to be told, or neither."""

    MAJOR = "major"
    MINOR = "minor"
    PATCH = "patch"


class ChangeKind(StrEnum):
    """What happened, seen from the visitor."""

    ADDED = "added"
    REMOVED = "removed"
    LONGER = "longer"
    SHORTER = "shorter"
    MOVED = "moved"
    PROVIDER = "provider"
    READERS = "readers"
    COUNTRY = "country"
    STORAGE = "storage"
    PURPOSE = "purpose"
    TEXT = "text"
    CONTROLLER = "controller"
    DOCUMENT = "document"
    DAYS = "days"
    SCOPE = "scope"
    LANGUAGE = "language"
    THEME = "theme"
    SIGNALS = "signals"
    BLOCKING = "blocking"
    WITHDRAWAL = "withdrawal"


class Change(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One difference between two policies, and the class that it asks for by itself."""

    kind: ChangeKind
    proposed: ChangeClass
    categories: tuple[Category, ...] = ()
    """The optional categories whose meaning it touches; a major change raises their epochs."""
    name: str = ""
    """The cookie declaration or field that changed."""
    provider: str = ""
    reason: str = ""
    """Why it has this class: a sentence for the editor."""
    before: str = ""
    after: str = ""


class CategoryChange(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a visitor who granted a category is told when it is asked again."""

    epoch: int
    kind: ChangeKind
    name: str = ""
    provider: str = ""


class PolicyVersion(Struct, frozen=True, kw_only=True):
    """A policy as published: numbered, dated, frozen. Its encoded bytes are its evidence.

    They are encoded once, when it is published; those bytes are hashed, stored and served as
    they are. A version's address is the SHA-256 of these bytes (R40, R43).
    """

    site: str
    number: int
    published_at: int
    """Unix seconds, UTC."""
    previous: str = ""
    """The digest of the version before it; empty for the first."""
    change_class: ChangeClass
    epochs: Epochs
    changes: tuple[Change, ...] = ()
    history: dict[Category, tuple[CategoryChange, ...]] = {}
    """For each category, what raised its epochs so far: the banner tells it (newest 20)."""
    override_reason: str = ""
    """Why the class is lower than the differ's; empty where it is not."""
    notice: Text = {}
    """The newest note to visitors: what a minor change tells without asking."""
    noticed: int = 0
    """The version that `notice` was written for; 0 where there never was one."""
    policy: Policy


class Action(StrEnum):
    """How a choice was expressed, as the receipt says it (R42)."""

    ACCEPT_ALL = "accept_all"
    REJECT_ALL = "reject_all"
    CUSTOM = "custom"
    WITHDRAW = "withdraw"
    GPC = "gpc"
    EXPIRE = "expire"
    IMPORT = "import"


class WidgetAction(StrEnum):
    """The actions that a visitor's browser may report. The others are the service's own."""

    ACCEPT_ALL = "accept_all"
    REJECT_ALL = "reject_all"
    CUSTOM = "custom"
    WITHDRAW = "withdraw"
    GPC = "gpc"


class Source(StrEnum):
    """What the visitor used."""

    BANNER = "banner"
    PREFERENCES = "preferences"
    EMBED = "embed"
    API = "api"
    SIGNAL = "signal"


class Viewport(StrEnum):
    """How wide the visitor's window was: which of the three screenshots shows what was seen."""

    NARROW = "narrow"
    MEDIUM = "medium"
    WIDE = "wide"


class Choices(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A boolean for every category, always: never "all", which would cover a later category."""

    necessary: bool
    preferences: bool
    statistics: bool
    marketing: bool

    @property
    def granted(self) -> tuple[Category, ...]:
        """The optional categories that are granted, in the order of the product."""
        return tuple(category for category in OPTIONAL if getattr(self, category))


class Choice(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One decision of one visitor, as the widget posts it. No member identifies anybody."""

    id: Uuid
    """Made by the widget, so that a retry is recognised. Becomes the receipt's id."""
    version: Annotated[int, Meta(ge=1, le=2**31 - 1)]
    language: Language
    artifact: Annotated[str, Meta(pattern=r"^[0-9a-f]{16}$(?!\n)")]
    """Names the exact banner bytes that were running."""
    action: WidgetAction
    source: Source
    layer: Annotated[int, Meta(ge=1, le=2)]
    viewport: Viewport
    choices: Choices
    gpc: bool
    """Whether the browser sent Global Privacy Control."""
    previous: Uuid | None
    """The receipt that this one replaces, where the device still holds its id."""


class PolicyReference(Struct, frozen=True, kw_only=True):
    """Which exact text was shown."""

    v: int
    sha256: str
    lang: str


class BannerReference(Struct, frozen=True, kw_only=True):
    """Which exact code showed it, and where."""

    sha256: str
    layer: int
    viewport: str


class Claims(Struct, frozen=True, kw_only=True):
    """What a receipt says, in the short names that it is signed with.

    Never in it: an address of any kind, a user agent, a referrer, a path, an e-mail (R46).
    """

    iss: str
    """Base URL of the service."""
    jti: str
    """The receipt's id: a UUIDv7 made by the widget."""
    iat: int
    """When the service recorded it: whole seconds, UTC. A visitor's clock is never used."""
    site: str
    sub: str | UnsetType = UNSET
    """Random id of this browser on this site; only where something is granted (R32)."""
    act: str
    src: str
    cat: dict[str, bool]
    pol: PolicyReference
    ui: BannerReference
    epoch: dict[str, int]
    """For each optional category, the epoch that was answered."""
    basis: str
    """The rule set applied, such as `opt-in`; never a location."""
    gpc: bool
    exp_consent: int
    """When the consent lapses. Not `exp`: libraries would then refuse to verify an old receipt."""
    prev: str | None
    """SHA-256 of the receipt that this one replaces."""


class Receipt(Struct, frozen=True, kw_only=True):
    """Signed, append-only evidence of one choice. The payload is kept as it was signed."""

    claims: Claims
    payload: bytes
    signature: bytes
    """64 bytes, Ed25519."""
    kid: str
    """RFC 7638 thumbprint of the key that signed it."""
    token: str
    """The compact JWS (RFC 7515), put together from the three parts."""


class Witness(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Somebody else who cosigns a site's checkpoints."""

    key: str
    """Its public key in one line: `name+id+base64`."""
    url: str
    """What `/add-checkpoint` is put after."""


class Keeping(Struct, frozen=True, kw_only=True):
    """How long a site's receipts are kept, and who vouches for its ledger."""

    years: int = 3
    """How long a receipt is kept after its consent lapsed: 1 to 6."""
    hold: bool = False
    """A legal hold: nothing is erased because its time is over."""
    witnesses: tuple[Witness, ...] = ()
    authority: str = ""
    """The address of a time-stamping authority (RFC 3161); empty for none."""
    authority_pem: str = ""
    """The certificates, PEM, to one of which its stamps must lead; empty for any."""
    mail_to: tuple[str, ...] = ()
    """The e-mail addresses that the newest checkpoint is sent to, once a day."""


class Site(Struct, frozen=True, kw_only=True):
    """A web property of one controller: a public key, origins, languages."""

    id: int
    key: str
    name: str
    origins: tuple[str, ...]
    """The origins whose pages may post choices: `https://shop.example`."""
    max_age: int
    """Seconds that the banner may be cached under its short-lived address."""
    created_at: int
    keeping: Keeping = Keeping()
    approval: bool = False
    """Whether nobody publishes alone: a second person approves what the first proposes."""


class Role(StrEnum):
    """What an account may do on a site. An admin may do what the others may."""

    ADMIN = "admin"
    EDITOR = "editor"
    AUDITOR = "auditor"


EVERY_SITE = 0
"""As a role's site: the role holds on every site, also on those made later."""


class Account(Struct, frozen=True, kw_only=True):
    """A person who signs in."""

    id: int
    email: str
    name: str
    created_at: int
    disabled: bool = False
    roles: dict[int, tuple[Role, ...]] = {}
    """Roles by site id; `EVERY_SITE` for all sites."""

    def may(self, role: Role, site_id: int) -> bool:
        """Whether this account has `role`, or admin, on that site."""
        held = (*self.roles.get(site_id, ()), *self.roles.get(EVERY_SITE, ()))
        return not self.disabled and (role in held or Role.ADMIN in held)


class Draft(Struct, frozen=True, kw_only=True):
    """What an editor changes. `revision` goes up with every save: a stale one is refused."""

    revision: int
    body: bytes
    """An encoded `Policy`; it need not be complete."""
    changed_at: int
    changed_by: str


class VersionRecord(Struct, frozen=True, kw_only=True):
    """A published version as it is kept: the exact bytes, and what is needed to list it."""

    site_id: int
    number: int
    digest: str
    """SHA-256 of `body`, base64url."""
    body: bytes
    """The encoded `PolicyVersion`, as it was hashed."""
    change_class: ChangeClass
    published_at: int
    published_by: str
    superseded_at: int | None
    """When the next version was published; null for the current one."""


class PlanState(StrEnum):
    """How a plan stands. The first two wait; the others are over."""

    PROPOSED = "proposed"
    """For another person's approval."""
    SCHEDULED = "scheduled"
    """For its time."""
    PUBLISHED = "published"
    CANCELLED = "cancelled"
    """Somebody took it back, changed the draft under it, or published something else first."""
    RETURNED = "returned"
    """Whoever was to approve it sent it back with a word."""
    REFUSED = "refused"
    """It could not be published when its time came."""


class Plan(Struct, frozen=True, kw_only=True):
    """A publication that waits: for its time, for a second person, or for both.

    It holds a frozen copy of what was reviewed, so that the draft may go on.
    """

    id: str
    site_id: int
    revision: int
    """The draft's revision that it was made from."""
    against: int
    """The number of the version that it was compared with; 0 before the first. It becomes the
    next one after that, or nothing."""
    policy: bytes
    """An encoded `Policy`."""
    asked: bytes
    """Class, categories, reason and notes as they were reviewed, in JSON."""
    due_at: int
    """Unix seconds; 0 for as soon as it is approved."""
    zone: str
    """The time zone in which its time was given."""
    announce: bool
    """Whether visitors are told of it before."""
    made_at: int
    made_by: str
    person: str
    """Who answers for it: `made_by`, and for a token whoever made the token."""
    state: PlanState
    approved_at: int | None = None
    approved_by: str | None = None
    ended_at: int | None = None
    ended_by: str | None = None
    said: str = ""
    """Why it is over, where it was not published."""
    number: int | None = None
    """The version that it became."""

    @property
    def waits(self) -> bool:
        """Whether it is not over."""
        return self.state in (PlanState.PROPOSED, PlanState.SCHEDULED)


class Part(StrEnum):
    """Which of the two files of a banner."""

    BANNER = "banner"
    """What every page loads: the first layer, and all that obeys the choice."""
    SETTINGS = "settings"
    """The second layer, loaded by who opens it."""


class Artifact(Struct, frozen=True, kw_only=True):
    """A file of the banner of one site, version and language: the exact bytes that browsers run."""

    site_id: int
    version: int
    language: str
    part: Part = Part.BANNER
    tag: str
    """16 hex digits; those of the banner stand inside its bytes and name them to the service."""
    digest: str
    """SHA-256 of `body`, base64url."""
    body: bytes
    brotli: bytes
    gzip: bytes
    created_at: int


class StoredReceipt(Struct, frozen=True, kw_only=True):
    """A receipt's row: what is needed to put the JWS together again, byte for byte."""

    site_id: int
    id: str
    recorded_at: int
    version: int
    payload: bytes
    signature: bytes
    kid: str


class PublicKey(Struct, frozen=True, kw_only=True):
    """A public key of the service, kept as long as any receipt lives."""

    kid: str
    jwk: bytes
    """The RFC 7638 canonical JSON of the key."""
    created_at: int


class Erasure(Struct, frozen=True, kw_only=True):
    """A tombstone: a receipt was here, and was deleted, then, for that reason."""

    erased_at: int
    reason: int
    """1 retention, 2 Art. 17 GDPR, 3 court, 4 test data."""
    place: int | None = None
    """Where its entry stands in the site's ledger; none from before there was one."""


class ApiToken(Struct, frozen=True, kw_only=True):
    """A machine's way in: scoped to one site and role. Only the hash of its secret is kept."""

    id: str
    site_id: int
    role: Role
    label: str
    created_at: int
    created_by: str
    revoked_at: int | None = None


class Event(Struct, frozen=True, kw_only=True):
    """One line of the audit trail: who did what to which thing, when."""

    id: str
    at: int
    actor: str
    """An account's e-mail, `token:<id>`, or `service`."""
    verb: str
    """Such as `policy.publish`, `receipt.read`, `sign_in`."""
    site_id: int | None
    subject: str
    """What it was done to: a version, an account, a receipt by its place in the ledger."""


class CaughtKind(StrEnum):
    """What kind of tag or request was held back though nobody marked it."""

    SCRIPT = "script"
    IFRAME = "iframe"
    IMG = "img"
    VIDEO = "video"
    LINK = "link"
    WRITE = "write"
    FETCH = "fetch"
    XHR = "xhr"
    BEACON = "beacon"


class Caught(Struct, frozen=True, kw_only=True):
    """How often automatic blocking caught one kind of tag of one host, as browsers told it."""

    host: str
    kind: CaughtKind
    in_week: int
    """In the last 7 days."""
    in_month: int
    """In the last 30 days."""
    last_day: int
    """Days since 1970-01-01, UTC."""


class Screen(Struct, frozen=True, kw_only=True):
    """A picture of a banner, as it looked in a window of that width."""

    site_id: int
    banner: str
    """SHA-256 of the banner's code, base64url."""
    layer: int
    viewport: str
    taken_at: int
    taken_with: str = ""
    """Which browser: `Chromium 143.0.7499.40`."""
    digest: str
    """SHA-256 of the picture's bytes, base64url."""
    entry: str
    """What the ledger has of it: over the banner, layer, width and picture."""


class Composed(NamedTuple):
    """A banner that was made of a version, by its hash, without its bytes."""

    language: str
    digest: str
    created_at: int


class JobState(StrEnum):
    """How a job is."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    STOPPED = "stopped"


class Job(Struct, frozen=True, kw_only=True):
    """Work that takes its time: an export, or screenshots."""

    id: str
    site_id: int
    kind: str
    """`export` or `render`."""
    wanted: bytes
    """What was asked for, in JSON."""
    state: JobState = JobState.WAITING
    done: int = 0
    total: int = 0
    said: str = ""
    """What came of it: a file's name, or why it failed; of a job that waits, what it waits for."""
    made_at: int
    made_by: str
    holder: str = ""
    """Which process is at it."""


class StoredChoice(Struct, frozen=True, kw_only=True):
    """What the choice cookie on the device says."""

    day: int
    """Days since 1970-01-01, UTC."""
    granted: tuple[Category, ...]
    epochs: Epochs
    """The epochs that were answered."""


class Verdict(NamedTuple):
    """What the ask-again rule finds."""

    ask: bool
    about: tuple[Category, ...]
    in_force: tuple[Category, ...]


def must_ask(
    stored: StoredChoice | None, epochs: Mapping[Category, int], days: Days, today: int
) -> Verdict:
    """Whether the visitor must be asked, about what, and what may run until then.

    Ask if and only if there is no stored choice, or it has lapsed, or for some category that
    the visitor granted the current epoch is above the answered one. A refusal stands until it
    lapses, whatever arrives (R29, R30, R31). The widget has the same rule; both run from
    `tests/vectors/reconsent.json`.
    """
    if stored is None or _lapsed(stored, days, today):
        return Verdict(True, OPTIONAL, ())
    risen = {category for category in OPTIONAL if epochs[category] > stored.epochs[category]}
    granted = [category for category in OPTIONAL if category in stored.granted]
    about = tuple(category for category in granted if category in risen)
    in_force = tuple(category for category in granted if category not in risen)
    return Verdict(bool(about), about, in_force)


def _lapsed(stored: StoredChoice, days: Days, today: int) -> bool:
    lifetime = days.granted if stored.granted else days.refused
    # One day ahead is a traveller's clock; more is a clock that was wrong when it was stored.
    return not -1 <= today - stored.day < lifetime
