"""Pages of the shop that only tests need, one with every carrier that R1 names among them.

A real server answers with them, and not the browser's driver: browsers tell the two apart.
"""

from collections.abc import Mapping

from starlette.responses import HTMLResponse
from starlette.types import ASGIApp, Receive, Scope, Send

PATH = "/carriers"

_PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Carriers</title>
<script async src="{service}/v1/sites/demo/banner.js"></script>
<link data-consent="marketing" rel="preload" as="image" data-consent-src="{tags}/pixel.gif?by=link">
</head><body><h1>Carriers</h1>
<script type="text/plain" data-consent="statistics">
  document.cookie = "inline=1; path=/"; localStorage.inline = 1; sessionStorage.inline = 1;
  indexedDB.open("inline"); navigator.sendBeacon("{tags}/collect", "beacon");
</script>
<script type="text/plain" data-consent="statistics" data-type="module">
  document.cookie = "module=1; path=/";
  fetch("{tags}/collect", {{method: "POST", mode: "no-cors"}});
</script>
<script type="text/plain" data-consent="statistics" src="{tags}/analytics.js"></script>
<script type="text/plain" data-consent="marketing" async src="{tags}/ads.js"></script>
<iframe data-consent="marketing" data-consent-src="{tags}/video.html" title="A film"></iframe>
<img data-consent="marketing" data-consent-src="{tags}/pixel.gif?by=image" alt="">
<video data-consent="marketing" data-consent-src="{tags}/pixel.gif?by=video"></video>
<template data-consent="marketing">
  <img data-consent="marketing" data-consent-src="{tags}/pixel.gif?by=template" alt="">
</template>
<a href="#" data-consent-open>Cookie settings</a>
</body></html>"""


def carriers(service_url: str, tags_url: str) -> HTMLResponse:
    """The page with every carrier, each held by its markup."""
    return HTMLResponse(_PAGE.format(service=service_url, tags=tags_url))


def with_pages(shop: ASGIApp, pages: Mapping[str, HTMLResponse]) -> ASGIApp:
    """The shop with these pages beside its own, by their paths."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        page = pages.get(scope["path"]) if scope["type"] == "http" else None
        await (page or shop)(scope, receive, send)

    return app
