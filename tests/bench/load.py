"""The load: so many connections, each with one request outstanding, from this one process.

Plain sockets and epoll, no event loop and no HTTP library: it has to cost less than what it
measures. It takes answers with a content-length, or without a body.
"""

import gc
import re
import select
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

Maker = Callable[[], bytes]
"""Makes the next request, ready to send."""

PATIENCE = 10.0
"""Seconds after which an answer that has not come is an error."""

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_READ = 262_144


class NoAnswer(RuntimeError):
    """A connection was closed, or stayed silent, with a request outstanding."""


@dataclass
class Sample:
    """What came back in one run."""

    seconds: float
    in_time: int = 0
    """Answers that came while requests were still being sent."""
    answers: int = 0
    """These and the last ones, which were waited for."""
    wrong: int = 0
    example: str = ""
    """The first answer with another status than the expected one."""
    latencies: list[float] = field(default_factory=list)
    """Seconds, one for each answer."""
    busy: float = 0.0
    """The share of a core that this load took itself: near 1 it measures itself."""

    @property
    def rate(self) -> float:
        """Answers a second."""
        return self.in_time / self.seconds

    def percentile(self, part: float) -> float:
        """The latency, in milliseconds, that this part of all answers did not exceed."""
        ranked = sorted(self.latencies)
        return 1000 * ranked[min(len(ranked) - 1, int(part * len(ranked)))]


class _Wire:
    """One connection."""

    __slots__ = ("held", "sent_at", "socket")

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.held = b""
        self.sent_at = 0.0


class Load:
    """Open connections to one server: `with Load(port, 64, make, 201) as load: load.run(2.0)`."""

    def __init__(self, port: int, connections: int, make: Maker, status: int) -> None:
        self._make, self._status = make, str(status).encode()
        self._poll = select.epoll()
        self._wires: dict[int, _Wire] = {}
        for _ in range(connections):
            wire = _Wire(port)
            self._wires[wire.socket.fileno()] = wire
            self._poll.register(wire.socket, select.EPOLLIN)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for wire in self._wires.values():
            wire.socket.close()
        self._poll.close()

    def run(self, seconds: float) -> Sample:
        """Send for so long, wait for the last answers, and tell. Raises `NoAnswer`."""
        sample = Sample(seconds)
        started, cpu = time.perf_counter(), time.process_time()
        gc.disable()
        try:
            for wire in self._wires.values():
                self._send(wire, time.perf_counter())
            self._receive(sample, started + seconds)
        finally:
            gc.enable()
        sample.busy = (time.process_time() - cpu) / (time.perf_counter() - started)
        return sample

    def _send(self, wire: _Wire, now: float) -> None:
        wire.sent_at = now
        wire.socket.sendall(self._make())

    def _receive(self, sample: Sample, until: float) -> None:
        outstanding = len(self._wires)
        while outstanding:
            ready = self._poll.poll(PATIENCE)
            if not ready:
                raise NoAnswer(f"nothing came for {PATIENCE} seconds")
            for number, _ in ready:
                wire = self._wires[number]
                answer = _read(wire)
                if answer is None:
                    continue
                now = time.perf_counter()
                self._take(sample, wire, answer, now)
                if now < until:
                    sample.in_time += 1
                    self._send(wire, now)
                else:
                    outstanding -= 1

    def _take(self, sample: Sample, wire: _Wire, answer: bytes, now: float) -> None:
        sample.answers += 1
        sample.latencies.append(now - wire.sent_at)
        if answer[9:12] != self._status:
            sample.wrong += 1
            sample.example = sample.example or answer[:600].decode("utf-8", "replace")


def ask(port: int, request: bytes) -> bytes:
    """One answer, headers and all, to one request."""
    wire = _Wire(port)
    with wire.socket:
        wire.socket.sendall(request)
        while True:
            answer = _read(wire)
            if answer is not None:
                return answer


def _read(wire: _Wire) -> bytes | None:
    """The whole answer, or None while a part of it is still to come."""
    piece = wire.socket.recv(_READ)
    if not piece:
        raise NoAnswer("the server closed a connection")
    answer = wire.held + piece if wire.held else piece
    end = answer.find(b"\r\n\r\n")
    length = _LENGTH.search(answer, 0, end) if end >= 0 else None
    whole = end >= 0 and len(answer) >= end + 4 + (int(length[1]) if length else 0)
    wire.held = b"" if whole else answer
    return answer if whole else None
