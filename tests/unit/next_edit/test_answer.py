"""A model's answer: what is dropped, and what is shown of the rest."""

import pytest

from homebody.next_edit.answer import edit_from, rejoined, whole_answer
from homebody.next_edit.changes import ChangedLines, NextEdit
from homebody.next_edit.window import EditWindow, formats, window_at
from homebody.text import Document

SWEEP, ZETA = formats()["sweep-v2"], formats()["zeta-2-1"]
SWEEP_1, ZETA_2 = formats()["sweep-v1"], formats()["zeta-2"]
LINES = [f"value_{number} = compute({number})" for number in range(20)]
TEXT = "\n".join(["total = compute(0)", *LINES[1:]])
NEWEST = ChangedLines("file:///a.py", 0, ("value_0 = compute(0)",), ("total = compute(0)",))


def window(text: str = TEXT, line: int = 0, newest: ChangedLines = NEWEST, layout=SWEEP) -> EditWindow:
    document = Document.create("file:///a.py", "python", 1, text)
    return window_at(document, document.line_span(line).end, [newest], layout)


def answered(answer: str, shown: EditWindow, layout=SWEEP, *, is_whole: bool = True) -> object:
    found = edit_from(layout, shown, answer, is_whole=is_whole)
    return (found.line, found.old, found.new) if isinstance(found, NextEdit) else found


def text_of(shown: EditWindow, *replaced: tuple[int, str | None]) -> str:
    new = dict(replaced)
    lines = [new.get(number, line) for number, line in enumerate(shown.lines)]
    return "\n".join(line for line in lines if line is not None)


def test_the_change_nearest_to_the_cursor_is_shown():
    shown = window()
    answer = text_of(shown, (2, "second = compute(2)"), (8, "eighth = compute(8)"))
    assert answered(answer, shown) == (2, ("value_2 = compute(2)",), ("second = compute(2)",))


@pytest.mark.parametrize(
    ("replaced", "reason"),
    [
        ((), "no change"),
        (((1, "value_1  =  compute( 1 )"),), "white space only"),
        (((0, "value_0 = compute(0)"),), "an earlier state"),
        (tuple((number, None) for number in range(1, 9)), "deletes too much"),
        (((5, "\n".join(f"x = {n}" for n in range(40))),), "too long"),
        (((1, "value_1 = comp\u202eute(1)"),), "invisible characters"),
        (((1, "x <|file_sep|>"),), "a marker"),
    ],
)
def test_an_answer_is_dropped(replaced, reason):
    shown = window()
    assert reason == answered(text_of(shown, *replaced), shown)
    assert answered(text_of(shown, *replaced), shown, is_whole=False) == "cut off"


def test_an_answer_that_undoes_the_last_two_changes_is_dropped():
    """Of two changes, the newer one moved the older one by a line."""
    document = Document.create("file:///a.py", "python", 1, f"# new\n{TEXT}")
    newest = ChangedLines("file:///a.py", 0, (), ("# new",))
    older = ChangedLines("file:///a.py", 2, ("first = compute(1)",), (LINES[1],))
    shown = window_at(document, 0, [newest, older], SWEEP)
    before = shown.lines[1:]
    assert shown.earlier == [before, [before[0], "first = compute(1)", *before[2:]]]
    for state in shown.earlier:
        assert answered("\n".join(state), shown) == "an earlier state"


def test_a_change_outside_of_the_window_is_not_undone_in_it():
    far = ChangedLines("file:///a.py", 15, ("old",), (LINES[15],))
    assert window(newest=far).earlier == []


def test_an_answer_that_begins_with_an_unknown_mark_is_dropped():
    assert answered("<|im_end|>\n" + text_of(window()), window()) == "a marker"


def test_blank_lines_before_the_rest_of_a_window_are_dropped():
    shown = window(line=4)
    rest = text_of(shown, (5, "fifth = compute(5)")).removeprefix(shown.prefill)
    assert (5, (LINES[5],), ("fifth = compute(5)",)) == answered("\n\n" + rest, shown)
    written = "\n" + "".join(line + "\n" for line in rest.split("\n")[:8])
    assert rest == whole_answer(SWEEP, shown, written)


def test_lines_inserted_above_the_cursor_alone_are_dropped():
    newest = ChangedLines("file:///a.py", 0, ("value_0 = compute(0)",), ("total = compute(0)",))
    shown = window(line=6, newest=newest)
    answer = text_of(shown, (1, "inserted = 1\nvalue_1 = compute(1)")).split("\n", 1)[1]
    assert answered(answer, shown) == "above the cursor only"


def test_an_answer_that_rewrites_most_of_what_follows_is_dropped():
    shown = window(line=4)
    rewritten = text_of(shown, *((number, f"other_{number} = compute({number})") for number in range(5, 11)))
    assert answered(rewritten.removeprefix(shown.prefill), shown) == "rewrites both sides"


def test_what_the_model_was_given_belongs_to_the_result():
    above = window(line=4)
    assert (above.prefill, above.is_changed_above) == ("total = compute(0)\n", True)
    newest = ChangedLines("file:///a.py", 4, ("v",), (LINES[4],))
    at_cursor = window(line=4, newest=newest)
    assert at_cursor.prefill.count("\n") == 4
    rest = text_of(at_cursor, (5, "fifth = compute(5)")).removeprefix(at_cursor.prefill)
    assert (5, (LINES[5],), ("fifth = compute(5)",)) == answered(rest, at_cursor)


def test_an_answer_ends_where_it_continues_as_the_window_does():
    shown = window()
    whole = text_of(shown, (2, "second = compute(2)"))
    written = "".join(line + "\n" for line in whole.split("\n")[:6])
    assert whole == rejoined(shown, written)
    assert None is rejoined(shown, "".join(line + "\n" for line in whole.split("\n")[:5]))
    assert None is rejoined(shown, "".join(line + "\n" for line in shown.lines[:6]))


def test_blocks_are_replaced_between_their_markers():
    shown = window(layout=ZETA)
    first, *_ = shown.lines
    answer = f"<|marker_1|>{first}\nchanged = 1\n<|user_cursor|><|marker_2|>"
    assert answered(answer, shown, ZETA) == "deletes too much"
    lines = [*shown.lines[:3], "changed = 1", *shown.lines[4:16]]
    answer = "<|marker_1|>" + "".join(f"{line}\n" for line in lines) + "<|marker_2|>"
    assert (3, (LINES[3],), ("changed = 1",)) == answered(answer, shown, ZETA)


def test_the_line_end_before_a_marker_is_no_line_of_its_own():
    shown = window(layout=ZETA)
    answer = (
        "<|marker_1|>" + "".join(f"{line}\n" for line in [*shown.lines[:15], "changed = 1"]) + "<|marker_2|>"
    )
    assert (15, (LINES[15],), ("changed = 1",)) == answered(answer, shown, ZETA)


@pytest.mark.parametrize("end", ["", "\n"])
def test_the_last_line_of_a_document_keeps_its_end(end):
    shown = window(TEXT + end, line=19, layout=ZETA)
    lines = [*shown.lines[:12], "changed = 1"]
    answer = "<|marker_1|>" + "\n".join(lines) + f"{end}<|marker_2|>"
    assert (19, (LINES[19],), ("changed = 1",)) == answered(answer, shown, ZETA)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ("<|marker_1|><|marker_1|>", "no change"),
        ("<|marker_1|>x = 1\n", "no end mark"),
        ("<|marker_2|>x = 1\n<|marker_1|>", "no end mark"),
        ("<|marker_1|>x = 1\n<|marker_9|>", "no end mark"),
        ("NO_EDITS", "no end mark"),
        ("", "no end mark"),
    ],
)
def test_blocks_without_two_markers_in_order_are_dropped(answer, reason):
    """Anything else would delete text."""
    assert reason == answered(answer, window(layout=ZETA), ZETA)


def test_zeta_2_ends_its_answer_with_a_mark():
    """Without it, the answer would delete what it did not write; nothing after it is waited for."""
    shown = window(layout=ZETA_2)
    region = text_of(shown, (2, "second = compute(2)<|user_cursor|>"))

    assert whole_answer(ZETA_2, shown, region) is None
    assert whole_answer(ZETA_2, shown, f"{region}\n>>>>>>> UPDATED\n") is not None
    assert answered(f"{region}\n>>>>>>> UPDATED\n", shown, ZETA_2) == (
        2,
        ("value_2 = compute(2)",),
        ("second = compute(2)",),
    )
    assert answered(region, shown, ZETA_2) == "no end mark"


@pytest.mark.parametrize("words", ["NO_EDITS", "KEEP_PREVIOUS\n>>>>>>> UPDATED", "{same}\n>>>>>>> UPDATED"])
def test_zeta_2_says_in_three_ways_that_nothing_changes(words):
    shown = window(layout=ZETA_2)
    assert answered(words.format(same=text_of(shown)), shown, ZETA_2) == "no change"


def test_sweep_v1_writes_the_whole_window():
    """It is given no beginning; the rest is copied as soon as it continues as the window does."""
    shown = window(line=4, layout=SWEEP_1)
    whole = text_of(shown, (5, "fifth = compute(5)"))

    assert (5, (LINES[5],), ("fifth = compute(5)",)) == answered(whole, shown, SWEEP_1)
    written = "".join(line + "\n" for line in whole.split("\n")[:9])
    assert whole == whole_answer(SWEEP_1, shown, written)
