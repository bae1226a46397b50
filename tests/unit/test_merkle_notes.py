"""Signed notes are those of C2SP and of Go's golang.org/x/mod/sumdb/note, byte for byte."""

import base64
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent_service.errors import Invalid, Tampered
from consent_service.merkle import (
    Key,
    KeyType,
    Note,
    Signature,
    cosign,
    format_note,
    format_signature,
    log_key,
    open_note,
    parse_note,
    parse_signatures,
    parse_vkey,
    sign_note,
    with_signatures,
    witness_key,
)
from tests.unit.ledger import (
    EAST,
    EAST_SEED,
    LOG,
    LOG_SEED,
    OTHER_SEED,
    WEST,
    WEST_SEED,
    changed,
    public,
    signer,
    verify,
)

# The examples of Go's package note (BSD-3-Clause): two keys, a text, and what both sign.
TEXT = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
)
PETER_VKEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
PETER_SEED = base64.b64decode("AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz")[1:]
PETER_LINE = (
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXg"
    "KvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)
ENOCH_VKEY = "EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop"
ENOCH_LINE = (
    "— EnochRoot rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01"
    "oOTGwnWLox33WWd1RvMc+QQ=\n"
)
PETER, ENOCH = parse_vkey(PETER_VKEY), parse_vkey(ENOCH_VKEY)
BOTH = (TEXT + "\n" + PETER_LINE + ENOCH_LINE).encode()

# A log's signature and its key, from the tests of the witness in FiloSottile/torchwood (ISC).
SIGSUM = (
    "sigsum.org/v1/tree/985ea163f5af026723561354f51f2ebcdcf2af809ce254ccfb64aa9aadd80f90",
    bytes.fromhex("52c05edad1bf5feffa81354faae59a655d9a9a1a793ed2f62c39c26c0be2aecd"),
    "7BKT0gOfNZ1J0So9unY3BZtm2YkPIoNYM/dce0Z2avJDs8dxN6ts9bOSwwrVrbjm6P9K3ZxpK6jJngOG6YvGGzV/lwo=",
)


def test_gos_keys_are_read_and_written() -> None:
    assert PETER.vkey == PETER_VKEY
    assert (PETER.name, PETER.type, PETER.id.hex()) == ("PeterNeumann", KeyType.LOG, "c74f20a3")
    assert log_key("PeterNeumann", public(PETER_SEED)) == PETER
    # Its second key was made from zeros.
    assert log_key("EnochRoot", public(bytes(32))) == ENOCH


def test_gos_signatures_are_made_again() -> None:
    note = sign_note(TEXT, PETER, signer(PETER_SEED))
    assert format_note(note) == (TEXT + "\n" + PETER_LINE).encode()
    added = sign_note(TEXT, ENOCH, signer(bytes(32))).signatures
    assert format_note(with_signatures(note, added)) == BOTH


def test_gos_note_is_opened_by_either_key_and_by_both() -> None:
    note = parse_note(BOTH)
    assert note.text == TEXT
    for keys in ([PETER], [ENOCH], [PETER, ENOCH]):
        signed = open_note(note, keys, verify)
        assert [each.key for each in signed] == keys
        assert [each.time for each in signed] == [None] * len(keys)


def test_a_signature_of_a_public_log_holds() -> None:
    name, key, value = SIGSUM
    text = f"{name}\n1\nKgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"
    note = parse_note(f"{text}\n— {name} {value}\n".encode())
    assert open_note(note, [log_key(name, key)], verify)[0].key.name == name


def test_the_note_of_the_specification_is_read_and_written() -> None:
    data = (
        "Ognuno sta solo sul cuor della terra\ntrafitto da un raggio di sole:\n\ned è subito "
        "sera.\n\n— quasimodo.example/salvatore NnugSzTjtVAewIS+Z/iJhUPeFDkO/5QQ2i5ddnGITLlC+EhfLW"
        "9oJKONrMouFSQU0xMcXxj99ihAQwaqP3ZekRwNtIc=\n"
    ).encode()
    note = parse_note(data)
    assert note.text.endswith("sole:\n\ned è subito sera.\n")
    assert note.signatures[0].key_id.hex() == "367ba04b"
    assert format_note(note) == data


@pytest.mark.parametrize(
    "data",
    [
        TEXT,
        TEXT + "\n",
        TEXT + "\n" + PETER_LINE[:-1],
        TEXT + "\n" + PETER_LINE + "\n",
        "\x01" + TEXT + "\n" + PETER_LINE,
        TEXT.replace("\n", "\r\n") + "\n" + PETER_LINE,
        TEXT + "\n" + PETER_LINE.replace("PeterNeumann", "Peter Neumann"),
        TEXT + "\n" + PETER_LINE.replace("PeterNeumann", "Peter\u2003Neumann"),
        TEXT + "\n" + PETER_LINE.replace("PeterNeumann", "Peter+Neumann"),
        TEXT + "\n" + PETER_LINE.replace("PeterNeumann", ""),
        TEXT + "\n" + PETER_LINE.replace("—", "-"),
        TEXT + "\n" + PETER_LINE.replace("— ", "—"),
        TEXT + "\n" + PETER_LINE + "Unexpected line.\n",
        TEXT + "\n" + PETER_LINE.replace("AM=", "AN="),
        TEXT + "\n" + PETER_LINE.replace("AM=", "AM"),
        TEXT + "\n" + PETER_LINE.replace("AM=\n", "AM= \n"),
        TEXT + "\n" + PETER_LINE.replace("/ZJ", "_ZJ"),
        TEXT + "\n— PeterNeumann x08gow==\n",
        TEXT + "\n— PeterNeumann \n",
        TEXT + "\n— PeterNeumann\n",
        TEXT + "\n" + PETER_LINE * 101,
        "x" * (1 << 20) + "\n\n" + PETER_LINE,
        "",
    ],
)
def test_what_is_not_a_note_is_refused(data: str) -> None:
    with pytest.raises(Invalid):
        parse_note(data.encode())


def test_bytes_that_are_no_text_are_refused() -> None:
    with pytest.raises(Invalid, match="not UTF-8: byte 3"):
        parse_note(b"abc\xff" + BOTH)


def test_of_signatures_that_do_not_hold_each_is_named() -> None:
    broken = parse_note(BOTH.replace(b"then you", b"thus you"))
    with pytest.raises(Tampered, match=r"'PeterNeumann' \(key c74f20a3\) does not hold"):
        open_note(broken, [PETER, ENOCH], verify)
    longer = PETER_LINE[:60] + "ABCD" + PETER_LINE[60:]
    with pytest.raises(Tampered, match="has 67 bytes, or a time, that none can have"):
        open_note(parse_note(f"{TEXT}\n{longer}".encode()), [PETER], verify)
    # The second one of the same key is checked too: nothing hides behind a true one.
    lines = PETER_LINE + PETER_LINE.replace("ZJku", "ZJkv")
    with pytest.raises(Tampered, match="does not hold"):
        open_note(parse_note(f"{TEXT}\n{lines}".encode()), [PETER], verify)


@pytest.mark.parametrize("keys", [[], [LOG, EAST]])
def test_a_note_that_no_known_key_signed_is_refused(keys: list[Key]) -> None:
    with pytest.raises(Tampered, match="known keys signed this note, which has: 'PeterNeumann', "):
        open_note(parse_note(BOTH), keys, verify)


def test_two_keys_that_cannot_be_told_apart_are_refused() -> None:
    class Twin(Key):
        """A key whose four bytes were made to be those of another, as anybody can."""

        @property
        def id(self) -> bytes:
            return PETER.id

    twin = Twin("PeterNeumann", KeyType.LOG, public(OTHER_SEED))
    with pytest.raises(Invalid, match=r"two keys have the name and id 'PeterNeumann'\+c74f20a3"):
        open_note(parse_note(BOTH), [PETER, twin], verify)


@pytest.mark.parametrize("vkey", [PETER_VKEY, EAST.vkey])
def test_a_vkey_with_a_changed_or_missing_character_is_refused(vkey: str) -> None:
    for other in (
        *changed(vkey.encode()),
        vkey.encode()[1:],
        vkey.encode()[:-1],
        b"a" + vkey.encode(),
    ):
        with pytest.raises(Invalid):
            parse_vkey(other.decode(errors="surrogateescape"))


@pytest.mark.parametrize(
    ("vkey", "finding"),
    [
        ("", "written name"),
        ("PeterNeumann", "written name"),
        (PETER_VKEY + "\n", "written name"),
        (PETER_VKEY.replace("c74f20a3", "C74F20A3"), "written name"),
        ("PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY==", "canonical"),
        ("PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADK", "has 35"),
        ("PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", "another type"),
        (PETER_VKEY.replace("c74f20a3", "c74f20a4"), "has the id c74f20a3, not the one"),
        (PETER_VKEY.replace("Peter", "Pe er"), "without spaces"),
        (PETER_VKEY.replace("Peter", "Pe\udcffer"), "without spaces"),
    ],
)  # fmt: skip
def test_what_is_not_a_key_is_named(vkey: str, finding: str) -> None:
    with pytest.raises(Invalid, match=finding):
        parse_vkey(vkey)


@pytest.mark.parametrize("public_key", [b"", bytes(31), bytes(33)])
def test_a_key_of_another_length_is_refused(public_key: bytes) -> None:
    for make in (log_key, witness_key):
        with pytest.raises(Invalid, match="an Ed25519 public key has 32 bytes"):
            make("a", public_key)


@pytest.mark.parametrize("text", ["", "no end", "\x00\n", "half a \ud800\n"])
def test_no_text_is_signed_that_could_not_be_read_back(text: str) -> None:
    with pytest.raises(Invalid):
        sign_note(text, LOG, signer(LOG_SEED))
    with pytest.raises(Invalid):
        cosign(Note(text, ()), EAST, 0, signer(EAST_SEED))
    with pytest.raises(Invalid):
        format_note(Note(text, parse_note(BOTH).signatures))


@pytest.mark.parametrize(
    "signature",
    [
        Signature("", b"keyi", b"x"),
        Signature("a b", b"keyi", b"x"),
        Signature("a", b"key", b"x"),
        Signature("a", b"keyi", b""),
    ],
)
def test_no_signature_is_written_that_could_not_be_read_back(signature: Signature) -> None:
    with pytest.raises(Invalid):
        format_signature(signature)
    with pytest.raises(Invalid):
        format_note(Note("text\n", ()))


# --- Cosignatures

CHECKPOINT = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"


def test_a_cosignature_is_over_the_time_and_the_text() -> None:
    line = cosign(Note(CHECKPOINT, ()), EAST, 1_679_315_147, signer(EAST_SEED))
    message = f"cosignature/v1\ntime 1679315147\n{CHECKPOINT}".encode()
    # The time in the specification's example of a line, whose key was not published.
    assert line.value[:8] == bytes.fromhex("00000000641850cb")
    assert line.value[8:] == signer(EAST_SEED)(message)
    assert (line.name, line.key_id) == (EAST.name, EAST.id)
    note = parse_note(format_note(Note(CHECKPOINT, (line,))))
    assert [(each.key, each.time) for each in open_note(note, [EAST], verify)] == [
        (EAST, 1_679_315_147)
    ]


def test_the_cosignature_of_the_specification_is_read() -> None:
    line = (
        "— witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJs"
        "X3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==\n"
    )
    (signature,) = parse_signatures(line)
    assert int.from_bytes(signature.value[:8], "big") == 1_679_315_147
    assert len(signature.value) == 72
    assert format_signature(signature) == line


def test_the_same_key_as_log_and_as_witness_are_two_keys() -> None:
    one, other = log_key("a", public(LOG_SEED)), witness_key("a", public(LOG_SEED))
    assert one.id != other.id
    with pytest.raises(Invalid, match="is of type 4, not 1"):
        sign_note("text\n", other, signer(LOG_SEED))
    with pytest.raises(Invalid, match="is of type 1, not 4"):
        cosign(Note("text\n", ()), one, 0, signer(LOG_SEED))


@pytest.mark.parametrize("time", [-1, 2**63])
def test_a_cosignature_has_a_possible_time(time: int) -> None:
    with pytest.raises(Invalid, match="a cosignature's time"):
        cosign(Note(CHECKPOINT, ()), EAST, time, signer(EAST_SEED))


@pytest.mark.parametrize("value", [b"x", bytes(8), bytes(64), b"\x80" + bytes(71), bytes(73)])
def test_a_cosignature_of_another_length_or_time_is_named(value: bytes) -> None:
    note = Note(CHECKPOINT, (Signature(EAST.name, EAST.id, value),))
    with pytest.raises(Tampered, match="that none can have"):
        open_note(note, [EAST], verify)


def test_every_byte_of_a_note_counts_where_all_its_keys_are_known() -> None:
    note = sign_note(CHECKPOINT, LOG, signer(LOG_SEED))
    cosigned = [cosign(note, EAST, 5, signer(EAST_SEED)), cosign(note, WEST, 6, signer(WEST_SEED))]
    data = format_note(with_signatures(note, cosigned))
    keys = [LOG, EAST, WEST]
    assert [each.key for each in open_note(parse_note(data), keys, verify)] == keys
    for other in changed(data):
        found: list[Key] = []
        with suppress(Invalid, Tampered):
            found = [each.key for each in open_note(parse_note(other), keys, verify)]
        assert found != keys


def test_a_newer_cosignature_takes_the_place_of_an_older_one() -> None:
    note = sign_note(CHECKPOINT, LOG, signer(LOG_SEED))
    first, second = (cosign(note, EAST, time, signer(EAST_SEED)) for time in (5, 6))
    once = with_signatures(note, [first, first])
    assert once.signatures == (*note.signatures, first)
    assert with_signatures(once, [second]).signatures == (*note.signatures, second)


# --- Anything at all

PIECES = [TEXT, "\n", PETER_LINE, ENOCH_LINE, "— ", " ", "a", "AAAAAAA=", "+", "\u2028", "è"]


@given(st.lists(st.sampled_from(PIECES) | st.text(max_size=3), max_size=12).map("".join))
def test_any_text_is_a_note_or_refused(text: str) -> None:
    data = text.encode(errors="surrogatepass")
    with suppress(Invalid):
        assert format_note(parse_note(data)) == data


@given(st.binary(max_size=80), st.text(max_size=60))
def test_any_bytes_are_a_note_or_a_key_or_refused(data: bytes, text: str) -> None:
    with suppress(Invalid):
        assert format_note(parse_note(data)) == data
    with suppress(Invalid):
        assert parse_vkey(text).vkey == text
    with suppress(Invalid):
        assert "".join(map(format_signature, parse_signatures(text))) == text
