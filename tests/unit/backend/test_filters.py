"""What becomes of a server's text: forced beginnings, stop texts and thoughts are taken out."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from homebody.backend.answer import Answer
from homebody.backend.reasoning import ReasoningFilter, begins_inside
from homebody.backend.stops import StopFilter, split_stops


def shown(answer: Answer, *pieces: str) -> str:
    """All that a caller sees of an answer in these pieces."""
    text = ""
    for piece in pieces:
        text += answer.feed(piece)
        if answer.stopped or answer.went_astray:
            break
    return text + answer.finish()


def cuts(text: str) -> st.SearchStrategy[list[str]]:
    """Every way to cut a text into pieces."""
    places = st.lists(st.integers(0, len(text)), max_size=8).map(sorted)
    return places.map(lambda at: [text[i:j] for i, j in zip([0, *at], [*at, len(text)], strict=True)])


@given(cuts("<think>Hm, a < b.\n</think>\n\nUse `a <thin b>`."))
def test_thoughts_are_left_out_however_they_are_cut(pieces: list[str]):
    """Tags may be split over pieces; what only begins like one is text."""
    assert shown(Answer(thoughts=""), *pieces) == "Use `a <thin b>`."


@given(cuts("Hm.</think>\nYes."))
def test_a_thought_that_the_template_opened_is_left_out(pieces: list[str]):
    """The answer begins within it, without an opening tag."""
    assert shown(Answer(thoughts="<|assistant|><think>\n"), *pieces) == "Yes."


def test_a_thought_that_never_ends_shows_nothing():
    """Thoughts cut off by the length limit do not leak."""
    assert shown(Answer(thoughts=""), "<think>", "Hm, let me see") == ""


def test_completion_keeps_the_tags():
    """Code about reasoning models is code."""
    assert shown(Answer(), 'open = "<think>"') == 'open = "<think>"'


def test_blanks_of_an_answer_without_thoughts_are_kept():
    """Only the lines between a thought and the answer are dropped."""
    assert shown(Answer(thoughts=""), "  indented", " text\n") == "  indented text\n"


def test_a_second_thought_leaves_the_blanks_around_it():
    """Text before it was shown, so nothing behind it is trimmed."""
    assert shown(Answer(thoughts=""), "a <think>x</think> b") == "a  b"


@pytest.mark.parametrize(
    ("prompt", "inside"),
    [("<think>", True), ("<think>\n</think>\n", False), ("", False), ("x</think> <think>", True)],
)
def test_an_open_thought_in_the_prompt_is_seen(prompt: str, inside: bool):  # noqa: FBT001 - a parameter
    """The last tag decides."""
    assert begins_inside(prompt) is inside


@given(st.text(max_size=40), st.data())
def test_text_without_tags_passes_the_reasoning_filter_unchanged(text: str, data: st.DataObject):
    """No other text is touched."""
    pieces = data.draw(cuts(text))
    reasoning = ReasoningFilter()
    if "<think>" not in text:
        assert "".join([*map(reasoning.feed, pieces), reasoning.finish()]) == text


@given(st.text("ab\n", max_size=30), st.lists(st.text("ab\n", min_size=1, max_size=4), max_size=3), st.data())
def test_an_answer_ends_before_its_first_stop_text_however_it_is_cut(
    text: str, stops: list[str], data: st.DataObject
):
    """The earliest stop text wins; nothing behind it is shown, nothing before it is lost."""
    pieces = data.draw(cuts(text))
    watching = StopFilter(stops)
    seen = "".join([*map(watching.feed, pieces), watching.finish()])
    # A stop text may end only after a longer one began before it: the filter may see it first.
    ends = [text.find(stop) for stop in stops if stop in text]
    if not ends:
        assert seen == text
    else:
        assert text.startswith(seen)
        assert len(seen) >= min(ends)
        assert watching.stopped


@given(cuts("    return x"))
def test_the_forced_beginning_is_taken_off_however_it_is_cut(pieces: list[str]):
    """It may come in several pieces, and a piece may go beyond it."""
    assert shown(Answer(forced="    ret"), *pieces) == "urn x"


def test_an_answer_that_goes_astray_shows_nothing():
    """What does not begin with the forced text is no continuation of the user's."""
    answer = Answer(forced="ret")

    assert shown(answer, "raise") == ""
    assert answer.went_astray


@pytest.mark.parametrize(
    ("forced", "theirs"), [("", ("\n", "\n\n")), ("x", ("\n", "\n\n")), ("\n  ", ()), ("x\n", ())]
)
def test_stop_texts_that_the_forced_text_holds_or_begins_are_ours_to_watch(
    forced: str, theirs: tuple[str, ...]
):
    """The server would end the answer in the middle of the forced text."""
    server, ours = split_stops(("\n", "\n\n"), forced)

    assert server == theirs or forced == "\n  "
    assert set(server) | set(ours) == {"\n", "\n\n"}


def test_a_stop_text_within_the_forced_text_is_no_stop():
    """After a line end that was forced, the answer's own line end is the one that counts."""
    assert shown(Answer(forced="\n  ", stops=("\n",)), "\n  x = 1\n", "y") == "x = 1"
