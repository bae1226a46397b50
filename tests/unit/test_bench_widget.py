"""The widget benchmark's own arithmetic: what it reads from a trace, and what it prints."""

from typing import Any

import pytest

from tests.bench.widget import table, trace

PAGE = {"beginData": {"url": "http://localhost/ours/"}}


def event(name: str, start: int, took: int, cpu: int | None = None, **more: Any) -> trace.Event:
    """A complete event of the page's main thread, in microseconds."""
    told = {"name": name, "ph": "X", "ts": start, "dur": took, "pid": 1, "tid": 1, "args": {}}
    return told | {"tdur": took if cpu is None else cpu} | more


def visit() -> list[trace.Event]:
    """A page that is parsed, whose script forces a layout, and that is laid out again."""
    return [
        event("ParseHTML", 0, 500, args=PAGE),
        event(trace.TASK, 1_000, 9_000, cpu=7_000),
        event("EvaluateScript", 1_000, 8_000, cpu=6_000),
        event("v8.run", 1_500, 7_000, cpu=5_500),
        event("Layout", 2_000, 3_000, cpu=2_000),
        event("UpdateLayoutTree", 2_000, 1_000, cpu=500),
        event(trace.TASK, 20_000, 4_000),
        event("Layout", 20_000, 4_000),
        event(trace.TASK, 30_000, 1_000),
        event("FunctionCall", 30_000, 500),
    ]


def test_processor_time_is_told_apart_by_what_it_went_into() -> None:
    done = trace.work(visit(), "/ours/")
    assert done == trace.Work(script=4.5, forced=2.0, everything=12.0, longest=6.0)


def test_what_other_threads_and_pages_do_does_not_count() -> None:
    others = [event("EvaluateScript", 0, 50_000, tid=2), event("v8.run", 0, 50_000, pid=2)]
    assert trace.work([*visit(), *others], "/ours/") == trace.work(visit(), "/ours/")


def test_script_is_added_up_within_one_task_and_the_pages_own_layout_is_not_in_it() -> None:
    two = [event("FunctionCall", at, 2_000) for at in (41_000, 44_000)]
    busy = [event(trace.TASK, 40_000, 90_000), *two, event("Layout", 50_000, 80_000)]
    assert trace.work([*visit()[:1], *busy], "/ours/").longest == 4.0


def test_a_trace_without_the_page_is_no_trace_of_it() -> None:
    with pytest.raises(ValueError, match="/other/"):
        trace.work(visit(), "/other/")


def click(start: int, took: int) -> trace.Event:
    """The page's handlers of a click."""
    return event("EventDispatch", start, took, args={"data": {"type": "click"}})


def test_a_click_is_painted_when_the_first_frame_after_its_handlers_is_handed_over() -> None:
    frames = [event("Commit", at, 500) for at in (1_000, 12_000, 30_000)]
    others = [event("Commit", 9_000, 500, tid=2), event("Commit", 9_000, 500, pid=2)]
    later = click(25_000, 1_000)
    assert trace.painted([*frames, *others, later, click(2_000, 5_000)], "click") == 10.5


@pytest.mark.parametrize(
    ("events", "said"),
    [
        ([event("Commit", 0, 500)], "nothing in the trace is a click"),
        ([event("Commit", 0, 500), click(1_000, 500)], "nothing was painted after the click"),
    ],
)
def test_a_click_that_was_not_painted_has_no_figure(events: list[trace.Event], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        trace.painted(events, "click")


ROUNDS: table.Rounds = [
    {"plain": {"paint": 200}, "ours": {"paint": 204, "requests": 1}, "klaro": {"requests": 2}},
    {"plain": {"paint": 300}, "ours": {"paint": 300, "requests": 1}, "klaro": {"requests": 3}},
    {"plain": {"paint": 250}, "ours": {"paint": 259, "requests": 2}},
]


@pytest.mark.parametrize(
    ("row", "name", "median"),
    [
        (table.Row("", "paint"), "ours", 259),
        (table.Row("", "paint", beyond_plain=True), "ours", 4),
        (table.Row("", "paint", beyond_plain=True), "plain", 0),
        (table.Row("", "requests"), "klaro", 2.5),
        (table.Row("", "requests", beyond_plain=True), "klaro", None),
        (table.Row("", "paint"), "klaro", None),
    ],
)
def test_a_figure_is_the_median_of_the_rounds_that_have_it(
    row: table.Row, name: str, median: float | None
) -> None:
    assert row.median(ROUNDS, name) == median


def test_a_figure_above_its_limit_is_marked_and_told() -> None:
    shown = list(table.lines(ROUNDS, ["plain", "ours", "klaro"]))
    delay = next(line for line in shown if "delay of the first paint" in line)
    requests = [line.split()[-3:] for line in shown if "first visit" in line]
    assert delay.split()[-3:] == ["0", "!", "4"]
    assert requests == [["1", "1", "2"], ["1", "1.0", "2.5"]]
    assert [line.partition(": ")[0] for line in table.missed(ROUNDS)] == [
        "150 ms round trip, 1.6 Mbit/s (ms), delay of the first paint"
    ]


def test_a_figure_that_reads_like_its_limit_keeps_it() -> None:
    assert (
        table.missed([{"plain": {"paint": 200}, "ours": {"paint": 200.4, "shift": 0.0004}}]) == []
    )
