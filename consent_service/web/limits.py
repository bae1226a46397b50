"""Limits on what comes in: body sizes, content types, attempts, and where a request comes from."""

from collections.abc import Iterable
from urllib.parse import urlsplit

from starlette.requests import ClientDisconnect, Request

from consent_service.errors import Forbidden, Invalid, TooLarge, TooMany, WrongType

ATTEMPTS = 5
WINDOW = 300
"""Five failed sign-ins for one e-mail, or from one address, then five minutes' rest."""

_REMEMBERED = 10_000
CAUGHT_A_MINUTE = 60
"""Of a site. What its pages tell more often than that is known well enough."""


async def body(request: Request, most: int, types: Iterable[str]) -> bytes:
    """The request's body of at most `most` bytes and one of the content types.

    Raises `TooLarge` before reading more than that, and `WrongType`.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in types:
        raise WrongType(f"send this as {' or '.join(types)}", "content-type")
    return await limited(request, most)


async def limited(request: Request, most: int) -> bytes:
    """The request's body, if it has at most `most` bytes. Raises `TooLarge`."""
    refusal = TooLarge(f"the body has more than {most} bytes")
    declared = request.headers.get("content-length", "0")
    if not declared.isdecimal() or int(declared) > most:
        raise refusal
    content = b""
    try:
        async for piece in request.stream():
            content += piece
            if len(content) > most:
                raise refusal
    except ClientDisconnect as error:
        raise Invalid("the request broke off before its body was complete") from error
    return content


def same_origin(request: Request, base_url: str) -> None:
    """Refuse a change that another site's page asked for with this person's cookies.

    `Sec-Fetch-Site` where the browser sends it, else `Origin`: no token in any form. A request
    with neither is not from a browser of today, and has no cookie that anybody could abuse.
    Raises `Forbidden`.
    """
    fetch_site = request.headers.get("sec-fetch-site")
    if fetch_site in ("same-origin", "none"):
        return
    origin = request.headers.get("origin")
    if fetch_site is None and (origin is None or _same(origin, base_url, request)):
        return
    raise Forbidden("this came from another site's page: open the page here and try again")


def _same(origin: str, base_url: str, request: Request) -> bool:
    try:
        host = urlsplit(origin).netloc
    except ValueError:
        return False
    return origin == base_url or (host != "" and host == request.headers.get("host"))


class Attempts:
    """Counts failed sign-ins, by e-mail and by address, in memory alone.

    Addresses are never stored or logged (R46): they are forgotten when the window is over, or
    with the process.
    """

    def __init__(self) -> None:
        self._failed: dict[str, list[float]] = {}

    def check(self, keys: Iterable[str], now: float) -> None:
        """Raises `TooMany` where one of the keys failed too often of late."""
        for key in keys:
            recent = [at for at in self._failed.get(key, ()) if now - at < WINDOW]
            if len(recent) >= ATTEMPTS:
                wait = int(WINDOW - (now - recent[0])) + 1
                raise TooMany("too many attempts: wait a few minutes and try again", wait)

    def begin(self, keys: tuple[str, ...], now: float) -> None:
        """Count an attempt as failed before it is looked at; raises `TooMany` as `check` does.

        Looking at a password takes a while: of many attempts at once, all would pass a check
        that only counts those that are over.
        """
        self.check(keys, now)
        self.failed(keys, now)

    def take_back(self, keys: Iterable[str], at: float) -> None:
        """The attempt that began at that time succeeded. Earlier failures stay counted."""
        for key in keys:
            times = self._failed.get(key, [])
            if at in times:
                times.remove(at)
            if not times:
                self._failed.pop(key, None)

    def failed(self, keys: Iterable[str], now: float) -> None:
        """Remember a failure."""
        if len(self._failed) > _REMEMBERED:
            self._failed = {
                key: times for key, times in self._failed.items() if now - times[-1] < WINDOW
            }
        for key in keys:
            recent = [at for at in self._failed.get(key, ()) if now - at < WINDOW]
            self._failed[key] = [*recent, now]

    def succeeded(self, keys: Iterable[str]) -> None:
        """Forget the failures of these keys."""
        for key in keys:
            self._failed.pop(key, None)


class Pace:
    """So many a minute for each key, in memory alone; what is beyond is let go."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._minute = 0
        self._counted: dict[int, int] = {}

    def allows(self, key: int, now: float) -> bool:
        """Count one more of that key, and whether it is still within its minute's share."""
        minute = int(now // 60)
        if minute != self._minute:
            self._minute, self._counted = minute, {}
        self._counted[key] = self._counted.get(key, 0) + 1
        return self._counted[key] <= self._most
