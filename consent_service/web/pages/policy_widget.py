"""The part of a policy's form that says what the banner does beyond asking. Pure."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from consent_service.model import Policy, Reload, Signal


class Vendor(NamedTuple):
    """A vendor that can be told choices in its own way, as the form offers it."""

    name: str
    what: str
    """One plain sentence: what is told, and what that does."""


VENDORS: Mapping[Signal, Vendor] = {
    Signal.GOOGLE: Vendor(
        "Google (Consent Mode)",
        "Its tags wait for a yes, and are told which of storage, analytics and ads it covers.",
    ),
    Signal.MICROSOFT_UET: Vendor(
        "Microsoft Advertising (UET)",
        "Its tag is told whether it may store anything for ads.",
    ),
    Signal.CLARITY: Vendor(
        "Microsoft Clarity",
        "Its recordings are told whether they may store anything, for analytics and for ads.",
    ),
    Signal.META: Vendor(
        "Meta Pixel",
        "The pixel is told to hold back, and to send once marketing is granted.",
    ),
    Signal.TIKTOK: Vendor(
        "TikTok Pixel", "The pixel is told to hold back until marketing is granted."
    ),
    Signal.MATOMO: Vendor(
        "Matomo", "It counts a visit only once statistics is granted, and forgets on withdrawal."
    ),
    Signal.PINTEREST: Vendor("Pinterest Tag", "The tag is told whether marketing is granted."),
    Signal.REDDIT: Vendor(
        "Reddit Pixel", "Its own cookies are switched on and off with marketing."
    ),
    Signal.POSTHOG: Vendor(
        "PostHog", "It captures only once statistics is granted, and stops on withdrawal."
    ),
    Signal.SHOPIFY: Vendor(
        "Shopify (Customer Privacy)",
        "The shop is told the whole choice, and hands it on to its own apps.",
    ),
    Signal.WORDPRESS: Vendor(
        "WordPress (WP Consent API)", "Plugins that know this interface are told the whole choice."
    ),
}

RELOADS = (
    (Reload.AUTO.value, "The page is loaded anew: what ran is gone at once"),
    (Reload.OFFER.value, "The visitor is offered to load the page anew"),
)


def fields(policy: Policy) -> Iterable[tuple[str, str]]:
    """This part of a policy as fields of a form. A box that is not ticked has no field."""
    ticked = {f"signals.{signal.value}": True for signal in policy.signals}
    ticked |= {"google_advanced": policy.google_advanced, "blocking": policy.blocking}
    yield from ((name, "on") for name, on in ticked.items() if on)
    yield "withdrawal.reload", policy.withdrawal.reload.value
    yield "withdrawal.hook", policy.withdrawal.hook


def typed(values: Mapping[str, str]) -> dict[str, Any]:
    """This part of a policy, as the form says it."""
    return {
        "signals": [signal.value for signal in Signal if values[f"signals.{signal.value}"]],
        "google_advanced": bool(values["google_advanced"]),
        "blocking": bool(values["blocking"]),
        "withdrawal": {
            "reload": values["withdrawal.reload"] or Reload.AUTO.value,
            "hook": values["withdrawal.hook"].strip(),
        },
    }
