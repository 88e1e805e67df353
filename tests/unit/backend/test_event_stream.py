"""Server-sent events and lines, for any division of the response."""

import json
from collections.abc import AsyncIterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from homebody.backend.event_stream import events_of, lines_of
from homebody.backend.http import failure


async def chunks(*pieces: str) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece.encode()


@given(st.lists(st.text("ab\u2028\x0c", max_size=5), max_size=6), st.data())
async def test_lines_end_at_cr_and_lf_only_however_they_are_cut(lines: list[str], data: st.DataObject):
    ends = [data.draw(st.sampled_from(["\n", "\r\n", "\r"])) for _ in lines]
    # A line feed after a bare carriage return belongs to it.
    lines = [line or "a" for line in lines]
    whole = "".join(line + end for line, end in zip(lines, ends, strict=True))
    places = sorted(data.draw(st.lists(st.integers(0, len(whole)), max_size=5)))
    pieces = [whole[i:j] for i, j in zip([0, *places], [*places, len(whole)], strict=True)]
    assert [line async for line in lines_of(chunks(*pieces))] == lines


async def test_data_lines_of_one_event_are_joined_and_comments_dropped():
    stream = chunks(": ping\n\ndata: a\ndata: b\n\nid: 7\nda", "ta:c\n\n", "data: unfinished")
    assert [event async for event in events_of(stream)] == ["a\nb", "c"]


@pytest.mark.parametrize(
    "sent",
    [
        'event: error\ndata: {"code": 500, "message": "out of memory"}\n\n',
        'event: error\ndata: {"error": {"message": "out of memory"}}\n\n',
        "event: error\ndata: out of memory\n\n",
        'data: {"error": {"message": "out of memory"}}\n\n',
    ],
)
async def test_a_fault_keeps_the_servers_words(sent: str):
    (event,) = [event async for event in events_of(chunks(sent))]
    assert "failed: out of memory" in str(failure("http://127.0.0.1:9", json.loads(event)["error"]))
