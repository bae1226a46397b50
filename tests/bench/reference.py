"""What the service is compared with: raw ASGI that does nothing, served in the same way.

`GET /200/8192` answers 200 with 8,192 bytes; `POST /201/1400` reads the body, then answers 201.
"""

from functools import lru_cache
from typing import Any

from starlette.types import Receive, Scope, Send

from consent_service.cli.logs import configure_logs
from consent_service.cli.serve import Server

Messages = tuple[dict[str, Any], dict[str, Any]]


async def reference(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers what the address says, from memory."""
    if scope["type"] == "lifespan":
        return
    if scope["method"] == "POST":
        while (await receive())["more_body"]:
            pass
    start, body = answer(scope["path"])
    await send(start)
    await send(body)


@lru_cache
def answer(path: str) -> Messages:
    """The two messages of an answer."""
    status, size = map(int, path.strip("/").split("/"))
    headers = [(b"content-type", b"application/json")]
    if size:
        headers.append((b"content-length", str(size).encode()))
    start = {"type": "http.response.start", "status": status, "headers": headers}
    return start, {"type": "http.response.body", "body": b"x" * size}


if __name__ == "__main__":
    configure_logs("info")
    Server(reference, "127.0.0.1", 0).run()
