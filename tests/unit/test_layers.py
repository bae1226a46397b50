"""The floors of the house, read from the source: imports point down, and nowhere else.

A room is a module or a folder right under `consent_service`. A new one gets its floor here first.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent.parent / "consent_service"

FLOORS: tuple[frozenset[str], ...] = (
    # The version is a name in the package itself, which imports no room.
    # What lies in help is shown there, and runs elsewhere: on a site's own server.
    frozenset({"model", "errors", "help", "__version__"}),
    frozenset(
        {
            "settings",
            "words",
            "parsing",
            "changes",
            "checks",
            "choice_cookie",
            "policy_files",
            "guides",
            "starting",
            "patterns",
            "declared",
            "known_cookies",
            "cookie_lists",
        }
        | {"due", "loaded", "slots"}
    ),
    frozenset({"signing", "merkle", "banner", "notices", "previews"}),
    frozenset({"store"}),
    frozenset({"exports", "evidence", "jobs", "screens", "rendering"})
    | frozenset({"sites", "policies", "receipts"})
    | frozenset({"accounts", "audit", "caught", "ledger", "plans", "reach", "retention"})
    | frozenset({"vouching", "witness"}),
    frozenset({"web"}),
    frozenset({"app", "cli", "demo", "__main__"}),
)
FLOOR = {room: height for height, rooms in enumerate(FLOORS) for room in rooms}

TOP = FLOORS[-1]
ONLY_IN: dict[str, frozenset[str]] = {
    "itsdangerous": frozenset({"signing"}),
    # `exports/verify.py` is a program for other people's machines: it has nothing else of ours.
    "cryptography": frozenset({"signing", "exports", "evidence"}),
    "aiosqlite": frozenset({"store"}),
    "sqlite3": frozenset({"store"}),
    "psycopg": frozenset({"store"}),
    "psycopg_pool": frozenset({"store"}),
    "starlette": TOP | {"web"},
    "jinja2": frozenset({"web", "demo"}),
    # A site's install page is fetched, to see whether the tag is in it; witnesses are asked.
    "httpx": TOP | {"web", "sites", "vouching"},
    "rfc3161_client": frozenset({"vouching"}),
    "smtplib": frozenset({"vouching"}),
    "uvicorn": TOP,
    "click": frozenset({"cli"}),
    "yaml": frozenset({"policy_files"}),
    "playwright": frozenset({"rendering"}),
}

CLOCKS = frozenset(
    {"time.time", "time.time_ns", "time.gmtime", "time.localtime", "time.ctime"}
    | {"datetime.now", "datetime.utcnow", "datetime.today", "date.today"}
)
READS_THE_CLOCK = TOP | {"web", "help"}
ENVIRONMENT = frozenset({"os.environ", "os.environb", "os.getenv"})

SQL = re.compile(
    r"\b(select\s+[\w\s*,.():]+\s+from\s+\w|insert\s+into\s+\w|update\s+\w+\s+set\s+\w"
    r"|delete\s+from\s+\w|(create|drop|alter)\s+(table|index|trigger|view)\s+\w|pragma\s+\w)",
    re.I,
)
KEYWORD = re.compile(r"\b(SELECT|INSERT|UPDATE|DELETE|CREATE|FROM|WHERE|VALUES)\b")
SQL_CLOCK = re.compile(r"current_(timestamp|date|time)|\bnow\(\)|'now'", re.I)

MODULES = sorted(PACKAGE.rglob("*.py"))
STATEMENTS = sorted(PACKAGE.rglob("*.sql"))


def _name(path: Path) -> str:
    return str(path.relative_to(PACKAGE))


def _room(path: Path) -> str:
    return Path(path.relative_to(PACKAGE).parts[0]).stem


def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def _imported(tree: ast.AST) -> Iterator[str]:
    """Every name that a module imports, dotted, wherever in the module it does so."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _rooms(tree: ast.AST) -> set[str]:
    """The rooms of the house that a module imports from."""
    names = (name.split(".") for name in _imported(tree))
    return {parts[1] for parts in names if parts[0] == PACKAGE.name and len(parts) > 1}


def _upward(tree: ast.AST, room: str) -> set[str]:
    """The rooms above `room` that a module in it imports from."""
    return {other for other in _rooms(tree) if FLOOR.get(other, 99) > FLOOR[room]}


def _used(tree: ast.AST, names: frozenset[str]) -> set[str]:
    """Which of `names`, each `module.attribute`, a module uses: imported or by its dots."""
    dotted = {ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    seen = dotted | set(_imported(tree))
    return {name for name in names for use in seen if f".{use}".endswith(f".{name}")}


def _strings(tree: ast.AST) -> Iterator[str]:
    """The strings of a module that are not docstrings, parts of f-strings among them."""
    docs = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docs:
            yield node.value


def _sql(tree: ast.AST) -> list[str]:
    return [text for text in _strings(tree) if SQL.search(text)]


@pytest.mark.parametrize("path", MODULES, ids=_name)
def test_every_module_stands_on_a_floor(path: Path) -> None:
    assert path == PACKAGE / "__init__.py" or _room(path) in FLOOR


@pytest.mark.parametrize("path", MODULES, ids=_name)
def test_imports_point_down(path: Path) -> None:
    if path == PACKAGE / "__init__.py":
        assert not _rooms(_tree(path)), "what everybody imports imports nobody"
    else:
        assert not _upward(_tree(path), _room(path))


def test_rooms_on_one_floor_do_not_import_each_other_in_a_circle() -> None:
    asks: dict[str, set[str]] = {}
    for path in MODULES:
        asks.setdefault(_room(path), set()).update(_rooms(_tree(path)) - {_room(path)})
    assert not _circles(asks)


def test_modules_do_not_import_each_other_in_a_circle() -> None:
    modules = {_module(path): path for path in MODULES}
    asks = {name: _asked(_tree(path), set(modules) - {name}) for name, path in modules.items()}
    assert not _circles(asks)


def _module(path: Path) -> str:
    parts = (PACKAGE.name, *path.relative_to(PACKAGE).with_suffix("").parts)
    return ".".join(parts).removesuffix(".__init__")


def _asked(tree: ast.AST, modules: set[str]) -> set[str]:
    """Which of `modules` a module imports, or imports a name from."""
    names = set(_imported(tree))
    return modules & (names | {name.rpartition(".")[0] for name in names})


def _circles(asks: dict[str, set[str]]) -> set[str]:
    """The rooms or modules left when those that ask for nothing are taken away, again and again."""
    left = dict(asks)
    while free := [room for room, others in left.items() if not others & set(left)]:
        for room in free:
            del left[room]
    return set(left)


@pytest.mark.parametrize("path", MODULES, ids=_name)
def test_each_library_is_used_in_its_rooms_alone(path: Path) -> None:
    libraries = {name.split(".")[0] for name in _imported(_tree(path))}
    assert not {name for name in libraries if _room(path) not in ONLY_IN.get(name, {_room(path)})}


@pytest.mark.parametrize("path", MODULES, ids=_name)
def test_only_the_floors_that_face_the_world_ask_the_clock(path: Path) -> None:
    assert _room(path) in READS_THE_CLOCK or not _used(_tree(path), CLOCKS)


@pytest.mark.parametrize("path", MODULES, ids=_name)
def test_only_the_top_floor_reads_the_environment(path: Path) -> None:
    assert _room(path) in TOP or not _used(_tree(path), ENVIRONMENT)


@pytest.mark.parametrize("path", MODULES, ids=_name)
def test_sql_is_in_the_store_alone(path: Path) -> None:
    assert _room(path) == "store" or not _sql(_tree(path))


@pytest.mark.parametrize("path", [path for path in MODULES if _room(path) == "store"], ids=_name)
def test_sql_is_lower_case_and_asks_no_clock(path: Path) -> None:
    for text in _sql(_tree(path)):
        assert not KEYWORD.search(text)
        assert not SQL_CLOCK.search(text)


@pytest.mark.parametrize("path", STATEMENTS, ids=_name)
def test_a_migration_is_in_the_store_in_lower_case_and_asks_no_clock(path: Path) -> None:
    text = re.sub(r"--.*", "", path.read_text())
    assert _room(path) == "store"
    assert not KEYWORD.search(text)
    assert not SQL_CLOCK.search(text)


# The readers above are themselves held to samples: a reader that sees nothing proves nothing.


@pytest.mark.parametrize(
    ("room", "source", "above"),
    [
        ("store", "from consent_service.model import Site", set()),
        ("store", "from consent_service import receipts, model", {"receipts"}),
        ("store", "import consent_service.web.pages", {"web"}),
        ("model", "def f():\n    from consent_service.settings import Settings", {"settings"}),
        ("web", "from consent_service.cellar import wine", {"cellar"}),
        ("receipts", "from consent_service.audit import Act", set()),
    ],
)
def test_an_import_that_points_up_is_seen(room: str, source: str, above: set[str]) -> None:
    assert _upward(ast.parse(source), room) == above


@pytest.mark.parametrize(
    ("source", "clocks"),
    [
        ("import time\ntime.time()", {"time.time"}),
        ("from time import time_ns", {"time.time_ns"}),
        ("import datetime\ndatetime.datetime.now()", {"datetime.now"}),
        ("from datetime import datetime\nnow = datetime.now", {"datetime.now"}),
        ("from datetime import date\ndate.today()", {"date.today"}),
        ("import time\ntime.monotonic()", set()),
        ("def f(uptime, now): return uptime.time, now", set()),
    ],
)
def test_a_look_at_the_clock_is_seen(source: str, clocks: set[str]) -> None:
    assert _used(ast.parse(source), CLOCKS) == clocks


@pytest.mark.parametrize(
    ("source", "seen"),
    [
        ('run("select id from sites where key = :key")', True),
        ('run(f"update {table} x"); run("update sites set name = :name")', True),
        ('run("""\n  INSERT INTO receipts (id)\n values (:id)""")', True),
        ('run(f"delete from receipts where {clause}")', True),
        ('def f():\n    """Select rows from sites."""', False),
        ('say("choose a category and update it from here")', False),
    ],
)
def test_sql_in_a_string_is_seen(source: str, seen: bool) -> None:
    assert bool(_sql(ast.parse(source))) is seen


@pytest.mark.parametrize(
    ("source", "asked"),
    [
        ("from a.b import name", {"a.b"}),
        ("from a import b", {"a", "a.b"}),
        ("import a.b", {"a", "a.b"}),
        ("from a.c import name", set()),
    ],
)
def test_an_import_of_a_module_or_from_it_is_seen(source: str, asked: set[str]) -> None:
    assert _asked(ast.parse(source), {"a", "a.b"}) == asked


def test_a_circle_is_seen() -> None:
    assert _circles({"a": {"b"}, "b": {"c"}, "c": {"b"}, "d": {"x"}}) == {"a", "b", "c"}
