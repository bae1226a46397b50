"""`consent-service ledger witness`: cosign somebody else's ledger."""

import logging
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import click

from consent_service.cli.logs import configure_logs
from consent_service.cli.serve import Server
from consent_service.errors import Misconfigured
from consent_service.merkle import Key, parse_trust, parse_vkey, witness_key
from consent_service.settings import Settings
from consent_service.signing import Pen, open_pen
from consent_service.store import open_store
from consent_service.web.witness import create_witness
from consent_service.witness import Bench, bench


@click.command("witness")
@click.option("--name", required=True, help="The witness's name, such as witness.example/w1.")
@click.option("--log", "logs", multiple=True, help="A ledger's key, name+id+base64. Repeatable.")
@click.option(
    "--trust",
    "files",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A tlog-policy with ledgers' keys, as /ledger/<site>/tlog-policy.txt. Repeatable.",
)
@click.option(
    "--key",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The witness's private key; made where it is not there. Else witness.pem beside the keys.",
)
@click.option("--host", help="Listen on this address instead of the setting's.")
@click.option("--port", type=int, help="Listen on this port instead of the setting's.")
@click.pass_obj
def run_witness(settings: Settings, /, **asked: Any) -> None:
    """Run a witness: it cosigns checkpoints that continue those which it cosigned before.

    Its public key is printed at the start. What it has cosigned is kept in the database of the
    settings: never run it with that key on an older copy.
    """
    configure_logs(settings.log_level)
    pen = open_pen(asked["key"] or settings.keys.parent / "witness.pem")
    logs = _keys(asked["logs"], asked["files"])
    click.echo(witness_key(asked["name"], pen.public).vkey)
    for key in logs:
        click.echo(f"  cosigns {key.name}")
    app = create_witness(_opened(settings, asked["name"], pen, logs), time.time)
    port = settings.port if asked["port"] is None else asked["port"]
    server = Server(app, asked["host"] or settings.host, port)
    server.run()
    if not server.started:
        logging.getLogger("consent_service").error("the witness did not start")
        sys.exit(3)


def _keys(logs: Sequence[str], files: Sequence[Path]) -> list[Key]:
    keys = [parse_vkey(log) for log in logs]
    for file in files:
        keys += [log.key for log in parse_trust(file.read_bytes()).logs]
    if not keys:
        raise Misconfigured("a witness needs the key of a ledger: give --log or --trust")
    return list(dict.fromkeys(keys))


@asynccontextmanager
async def _opened(
    settings: Settings, name: str, pen: Pen, logs: Sequence[Key]
) -> AsyncIterator[Bench]:
    async with open_store(settings.database) as store:
        yield bench(store, name, pen, logs)
