"""Filters for a server's text: forced beginnings, stop texts and thoughts are removed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from homebody.backend import answer as filters
from homebody.backend.answer import Answer, opened_at_end


def shown(answer: Answer, *pieces: str) -> str:
    text = ""
    for piece in pieces:
        text += answer.feed(piece)
        if answer.stopped or answer.went_astray:
            break
    return text + answer.finish()


def cuts(text: str) -> st.SearchStrategy[list[str]]:
    places = st.lists(st.integers(0, len(text)), max_size=8).map(sorted)
    return places.map(lambda at: [text[i:j] for i, j in zip([0, *at], [*at, len(text)], strict=True)])


THOUGHTS = {
    "think tags": "<think>Hm, a < b.\n</think>\n\n",
    "Mistral": "[THINK]Hm [1].[/THINK]\n",
    "Seed-OSS": "<seed:think>Hm.</seed:think>",
    "Gemma 4": "<|channel>thought\nHm.\n<channel|>",
    "Gemma 4, switched off": "<|channel>thought\n<channel|>",
    "gpt-oss": "<|channel|>analysis<|message|>Hm.<|end|><|start|>assistant<|channel|>final<|message|>",
    "gpt-oss, twice": (
        "<|channel|>analysis<|message|>Hm.<|end|><|start|>assistant<|channel|>commentary<|message|>So."
        "<|end|><|start|>assistant<|channel|>final<|message|>"
    ),
    "two thoughts": "<think>Hm.</think>\n<think></think>\n\n",
}


def test_every_format_is_among_the_cases():
    cases = "".join(THOUGHTS.values())
    assert [opening for opening, _ in filters.THOUGHTS if opening not in cases] == []


@pytest.mark.parametrize("thought", THOUGHTS)
@given(data=st.data())
def test_thoughts_are_left_out_however_they_are_cut(thought: str, data: st.DataObject):
    """In every format; tags may be split over pieces, and the beginning of a tag alone is text."""
    pieces = data.draw(cuts(THOUGHTS[thought] + "<thin> `a <think b>`."))
    assert shown(Answer(opened=""), *pieces) == "<thin> `a <think b>`."


@given(cuts("Hm.</think>\nYes."))
def test_a_thought_that_the_template_opened_is_left_out(pieces: list[str]):
    assert shown(Answer(opened=opened_at_end("<|assistant|><think>\n")), *pieces) == "Yes."


def test_the_first_line_of_code_keeps_its_indentation():
    assert shown(Answer(opened=""), "<think>Hm.</think>\n\n", "    x = 1") == "    x = 1"


@pytest.mark.parametrize("tag", ["<think>x</think>", "[THINK]", "<|channel|>analysis<|message|>x<|end|>"])
def test_a_tag_in_the_middle_of_an_answer_is_text(tag: str):
    assert shown(Answer(opened=""), f"a {tag} b") == f"a {tag} b"


def test_a_stop_text_within_a_thought_ends_nothing():
    answer = Answer(stops=("\n\n",), opened="")
    assert shown(answer, "<think>a\n\nb</think>x = 1\n\ny") == "x = 1"


@pytest.mark.parametrize(
    ("frame", "opened"),
    [
        ("<think>", "<think>"),
        ("<think>\n</think>\n", ""),
        ("", ""),
        ("x</think> <think>", "<think>"),
        ("<|channel>thought\n<channel|>", ""),
        ("<|start|>assistant<|channel|>analysis<|message|>", "<|channel|>analysis<|message|>"),
    ],
)
def test_an_open_thought_at_the_end_of_a_rendered_chat_is_seen(frame: str, opened: str):
    assert opened_at_end(frame) == opened


@given(st.text("ab\n", max_size=30), st.lists(st.text("ab\n", min_size=1, max_size=4), max_size=3), st.data())
def test_an_answer_ends_before_its_first_stop_text_however_it_is_cut(
    text: str, stops: list[str], data: st.DataObject
):
    pieces = data.draw(cuts(text))
    watching = Answer(stops=stops)
    seen = "".join([*map(watching.feed, pieces), watching.finish()])
    # A stop text may end only after a longer one began before it: the filter may see it first.
    ends = [text.find(stop) for stop in stops if stop in text]
    if not ends:
        assert seen == text
    else:
        assert text.startswith(seen)
        assert len(seen) >= min(ends)
        assert watching.stopped


def test_an_answer_without_the_forced_text_shows_nothing():
    answer = Answer(forced="ret")
    assert shown(answer, "raise") == ""
    assert answer.went_astray


def test_a_stop_text_within_the_forced_text_is_no_stop():
    assert shown(Answer(forced="\n  ", stops=("\n",)), "\n  x = 1\n", "y") == "x = 1"
