"""What tests begin with: a policy that may be published, and choices that answer it."""

import time
from typing import Any

import msgspec

from consent_service.model import Category, Policy
from consent_service.signing import uuid7

ORIGIN = "https://shop.example"

Json = dict[str, Any]


def text(english: str) -> dict[str, str]:
    """The same in two languages, told apart."""
    return {"en": english, "sv": f"{english} (sv)"}


def declaration(name: str, category: str, **changes: Any) -> Json:
    """A cookie declaration as JSON."""
    declared: Json = {
        "name": name,
        "category": category,
        "provider": "Nordic Metrics AB",
        "purpose": text(f"What {name} is for."),
        "seconds": 86_400 * 30,
        "country": "SE",
    }
    if category == "necessary":
        declared |= {"reason": text(f"Nothing works without {name}."), "reviewed": "Ada, 2026"}
    return declared | changes


def policy_json(**changes: Any) -> Json:
    """A policy as JSON, with these members instead of its own."""
    policy: Json = {
        "languages": ["en", "sv"],
        "controller": {
            "name": "Nordlund Tea AB",
            "address": "Storgatan 1, 620 99 Lindehamn",
            "email": "privacy@tea.example",
        },
        "banner": {"title": text("Which cookies?"), "intro": text("Choose what may be stored.")},
        "categories": {
            category.value: {
                "title": text(category.value.title()),
                "text": text(f"What {category.value} cookies are for."),
            }
            for category in Category
        },
        "declarations": [
            declaration("consent", "necessary"),
            declaration("language", "preferences"),
            declaration("_count_*", "statistics"),
            declaration("_adpix", "marketing"),
        ],
        "documents": {"cookies": text("# Cookies"), "privacy": text("# Privacy")},
        "days": {"granted": 182, "refused": 150},
    }
    return policy | changes


def policy(**changes: Any) -> Policy:
    """A policy that may be published."""
    return msgspec.convert(policy_json(**changes), Policy)


def elaborate() -> Policy:
    """A policy in which nothing that may be left out is left out."""
    return policy(
        theme={
            "layout": "card",
            "scheme": "dark",
            "light": {"back": "#fffdf8", "ink": "#1c1a17", "act": "#5a3d1b"},
            "dark": {"back": "#15130f", "ink": "#f4efe6", "act": "#e2c49a"},
            "radius": 3,
            "button": "end",
        },
        signals=["google", "meta", "matomo"],
        google_advanced=True,
        blocking=False,
        withdrawal={"reload": "offer", "hook": "/consent/withdrawn"},
        domain="tea.example",
    )


def with_another_advertiser() -> Json:
    """The policy with a new provider in marketing: a major change that concerns marketing."""
    declared = policy_json()["declarations"]
    new = declaration("_pix2", "marketing", provider="AdPix Inc", country="US")
    return policy_json(declarations=[*declared, new])


def new_id() -> str:
    """A receipt's id, as a widget makes it."""
    return uuid7(time.time_ns() // 1_000_000)


def choices(*granted: str) -> dict[str, bool]:
    """The choices that grant these categories."""
    return {
        category.value: category is Category.NECESSARY or category.value in granted
        for category in Category
    }


ALL = ("preferences", "statistics", "marketing")


def choice(artifact: str, **changes: Any) -> Json:
    """A choice as the widget posts it: everything granted on the first layer."""
    return {
        "id": new_id(),
        "version": 1,
        "language": "en",
        "artifact": artifact,
        "action": "accept_all",
        "source": "banner",
        "layer": 1,
        "viewport": "wide",
        "choices": choices(*ALL),
        "gpc": False,
        "previous": None,
    } | changes


def refusal(artifact: str, **changes: Any) -> Json:
    """A choice that denies everything."""
    return choice(artifact, action="reject_all", choices=choices()) | changes
