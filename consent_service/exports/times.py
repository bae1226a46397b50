"""Times as others write them."""

from datetime import UTC, datetime
from functools import lru_cache


@lru_cache(maxsize=4_096)
def rfc3339(at: int) -> str:
    """Unix seconds as `2026-11-22T18:00:05Z`."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
