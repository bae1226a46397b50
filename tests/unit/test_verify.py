"""The verifier that auditors run: what holds, and what is named when it does not."""

import re
import subprocess
import sys
import time
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from consent_service.exports import bundle, verify
from consent_service.exports.verify import (
    FAILS,
    HOLDS,
    OPEN,
    SUMS,
    Anchors,
    Failed,
    Result,
    check_bundle,
    exit_code,
    pack,
    sums,
)
from consent_service.merkle import Log, Note, Trust, format_note, format_trust, log_key, parse_note
from consent_service.signing import b64url, jwks
from consent_service.signing.jwk import canonical_jwk, thumbprint
from consent_service.signing.jws import jws_signer
from tests.tools import ROOT
from tests.unit.authority import Authority, authority, cross_signed
from tests.unit.evidence import Ledger, Scene, Signers, claims
from tests.unit.ledger import LOG, ORIGIN, OTHER_SEED, public, signer
from tests.unit.signed import NOW, PUBLIC

FIVE = ["signature", "texts", "banner", "ledger", "time"]
VERIFY = ROOT / "consent_service/exports/verify.py"
Files = dict[str, bytes]


@pytest.fixture(scope="module")
def whole() -> Files:
    """The files of a bundle in which everything holds."""
    return bundle.members(Scene().evidence())


def repacked(files: Files) -> bytes:
    """A bundle that agrees with itself, as somebody who forges one would make it."""
    rest = {name: content for name, content in files.items() if name != SUMS}
    return pack({SUMS: sums(rest), **rest})


def states(results: list[Result]) -> dict[str, str]:
    return {result.name: result.state for result in results}


def checked(files: Files, anchors: Anchors = verify.NO_ANCHORS) -> dict[str, Result]:
    """The five results of a bundle that agrees with itself."""
    found = check_bundle(repacked(files), anchors)
    assert found[0].state == HOLDS, found[0]
    return {result.name: result for result in found[1:]}


def test_a_true_bundle_holds_in_every_check(whole: Files) -> None:
    found = check_bundle(pack(whole))
    assert states(found) == dict.fromkeys(["bundle", *FIVE], HOLDS), found
    assert exit_code(found) == 0
    said = {result.name: result.text for result in found}
    assert "custom on shop at 2025-11-22 08:26:40 UTC, granted: preferences" in said["signature"]
    assert "version 7, in sv. It is entry 0 of the ledger" in said["texts"]
    assert "settings.js is the code of its second layer" in said["banner"]
    assert ", shows how it looked. It is entry 2" in said["banner"]
    assert f"entry 13 of the 23 that {ORIGIN} had then" in said["ledger"]
    assert "existed by 2025-11-22 08:26:50 UTC: the witness east.example/w" in said["time"]
    assert "not before 2025-11-22 08:26:20 UTC" in said["time"]


def test_the_same_evidence_is_the_same_file() -> None:
    assert bundle.bundle(Scene().evidence()) == bundle.bundle(Scene().evidence())


def test_any_program_opens_the_file(whole: Files, tmp_path: Path) -> None:
    (tmp_path / "bundle.zip").write_bytes(pack(whole))
    subprocess.run(
        [sys.executable, "-m", "zipfile", "-e", "bundle.zip", "."], cwd=tmp_path, check=True
    )
    unpacked = {name: (tmp_path / name).read_bytes() for name in whole}
    assert unpacked == whole
    done = subprocess.run(["sha256sum", "-c", SUMS], cwd=tmp_path, capture_output=True, check=True)
    assert done.stdout.count(b": OK") == len(whole) - 1


# --- Cut off -------------------------------------------------------------------------------------


@pytest.mark.parametrize("length", [0, 1, 3, 4, 29, 30, 100, 5_000, -1, -22, -23])
def test_a_truncated_file_is_named(whole: Files, length: int) -> None:
    found = check_bundle(pack(whole)[:length])
    assert found[0].state == FAILS
    assert exit_code(found) == 1


@pytest.mark.parametrize("more", [b"\0", b"PK\5\6", b"PK\3\4"])
def test_a_file_with_something_after_it_is_named(whole: Files, more: bytes) -> None:
    assert check_bundle(pack(whole) + more)[0].state == FAILS


# --- Forgeries that agree with themselves --------------------------------------------------------


def another_key(scene: Scene) -> Scene:
    """The same claims, signed by somebody else."""
    head, payload, _ = scene.token.split(".")
    other = jws_signer([OTHER_SEED]).sign(f"{head}.{payload}").decode()
    return Scene(token=other)


def test_a_signature_of_another_key_is_none(whole: Files) -> None:
    found = checked(bundle.members(another_key(Scene()).evidence()))
    assert found["signature"].state == FAILS
    assert "does not hold under the key" in found["signature"].text
    assert {found[name].state for name in FIVE[1:]} == {OPEN}


def test_a_key_that_the_forger_brings_is_not_the_auditors() -> None:
    forged = token_with(OTHER_SEED)
    files = bundle.members(Scene(token=forged).evidence())
    files["jwks.json"] = jwks([canonical_jwk(public(OTHER_SEED))])
    assert checked(files)["signature"].state == HOLDS
    anchored = checked(files, Anchors(jwks=jwks([canonical_jwk(PUBLIC)])))
    assert anchored["signature"].state == FAILS
    assert "which is none of the 1 known" in anchored["signature"].text


def token_with(seed: bytes) -> str:
    """The receipt as the holder of another key would make it: header and all."""
    header = {"alg": "EdDSA", "kid": thumbprint(public(seed)), "typ": "consent-receipt+jwt"}
    body = f"{b64url(msgspec.json.encode(header))}.{b64url(msgspec.json.encode(claims()))}"
    return jws_signer([seed]).sign(body).decode()


def test_a_proof_of_another_index_is_named(whole: Files) -> None:
    text = whole["receipt.tlog-proof"].replace(b"index 13\n", b"index 14\n")
    found = checked({**whole, "receipt.tlog-proof": text})["ledger"]
    assert found.state == FAILS
    assert "Entry 14 of the ledger is another one" in found.text


def test_a_proof_beyond_the_ledger_is_named(whole: Files) -> None:
    text = whole["receipt.tlog-proof"].replace(b"index 13\n", b"index 23\n")
    found = checked({**whole, "receipt.tlog-proof": text})["ledger"]
    assert "the proof is for entry 23, and the ledger has 23" in found.text.lower()


def test_a_checkpoint_of_another_site_is_named() -> None:
    origin = ORIGIN.replace("shop", "other")
    key = log_key(origin, LOG.public)
    scene = Scene(ledger=Ledger(signers=Signers(log=key)))
    scene.trust = Trust((Log(key),), scene.trust.witnesses, (), "east")
    found = checked(bundle.members(scene.evidence()))
    assert found["ledger"].state == FAILS
    assert f"is of '{origin}', and not of the ledger of shop" in found["ledger"].text
    assert found["time"].state == FAILS


def test_a_ledger_that_nobody_trusts_is_named() -> None:
    scene = Scene(ledger=Ledger(signers=Signers(seed=OTHER_SEED)))
    found = checked(bundle.members(scene.evidence()))
    assert found["ledger"].state == FAILS
    assert "the signature of 'consent.example/ledger/shop' does not hold" in found["ledger"].text


def test_a_quorum_that_is_not_met_is_named() -> None:
    scene = Scene(ledger=Ledger(signers=Signers(witness=None)))
    found = checked(bundle.members(scene.evidence()))
    assert "0 witnesses cosigned it, which is not the quorum" in found["ledger"].text


def test_an_auditors_own_trust_is_what_counts(whole: Files) -> None:
    other = log_key(ORIGIN, public(OTHER_SEED))
    mine = Trust((Log(other),), (), (), "none")
    found = checked(whole, Anchors(trust=format_trust(mine)))
    assert "no trusted key" in found["ledger"].text


def test_a_rewritten_ledger_is_named(whole: Files) -> None:
    # The checkpoint before is of a ledger whose first entries were others.
    rewritten = Scene()
    rewritten.ledger.entries[0] = rewritten.ledger.entries[1]
    old, _ = rewritten.notes
    found = checked({**whole, "previous.checkpoint": format_note(old)})["time"]
    assert found.state == FAILS
    assert "The ledger was rewritten" in found.text


def test_a_dropped_entry_is_named(whole: Files) -> None:
    dropped = Scene()
    del dropped.ledger.entries[5]
    old, _ = dropped.notes
    found = checked({**whole, "previous.checkpoint": format_note(old)})["time"]
    assert found.state == FAILS


def test_a_previous_checkpoint_that_has_the_receipt_shows_nothing() -> None:
    found = checked(bundle.members(Scene(before=14).evidence()))["time"]
    assert "has 14 entries, the receipt's (entry 13) among them" in found.text


@pytest.mark.parametrize(
    ("seen", "said"),
    [
        ((-20, -100), "it says 2025-11-22 08:26:40 UTC, and the witness"),
        ((100, 110), "it is back-dated"),
    ],
)
def test_a_time_out_of_its_bracket_is_named(seen: tuple[int, int], said: str) -> None:
    found = checked(bundle.members(Scene(seen=seen).evidence()))["time"]
    assert found.state == FAILS
    assert said in found.text.lower().replace("utc", "UTC")


@pytest.mark.parametrize(
    ("without", "check", "said"),
    [
        (["receipt.tlog-proof"], "ledger", "no receipt.tlog-proof"),
        (["previous.checkpoint"], "time", "Nothing shows that it did not exist long before"),
        (["previous.consistency"], "time", "no previous.consistency"),
        (["policy.json"], "texts", "no policy.json"),
        (["banner.js"], "banner", "no banner.js"),
        (["screens/sv-narrow-2.png"], "banner", "There is no screenshot of it"),
        (["screens/sv-narrow-2.tlog-proof"], "banner", "the ledger does not say so"),
        (["jwks.json"], "signature", "no jwks.json"),
        (["tlog-policy.txt"], "ledger", "no tlog-policy.txt"),
    ],
)
def test_what_is_missing_is_not_shown_and_not_said_to_hold(
    whole: Files, without: list[str], check: str, said: str
) -> None:
    found = checked({name: whole[name] for name in whole if name not in without})
    assert found[check].state == OPEN
    assert said in found[check].text
    assert exit_code(list(found.values())) == 2


def test_where_nobody_else_saw_it_no_time_is_shown() -> None:
    alone = Trust((Log(LOG),), (), (), "none")
    found = checked(bundle.members(Scene(trust=alone).evidence()))
    assert found["ledger"].state == HOLDS
    assert found["time"].state == OPEN
    assert "Nobody but the service says when" in found["time"].text


def test_a_picture_of_another_layer_is_not_this_ones(whole: Files) -> None:
    swapped = {**whole, "screens/sv-narrow-2.png": whole["screens/sv-narrow-2.png"] + b"!"}
    assert "is of another entry" in checked(swapped)["banner"].text


@pytest.mark.parametrize(
    ("name", "grown", "state", "said"),
    [
        ("screens/sv-narrow-2", 30, HOLDS, "of the ledger, which had grown to 30 entries, of "),
        ("screens/sv-narrow-2", -3, FAILS, "is under another checkpoint than the receipt"),
        ("banner", 30, FAILS, "banner.tlog-proof is under another checkpoint than the receipt"),
    ],
)
def test_a_picture_alone_may_be_under_a_later_checkpoint(
    name: str, grown: int, state: str, said: str
) -> None:
    scene = Scene()
    files = bundle.members(scene.evidence())
    size = grown if grown > 0 else len(scene.ledger.entries) + grown
    scene.ledger.fill(max(0, size - len(scene.ledger.entries)))
    at, note = scene.at[name], scene.ledger.checkpoint(size, NOW + 60)
    late = scene.ledger.proof(at, note, scene.ledger.entries[at], size)
    found = checked({**files, f"{name}.tlog-proof": late})["banner"]
    assert (found.state, said in found.text) == (state, True), found.text


def test_a_later_checkpoint_that_nobody_vouches_for_shows_no_picture(whole: Files) -> None:
    scene, name = Scene(), "screens/sv-narrow-2"
    scene.ledger.fill(7)
    size, at = len(scene.ledger.entries), scene.at[name]
    scene.ledger.signers = Signers(witness=None)
    note = scene.ledger.checkpoint(size, NOW + 60)
    late = scene.ledger.proof(at, note, scene.ledger.entries[at], size)
    found = checked({**whole, f"{name}.tlog-proof": late})["banner"]
    assert found.state == FAILS
    assert "0 witnesses cosigned it, which is not the quorum" in found.text


def test_a_list_that_leaves_a_file_out_is_named(whole: Files) -> None:
    found = check_bundle(pack({**whole, "more.txt": b"x"}))[0]
    assert "'more.txt' is in the bundle and not in the list" in found.text
    less = {name: whole[name] for name in whole if name != "dpv.jsonld"}
    assert "'dpv.jsonld' is in the list and not in the bundle" in check_bundle(pack(less))[0].text
    other = check_bundle(pack({**whole, "README.txt": b"x"}))[0]
    assert "'README.txt' is not the file that the list names" in other.text


def test_parts_that_lie_in_a_bundle_of_bundles_are_found_there(whole: Files) -> None:
    shared = {sha256(whole[name]).hexdigest(): whole[name] for name in ("policy.json", "banner.js")}
    light = {name: whole[name] for name in whole if name not in ("policy.json", "banner.js")}
    assert set(states(check_bundle(pack(light), shared=shared)).values()) == {HOLDS}
    assert check_bundle(pack(light))[0].state == FAILS


# --- Time stamps ---------------------------------------------------------------------------------


@pytest.fixture(scope="module", params=["ec", "rsa"])
def tsa(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return authority(tmp_path_factory.mktemp("tsa"), request.param)


def stamped(by: Authority, **options: Any) -> Files:
    """A bundle of now, without witnesses, both of its checkpoints stamped."""
    alone = Trust((Log(LOG),), (), (), "none")
    scene = Scene(said=claims(int(time.time())), trust=alone, authorities=by.root, **options)
    old, new = scene.notes
    scene.stamps = {
        "previous-1": by.stamp(old.text.encode()),
        "checkpoint-1": by.stamp(new.text.encode()),
    }
    return bundle.members(scene.evidence())


def test_stamps_of_an_authority_are_a_bracket(tsa: Authority) -> None:
    found = checked(stamped(tsa))["time"]
    assert found.state == HOLDS, found
    assert "a time-stamping authority (checkpoint-1.tsr) says so" in found.text


def test_a_stamp_of_something_else_is_named(tsa: Authority) -> None:
    files = {**stamped(tsa), "checkpoint-1.tsr": tsa.stamp(b"something else")}
    found = checked(files)["time"]
    assert found.state == FAILS
    assert "checkpoint-1.tsr: it is the time stamp of something else" in found.text


def test_an_authority_that_is_not_trusted_is_named(
    tsa: Authority, tmp_path_factory: pytest.TempPathFactory
) -> None:
    other = authority(tmp_path_factory.mktemp("other"))
    found = checked(stamped(tsa), Anchors(tsa=other.root))["time"]
    assert "lead to no root that is trusted" in found.text


def test_a_root_that_somebody_else_has_signed_too_is_trusted_either_way(
    tsa: Authority, tmp_path_factory: pytest.TempPathFactory
) -> None:
    other = authority(tmp_path_factory.mktemp("other"))
    files = stamped(cross_signed(tsa, other))
    for root in (tsa.root, other.root):
        found = checked(files, Anchors(tsa=root))["time"]
        assert found.state == HOLDS, found


def test_a_certificate_that_is_not_for_stamps_is_named(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    # openssl refuses to stamp by such a certificate: it is held against the rule by itself.
    made = authority(tmp_path_factory.mktemp("servers"), extensions="servers")
    root = x509.load_pem_x509_certificate(made.root)
    own = x509.load_pem_x509_certificate((made.folder / "tsa.pem").read_bytes())
    with pytest.raises(Failed, match="is not for time stamps"):
        verify._check_chain(own, (root,), (root,), int(time.time()))


@pytest.mark.parametrize("at", [0, 1 << 33])
def test_a_certificate_that_did_not_hold_then_is_named(tsa: Authority, at: int) -> None:
    root = x509.load_pem_x509_certificate(tsa.root)
    own = x509.load_pem_x509_certificate((tsa.folder / "tsa.pem").read_bytes())
    with pytest.raises(Failed, match="did not hold then"):
        verify._check_chain(own, (root,), (root,), at)


# --- The program ---------------------------------------------------------------------------------


def run(*arguments: object, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    # Isolated, and without site-packages of ours in view but for cryptography's own.
    command = [sys.executable, "-P", str(VERIFY), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, check=False)


def test_the_program_says_each_result_and_exits_by_it(whole: Files, tmp_path: Path) -> None:
    file = tmp_path / "bundle.zip"
    file.write_bytes(pack(whole))
    done = run(file)
    assert (done.returncode, done.stderr) == (0, "")
    assert [line.split()[0] for line in done.stdout.splitlines()[:6]] == ["bundle", *FIVE]
    assert "Compare them with what you know" in done.stdout
    file.write_bytes(pack(whole)[:-1])
    assert run(file).returncode == 1
    less = {name: whole[name] for name in whole if not name.startswith("previous")}
    file.write_bytes(repacked(less))
    assert run(file).returncode == 2


def test_the_program_says_what_it_cannot_read(tmp_path: Path) -> None:
    for arguments in ((tmp_path / "none.zip",), (), ("--nonsense",)):
        done = run(*arguments)
        assert done.returncode == 3
        assert "Traceback" not in done.stderr


def test_the_program_takes_an_auditors_own_keys(whole: Files, tmp_path: Path) -> None:
    for name in ("jwks.json", "tlog-policy.txt"):
        (tmp_path / name).write_bytes(whole[name])
    (tmp_path / "tsa.pem").write_bytes(b"")
    file = tmp_path / "bundle.zip"
    file.write_bytes(pack(whole))
    anchors = ("--jwks", "jwks.json", "--trust", "tlog-policy.txt", "--tsa", "tsa.pem")
    done = run(file, *anchors, cwd=tmp_path)
    assert done.returncode == 0
    assert "one of your keys" in done.stdout
    assert "Compare them" not in done.stdout


def test_the_verifier_is_one_file_that_needs_cryptography_alone() -> None:
    imported = re.findall(r"^(?:from|import) ([a-z0-9_]+)", VERIFY.read_text(), flags=re.M)
    assert set(imported) - sys.stdlib_module_names == {"cryptography"}


def test_the_verifier_and_the_service_read_the_same_notes() -> None:
    note = Scene().notes[0]
    data = format_note(note)
    read = verify.read_note(data, "it")
    assert (read.text, [tuple(line) for line in read.lines]) == (
        note.text,
        [tuple(line) for line in parse_note(data).signatures],
    )
    assert isinstance(note, Note)


def test_signing_here_is_what_it_says() -> None:
    key = Ed25519PrivateKey.from_private_bytes(OTHER_SEED)
    assert signer(OTHER_SEED)(b"x") == key.sign(b"x")
