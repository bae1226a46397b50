"""Whom the benchmark compares: ours as the service composes it, peers from their own packages.

Each peer is installed as its own documentation says, with the same four categories, the same texts
and the same six cookies, and tells Google's consent mode where it can. What it needs stands in
`peers/`: the tags (`.html`, before and after the page's own content) and its configuration.
"""

import json
import os
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from subprocess import PIPE

from tests.bench.widget import ours
from tests.bench.widget.site import NONCE, STRICT, File
from tests.tools import ROOT, node

FOLDER = Path(__file__).parent
PEERS = FOLDER / "peers"
PACKAGES = FOLDER / "node_modules"
_ESBUILD = ROOT / "widget/node_modules/.bin/esbuild"
_BETWEEN = "<!-- page -->"


@dataclass(frozen=True)
class Contender:
    """One banner in one page."""

    name: str
    banner: str = ""
    """What finds layer one, as CSS that also looks into shadow roots."""
    accept: str = ""
    more: str = ""
    """What opens layer two; nothing where there is none."""
    second: str = ""
    """What finds layer two."""
    package: str = ""
    files: tuple[str, ...] = ()
    """Served as they are in the package."""
    note: str = ""

    @property
    def address(self) -> str:
        """Where its page is."""
        return f"/{self.name}/"

    @property
    def title(self) -> str:
        """Its name and, for a peer, the version measured."""
        if not self.package:
            return self.name
        about = json.loads((PACKAGES / self.package / "package.json").read_text())
        return f"{self.name} {about['version']}"


PLAIN = Contender("plain", accept="#nothing", note="the same page without a banner")
OURS = Contender(
    "ours",
    banner="[role=region]",
    accept=f"button:text-is('{ours.WORDS['accept']}')",
    more=f"button:text-is('{ours.WORDS['choose']}')",
    second="dialog",
)
ALL = (
    PLAIN,
    OURS,
    Contender(
        "orejime",
        banner=".orejime-Banner",
        accept=".orejime-Banner-saveButton",
        more=".orejime-Banner-learnMoreButton",
        second=".orejime-Modal",
        package="orejime",
        files=("dist/orejime-standard-en.js", "dist/orejime-standard.css"),
    ),
    Contender(
        "vanilla-cookieconsent",
        banner="#cc-main .cm",
        accept="#cc-main .cm [data-role=all]",
        more="#cc-main .cm [data-role=show]",
        second="#cc-main .pm",
        package="vanilla-cookieconsent",
        files=("dist/cookieconsent.umd.js", "dist/cookieconsent.css"),
    ),
    Contender(
        "cookieconsent",
        banner=".cc-window",
        accept=".cc-allow",
        package="cookieconsent",
        files=("build/cookieconsent.min.js", "build/cookieconsent.min.css"),
        note="Osano's; one yes or no, no categories",
    ),
    Contender(
        "klaro",
        banner=".klaro .cookie-notice",
        accept=".klaro .cookie-notice .cm-btn-success",
        more=".klaro .cookie-notice .cn-learn-more",
        second=".klaro .cookie-modal .cm-modal",
        package="klaro",
        files=("dist/klaro.js",),
    ),
    Contender(
        "tarteaucitron",
        banner="#tarteaucitronAlertBig",
        accept="#tarteaucitronPersonalize2",
        more="#tarteaucitronCloseAlert",
        second="#tarteaucitron",
        package="tarteaucitronjs",
        files=(
            "tarteaucitron.min.js",
            "tarteaucitron.services.min.js",
            "advertising.min.js",
            "css/tarteaucitron.min.css",
            "lang/tarteaucitron.en.min.js",
        ),
    ),
    Contender(
        "cookieyes",
        banner="[data-cky-banner]",
        accept="[data-cy-part=accept-all]",
        more="[data-cy-part=customise]",
        second="[data-cy-part=dialog]",
        package="@cookieyes/react",
        note="with React",
    ),
    Contender(
        "c15t",
        banner="[data-testid=consent-banner-card]",
        accept="[data-testid=consent-banner-accept-button]",
        more="[data-testid=consent-banner-customize-button]",
        second="[data-testid=consent-dialog-card]",
        package="@c15t/react",
        note="with React, in offline mode",
    ),
)


def files() -> dict[str, File]:
    """Everything that the pages of all contenders are made of, by address."""
    found = ours.files() | dict(_pages(PLAIN, "", "")) | dict(_pages(OURS, ours.TAG, ""))
    for contender in ALL:
        if contender.package:
            found |= dict(_peer(contender))
    return found


def _peer(peer: Contender) -> Iterator[tuple[str, File]]:
    head, tail = (PEERS / f"{peer.name}.html").read_text().split(_BETWEEN)
    yield from _pages(peer, head, tail)
    for name in peer.files:
        path = PACKAGES / peer.package / name
        yield f"{peer.address}{name}", File.of(path.suffix[1:], path.read_bytes())
    for name, body in _built(peer).items():
        yield peer.address + name, File.of(name.rpartition(".")[2], body)


def _built(peer: Contender) -> dict[str, bytes]:
    """The site's own part of it: the configuration, minified, or the whole application."""
    app = PEERS / f"{peer.name}.jsx"
    if not app.exists():
        return {"config.js": _esbuild(PEERS / f"{peer.name}.js")}
    with tempfile.TemporaryDirectory() as folder:
        _esbuild(
            app,
            "--bundle",
            "--format=esm",
            "--jsx=automatic",
            '--define:process.env.NODE_ENV="production"',
            f"--outfile={folder}/app.js",
        )
        return {path.name: path.read_bytes() for path in Path(folder).iterdir()}


def _esbuild(source: Path, *more: str) -> bytes:
    command = [str(_ESBUILD), str(source), "--minify", "--legal-comments=none", *more]
    command += ["--target=es2022", "--log-level=error"]
    path = os.pathsep.join((str(Path(node()).parent), os.environ["PATH"]))
    ran = subprocess.run(command, env=os.environ | {"PATH": path}, check=True, stdout=PIPE)
    return ran.stdout


def _pages(contender: Contender, head: str, tail: str) -> Iterator[tuple[str, File]]:
    """Its page, and the same with what a strict policy asks of the tags."""
    page = _page(head, tail)
    strict = page.replace("<script", f'<script nonce="{NONCE}"')
    yield contender.address, File.of("html", page.encode())
    yield contender.address + STRICT, File.of("html", strict.encode())


def _page(head: str, tail: str) -> str:
    """An article of a few hundred elements, that stands still and has no script of its own."""
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Tea</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<link rel="icon" href="data:,">{head}</head><body>{_ARTICLE}{tail}</body></html>'
    )


_PARAGRAPH = (
    "<p>Tea is a drink made from <a href='#leaves'>leaves</a>. Some like it <b>strong</b>, some "
    "with milk, and some only when it rains. It keeps for a year in a dry tin.</p>"
)
_ARTICLE = (
    "<header><nav aria-label='Shop'><a href='#tea'>Tea</a> <a href='#cups'>Cups</a></nav></header>"
    "<main><h1>Tea</h1><p><button id='nothing'>Nothing</button></p>"
    + "".join(f"<h2>Sort {number}</h2>{_PARAGRAPH * 4}" for number in range(1, 17))
    + "</main>"
)
