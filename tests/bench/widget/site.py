"""A site on this machine that serves every page of the benchmark, brotli-compressed.

It answers from memory, says which addresses were asked for, and takes receipts as the service does.
"""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import brotli

KEPT = "public, max-age=600"
"""So that a return visit asks for nothing that it has."""

STRICT = "strict.html"
"""The name of a page that is served under the strict policy."""

NONCE = "bm90aGluZw"

_POLICY = (
    f"default-src 'none'; script-src 'nonce-{NONCE}' 'strict-dynamic'; style-src 'self'; "
    "img-src 'self' data:; connect-src 'self'; base-uri 'none'; require-trusted-types-for 'script'"
)
_TYPES = {
    "css": "text/css; charset=utf-8",
    "html": "text/html; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
}


@dataclass(frozen=True)
class File:
    """What is at one address."""

    kind: str
    """The ending that its content type goes by."""
    body: bytes
    brotli: bytes

    @classmethod
    def of(cls, kind: str, body: bytes) -> "File":
        """Compressed as well as brotli can."""
        return cls(kind, body, brotli.compress(body, quality=11))


class Site:
    """Files by address, and the requests made so far."""

    def __init__(self, files: dict[str, File]) -> None:
        self.files = files
        self.asked: list[str] = []
        self.origin = ""

    def took(self) -> list[str]:
        """The addresses asked for since the last call."""
        asked, self.asked = self.asked, []
        return [address for address in asked if address != "/favicon.ico"]

    def answer(self, method: str, address: str, body: bytes) -> tuple[int, dict[str, str], bytes]:
        """Status, header fields and body."""
        self.asked.append(address)
        path = address.partition("?")[0]
        if method == "POST":
            return 201, {"content-type": "application/json"}, _receipt(body)
        if path not in self.files:
            return 404, {"content-type": "text/plain", "cache-control": KEPT}, b"Not here."
        file = self.files[path]
        fields = {"content-type": _TYPES[file.kind], "content-encoding": "br"}
        if file.kind != "html":
            return 200, fields | {"cache-control": KEPT}, file.brotli
        if path.endswith(STRICT):
            fields["content-security-policy"] = _POLICY
        return 200, fields | {"cache-control": "no-cache"}, file.brotli


def _receipt(body: bytes) -> bytes:
    told = json.loads(body or b"{}")
    answer = {"id": told.get("id"), "receipt": "e.y.J", "recorded_at": "2026-11-22T18:00:00Z"}
    return json.dumps(answer).encode()


@contextmanager
def serving(site: Site) -> Iterator[Site]:
    """Serve it on a free port of this machine; its `origin` is where."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        wbufsize = -1
        """One packet for head and body: two would wait for each other."""

        def _answer(self) -> None:
            length = int(self.headers.get("content-length", 0))
            status, fields, body = site.answer(self.command, self.path, self.rfile.read(length))
            self.send_response(status)
            for name, value in {**fields, "content-length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = _answer  # noqa: N815 - the names that the library calls

        def log_message(self, format: str, *args: object) -> None:
            """Nothing: the benchmark's own lines are what is to be read."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    site.origin = f"http://localhost:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()
