"""Pictures of banners by a real Chromium: of the very bytes, without a network, always the same."""

import struct
from collections.abc import AsyncIterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import msgspec
import pytest
import pytest_asyncio

from consent_service import banner, rendering, words
from consent_service.errors import NotRendered
from consent_service.exports.verify import WIDTHS
from consent_service.jobs import NotHere
from consent_service.model import OPTIONAL, ChangeClass, Policy, PolicyVersion
from consent_service.rendering import HEIGHTS, Look, Sitter, Studio, look, studio
from tests import given, tools

pytestmark = pytest.mark.asyncio(loop_scope="module")

AT = 1_800_000_000

LAYER_ONE = b"""
const layer = document.createElement("section");
layer.className = "one";
layer.textContent = "Which cookies?";
addEventListener("DOMContentLoaded", () => document.body.append(layer));
"""


def sitter(language: str = "en", **changes: Any) -> Sitter:
    """The banner of a policy, as it is published."""
    version = PolicyVersion(
        site="shop",
        number=1,
        published_at=AT,
        change_class=ChangeClass.MAJOR,
        epochs=dict.fromkeys(OPTIONAL, 1),
        policy=_in(language),
    )
    made = banner.compose(1, version, language, AT)
    plain = Sitter(
        site="shop",
        language=language,
        direction=words.direction(language),
        banner=made.banner.body,
        settings={made.settings.digest: made.settings.body},
        at=AT,
    )
    return plain._replace(**changes)


def _in(language: str) -> Policy:
    """The policy in a language, its own texts being English in it."""
    spoken = msgspec.json.encode(given.policy_json(languages=[language]))
    return msgspec.json.decode(spoken.replace(b'"en":', b'"%b":' % language.encode()), type=Policy)


def size(picture: bytes) -> tuple[int, int]:
    assert picture.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = struct.unpack(">II", picture[16:24])
    return width, height


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def running() -> AsyncIterator[Studio]:
    """One browser for all tests of this file."""
    async with studio(Look(tools.chromium())) as opened:
        yield opened


async def test_a_picture_is_as_wide_as_its_window_and_shows_both_layers(running: Studio) -> None:
    pictures = {
        (layer, width): await running.take(sitter(), layer, width)
        for layer in (1, 2)
        for width in WIDTHS
    }
    for (layer, width), picture in pictures.items():
        wide, high = size(picture)
        assert wide == WIDTHS[width]
        assert high == HEIGHTS[width] if layer == 1 else high >= HEIGHTS[width]
        assert len(picture) < 250_000, "larger than it need be"
    assert len(set(pictures.values())) == 6, "each looks another way"
    assert running.name.startswith("Chromium 1")


async def test_the_same_bytes_look_the_same_to_the_byte(running: Studio) -> None:
    assert await running.take(sitter(), 2, "narrow") == await running.take(sitter(), 2, "narrow")


async def test_another_language_or_theme_looks_another_way(running: Studio) -> None:
    plain = await running.take(sitter(), 1, "narrow")
    assert plain != await running.take(sitter("sv"), 1, "narrow")
    # The page around it, and with it the banner where its language runs from the right.
    assert plain != await running.take(sitter(direction="rtl"), 1, "narrow")


async def test_a_language_that_runs_from_the_right_is_pictured(running: Studio) -> None:
    arabic = sitter("ar")
    assert arabic.direction == "rtl"
    for layer in (1, 2):
        picture = await running.take(arabic, layer, "narrow")
        assert size(picture)[0] == WIDTHS["narrow"]
        assert picture != await running.take(sitter(), layer, "narrow")


async def test_a_long_second_layer_is_pictured_whole(running: Studio) -> None:
    picture = await running.take(sitter(banner=LONG, settings={}), 2, "narrow")
    assert 3_000 < size(picture)[1] <= rendering.TALLEST


async def test_a_layer_without_an_end_is_cut_at_the_tallest_window(running: Studio) -> None:
    endless = sitter(banner=LONG.replace(b"3000px", b"99999px"), settings={})
    assert size(await running.take(endless, 2, "narrow"))[1] == rendering.TALLEST


async def test_nothing_of_it_reaches_a_network(running: Studio) -> None:
    asked: list[str] = []

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(204)
            self.end_headers()

        def do_POST(self) -> None:
            self.do_GET()

        def log_message(self, format: str, *args: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Answer) as server:
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        curious = CURIOUS.replace(b"PORT", b"%d" % server.server_port)
        await running.take(sitter(banner=LAYER_ONE + curious), 1, "narrow")
        server.shutdown()
        thread.join()
    assert asked == []


async def test_each_picture_is_taken_in_a_profile_of_its_own(running: Studio) -> None:
    remembers = sitter(banner=LAYER_ONE + REMEMBERS)
    first = await running.take(remembers, 1, "narrow")
    assert first == await running.take(remembers, 1, "narrow")


@pytest.mark.parametrize("code", [b"", b"throw 1", b"for (;;) {}", b"location = 'about:blank'"])
async def test_a_banner_that_does_not_show_itself_is_said_in_words(
    running: Studio, monkeypatch: pytest.MonkeyPatch, code: bytes
) -> None:
    monkeypatch.setattr(rendering, "PATIENCE", 2_000)
    with pytest.raises(NotRendered, match=r"^no picture of layer 1 in en, narrow: \w"):
        await running.take(sitter(banner=code), 1, "narrow")
    # The next one is not to suffer.
    monkeypatch.undo()
    assert await running.take(sitter(), 1, "narrow")


async def test_a_second_layer_of_other_bytes_is_not_pictured(
    running: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rendering, "PATIENCE", 5_000)
    ((digest, body),) = sitter().settings.items()
    with pytest.raises(NotRendered, match="layer 2"):
        await running.take(sitter(settings={digest: body + b" "}), 2, "narrow")


async def test_a_browser_that_broke_is_said_in_words() -> None:
    async with studio(Look(tools.chromium())) as breaks:
        await breaks.close()
        with pytest.raises(NotRendered, match="no picture of layer 1 in en, wide"):
            await breaks.take(sitter(), 1, "wide")


@pytest.mark.parametrize("program", ["/nowhere/chromium", "/bin/false"])
async def test_a_browser_that_does_not_start_leaves_the_job_to_others(program: str) -> None:
    with pytest.raises(NotHere, match=f"^{program} does not start: "):
        async with studio(Look(program)):
            raise AssertionError("it started")


async def test_where_nothing_drives_a_browser_the_job_is_left_to_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PLAYWRIGHT_NODEJS_PATH", "/bin/false")
    with pytest.raises(NotHere, match=r"^Playwright does not start: \w+"):
        async with studio(Look(tools.chromium())):
            raise AssertionError("it started")


@pytest.mark.parametrize(
    ("setting", "program", "missing"),
    [
        ("off", "", "screenshots are switched off here"),
        ("/nowhere/chromium", "", "the setting browser says /nowhere/chromium"),
        ("sh", "sh", ""),
        ("", "/here/chromium", ""),
    ],
)
async def test_the_setting_says_which_browser(
    monkeypatch: pytest.MonkeyPatch, setting: str, program: str, missing: str
) -> None:
    def which(name: str) -> str | None:
        return {"chromium": "/here/chromium", "sh": "/bin/sh"}.get(name)

    monkeypatch.setattr("shutil.which", which)
    found = look(setting)
    assert found.program == program
    assert found.missing.startswith(missing)
    assert bool(found.missing) is bool(missing)


async def test_without_the_extra_there_is_no_browser(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rendering, "find_spec", lambda name: None)
    assert look("").missing == "the extra [render] is not installed"


LONG = (
    LAYER_ONE
    + b"""
window.consent = { open() {
  const dialog = document.createElement("dialog");
  dialog.className = "two";
  const text = document.createElement("div");
  text.style = "overflow: auto; max-height: 50vh";
  const inside = document.createElement("p");
  inside.style = "height: 3000px";
  inside.textContent = "It is long.";
  text.append(inside);
  dialog.append(text);
  document.body.append(dialog);
  dialog.showModal();
} };
"""
)

CURIOUS = b"""
const there = "http://127.0.0.1:PORT/";
fetch(there, { mode: "no-cors" }).catch(() => {});
fetch("/v1/sites/shop/receipts", { method: "POST", body: "x" }).catch(() => {});
navigator.sendBeacon(there, "x");
new Image().src = there;
document.head.append(Object.assign(document.createElement("script"), { src: there }));
document.head.append(Object.assign(document.createElement("link"),
    { rel: "stylesheet", href: there }));
"""

REMEMBERS = b"""
document.cookie = `${document.cookie}seen=1; max-age=9999`;
localStorage.seen = Number(localStorage.seen ?? 0) + 1;
layer.append(localStorage.seen, document.cookie);
"""
