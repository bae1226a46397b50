"""The ledger from a shell."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from consent_service.cli import cli
from consent_service.merkle import witness_key
from consent_service.signing import Pen
from consent_service.store import ReceiptWriter, open_store
from consent_service.store.columns import uuid_text
from tests.store import given
from tests.store.outside import outside
from tests.unit.authority import authority
from tests.unit.authority import run as openssl

Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """A command of `consent-service ledger` on a database with 12 entries, and what came of it."""
    url = f"sqlite:///{tmp_path}/consent.db"
    asyncio.run(_fill(url, tmp_path))
    environment = {"CONSENT_DATABASE": url, "CONSENT_KEYS": f"{tmp_path}/keys"}

    def command(*arguments: str) -> Result:
        return CliRunner().invoke(cli, ["ledger", *arguments], env=environment)

    return command


async def _fill(url: str, folder: Path) -> None:
    async with open_store(url) as store:
        site = await given.published(store)
        async with ReceiptWriter(store, 100, 100) as writer:
            await asyncio.gather(*(writer.add(given.receipt(site.id)) for _ in range(10)))
        await given.entered(given.desk(store, folder))


def test_a_checkpoint_is_shown_as_it_is_kept_outside(run: Run, tmp_path: Path) -> None:
    shown = run("checkpoint", "--site", "shop")
    path = tmp_path / "checkpoints" / "consent.example_ledger_shop.checkpoint"
    assert (shown.exit_code, shown.stdout) == (0, path.read_text())
    assert "consent.example/ledger/shop+" in run("checkpoint", "--site", "shop", "--keys").stdout


def test_a_sound_ledger_is_said_to_be_so(run: Run, tmp_path: Path) -> None:
    told = run("verify", "--site", "shop", "--receipts")
    assert told.exit_code == 0, told.output
    assert "consent.example/ledger/shop: 12 of 12 entries, 10 receipts: all as it" in told.stdout
    kept = tmp_path / "kept.checkpoint"
    kept.write_text(run("checkpoint", "--site", "shop").stdout)
    since = run("verify", "--site", "shop", "--since", str(kept))
    assert "0 of 12 entries: all as it should be" in since.stdout


def test_a_finding_names_its_entry_and_makes_the_exit_status_1(run: Run, tmp_path: Path) -> None:
    with outside(f"sqlite:///{tmp_path}/consent.db") as connection:
        connection.run("drop trigger receipts_no_delete")
        connection.run("delete from receipts where id = (select id from places where place = 5)")
    told = run("verify", "--site", "shop")
    assert told.exit_code == 1
    assert told.stdout.splitlines()[0] == (
        "entry 5: its receipt is missing, and nothing says that it was erased"
    )
    assert "12 of 12 entries: 1 findings" in told.stdout


def test_it_may_be_interrupted_and_says_how_far_it_came(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("consent_service.cli.ledger.with_store", interrupted)
    told = run("verify", "--site", "shop")
    assert told.exit_code == 130
    assert "stopped: 0 of 0 entries were verified" in told.output


def test_a_person_accepts_a_fork_and_the_audit_trail_knows(run: Run, tmp_path: Path) -> None:
    told = run("accept-fork", "--site", "shop", "--reason", "the disk is gone")
    assert told.exit_code == 0
    assert ".forked-" in told.stdout
    with outside(f"sqlite:///{tmp_path}/consent.db") as connection:
        events = connection.run("select actor, verb, subject from events")
    assert events == [("operator", "ledger.accept_fork", "the disk is gone")]
    again = run("accept-fork", "--site", "shop", "--reason", "again")
    assert "nothing to decide" in again.stdout


def test_a_file_that_is_no_checkpoint_is_refused(run: Run, tmp_path: Path) -> None:
    (tmp_path / "note").write_text("hello\n")
    told = run("verify", "--site", "shop", "--since", str(tmp_path / "note"))
    assert "a note is a text, a blank line" in str(told.exception)


def _command(tmp_path: Path, *arguments: str) -> Result:
    environment = {
        "CONSENT_DATABASE": f"sqlite:///{tmp_path}/consent.db",
        "CONSENT_KEYS": f"{tmp_path}/keys",
        "CONSENT_BASE_URL": "https://consent.example",
    }
    return CliRunner().invoke(cli, arguments, env=environment)


def test_rules_of_keeping_are_set_and_shown(run: Run, tmp_path: Path) -> None:
    told = _command(tmp_path, "site", "keep", "shop", "--years", "5", "--hold")
    assert told.exit_code == 0, told.output
    shown = _command(tmp_path, "site", "keep", "shop").output
    assert shown == told.output
    assert shown.splitlines() == ["years      5", "hold       yes: nothing is erased by itself"]
    changed = _command(tmp_path, "site", "keep", "shop", "--no-hold")
    assert changed.output.splitlines() == ["years      5", "hold       no"]
    assert _command(tmp_path, "site", "keep", "shop", "--years", "7").exit_code == 2


def test_a_receipt_is_erased_from_a_shell(run: Run, tmp_path: Path) -> None:
    with outside(f"sqlite:///{tmp_path}/consent.db") as connection:
        raw = connection.run("select id from receipts order by id limit 1")[0][0]
    arguments = ("receipts", "erase", "shop", uuid_text(raw), "--reason", "court")
    told = _command(tmp_path, *arguments)
    assert told.exit_code == 0, told.output
    assert "stays in the ledger" in told.output
    with outside(f"sqlite:///{tmp_path}/consent.db") as connection:
        assert connection.run("select reason from tombstones") == [(3,)]
        assert connection.run("select actor, verb from events") == [("operator", "receipt.erase")]
    assert run("verify", "--site", "shop", "--receipts").exit_code == 0


def test_what_is_kept_no_longer_is_told_and_erased_from_a_shell(tmp_path: Path) -> None:
    async def fill() -> None:
        async with open_store(f"sqlite:///{tmp_path}/consent.db") as store:
            site = await given.published_policy(store)
            async with ReceiptWriter(store, 100, 100) as writer:
                # The clock of a shell is the real one: these are long over by it.
                await asyncio.gather(
                    *(writer.add(given.receipt(site.id, at=1_000 + n)) for n in range(4))
                )
            await given.entered(given.desk(store, tmp_path))

    asyncio.run(fill())
    _command(tmp_path, "site", "keep", "shop", "--hold")
    retain = ("receipts", "retain", "shop")
    held = _command(tmp_path, *retain).output.splitlines()
    assert held[0] == "A legal hold stands: nothing is erased."
    _command(tmp_path, "site", "keep", "shop", "--no-hold")
    for arguments, count in ((("--dry-run",), 4), ((), 4), ((), 0)):
        told = _command(tmp_path, *retain, *arguments)
        assert told.exit_code == 0, told.output
        assert told.output.rstrip().endswith(f": {count} receipts.")


VKEY = witness_key("east.example/w", Pen(b"e" * 32).public).vkey


def test_how_it_stands_is_told_from_a_shell(run: Run, tmp_path: Path) -> None:
    told = run("status", "--site", "shop")
    assert told.exit_code == 0, told.output
    assert told.stdout.splitlines() == [
        "consent.example/ledger/shop: 12 entries, signed 2023-11-14T22:13:20Z",
        "waiting for an entry: 0",
    ]
    pointed = _command(tmp_path, "site", "vouch", "shop", "--witness", VKEY, "https://e.example/")
    assert pointed.exit_code == 0, pointed.output
    assert (
        pointed.output
        == f"witness    {VKEY} https://e.example\nauthority  none\nmailed to  nobody\n"
    )
    assert _command(tmp_path, "site", "vouch", "shop").output == pointed.output
    assert "witness east.example/w: never yet" in run("status", "--site", "shop").stdout
    none = run("checkpoint", "--site", "shop", "--cosigned")
    assert "cosigned by most of its witnesses" in str(none.exception)
    cleared = _command(tmp_path, "site", "vouch", "shop", "--no-witnesses")
    assert cleared.output == "witness    none\nauthority  none\nmailed to  nobody\n"
    tsa = _command(tmp_path, "site", "vouch", "shop", "--authority", "https://tsa.example/tsr")
    assert tsa.output == "witness    none\nauthority  https://tsa.example/tsr\nmailed to  nobody\n"
    assert "stamp https://tsa.example/tsr: never yet" in run("status", "--site", "shop").stdout
    assert "authority  none" in _command(tmp_path, "site", "vouch", "shop", "--no-authority").output
    unmailed = _command(tmp_path, "site", "vouch", "shop", "--mail", "a@lawyers.example")
    assert "set smtp_host and smtp_from" in str(unmailed.exception)


TSA = "https://tsa.example/tsr"


def test_an_authoritys_certificates_are_given_shown_and_taken_off(run: Run, tmp_path: Path) -> None:
    def vouch(*arguments: str) -> list[str]:
        told = _command(tmp_path, "site", "vouch", "shop", *arguments)
        assert told.exit_code == 0, told.output
        return told.output.splitlines()

    tsa = authority(tmp_path)
    file = tmp_path / "given.pem"
    file.write_bytes(b"of us\n" + tsa.root + tsa.own)
    give = ("--authority-certificates", str(file))
    shown = vouch("--authority", TSA, *give)
    assert shown[1] == f"authority  {TSA}"
    assert [line.partition(", SHA-256 ")[0] for line in shown[2:4]] == [
        f"leads to   CN={tmp_path.name}",
        "leads to   CN=stamps",
    ]
    assert [line.count(":") for line in shown[2:4]] == [31, 31]
    assert shown[4] == "mailed to  nobody"
    plain = [*shown[:2], *shown[4:]]
    for arguments in ((), ("--authority", TSA), ("--no-witnesses",)):
        assert vouch(*arguments) == shown
    for arguments, address in (
        (("--no-authority-certificates",), TSA),
        (("--authority", f"{TSA}/2"), f"{TSA}/2"),
        (("--no-authority",), "none"),
    ):
        assert vouch(*arguments) == [line.replace(TSA, address) for line in plain]
        assert vouch("--authority", TSA, *give) == shown


def test_files_that_are_no_certificates_are_refused(run: Run, tmp_path: Path) -> None:
    tsa = authority(tmp_path)
    openssl("x509", "-in", f"{tmp_path}/root.pem", "-outform", "der", "-out", f"{tmp_path}/der")
    files = {
        "der": ((tmp_path / "der").read_bytes(), "a certificate cannot be read, or there is none"),
        "empty": (b"", "or there is none"),
        "a key": ((tsa.folder / "tsa.key").read_bytes() + tsa.own, "there is a private key in it"),
        "long": (tsa.root + b" " * 70_000, "more than 64 KiB"),
        "many": (tsa.root * 21, "20 certificates are the most"),
    }
    for name, (content, message) in files.items():
        (tmp_path / name).write_bytes(content)
        give = ("--authority", TSA, "--authority-certificates", str(tmp_path / name))
        assert message in str(_command(tmp_path, "site", "vouch", "shop", *give).exception), name
    (tmp_path / "good").write_bytes(tsa.root)
    good = f"--authority-certificates={tmp_path}/good"
    alone = _command(tmp_path, "site", "vouch", "shop", good)
    assert "of no authority: give its address" in str(alone.exception)
    assert "authority  none" in _command(tmp_path, "site", "vouch", "shop").output
    assert _command(tmp_path, "site", "vouch", "shop", f"{good}/nowhere").exit_code == 2


def test_what_is_not_in_order_makes_the_exit_status_1(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "checkpoints" / "consent.example_ledger_shop.checkpoint"
    path.write_text("hello\n")
    told = run("status", "--site", "shop")
    assert told.exit_code == 1
    assert "STUCK: " in told.stdout
    assert "is not a checkpoint" in told.stdout
