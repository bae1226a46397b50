"""Logs: one JSON object a line, on stderr. No visitor's address is in any of them (R46)."""

import json
import logging
import re
from datetime import UTC, datetime

_PLAIN = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "color_message"}
# The server's own words sometimes carry its peer's address: `127.0.0.1:51000 - "WebSocket ..."`.
# A netmask or a version does not look like a peer.
_PEER = re.compile(r"\b\d{1,3}(?:\.\d{1,3}){3}:\d+\b|\[[0-9a-fA-F:]+\]:\d+")
_LISTENING = "Uvicorn running on"


class JsonLines(logging.Formatter):
    """One line a record: time, level, logger, message, and what was given as `extra`."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as a line of JSON."""
        line = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": self._message(record),
        }
        line |= {name: value for name, value in vars(record).items() if name not in _PLAIN}
        if record.exc_info:
            line["trace"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str)

    def _message(self, record: logging.LogRecord) -> str:
        message = record.getMessage()
        # Where we listen is ours to say; who called is not.
        return message if message.startswith(_LISTENING) else _PEER.sub("[peer]", message)


def configure_logs(level: str) -> None:
    """Send every log of the process to stderr as JSON lines, from `level` up."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines())
    wanted = logging.getLevelName(level.upper())
    # What libraries say for debugging holds all that they are given: e-mails, ids, choices (R46).
    logging.basicConfig(level=max(wanted, logging.INFO), handlers=[handler], force=True)
    logging.getLogger("consent_service").setLevel(wanted)
    # Each request that the install check makes would be a line with the page's address.
    logging.getLogger("httpx").setLevel(logging.WARNING)
