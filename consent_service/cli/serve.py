"""`consent-service serve` and `health`."""

import gc
import logging
import sys
from socket import socket

import click
import httpx
import uvicorn
from starlette.types import ASGIApp

from consent_service.app import create_app
from consent_service.cli.logs import configure_logs
from consent_service.settings import Settings


@click.command()
@click.option("--host", help="Listen on this address instead of the setting's.")
@click.option("--port", type=int, help="Listen on this port instead of the setting's.")
@click.pass_obj
def serve(settings: Settings, host: str | None, port: int | None) -> None:
    """Run the service until it is told to stop.

    Makes the database and the signing keys if they are not there. Behind a proxy or not, it
    neither reads nor keeps the addresses of visitors. Several processes may serve one
    PostgreSQL database and one folder of keys.
    """
    configure_logs(settings.log_level)
    address = (host or settings.host, settings.port if port is None else port)
    server = Server(create_app(settings), *address)
    server.run()
    if not server.started:
        logging.getLogger("consent_service").error("the service did not start")
        sys.exit(3)


def served(app: ASGIApp, host: str, port: int) -> uvicorn.Config:
    """How an application is served here; the benchmark serves what it compares with so too."""
    return uvicorn.Config(
        app,
        host=host,
        port=port,
        log_config=None,
        # uvicorn's own access log has the visitor's address in it (R46).
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=10,
    )


class Server(uvicorn.Server):
    """One process's server of one application. Port 0 takes a free one."""

    def __init__(self, app: ASGIApp, host: str, port: int) -> None:
        super().__init__(served(app, host, port))

    async def startup(self, sockets: list[socket] | None = None) -> None:
        """Open the application, listen, and only then let requests come."""
        await super().startup(sockets)
        # What is loaded by now stays until the end. The collector would look at all of it again
        # and again, and nobody is answered meanwhile: 40 ms each time.
        gc.collect()
        gc.freeze()


@click.command()
@click.option("--url", help="Ask there instead of at the port of the settings.")
@click.pass_obj
def health(settings: Settings, url: str | None) -> None:
    """Ask a running service whether it can store receipts; exit status 1 if not."""
    address = url or f"http://127.0.0.1:{settings.port}"
    try:
        response = httpx.get(f"{address}/readyz", timeout=5)
        answer = f"{response.status_code}"
    except httpx.HTTPError as error:
        answer = str(error) or type(error).__name__
    if answer != "200":
        click.echo(f"not ready: {answer}", err=True)
        sys.exit(1)
    click.echo("ready")
