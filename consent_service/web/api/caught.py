"""What automatic blocking caught, as browsers on the site's pages tell it."""

from starlette.requests import Request
from starlette.responses import Response

from consent_service import caught, policies
from consent_service.errors import TooMany
from consent_service.web.access import site_of
from consent_service.web.api.receipts import TYPES, allowed_origin, let_read
from consent_service.web.limits import body
from consent_service.web.service import service


async def record(request: Request) -> Response:
    """Count one tag that was caught. 204, with nothing in it.

    Limited by site, not by visitor: nothing of a visitor is looked at, not even its address.
    """
    running, site = service(request), await site_of(request)
    let_read(request, allowed_origin(request, site))
    catch = caught.parse_catch(await body(request, caught.MAX_BODY, TYPES))
    version = policies.decode_version((await running.current(site)).body)
    if not running.pace.allows(site.id, running.now()):
        raise TooMany("more is told than is counted: what is told often is known by now", 60)
    await caught.record(running.store, site, version.policy, catch, int(running.now()))
    return Response(None, 204, {"cache-control": "no-store", **request.state.answer_headers})
