"""The banner as composed: the same bytes each time, whatever stands in a policy's texts."""

import gzip
import json
import re
from collections import defaultdict
from typing import Any

import brotli
import msgspec
import pytest
from msgspec.structs import replace

from consent_service import banner, slots
from consent_service.model import (
    OPTIONAL,
    Artifact,
    Category,
    CategoryChange,
    ChangeClass,
    ChangeKind,
    Part,
    PolicyVersion,
    Signal,
    Storage,
)
from consent_service.signing import sha256_b64
from tests.given import Json, declaration, policy, policy_json, text
from tests.tools import ROOT

NOW = 1_700_000_000


def version(number: int = 1, **changed: Any) -> PolicyVersion:
    """A published version of the policy, changed so."""
    return PolicyVersion(
        site="shop",
        number=number,
        published_at=NOW,
        change_class=ChangeClass.MAJOR,
        epochs=dict.fromkeys(OPTIONAL, 1),
        policy=policy(**changed),
    )


def composed(of: PolicyVersion | None = None, language: str = "en", now: int = NOW) -> Artifact:
    return banner.compose(1, of or version(), language, now).banner


def settings(of: PolicyVersion | None = None, language: str = "en") -> Artifact:
    return banner.compose(1, of or version(), language, NOW).settings


def configured(of: PolicyVersion | None = None, language: str = "en") -> Json:
    """The configuration that both files are composed from, as JSON."""
    made = banner.configuration(of or version(), language)
    config: Json = json.loads(json.dumps(msgspec.to_builtins(made)))
    return config


PATTERNS = {"DECLARED", "STORAGES"}
"""Free names in whose place come regular expressions."""


def literals(of: PolicyVersion | None = None, language: str = "en") -> dict[str, Any]:
    """What goes into the free names, where that is JSON."""
    made = slots.of(banner.configuration(of or version(), language))
    return {name: json.loads(text) for name, text in made.items() if name not in PATTERNS}


def test_every_free_name_is_filled_in() -> None:
    for name in ("banner.js", "settings.js"):
        assert slots.names(banner.built(name))
    for file in (composed(), settings(), composed(version(languages=["en"]))):
        assert not slots.names(file.body)


def test_what_needs_no_literal_gets_none() -> None:
    """No name is filled in that neither file has: visitors would never see it."""
    extras = [f"extras/{name}.js" for name in ("hook", "reopen", "storages")]
    files = ("banner.js", "settings.js", *extras)
    used = set().union(*(slots.names(banner.built(name)) for name in files))
    texts = set(configured()["texts"])
    built_in = (
        {name for name in texts if name.startswith("change_")}
        | {each.value for each in Storage}
        | {"items"}
    )
    assert literals().keys() - built_in <= used


def test_the_same_policy_gives_the_same_bytes_whenever_it_is_composed() -> None:
    one, other = composed(), composed(now=NOW + 86_400 * 365)
    assert replace(other, created_at=one.created_at) == one


def test_what_is_sent_compressed_is_the_same_bytes() -> None:
    artifact = composed()
    assert brotli.decompress(artifact.brotli) == artifact.body
    assert gzip.decompress(artifact.gzip) == artifact.body
    assert len(artifact.brotli) < len(artifact.gzip) < len(artifact.body)
    # No time and no name in the header (RFC 1952, section 2.3).
    assert artifact.gzip[3:8] == b"\0\0\0\0\0"


def test_the_digest_is_of_the_bytes_and_the_tag_is_in_them() -> None:
    artifact = composed()
    assert artifact.digest == sha256_b64(artifact.body)
    assert re.fullmatch("[0-9a-f]{16}", artifact.tag)
    assert artifact.body.count(f'"{artifact.tag}"'.encode()) == 1
    assert artifact.tag == banner.tag(version(), "en")


def test_the_banner_names_the_exact_bytes_of_the_settings() -> None:
    made = banner.compose(1, version(), "en", NOW)
    assert (made.banner.part, made.settings.part) == (Part.BANNER, Part.SETTINGS)
    assert made.settings.digest == sha256_b64(made.settings.body)
    assert made.banner.body.count(f'"{made.settings.digest}"'.encode()) == 1
    assert brotli.decompress(made.settings.brotli) == made.settings.body
    assert gzip.decompress(made.settings.gzip) == made.settings.body


def test_settings_that_are_the_same_are_the_same_file() -> None:
    """Their address is their hash: a version that changes nothing in them is loaded by nobody."""
    assert settings(version(2)).digest == settings().digest
    assert settings(version(2)).tag == settings().tag


CHANGED: dict[str, PolicyVersion] = {
    "the number": version(2),
    "the site": replace(version(), site="other"),
    "an epoch": replace(version(), epochs=dict.fromkeys(OPTIONAL, 2)),
    "a text": version(banner={"title": text("Which cookies!"), "intro": text("Intro")}),
    "a space": version(banner={"title": text("Which cookies? "), "intro": text("Intro")}),
    "an item": version(declarations=[declaration("_x", "marketing")]),
    "the days": version(days={"granted": 181, "refused": 150}),
    "the domain": version(domain="tea.example"),
    "the controller": version(
        controller={"name": "B", "address": "A", "email": "b@tea.example"},
    ),
    "the languages": version(languages=["sv", "en"]),
    "the looks": version(theme={"layout": "card"}),
    "what a withdrawal does": version(withdrawal={"reload": "offer"}),
    "a host": version(declarations=[declaration("_x", "marketing", hosts=["ads.example"])]),
    "the note": replace(version(2), notice=text("We moved."), noticed=2),
    "the history": replace(
        version(),
        history={Category.MARKETING: (CategoryChange(epoch=2, kind=ChangeKind.TEXT),)},
    ),
}


@pytest.mark.parametrize("name", CHANGED)
def test_the_tag_changes_whenever_a_byte_does(name: str) -> None:
    before, after = composed(), composed(CHANGED[name])
    assert after.body != before.body
    assert after.tag != before.tag
    assert after.digest != before.digest
    assert banner.tag(CHANGED[name], "en") == after.tag


def test_what_visitors_do_not_see_in_it_changes_nothing() -> None:
    """The long documents are on pages of their own."""
    other = version(documents={"cookies": text("# Other"), "privacy": text("# Other")})
    assert composed(other).body == composed().body


def test_each_language_is_an_artifact_of_its_own() -> None:
    english, swedish = composed(), composed(language="sv")
    assert english.tag != swedish.tag
    assert (english.language, swedish.language) == ("en", "sv")
    assert configured(language="sv")["texts"]["title"] == "Which cookies? (sv)"
    assert configured(language="sv")["texts"]["accept"] != configured()["texts"]["accept"]


HOSTILE = [
    "</script><script>alert(1)</script>",
    "<!-- <script> ]]>",
    "line\u2028and\u2029paragraph",
    "__CONFIG__",
    '"; alert(1); "',
    "\\\\",
    "\\u003c",
    "${alert(1)} `alert(1)`",
    "\\1 \\g<0>",
    "\0\x01\x1f\x7f",
    "räksmörgås 😀 \u202e",
]


@pytest.mark.parametrize("hostile", HOSTILE)
def test_a_text_may_hold_anything_and_stays_a_text(hostile: str) -> None:
    declared = [declaration(hostile, "marketing", provider=hostile, purpose=text(hostile))]
    titled = {name: {**each, "title": text(hostile)} for name, each in _categories().items()}
    of = version(
        banner={"title": text(hostile), "intro": text(hostile)},
        declarations=declared,
        categories=titled,
    )
    read = literals(of)
    assert read["title"] == read["intro"] == hostile
    assert {title for title, _ in read["CATEGORIES"]} == {hostile}
    assert read["ITEMS"][-1][1][:3] == [hostile, f"{hostile} (Sweden)", hostile]
    for file, name in ((composed(of), "banner.js"), (settings(of), "settings.js")):
        own = slots.filled(banner.built(name), defaultdict(bytes))
        for raw in (b"</script", b"<!--", "\u2028".encode(), "\u2029".encode(), b"<script"):
            assert file.body.count(raw) == own.count(raw)


def _categories() -> Json:
    categories: Json = policy_json()["categories"]
    return categories


def test_the_configuration_is_what_the_widget_is_written_for() -> None:
    history = {
        Category.MARKETING: (
            CategoryChange(epoch=2, kind=ChangeKind.ADDED, name="_pix", provider="AdPix"),
        )
    }
    read = configured(replace(version(7, domain="tea.example"), history=history))
    assert (read["site"], read["version"], read["language"]) == ("shop", 7, "en")
    assert (read["direction"], read["languages"]) == ("ltr", ["en", "sv"])
    assert read["epochs"] == {"preferences": 1, "statistics": 1, "marketing": 1}
    assert read["days"] == {"granted": 182, "refused": 150}
    assert (read["domain"], read["controller"]) == ("tea.example", "Nordlund Tea AB")
    assert [each["id"] for each in read["categories"]] == [each.value for each in Category]
    assert read["changes"] == {
        "marketing": [{"epoch": 2, "kind": "added", "name": "_pix", "provider": "AdPix"}]
    }
    assert {
        "name": "_count_*",
        "category": "statistics",
        "provider": "Nordic Metrics AB",
        "purpose": "What _count_* is for.",
        "storage": "cookie",
        "duration": "1 month",
        "country": "Sweden",
        "domain": "",
        "hosts": [],
    } in read["declarations"]


def test_r10_an_editor_cannot_change_the_buttons() -> None:
    """The product's own labels come from its own files alone."""
    labels = configured(version(banner={"title": text("x"), "intro": text("y")}))["texts"]
    assert (labels["accept"], labels["reject"]) == ("Accept all", "Reject all")


def test_r03_nothing_in_it_depends_on_who_asks() -> None:
    """It is made of the version and the language, and nothing else goes in."""
    assert configured().keys() >= {"site", "version", "texts"}
    assert not {"visitor", "id", "ip", "session", "nonce"} & configured().keys()


def test_looks_and_withdrawal_are_handed_to_the_widget_as_they_are() -> None:
    withdrawal = {"reload": "offer", "hook": "/withdrawn"}
    read = configured(version(theme={"layout": "card"}, withdrawal=withdrawal))
    assert read["withdrawal"] == withdrawal
    assert read["theme"] == {
        "layout": "card",
        "scheme": "auto",
        "light": {"back": "#ffffff", "ink": "#16202c", "act": "#17324d"},
        "dark": {"back": "#171d26", "ink": "#eef1f6", "act": "#cfe0f5"},
        "radius": 8,
        "button": "none",
    }


@pytest.mark.parametrize(
    ("notice", "language", "told"),
    [
        ({}, "en", None),
        (text("We moved."), "en", {"version": 3, "text": "We moved."}),
        (text("We moved."), "sv", {"version": 3, "text": "We moved. (sv)"}),
        ({"en": "We moved."}, "sv", None),
    ],
)
def test_the_newest_note_is_told_in_the_banners_language(
    notice: dict[str, str], language: str, told: Json | None
) -> None:
    noted = replace(version(5), notice=notice, noticed=3 if notice else 0)
    assert configured(noted, language)["notice"] == told


def from_hosts(**hosts: str) -> list[Json]:
    """A declaration of each category, with the hosts that set it."""
    return [
        declaration(f"_{category}", category, hosts=named.split())
        for category, named in hosts.items()
    ]


@pytest.mark.parametrize(
    ("declared", "held"),
    [
        ([], {}),
        (
            from_hosts(statistics="b.example a.example"),
            {"a.example": "statistics"} | {"b.example": "statistics"},
        ),
        (
            from_hosts(marketing="both.example", statistics="both.example"),
            {"both.example": "statistics marketing"},
        ),
        (
            from_hosts(marketing="cdn.example ads.example", necessary="cdn.example"),
            {"ads.example": "marketing"},
        ),
    ],
)
def test_declared_hosts_are_held_unless_something_necessary_comes_from_them(
    declared: list[Json], held: dict[str, str]
) -> None:
    assert configured(version(declarations=declared))["hosts"] == held
    unblocked = version(declarations=declared, blocking=False)
    assert configured(unblocked)["hosts"] == {}


def test_of_two_declared_hosts_the_narrower_comes_first() -> None:
    """The browser takes the first that covers an address."""
    declared = from_hosts(marketing="ads.example b.cdn.ads.example", statistics="cdn.ads.example")
    hosts = literals(version(declarations=declared))["HOSTS"]
    assert [host for host, _ in hosts] == ["b.cdn.ads.example", "cdn.ads.example", "ads.example"]


# --- Parts and the stub --------------------------------------------------------------------------

HELD = from_hosts(marketing="ads.example")


@pytest.mark.parametrize(
    ("changed", "parts"),
    [
        ({}, []),
        ({"declarations": HELD}, ["blocking"]),
        ({"declarations": HELD, "blocking": False}, []),
        ({"signals": ["wordpress", "google"]}, ["google", "wordpress"]),
        ({"signals": ["meta", "google"], "google_advanced": True}, ["google_advanced", "meta"]),
        (
            {"signals": [each.value for each in Signal], "declarations": HELD},
            [*(each.value for each in Signal), "blocking"],
        ),
    ],
)
def test_a_banner_has_the_parts_that_the_policy_asks_for(changed: Json, parts: list[str]) -> None:
    made = version(**changed)
    assert configured(made)["parts"] == parts
    body = composed(made).body
    for file in (ROOT / "consent_service/built/parts").iterdir():
        assert (file.read_bytes() in body) == (file.stem in parts), file.stem


def test_what_the_widget_built_has_a_part_for_every_signal() -> None:
    built = {file.stem for file in (ROOT / "consent_service/built/parts").iterdir()}
    assert built == {each.value for each in Signal} | {"google_advanced", "blocking"}


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"signals": ["google"]}, {"dataLayer"}),
        ({"signals": ["microsoft_uet"]}, {"uetq"}),
        ({"signals": ["google", "microsoft_uet", "meta"]}, {"dataLayer", "uetq"}),
        (
            {"signals": ["google"], "google_advanced": True},
            {"dataLayer", "wait_for_update", "ads_data_redaction"},
        ),
        (
            {"signals": ["google", "microsoft_uet", "meta"], "google_advanced": True},
            {"dataLayer", "wait_for_update", "ads_data_redaction", "uetq"},
        ),
    ],
)
def test_the_stub_carries_the_epochs_and_whom_it_tells(changed: Json, told: set[str]) -> None:
    epochs = dict.fromkeys(OPTIONAL, 1) | {Category.STATISTICS: 2}
    made = banner.stub(replace(version(**changed), epochs=epochs))
    assert not slots.names(made.encode())
    assert re.findall(r"(?<=>=)\d|<\d+", made) == ["<182", "1", "2", "1"]
    words = {"dataLayer", "wait_for_update", "ads_data_redaction", "uetq"}
    assert {word for word in words if word in made} == told


@pytest.mark.parametrize("signals", [[], ["meta", "matomo"]])
def test_there_is_no_stub_where_it_has_nothing_to_tell(signals: list[str]) -> None:
    assert banner.stub(version(signals=signals)) == ""


# --- The free names ------------------------------------------------------------------------------

VECTORS = ROOT / "tests/vectors"


def told() -> PolicyVersion:
    """A version in which every list has something: what both compositions are compared by."""
    declared = [
        declaration("session", "necessary", country=""),
        declaration("_ga", "statistics", hosts=["stats.example"]),
        declaration("_ga_*", "statistics", provider="Other <Ltd>", hosts=["b.example"]),
        declaration("a.b/c", "marketing", storage="local_storage"),
        declaration("r\u00e4ksm\u00f6rg\u00e5s \U0001f600", "marketing", storage="indexed_db"),
        declaration("pixel", "marketing", storage="pixel", hosts=["ads.example"]),
    ]
    changed = (
        CategoryChange(epoch=2, kind=ChangeKind.ADDED, name="{provider}", provider="AdPix"),
        CategoryChange(epoch=3, kind=ChangeKind.TEXT),
    )
    return replace(
        version(7, domain="tea.example", declarations=declared),
        history={Category.MARKETING: changed, Category.STATISTICS: changed[1:]},
    )


def test_the_widgets_tests_compose_the_same() -> None:
    """`python -m tests.unit.test_banner` writes the vector anew."""
    kept = json.loads((VECTORS / "slots.json").read_text())
    assert kept == _vector()


def _vector() -> list[Json]:
    made = []
    for of in (told(), version(languages=["en"])):
        filled = slots.of(banner.configuration(of, "en"))
        texts = {name: text.decode() for name, text in filled.items()}
        theme = slots.themed(of.policy.theme)
        made.append({"config": configured(of), "literals": texts, "theme": theme})
    return made


def test_texts_of_changes_go_along_only_where_there_were_some() -> None:
    assert literals()["changed"] == literals()["rest"] == ""
    assert literals(told())["changed"]
    assert literals(told())["CHANGES"] == [
        [2, 3, "What this category is for"],
        [3, 2, "New: {provider} (AdPix)"],
        [3, 3, "What this category is for"],
    ]


@pytest.mark.parametrize(
    ("category", "storage", "there"),
    [
        ("marketing", "cookie", False),
        ("marketing", "pixel", False),
        ("necessary", "local_storage", False),
        ("marketing", "local_storage", True),
        ("statistics", "session_storage", True),
        ("preferences", "indexed_db", True),
    ],
)
def test_r24_storages_are_cleared_where_one_is_declared(
    category: str, storage: str, there: bool
) -> None:
    """Cookies always are: what clears anything else goes along only where it has work."""
    of = version(languages=["en"], declarations=[declaration("_x", category, storage=storage)])
    assert (b"indexedDB" in composed(of).body) is there


def test_the_switch_of_languages_goes_along_only_where_there_are_several() -> None:
    assert banner.built("language.js") in composed().body
    assert banner.built("language.js") not in composed(version(languages=["en"])).body


@pytest.mark.parametrize("row", json.loads((VECTORS / "patterns.json").read_text()))
def test_r24_a_declared_name_covers_what_it_says_and_nothing_else(row: list[Any]) -> None:
    name, found, covered = row
    inside = slots.pattern([name, "another"]).replace("[^]", r"[\s\S]")
    assert inside.startswith("/^(?:")
    assert bool(re.fullmatch(inside[1:-1].replace("$", r"\Z"), found)) is covered


def test_no_name_can_end_its_pattern() -> None:
    for hostile in [*HOSTILE, "/", "|", ")", "]", "$", "\n", "/;alert(1)//"]:
        inside = slots.pattern([hostile, "x"]).removeprefix("/^(?:").removesuffix(")$/")
        assert re.fullmatch(r"([\w|-]|\\u[0-9a-f]{4}|\[\^\]\*)+", inside, re.ASCII), hostile
    assert slots.pattern([]) == "0"
    assert slots.pattern(["a"]) == "/^a$/"


if __name__ == "__main__":
    (VECTORS / "slots.json").write_text(json.dumps(_vector(), indent=1, sort_keys=True) + "\n")
