"""A shop to try the service on, and the third parties that it has bought in.

`storefront.py` is the shop, `trackers.py` the third parties, `policy.json` what the shop tells
and asks. `seed.py` puts that into an empty store, `serve.py` runs all three in one process.
Neither the shop nor the third parties know the service: it is an address in a script tag.
"""

from consent_service.demo.storefront import shop_app
from consent_service.demo.trackers import tags_app

__all__ = ["shop_app", "tags_app"]
