"""The banner as composed: the same bytes each time, whatever stands in a policy's texts."""

import gzip
import json
import re
from typing import Any

import brotli
import pytest
from msgspec.structs import replace

from consent_service import banner
from consent_service.model import (
    OPTIONAL,
    Artifact,
    Category,
    CategoryChange,
    ChangeClass,
    ChangeKind,
    PolicyVersion,
)
from consent_service.signing import sha256_b64
from tests.given import Json, declaration, policy, policy_json, text

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
    return banner.compose(1, of or version(), language, now)


def read_config(artifact: Artifact) -> Json:
    """The configuration in the composed bytes, as a browser reads it."""
    before, after = banner.bundle().split(banner.SLOT)
    inside = artifact.body.removeprefix(before).removesuffix(after)
    assert artifact.body == before + inside + after
    config: Json = json.loads(inside)
    return config


def test_the_built_widget_has_one_place_for_the_configuration() -> None:
    assert banner.bundle().count(banner.SLOT) == 1
    assert banner.SLOT not in composed().body


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
    assert read_config(artifact)["artifact"] == artifact.tag
    assert artifact.tag == banner.tag(version(), "en")


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
    assert read_config(swedish)["texts"]["title"] == "Which cookies? (sv)"
    assert read_config(swedish)["texts"]["accept"] != read_config(english)["texts"]["accept"]


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
    artifact = composed(
        version(
            banner={"title": text(hostile), "intro": text(hostile)},
            declarations=declared,
            categories=titled,
        )
    )
    config = read_config(artifact)
    assert config["texts"]["title"] == config["texts"]["intro"] == hostile
    (item,) = config["declarations"]
    assert (item["name"], item["provider"], item["purpose"]) == (hostile, hostile, hostile)
    assert {each["title"] for each in config["categories"]} == {hostile}
    own = artifact.body.removeprefix(banner.bundle().split(banner.SLOT)[0])
    for raw in (b"</script", b"<!--", "\u2028".encode(), "\u2029".encode(), b"<script"):
        assert raw not in own.removesuffix(banner.bundle().split(banner.SLOT)[1])


def _categories() -> Json:
    categories: Json = policy_json()["categories"]
    return categories


def test_the_configuration_is_what_the_widget_is_written_for() -> None:
    history = {
        Category.MARKETING: (
            CategoryChange(epoch=2, kind=ChangeKind.ADDED, name="_pix", provider="AdPix"),
        )
    }
    config = banner.configuration(replace(version(7, domain="tea.example"), history=history), "en")
    read = read_config(composed(replace(version(7, domain="tea.example"), history=history)))
    assert read.keys() == {*config, "artifact"}
    assert (read["site"], read["version"], read["language"]) == ("shop", 7, "en")
    assert (read["direction"], read["languages"]) == ("ltr", ["en", "sv"])
    assert read["epochs"] == {"preferences": 1, "statistics": 1, "marketing": 1}
    assert read["days"] == {"granted": 182, "refused": 150}
    assert (read["domain"], read["controller"]) == ("tea.example", "Nordlund Tea AB")
    assert [each["id"] for each in read["categories"]] == [each.value for each in Category]
    assert read["changes"] == {
        "marketing": [{"epoch": 2, "kind": "added", "name": "_pix", "provider": "AdPix"}]
    }
    assert read["links"] == {
        "cookies": "/policies/shop/cookies?lang=en",
        "privacy": "/policies/shop/privacy?lang=en",
        "verify": "/help/check-a-receipt",
    }
    assert {
        "name": "_count_*",
        "category": "statistics",
        "provider": "Nordic Metrics AB",
        "purpose": "What _count_* is for.",
        "storage": "cookie",
        "duration": "1 month",
        "country": "SE",
        "domain": "",
        "hosts": [],
    } in read["declarations"]


def test_r10_an_editor_cannot_change_the_buttons() -> None:
    """The product's own labels come from its own files alone."""
    labels = read_config(composed(version(banner={"title": text("x"), "intro": text("y")})))[
        "texts"
    ]
    assert (labels["accept"], labels["reject"]) == ("Accept all", "Reject all")


def test_r03_nothing_in_it_depends_on_who_asks() -> None:
    """It is made of the version and the language, and nothing else goes in."""
    assert read_config(composed()).keys() >= {"site", "version", "texts"}
    assert not {"visitor", "id", "ip", "session", "nonce"} & read_config(composed()).keys()


def test_looks_and_withdrawal_are_handed_to_the_widget_as_they_are() -> None:
    withdrawal = {"reload": "offer", "hook": "/withdrawn"}
    read = read_config(composed(version(theme={"layout": "card"}, withdrawal=withdrawal)))
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
    assert read_config(composed(noted, language))["notice"] == told


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
    assert read_config(composed(version(declarations=declared)))["hosts"] == held
    unblocked = composed(version(declarations=declared, blocking=False))
    assert read_config(unblocked)["hosts"] == {}
