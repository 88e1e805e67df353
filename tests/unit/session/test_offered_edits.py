"""What the user did with earlier offers decides about the next ones."""

import pytest

from homebody.next_edit.changes import NextEdit
from homebody.session.offered_edits import OfferedEdits
from homebody.text import Document

URI = "file:///a.py"
TEXT = "a\nb\nc\n"
EDIT = NextEdit(URI, 1, ("b",), ("x",), "rename", ("b", "", "x"))


@pytest.fixture
def now() -> list[float]:
    return [100.0]


@pytest.fixture
def offered(now) -> OfferedEdits:
    return OfferedEdits(lambda: now[0])


def document(version: int, text: str = TEXT) -> Document:
    return Document.create(URI, "python", version, text)


def test_reports_count_once(offered):
    edit_id = offered.offer(EDIT, document(1))
    assert edit_id == offered.offer(EDIT, document(1))
    assert (offered.note("shown", edit_id), offered.note("shown", edit_id)) == (True, False)
    assert (offered.note("accepted", edit_id), offered.note("accepted", edit_id)) == (True, False)


def test_a_rejected_edit_does_not_come_back(offered):
    offered.note("rejected", offered.offer(EDIT, document(1)))
    assert not offered.is_wanted(EDIT)
    assert not offered.is_wanted(NextEdit(URI, 7, ("    b",), ("    x",), "rename", ()))
    assert not offered.is_wanted(NextEdit(URI, 2, ("bb",), ("xx",), "rename", ("b", "", "x")))
    assert offered.is_wanted(NextEdit(URI, 2, ("c",), ("d",), "rename", ("c", "", "d")))


def test_an_edit_that_is_ignored_twice_counts_as_rejected(offered):
    for version in (1, 2):
        offered.note("shown", offered.offer(EDIT, document(version, f"{TEXT}# {version}\n")))
        assert offered.is_wanted(EDIT)
        offered.asked(document(version + 1))
    assert not offered.is_wanted(EDIT)


def test_an_edit_is_not_ignored_while_the_text_stays(offered):
    """Neovim sends new versions of the same text when a completion menu opens and closes."""
    for version in range(1, 5):
        offered.note("shown", offered.offer(EDIT, document(version)))
        offered.asked(document(version + 1))
        assert offered.is_wanted(EDIT)


def test_an_edit_that_nobody_saw_is_not_ignored(offered):
    for version in range(1, 5):
        offered.offer(EDIT, document(version))
        offered.asked(document(version + 1))
    offered.note("shown", offered.offer(EDIT, document(9)))
    offered.asked(document(10, "a\nx\nc\n"))
    assert offered.is_wanted(EDIT)


def test_after_a_rejection_nothing_comes_for_a_while(offered, now):
    offered.note("rejected", offered.offer(EDIT, document(1)))
    now[0] += 1
    assert offered.is_quiet(seconds_since_edit=3)
    assert not offered.is_quiet(seconds_since_edit=0.5)
    now[0] += 5
    assert not offered.is_quiet(seconds_since_edit=60)


def test_rejections_lengthen_the_wait_and_acceptances_shorten_it(offered):
    waits = [offered.settle_seconds]
    for number in range(8):
        edit = NextEdit(URI, number, (f"b{number}",), ("x",), "rename")
        offered.note("rejected", offered.offer(edit, document(number)))
        waits.append(offered.settle_seconds)
    assert (sorted(waits), 0.3, 3.0) == (waits, waits[0], waits[-1])
    offered.note("accepted", offered.offer(EDIT, document(20)))
    assert offered.settle_seconds < waits[-1]
