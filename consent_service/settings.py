"""Every setting, in one table. Read once at the start, passed in, never changed.

A setting comes from the environment (`CONSENT_DATABASE`), else from a TOML file
(`database = "..."`), else it has the default below. An unknown name or a malformed value
stops the start and says which. `help/settings.md` is tested against this table.
"""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from consent_service.errors import Misconfigured

PREFIX = "CONSENT_"
FILE_VARIABLE = "CONSENT_CONFIG"
NO_SETTINGS = frozenset({FILE_VARIABLE, "CONSENT_URL", "CONSENT_TOKEN"})
"""Variables that are of the command line alone: which service a policy's file is kept in."""


class Settings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The settings of one process. `HELP` says what each is for."""

    database: str = "sqlite:///data/consent.db"
    keys: Path = Path("data/keys")
    base_url: str = "http://127.0.0.1:8000"
    host: str = "127.0.0.1"
    port: int = 8000
    receipts_queue: int = 4096
    receipts_batch: int = 256
    retire_hours: int = 48
    session_hours: int = 12
    checkpoints: str = ""
    ledger_seconds: float = 1.0
    witness_seconds: float = 300.0
    stamp_seconds: float = 3600.0
    smtp_host: str = ""
    smtp_port: int = 587
    smtp_user: str = ""
    smtp_password: str = ""
    smtp_tls: str = "starttls"
    smtp_from: str = ""
    exports: str = ""
    browser: str = ""
    known_cookies: str = ""
    log_level: str = "info"

    @property
    def checkpoints_folder(self) -> Path:
        """Where each ledger's newest checkpoint is kept outside the database."""
        return Path(self.checkpoints) if self.checkpoints else self.keys.parent / "checkpoints"

    @property
    def exports_folder(self) -> Path:
        """Where the files of exports lie until they are taken away."""
        return Path(self.exports) if self.exports else self.keys.parent / "exports"

    @property
    def secure(self) -> bool:
        """Whether the service is reached over TLS, so that its cookies are `Secure`."""
        return self.base_url.startswith("https://")


HELP: Mapping[str, str] = {
    "database": "Where receipts and policies are kept: `sqlite:///path` (relative to the working "
    "directory) or `postgresql://name:password@host:port/database`.",
    "keys": "The folder of the signing keys. Made, with keys, at the first start; files have mode "
    "0600. Several processes on several machines share one folder. Back it up apart from the "
    "database.",
    "base_url": "The address that visitors and auditors reach the service at, without a slash at "
    "the end. It stands in every receipt as `iss`.",
    "host": "The address to listen on.",
    "port": "The port to listen on.",
    "receipts_queue": "How many receipts may wait for their commit. One more is answered with 503 "
    "and Retry-After.",
    "receipts_batch": "How many receipts share one transaction at the most.",
    "retire_hours": "How many hours after it was superseded a policy version may still be "
    "answered: a page may have been open, a receipt may have been queued.",
    "session_hours": "How many hours a sign-in holds.",
    "checkpoints": "The folder that each ledger's newest signed checkpoint is written to, by which "
    "a database that was put back to an older state is found out. Empty for `checkpoints` beside "
    "the folder of the keys. Keep it out of the database's backup.",
    "ledger_seconds": "How many seconds lie between two rounds of entering receipts into the "
    "ledgers; 0 for never: another process does it.",
    "witness_seconds": "How many seconds lie between two times that the newest checkpoint of a "
    "ledger is handed to the site's witnesses; 0 for never: another process does it.",
    "stamp_seconds": "How many seconds lie between two times that a ledger's newest checkpoint is "
    "stamped by the site's time-stamping authority; 0 for never: another process does it.",
    "smtp_host": "The mail server that checkpoints are mailed by, once a day, to the addresses "
    "that a site's admins have set; empty for none.",
    "smtp_port": "The port of the mail server.",
    "smtp_user": "Who signs in to the mail server; empty for nobody.",
    "smtp_password": "The password for that. It is sent over TLS alone.",
    "smtp_tls": "`starttls`, `tls` from the first byte on, or `none`. The server's certificate is "
    "checked.",
    "smtp_from": "The address that mails come from.",
    "exports": "The folder that exports are written to, and kept in for seven days. Empty for "
    "`exports` beside the folder of the keys. Several processes on several machines share one.",
    "browser": "The Chromium that takes screenshots of banners: a program's name or path. Empty "
    "for one that is found on the path, else Playwright's own; `off` for none. Needs the extra "
    "`render`.",
    "known_cookies": "A CSV file of what is commonly known of cookies by their names, in the "
    "columns of the Open Cookie Database: editors are offered what it says. Read at the start. "
    "Empty for none.",
    "log_level": "`debug`, `info`, `warning` or `error`.",
}

_RANGES: Mapping[str, tuple[int, int]] = {
    "port": (0, 65_535),
    "receipts_queue": (1, 1_000_000),
    "receipts_batch": (1, 2_000),
    "retire_hours": (24, 24 * 90),
    "session_hours": (1, 24 * 30),
    "ledger_seconds": (0, 3600),
    "witness_seconds": (0, 86_400),
    "stamp_seconds": (0, 604_800),
    "smtp_port": (1, 65_535),
}


def load_settings(environ: Mapping[str, str], file: Path | None = None) -> Settings:
    """The settings from a TOML file and the environment, which wins.

    `file` defaults to the path in `CONSENT_CONFIG`, if that is set.
    Raises `Misconfigured`, which names the setting and where it came from.
    """
    named = environ.get(FILE_VARIABLE)
    file = file or (Path(named) if named else None)
    values: dict[str, Any] = _from_file(file) if file else {}
    values |= _from_environment(environ)
    return _checked(_converted(values, "the settings"))


def _from_file(file: Path) -> dict[str, Any]:
    try:
        values = tomllib.loads(file.read_text())
    except FileNotFoundError as error:
        raise Misconfigured(f"there is no settings file {file}") from error
    except (OSError, ValueError) as error:
        raise Misconfigured(f"the settings file {file} cannot be read: {error}") from error
    return _refuse(values, str(file))


def _from_environment(environ: Mapping[str, str]) -> dict[str, Any]:
    values = {
        name.removeprefix(PREFIX).lower(): value
        for name, value in environ.items()
        if name.startswith(PREFIX) and name not in NO_SETTINGS
    }
    return _refuse(values, "the environment")


def _refuse(values: dict[str, Any], where: str) -> dict[str, Any]:
    """`values`, if each is a setting and of its type. Each source is checked by itself, to be
    named in what is said.
    """
    unknown = sorted(set(values) - set(HELP))
    if unknown:
        known = ", ".join(HELP)
        raise Misconfigured(f"{where} has no such setting: {', '.join(unknown)} (known: {known})")
    _converted(values, where)
    return values


def _converted(values: Mapping[str, Any], where: str) -> Settings:
    try:
        # Not strict: the environment has only strings, and "8000" is a port.
        return msgspec.convert(values, Settings, strict=False, dec_hook=_decoded)
    except msgspec.ValidationError as error:
        raise Misconfigured(f"{where} has a malformed setting: {error}") from error


def _decoded(kind: type, value: Any) -> Any:
    """What msgspec has no reading for: a path."""
    if kind is Path and isinstance(value, str) and value:
        return Path(value)
    raise ValueError(f"{value!r} is not a path")


def _checked(settings: Settings) -> Settings:
    for name, (least, most) in _RANGES.items():
        if not least <= getattr(settings, name) <= most:
            raise Misconfigured(f"{name} must be from {least} to {most}")
    if not settings.base_url.startswith(("https://", "http://")) or settings.base_url.endswith("/"):
        raise Misconfigured("base_url must be http:// or https:// without a slash at the end")
    if not settings.database.startswith(("sqlite:///", "postgresql://")):
        raise Misconfigured("database must begin with sqlite:/// or postgresql://")
    _check_mail(settings)
    if settings.log_level not in ("debug", "info", "warning", "error"):
        raise Misconfigured("log_level must be debug, info, warning or error")
    return settings


def _check_mail(settings: Settings) -> None:
    if settings.smtp_tls not in ("starttls", "tls", "none"):
        raise Misconfigured("smtp_tls must be starttls, tls or none")
    if settings.smtp_host and "@" not in settings.smtp_from:
        raise Misconfigured("smtp_from must be an e-mail address where there is an smtp_host")
    if settings.smtp_user and settings.smtp_tls == "none":
        raise Misconfigured("smtp_tls must not be none with an smtp_user: all could read it")
