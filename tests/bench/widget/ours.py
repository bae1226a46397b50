"""Our banner as a site would have it: composed by the service from a policy version."""

import json
import time

import brotli
import msgspec

from consent_service import banner, slots, words
from consent_service.model import OPTIONAL, Artifact, ChangeClass, Policy, PolicyVersion
from tests.bench.widget.site import File
from tests.given import Json, policy_json

WORDS = words.texts("en")["banner"]
_FOLDER = "/v1/sites/shop/"
ADDRESS = f"{_FOLDER}banner.js"
TAG = f'<script async src="{ADDRESS}"></script>'


def files() -> dict[str, File]:
    """What the service serves for the site, at the addresses where it does."""
    made = composed("en")
    exact = f"{_FOLDER}banner/{made.settings.digest}.js"
    return {ADDRESS: _file(made.banner), exact: _file(made.settings)}


def composed(language: str) -> banner.Banner:
    """The banner with six declarations, Google's signal and automatic blocking."""
    return banner.compose(1, _version(language), language, int(time.time()))


def weights() -> dict[str, float]:
    """Bytes of what no other banner has in this form, brotli-11.

    No visitor loads two languages. What each weighs is told in two ways: the product's own texts of
    what every page loads, those of all languages in one and shared out, which is how a peer's
    language files are weighed; and what a whole second file adds to the first if both were in
    one, with the site's own texts in it.
    """
    one, other = composed("en").banner, composed("sv").banner
    both = brotli.compress(one.body + other.body, quality=11)
    stub = brotli.compress(banner.stub(_version("en")).encode(), quality=11)
    return {
        "texts": _weight_of_texts(),
        "further language": len(both) - len(one.brotli),
        "stub": len(stub),
    }


def _weight_of_texts() -> float:
    wanted = slots.names(banner.built("banner.js"))
    each = [
        json.dumps(
            [text for name, text in words.texts(language)["banner"].items() if name in wanted],
            ensure_ascii=False,
        )
        for language in sorted(words.languages())
    ]
    return len(brotli.compress("".join(each).encode(), quality=11)) / len(each)


def _file(made: Artifact) -> File:
    return File("js", made.body, made.brotli)


def _version(language: str) -> PolicyVersion:
    return PolicyVersion(
        site="shop",
        number=7,
        published_at=1_700_000_000,
        change_class=ChangeClass.MAJOR,
        epochs=dict.fromkeys(OPTIONAL, 1),
        policy=msgspec.convert(_policy() | {"languages": [language]}, Policy),
    )


def _policy() -> Json:
    return policy_json(
        banner={
            "title": _text("Cookies on this site", "Kakor på den här webbplatsen"),
            "intro": _text(
                "We use cookies that the shop needs, and others only if you agree to them.",
                "Vi använder kakor som butiken behöver, och andra bara om du går med på dem.",
            ),
        },
        categories=_CATEGORIES,
        declarations=_DECLARATIONS,
        signals=["google"],
    )


def _text(english: str, swedish: str) -> dict[str, str]:
    return {"en": english, "sv": swedish}


_CATEGORIES = {
    "necessary": {
        "title": _text("Necessary", "Nödvändiga"),
        "text": _text(
            "Keep your basket and your session while you shop, and remember this choice.",
            "Håller reda på din varukorg och din session medan du handlar, och minns ditt val.",
        ),
    },
    "preferences": {
        "title": _text("Preferences", "Inställningar"),
        "text": _text(
            "Remember settings such as the language that you picked, so that you need not pick it "
            "again.",
            "Minns inställningar som språket du valde, så att du inte behöver välja det igen.",
        ),
    },
    "statistics": {
        "title": _text("Statistics", "Statistik"),
        "text": _text(
            "Count which pages are read and where visitors get stuck, so that we can mend them.",
            "Räknar vilka sidor som läses och var besökare fastnar, så att vi kan laga dem.",
        ),
    },
    "marketing": {
        "title": _text("Marketing", "Marknadsföring"),
        "text": _text(
            "Let advertising partners recognise you here and elsewhere, to show and to measure "
            "adverts.",
            "Låter annonspartner känna igen dig här och på andra håll, för att visa och mäta "
            "annonser.",
        ),
    },
}


def _declaration(name: str, category: str, provider: str, days: int, *purpose: str) -> Json:
    declared: Json = {
        "name": name,
        "category": category,
        "provider": provider,
        "purpose": _text(*purpose),
        "seconds": 86_400 * days or None,
        "country": "SE",
    }
    if category == "necessary":
        declared |= {"reason": _text(*purpose), "reviewed": "Ada, 2026"}
    hosts = {"Nordic Metrics AB": ["stats.example"], "AdPix Ltd": ["ads.example"]}
    return declared | {"hosts": hosts.get(provider, [])}


_SHOP, _METRICS = "Nordlund Tea AB", "Nordic Metrics AB"
_DECLARATIONS = [
    _declaration("session", "necessary", _SHOP, 0, "Keeps your basket.", "Minns din varukorg."),
    _declaration("consent", "necessary", _SHOP, 182, "Remembers your choice.", "Minns ditt val."),
    _declaration(
        "lang", "preferences", _SHOP, 365, "Remembers your language.", "Minns ditt språk."
    ),
    _declaration(
        "_ga", "statistics", _METRICS, 730, "Tells visitors apart.", "Skiljer besökare åt."
    ),
    _declaration("_ga_*", "statistics", _METRICS, 730, "Keeps the session.", "Håller sessionen."),
    _declaration(
        "_adpix",
        "marketing",
        "AdPix Ltd",
        90,
        "Recognises you on other sites.",
        "Känner igen dig på andra webbplatser.",
    ),
]
