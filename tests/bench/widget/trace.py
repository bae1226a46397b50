"""What a browser's trace says of the main thread: in processor time, so only its own share."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

Event = dict[str, Any]

CATEGORIES = ["devtools.timeline", "toplevel"]
FRAMES = ["devtools.timeline", "disabled-by-default-devtools.timeline"]
"""What `painted` looks for."""

TASK = "ThreadControllerImpl::RunTask"
SCRIPT = {
    "EvaluateScript",
    "FunctionCall",
    "RunMicrotasks",
    "v8.callFunction",
    "v8.compile",
    "v8.compileModule",
    "v8.evaluateModule",
    "v8.run",
}
LAYOUT = {"Layout", "UpdateLayoutTree"}


@dataclass(frozen=True)
class Work:
    """Milliseconds of the page's main thread."""

    script: float
    """Compiling and running, without the style and layout that it forces."""
    forced: float
    """Style and layout that script waited for."""
    everything: float
    """All tasks."""
    longest: float
    """The most that script took of one task, with what it forced: the page's own layout may be in
    the same task, and makes one of 70 to 100 where there is no script at all."""


def painted(events: Iterable[Event], kind: str) -> float:
    """Milliseconds by the clock from the first event of a kind to the end of the next frame.

    To where the main thread hands the frame over: what it does then keeps nobody from seeing it.
    Raises `ValueError` if there was no such event, or no frame after it.
    """
    whole = [event for event in events if event["ph"] == "X"]
    handled = [
        event
        for event in whole
        if event["name"] == "EventDispatch" and event["args"]["data"]["type"] == kind
    ]
    began = min(handled, key=lambda event: event["ts"], default=None)
    if not began:
        raise ValueError(f"nothing in the trace is a {kind}")
    thread = began["pid"], began["tid"]
    ends = [
        event["ts"] + event["dur"]
        for event in whole
        if event["name"] == "Commit" and (event["pid"], event["tid"]) == thread
    ]
    after = [end for end in ends if end > began["ts"] + began["dur"]]
    if not after:
        raise ValueError(f"nothing was painted after the {kind}")
    return float(min(after) - began["ts"]) / 1000


@dataclass
class _Span:
    name: str
    end: float
    took: float
    parent: "_Span | None"

    def inside(self, names: set[str]) -> bool:
        """Whether one of these lies around it."""
        around = self.parent
        while around and around.name not in names:
            around = around.parent
        return around is not None

    @property
    def task(self) -> "_Span":
        """The outermost that it lies in."""
        return self.parent.task if self.parent else self


def work(events: Iterable[Event], address: str) -> Work:
    """The work of the main thread that read the page at `address`."""
    events = list(events)
    spans = list(_nested(_of_main_thread(events, address)))
    script = [span for span in spans if span.name in SCRIPT and not span.inside(SCRIPT)]
    forced = [
        span
        for span in spans
        if span.name in LAYOUT and span.inside(SCRIPT) and not span.inside(LAYOUT)
    ]
    layout = sum(span.took for span in forced)
    return Work(
        script=(sum(span.took for span in script) - layout) / 1000,
        forced=layout / 1000,
        everything=sum(span.took for span in spans if span.name == TASK) / 1000,
        longest=max(_by_task(script).values(), default=0) / 1000,
    )


def _by_task(spans: Iterable[_Span]) -> Counter[int]:
    """How long these took of each task."""
    took: Counter[int] = Counter()
    for span in spans:
        took[id(span.task)] += round(span.took)
    return took


def _of_main_thread(events: list[Event], address: str) -> list[Event]:
    """Complete events of the thread that parsed the page."""
    parsed = Counter(
        (event["pid"], event["tid"])
        for event in events
        if event["name"] == "ParseHTML"
        and address in event["args"].get("beginData", {}).get("url", "")
    )
    if not parsed:
        raise ValueError(f"nothing in the trace has read {address}")
    thread = parsed.most_common(1)[0][0]
    return [
        event
        for event in events
        if event["ph"] == "X" and (event["pid"], event["tid"]) == thread and "dur" in event
    ]


def _nested(events: list[Event]) -> Iterator[_Span]:
    """Each event with what lies around it."""
    inner: _Span | None = None
    for event in sorted(events, key=lambda event: (event["ts"], -event["dur"])):
        while inner and inner.end <= event["ts"]:
            inner = inner.parent
        end = event["ts"] + event["dur"]
        inner = _Span(event["name"], end, event["tdur"] if "tdur" in event else event["dur"], inner)
        yield inner
