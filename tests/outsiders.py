"""Those outside, for tests: real servers on loopback that answer as a test wants, or not at all."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

Answering = Callable[[bytes], bytes | None]
"""From a request's body to all bytes of the answer; None to leave it unanswered."""


def http(status: str, body: bytes = b"", **headers: str) -> bytes:
    """An answer: `http("409 Conflict", b"5\\n", content_type="text/x.tlog.size")`."""
    named = {"content-length": str(len(body)), "connection": "close"}
    named |= {name.replace("_", "-"): value for name, value in headers.items()}
    lines = "".join(f"{name}: {value}\r\n" for name, value in named.items())
    return f"HTTP/1.1 {status}\r\n{lines}\r\n".encode() + body


@dataclass
class Outsider:
    """Somebody outside, and what came to them."""

    answer: Answering
    url: str = ""
    came: list[bytes] = field(default_factory=list)
    """The bodies of the requests, in their order."""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        lengths = [
            int(line.partition(b":")[2])
            for line in head.lower().splitlines()
            if line.startswith(b"content-length:")
        ]
        body = await reader.readexactly(lengths[0] if lengths else 0)
        self.came.append(body)
        answer = self.answer(body)
        if answer is None:
            await reader.read()  # Until whoever asked hangs up.
        else:
            writer.write(answer)
            await writer.drain()
        writer.close()


@asynccontextmanager
async def outsider(answer: Answering) -> AsyncIterator[Outsider]:
    """Somebody who answers so, until the block ends."""
    made = Outsider(answer)
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    made.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server:
        yield made
