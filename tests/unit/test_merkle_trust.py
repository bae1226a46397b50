"""Whom an auditor trusts, and what he then takes for proved: checkpoints, policies, proofs."""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent_service.errors import ConsentError, Invalid, Tampered
from consent_service.merkle import (
    EMPTY_ROOT,
    Checkpoint,
    Entry,
    EntryProof,
    EntryType,
    Group,
    Key,
    Log,
    Note,
    Trust,
    Vouched,
    Witness,
    check_checkpoint,
    check_proof,
    cosign,
    encode_entry,
    format_checkpoint,
    format_proof,
    format_trust,
    is_met,
    leaf_hash,
    log_key,
    parse_checkpoint,
    parse_note,
    parse_proof,
    parse_trust,
    prove_inclusion,
    receipt_digest,
    sign_note,
    with_signatures,
    witness_key,
)
from tests.unit.ledger import (
    EAST,
    EAST_SEED,
    LEAVES,
    LOG,
    LOG_SEED,
    ORIGIN,
    OTHER_SEED,
    WEST,
    WEST_SEED,
    Tiles,
    changed,
    grown,
    public,
    signer,
    verify,
)

ROOT = grown(9).edge.root
BOTH = Trust(
    logs=(Log(LOG),),
    witnesses=(Witness("east", EAST), Witness("west", WEST)),
    groups=(Group("both", 2, ("east", "west")),),
    quorum="both",
)
ALONE = Trust(logs=(Log(LOG),))


def signed(checkpoint: Checkpoint, seeds: Iterable[tuple[Key, bytes]]) -> Note:
    note = sign_note(format_checkpoint(checkpoint), LOG, signer(LOG_SEED))
    return with_signatures(note, [cosign(note, key, 7, signer(seed)) for key, seed in seeds])


NOTE = signed(Checkpoint(ORIGIN, 9, ROOT), [(EAST, EAST_SEED), (WEST, WEST_SEED)])

# --- Checkpoints


def test_a_checkpoint_is_three_lines() -> None:
    text = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
    checkpoint = parse_checkpoint(text)
    assert (checkpoint.origin, checkpoint.size) == ("example.com/behind-the-sofa", 20_852_163)
    assert checkpoint.root.hex().startswith("0ac5186a91863e8e")
    assert format_checkpoint(checkpoint) == text
    assert parse_checkpoint(text + "more\n") == checkpoint._replace(extensions=("more",))
    # Go's golang.org/x/mod/sumdb/tlog, FormatTree.
    tree = Checkpoint("go.sum database tree", 123_456_789_012, leaf_hash(b"hello world"))
    assert format_checkpoint(tree) == (
        "go.sum database tree\n123456789012\nTszzRgjTG6xce+z2AG31kAXYKBgQVtCSCE40HmuwBb0=\n"
    )


HASH = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I="


@pytest.mark.parametrize(
    ("text", "finding"),
    [
        ("", "three lines or more"),
        (f"a\n1\n{HASH}", "three lines or more"),
        (f"\n1\n{HASH}\n", "three lines or more"),
        (f"a\n1\n{HASH}\n\n", "three lines or more"),
        (f"a\n1\n{HASH}\n\nb\n", "three lines or more"),
        (f"a\n01\n{HASH}\n", "size is not a decimal"),
        (f"a\n+1\n{HASH}\n", "size is not a decimal"),
        (f"a\n1 \n{HASH}\n", "size is not a decimal"),
        (f"a\n\u0661\n{HASH}\n", "size is not a decimal"),
        (f"a\n9223372036854775808\n{HASH}\n", "size is not a decimal"),
        (f"a\n{'9' * 5_000}\n{HASH}\n", "size is not a decimal"),
        (f"a\n1\n{HASH[:-1]}\n", "root is not base64"),
        (f"a\n1\n{HASH.replace('2I=', '2J=')}\n", "root is base64, but not in its one"),
        ("a\n1\nAAAA\n", "root has 3 bytes, and a SHA-256 has 32"),
        (f"a\n0\n{HASH}\n", "0 entries is the hash of nothing"),
    ],
)
def test_what_is_not_a_checkpoint_is_named(text: str, finding: str) -> None:
    with pytest.raises(Invalid, match=finding):
        parse_checkpoint(text)


@pytest.mark.parametrize(
    "checkpoint",
    [
        Checkpoint("", 1, ROOT),
        Checkpoint("a\nb", 1, ROOT),
        Checkpoint("a", -1, ROOT),
        Checkpoint("a", 2**63, ROOT),
        Checkpoint("a", 0, ROOT),
        Checkpoint("a", 1, b""),
        Checkpoint("a", 1, ROOT, ("",)),
        Checkpoint("a", 1, ROOT, ("a\nb",)),
    ],
)
def test_no_checkpoint_is_written_that_could_not_be_read_back(checkpoint: Checkpoint) -> None:
    with pytest.raises(Invalid):
        format_checkpoint(checkpoint)


def test_the_checkpoint_of_an_empty_ledger_has_the_root_of_nothing() -> None:
    empty = Checkpoint(ORIGIN, 0, EMPTY_ROOT)
    assert parse_checkpoint(format_checkpoint(empty)) == empty


# --- What counts


def test_nobody_is_trusted_unless_named() -> None:
    with pytest.raises(Tampered, match="none of the 0 known keys"):
        check_checkpoint(NOTE, ORIGIN, Trust(), verify)
    assert not is_met(Trust(quorum="nobody"), [EAST, WEST])
    assert not is_met(BOTH, [])


def test_a_checkpoint_counts_if_its_log_signed_it_and_the_quorum_cosigned() -> None:
    vouched = check_checkpoint(NOTE, ORIGIN, BOTH, verify)
    assert vouched.checkpoint == Checkpoint(ORIGIN, 9, ROOT)
    assert vouched.log == LOG
    assert [(each.key, each.time) for each in vouched.witnesses] == [(EAST, 7), (WEST, 7)]
    assert check_checkpoint(NOTE, ORIGIN, ALONE, verify).witnesses == ()


OTHER = log_key(ORIGIN, public(OTHER_SEED))


@pytest.mark.parametrize(
    ("note", "trust", "finding"),
    [
        (NOTE, BOTH._replace(logs=()), f"no trusted key of '{ORIGIN}' signed"),
        (NOTE, BOTH._replace(logs=(Log(OTHER),)), f"no trusted key of '{ORIGIN}' signed"),
        (NOTE, Trust(logs=(Log(OTHER),)), "none of the 1 known keys signed"),
        (signed(Checkpoint(ORIGIN, 9, ROOT), [(EAST, EAST_SEED)]), BOTH,
         "1 of 2 trusted witnesses cosigned the checkpoint: the quorum 'both' is not met"),
        (signed(Checkpoint("consent.example/ledger/other", 9, ROOT), []), ALONE,
         "is of 'consent.example/ledger/other', another ledger than"),
        (NOTE._replace(text=format_checkpoint(Checkpoint(ORIGIN, 8, ROOT))), BOTH,
         f"signature of '{ORIGIN}' .* does not hold"),
        (signed(Checkpoint(ORIGIN, 9, ROOT), [(EAST, WEST_SEED)]), BOTH,
         "signature of 'east.example/w' .* does not hold"),
    ],
)  # fmt: skip
def test_a_checkpoint_that_does_not_count_is_named(note: Note, trust: Trust, finding: str) -> None:
    with pytest.raises(Tampered, match=finding):
        check_checkpoint(note, ORIGIN, trust, verify)


def test_the_key_of_another_trusted_ledger_cannot_sign_for_this_one() -> None:
    other = log_key("consent.example/ledger/other", public(OTHER_SEED))
    text = format_checkpoint(Checkpoint(ORIGIN, 9, ROOT))
    note = sign_note(text, other, signer(OTHER_SEED))
    with pytest.raises(Tampered):
        check_checkpoint(note, ORIGIN, Trust(logs=(Log(LOG), Log(other))), verify)


# --- The policy file

X1, X2, X3, Y1, Y2, Y3 = (
    witness_key(f"{name}.example", public(bytes([at + 10]) * 32))
    for at, name in enumerate(("x1", "x2", "x3", "y1", "y2", "y3"))
)
EXAMPLE = f"""\
# The example of the specification
log {LOG.vkey}

witness X1 {X1.vkey}
 witness\tX2   {X2.vkey} https://x2.example/add
witness X3 {X3.vkey}
group X-witnesses 2 X1 X2 X3
  # and on the other side
witness Y1 {Y1.vkey}
witness Y2 {Y2.vkey}
witness Y3 {Y3.vkey}
group Y-witnesses any Y1 Y2 Y3
\t
group X-and-Y all X-witnesses Y-witnesses
quorum X-and-Y
""".encode()


def test_the_example_of_the_specification_is_read() -> None:
    trust = parse_trust(EXAMPLE)
    assert trust.logs == (Log(LOG),)
    assert [witness.name for witness in trust.witnesses] == ["X1", "X2", "X3", "Y1", "Y2", "Y3"]
    assert trust.witnesses[1].url == "https://x2.example/add"
    assert trust.groups == (
        Group("X-witnesses", 2, ("X1", "X2", "X3")),
        Group("Y-witnesses", 1, ("Y1", "Y2", "Y3")),
        Group("X-and-Y", 2, ("X-witnesses", "Y-witnesses")),
    )
    assert parse_trust(format_trust(trust)) == trust


@pytest.mark.parametrize(
    ("keys", "met"),
    [
        ([], False),
        ([X1, X2], False),
        ([X1, Y1], False),
        ([Y1, Y2, Y3], False),
        ([X1, X1, Y1], False),
        ([X1, X3, Y2], True),
        ([X1, X2, X3, Y1, Y2, Y3], True),
        ([EAST, WEST], False),
    ],
)
def test_the_quorum_of_the_example_is_met_by_two_and_one(keys: list[Key], met: bool) -> None:
    assert is_met(parse_trust(EXAMPLE), keys) is met


def test_a_policy_without_witnesses_says_so() -> None:
    text = f"log {LOG.vkey} https://consent.example/ledger/shop\nquorum none\n"
    trust = parse_trust(text.encode())
    assert format_trust(trust) == text.encode()
    assert is_met(trust, [])
    assert parse_trust(b"quorum none\n") == Trust()


def test_names_are_bytes_and_nothing_else() -> None:
    opaque = b"witness K\xe2\x84\xaa\xff " + X1.vkey.encode() + b"\nquorum K\xe2\x84\xaa\xff\n"
    assert format_trust(parse_trust(opaque)) == opaque
    with pytest.raises(Invalid, match=r"line 2 .* is called 'K'"):
        parse_trust(opaque.replace(b"quorum K\xe2\x84\xaa\xff", b"quorum K"))


W = f"witness a {X1.vkey}\nwitness b {X2.vkey}\n"


@pytest.mark.parametrize(
    ("text", "finding"),
    [
        ("", "its lines do not all end"),
        ("quorum none", "its lines do not all end"),
        ("quorum none\r\n", "its lines do not all end"),
        ("#\x7f\nquorum none\n", "its lines do not all end"),
        ("\n" * ((1 << 20) + 1), "too long"),
        ("\n", "has a quorum line"),
        (W, "has a quorum line"),
        ("quorum none\nquorum none\n", "line 2 .* one quorum line"),
        ("quorum none none\n", "line 1 .* one quorum line"),
        ("quorum\n", "line 1 .* one quorum line"),
        ("quorum a\n", "no witness or group before this line is called 'a'"),
        (f"quorum a\n{W}", "line 1 .* no witness or group before"),
        ("Quorum none\n", "line 1 .* begins with log, witness, group or quorum: 'Quorum'"),
        ("log\n", "a log has a key"),
        (f"log {LOG.vkey} a b\n", "a log has a key"),
        ("log x\n", "line 1 .* written name"),
        (f"log {X1.vkey}\n", "a key of type 1 belongs here, and this one is of 4"),
        (f"witness a {LOG.vkey}\n", "a key of type 4 belongs here, and this one is of 1"),
        (f"log {LOG.vkey}\nlog {LOG.vkey}\n", "line 2 .* is here already"),
        (f"log {LOG.vkey}\nlog {log_key('b', LOG.public).vkey}\n", "perhaps under another name"),
        (f"{W}witness c {witness_key('c', X1.public).vkey}\n", "line 3 .* is here already"),
        (f"{W}witness a {X3.vkey}\n", "line 3 .* the name 'a' is taken"),
        (f"witness none {X3.vkey}\n", "the name 'none' is taken"),
        (f"witness {X3.vkey}\n", "a witness has a name, a key"),
        (f"{W}group g any\n", "line 3 .* a group has a name"),
        (f"{W}group a any b\n", "the name 'a' is taken"),
        (f"{W}group g any none\n", "called 'none'"),
        (f"{W}group g any g\n", "called 'g'"),
        (f"{W}group g any a a\n", "'a' is in a group already"),
        (f"{W}group g any a\ngroup h any a b\n", "line 4 .* 'a' is in a group already"),
        (f"{W}group g 0 a b\n", "of 2 members 0 cannot be asked for"),
        (f"{W}group g 3 a b\n", "of 2 members 3 cannot be asked for"),
        (f"{W}group g 01 a b\n", "number is not a decimal"),
        (f"{W}group g most a b\n", "number is not a decimal"),
    ],
)
def test_what_is_not_a_policy_is_named_with_its_line(text: str, finding: str) -> None:
    with pytest.raises(Invalid, match=finding):
        parse_trust(text.encode())


@pytest.mark.parametrize(
    "trust",
    [
        Trust(quorum="nobody"),
        Trust(quorum="none\nquorum none"),
        Trust(logs=(Log(LOG, "two words"),)),
        BOTH._replace(groups=(Group("both", 3, ("east", "west")),)),
        BOTH._replace(witnesses=(Witness("", EAST),)),
        BOTH._replace(quorum="both\n#"),
    ],
)
def test_no_policy_is_written_that_could_not_be_read_back(trust: Trust) -> None:
    with pytest.raises(Invalid):
        format_trust(trust)


# --- Proofs

SALT, TOKEN = bytes(range(32)), b"header.payload.signature"
ENTRY = encode_entry(Entry(EntryType.RECEIPT, 5, receipt_digest(SALT, TOKEN), bytes(32)))


def a_proof() -> EntryProof:
    tiles = Tiles()
    tiles.grow(b"".join([*LEAVES[:300], leaf_hash(ENTRY), *LEAVES[301:520]]))
    checkpoint = Checkpoint(ORIGIN, 520, tiles.edge.root)
    note = signed(checkpoint, [(EAST, EAST_SEED), (WEST, WEST_SEED)])
    return EntryProof(300, prove_inclusion(300, tiles.hashes()), note, SALT)


PROOF = a_proof()


def checked(data: bytes) -> Vouched:
    """What an auditor does with a file: the entry is made from the receipt and the file's salt."""
    proof = parse_proof(data)
    entry = Entry(EntryType.RECEIPT, 5, receipt_digest(proof.extra, TOKEN), bytes(32))
    return check_proof(proof, leaf_hash(encode_entry(entry)), ORIGIN, BOTH, verify)


def test_a_proof_is_a_file_that_needs_nothing_else() -> None:
    data = format_proof(PROOF)
    lines = data.decode().split("\n")
    assert lines[:3] == [
        "c2sp.org/tlog-proof@v1",
        "extra AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
        "index 300",
    ]
    assert lines[3 + len(PROOF.hashes) :][:3] == ["", ORIGIN, "520"]
    assert parse_proof(data) == PROOF
    assert [each.key for each in checked(data).witnesses] == [EAST, WEST]


def test_a_proof_without_extra_data_has_no_such_line() -> None:
    data = format_proof(replace(PROOF, extra=b""))
    assert b"extra" not in data
    assert parse_proof(data).extra == b""


def test_the_proof_of_a_single_entry_has_no_hashes() -> None:
    tiles = Tiles()
    tiles.grow(leaf_hash(ENTRY))
    note = signed(Checkpoint(ORIGIN, 1, tiles.edge.root), [])
    data = format_proof(EntryProof(0, (), note))
    assert data.startswith(b"c2sp.org/tlog-proof@v1\nindex 0\n\nconsent.example/")
    proof = parse_proof(data)
    assert check_proof(proof, leaf_hash(ENTRY), ORIGIN, ALONE, verify).checkpoint.size == 1


def test_every_byte_of_a_proof_counts() -> None:
    data = format_proof(PROOF)
    for other in (*changed(data), data[:-1], data + b"\n", data[1:], b"\n" + data):
        with pytest.raises((Invalid, Tampered)):
            checked(other)


def test_a_proof_for_another_entry_or_ledger_is_named() -> None:
    with pytest.raises(Tampered, match="the tree of 520: entry 300 is another one"):
        check_proof(PROOF, leaf_hash(b"another"), ORIGIN, BOTH, verify)
    moved = replace(PROOF, index=301)
    with pytest.raises(Tampered, match="entry 301 is another one"):
        check_proof(moved, leaf_hash(ENTRY), ORIGIN, BOTH, verify)
    with pytest.raises(Tampered, match=r"another ledger than 'consent.example/ledger/b'"):
        check_proof(PROOF, leaf_hash(ENTRY), "consent.example/ledger/b", BOTH, verify)
    with pytest.raises(Tampered, match="is for entry 520, and the tree has 520"):
        check_proof(replace(PROOF, index=520), leaf_hash(ENTRY), ORIGIN, BOTH, verify)


TAIL = "\n\n" + format_proof(PROOF).decode().partition("\n\n")[2]
HEAD = "c2sp.org/tlog-proof@v1"


@pytest.mark.parametrize(
    ("text", "finding"),
    [
        ("", "begins with c2sp.org/tlog-proof@v1"),
        (HEAD, "has a checkpoint after a blank line"),
        (f"c2sp.org/tlog-proof@v2\nindex 1{TAIL}", "begins with c2sp.org/tlog-proof@v1"),
        (f"{HEAD}{TAIL}", "has an index"),
        (f"{HEAD}\n{HASH}{TAIL}", "has an index"),
        (f"{HEAD}\nindex{TAIL}", "has an index"),
        (f"{HEAD}\nindex 01{TAIL}", "index is not a decimal"),
        (f"{HEAD}\nindex -1{TAIL}", "index is not a decimal"),
        (f"{HEAD}\nindex 1\nextra AAAA{TAIL}", "hash 0 of the proof is not base64"),
        (f"{HEAD}\nextra A\nindex 1{TAIL}", "extra line is not base64"),
        (f"{HEAD}\nextra \nindex 1{TAIL}", "without extra data has no extra line"),
        (f"{HEAD}\nextra AAAA\nextra AAAA\nindex 1{TAIL}", "has an index"),
        (f"{HEAD}\nindex 1\n{HASH}\nAAAA{TAIL}", "hash 1 of the proof has 3 bytes"),
        (f"{HEAD}\nindex 1" + f"\n{HASH}" * 64 + TAIL, "at most 63 hashes"),
        (f"{HEAD}\nindex 1\n\nno note\n", "a note is a text, a blank line"),
    ],
)
def test_what_is_not_a_proof_is_named(text: str, finding: str) -> None:
    with pytest.raises(Invalid, match=finding):
        parse_proof(text.encode())


@pytest.mark.parametrize(
    "proof",
    [
        replace(PROOF, index=-1),
        replace(PROOF, index=2**63),
        replace(PROOF, hashes=(b"short",)),
        replace(PROOF, hashes=(ROOT,) * 64),
        replace(PROOF, checkpoint=Note("text\n", ())),
    ],
)
def test_no_proof_is_written_that_could_not_be_read_back(proof: EntryProof) -> None:
    with pytest.raises(Invalid):
        format_proof(proof)


# --- Anything at all

PIECES = [
    "log ", "witness ", "group ", "quorum ", "none", "a ", "b ", "any ", "all ", "2 ", "\n", "\n\n",
    LOG.vkey, X1.vkey, X2.vkey, HEAD, "index 1", "extra AAAA", HASH, ORIGIN, "9", TAIL, "\u2028",
]  # fmt: skip


@given(st.lists(st.sampled_from(PIECES) | st.text(max_size=3), max_size=20).map("".join))
def test_any_text_is_understood_or_refused(text: str) -> None:
    data = text.encode(errors="surrogatepass")
    with suppress(Invalid):
        assert format_proof(parse_proof(data)) == data
    with suppress(Invalid):
        assert format_checkpoint(parse_checkpoint(text)) == text
    with suppress(Invalid):
        trust = parse_trust(data)
        assert parse_trust(format_trust(trust)) == trust


@given(st.lists(st.sampled_from(PIECES), max_size=4).map("".join), st.binary(max_size=64))
def test_any_signature_is_believed_only_if_it_holds(text: str, value: bytes) -> None:
    lines = tuple(line._replace(value=value) for line in NOTE.signatures)
    with pytest.raises(ConsentError):
        check_checkpoint(Note(f"{text}\n", lines), ORIGIN, BOTH, verify)
    assert parse_note(b"a\n\n\xe2\x80\x94 b AAAAAAA=\n").text == "a\n"
