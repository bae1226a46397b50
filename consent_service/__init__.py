"""Self-hosted cookie consent: one script tag, signed receipts, policy versions."""
