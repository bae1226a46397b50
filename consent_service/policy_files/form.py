"""What a policy's file holds."""

from typing import Annotated

from msgspec import Meta, Struct

from consent_service.model import Policy, SiteKey


class PolicyFile(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A site's policy, and which state of the site's draft it was made from."""

    site: SiteKey
    """The site's key, as in its addresses."""
    revision: Annotated[int, Meta(ge=0, le=2**31 - 1)] = 0
    """The draft's revision that this file was made from; 0 where there was none. Pull and push
    keep it: with it, nobody's work is written over unseen."""
    policy: Policy
    """What the site tells and asks, in every language."""
