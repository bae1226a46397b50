"""The rows of the table: what is asked of whom, and what it is compared with."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from tests.bench import service
from tests.bench.load import Load, Maker, ask
from tests.bench.servers import Running
from tests.bench.service import RECEIPTS, SITE, Service

WARM_UP = 0.3
"""Seconds of load before each run that do not count."""

LOOKED_UP = 500
"""How many receipts the look-ups are about."""

BROWSER = "accept-encoding: gzip, deflate, br, zstd\r\n"
BANNER = f"/v1/sites/{SITE}/banner.js"


@dataclass(frozen=True, eq=False)
class Row:
    """One kind of request to one server."""

    key: str
    """What `--only` takes."""
    name: str
    server: Running
    make: Maker
    status: int
    connections: int
    service: Service | None = None
    """Whose receipts are counted after each run."""


class Group(NamedTuple):
    """Rows that answer as many bytes as their reference does."""

    reference: Row
    rows: list[Row]


class Figures(NamedTuple):
    """One run of one row."""

    rate: float
    """Answers a second."""
    p50: float
    """Milliseconds."""
    p99: float
    cpu: float
    """Microseconds of the server's processor time for each answer."""
    rss: float
    """MB."""
    errors: int
    """Answers of another status, and receipts that are not on file."""
    complaints: list[str]
    busy: float
    """The share of a core that the load itself took."""


def groups(raw: Running, services: dict[str, Service]) -> Iterator[Group]:
    """The table's rows, on each of the databases."""
    yield _posts(raw, services)
    one = next(iter(services.values())).server
    yield from _banners(raw, one)
    yield _look_ups(raw, services)


def _posts(raw: Running, services: dict[str, Service]) -> Group:
    rows = []
    for database, each in services.items():
        make = service.posting(RECEIPTS, service.artifact_of(each.server))
        name = f"POST a receipt, {database}"
        rows.append(Row(f"post-{database}", name, each.server, make, 201, 64, each))
    size = _size(_record(rows[0]))
    make = service.posting(f"/201/{size}", "0" * 16)
    return Group(Row("", f"raw echo, POST, {size} B", raw, make, 201, 64), rows)


def _record(row: Row) -> bytes:
    """The answer to one choice, which is on file from now on."""
    answer = ask(row.server.port, row.make())
    if row.service:
        row.service.on_file += 1
    return answer


def _size(answer: bytes) -> int:
    return len(answer.partition(b"\r\n\r\n")[2])


def _banners(raw: Running, server: Running) -> Iterator[Group]:
    make = service.asking(BANNER, BROWSER)
    answer = ask(server.port, make())
    size = _size(answer)
    fixed = service.asking(f"/200/{size}", BROWSER)
    yield Group(
        Row("", f"raw answer, {size} B", raw, fixed, 200, 32),
        [Row("banner", "GET the banner, br", server, make, 200, 32)],
    )
    known = f"{BROWSER}if-none-match: {_etag(answer)}\r\n"
    yield Group(
        Row("", "raw answer, 304", raw, service.asking("/304/0", known), 304, 32),
        [Row("304", "GET the banner, 304", server, service.asking(BANNER, known), 304, 32)],
    )


def _etag(answer: bytes) -> str:
    lines = answer.partition(b"\r\n\r\n")[0].decode("ascii").split("\r\n")
    return next(line.partition(": ")[2] for line in lines if line.startswith("etag:"))


def _look_ups(raw: Running, services: dict[str, Service]) -> Group:
    rows = []
    for database, each in services.items():
        ids = _some_receipts(each)
        name = f"GET a receipt, {database}"
        make = service.looking_up(ids)
        rows.append(Row(f"look-up-{database}", name, each.server, make, 200, 32))
    size = _size(ask(rows[0].server.port, rows[0].make()))
    fixed = Row("", f"raw answer, {size} B", raw, service.asking(f"/200/{size}"), 200, 32)
    return Group(fixed, rows)


def _some_receipts(each: Service) -> list[bytes]:
    make = service.posting(RECEIPTS, service.artifact_of(each.server))
    requests = [make() for _ in range(LOOKED_UP)]
    for request in requests:
        ask(each.server.port, request)
    each.on_file += LOOKED_UP
    return [request.partition(b'"id":"')[2][:36] for request in requests]


def measure(row: Row, seconds: float) -> Figures:
    """Run the row once."""
    with Load(row.server.port, row.connections, row.make, row.status) as load:
        warm = load.run(WARM_UP)
        cpu = row.server.cpu
        sample = load.run(seconds)
        cpu = row.server.cpu - cpu
    wrong = warm.wrong + sample.wrong
    missing = _missing(row, warm.answers + sample.answers - wrong)
    return Figures(
        rate=sample.rate,
        p50=sample.percentile(0.50),
        p99=sample.percentile(0.99),
        cpu=1e6 * cpu / sample.answers,
        rss=row.server.rss,
        errors=wrong + missing,
        complaints=_complaints(row, warm.example or sample.example, missing),
        busy=sample.busy,
    )


def _missing(row: Row, recorded: int) -> int:
    """How far the receipts on file are from those that were answered 201."""
    if row.service is None:
        return 0
    row.service.on_file += recorded
    return abs(row.service.count() - row.service.on_file)


def _complaints(row: Row, example: str, missing: int) -> list[str]:
    found = [f"{row.name}: not {row.status}, but {example}"] if example else []
    if missing:
        found.append(f"{row.name}: receipts on file differ by {missing} from those answered 201")
    return found
