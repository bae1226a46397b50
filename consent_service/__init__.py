"""Self-hosted cookie consent: one script tag, signed receipts, policy versions."""

from importlib.metadata import version

__version__ = version("consent-service")
