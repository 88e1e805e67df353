"""A conversation keeps what fits, and is stored readable by its owner only."""

import pytest

from homebody.backend.base import Message
from homebody.errors import StateUnwritable
from homebody.session.conversation import Conversation, Conversations, Turn, new_conversation
from homebody.session.stored import forget_stored, load_conversation, store_conversation, stored_conversations


def _conversation(turns: int = 4) -> Conversation:
    found = Conversation("0123456789abcdef", "Be short.")
    for number in range(turns):
        answer = f"Answer {number}.\n\n" + "More. " * 50
        found.turns.append(Turn(f"Question {number}?", f"code {number}\nQuestion {number}?", answer))
    return found


def test_the_history_is_what_was_sent_and_answered():
    short, long = _conversation(2), _conversation(3)
    assert long.history[: len(short.history)] == short.history
    assert short.history[0] == Message("system", "Be short.")
    assert short.history[1].text == "code 0\nQuestion 0?"


@pytest.mark.parametrize("room", [2400, 1600, 900, 300, 0])
def test_the_oldest_turns_are_condensed_then_left_out(room):
    """Down to half of the room, so that it is rarely done again; the order of turns stays."""
    found = _conversation()
    found.condense(room, len)
    size = sum(len(message.text) for message in found.history)
    assert size <= max(room, len("Be short."))
    kept = [turn.kept for turn in found.turns]
    assert kept == sorted(kept, key=["left out", "short", "whole"].index)
    listed = [number for one in found.shortened for number in range(one.first_line, one.last_line + 1)]
    assert listed == [number for number, one in enumerate(kept) if one != "whole"]


def test_a_shortened_answer_ends_with_a_paragraph_and_closes_its_code():
    answer = "It waits.\n\n```python\nwait()\n\n" + "more()\n" * 100 + "```"
    turn = Turn("Why?", "code\nWhy?", answer, kept="short")
    assert turn.messages == (
        Message("user", "Why?"),
        Message("assistant", "It waits.\n\n```python\nwait()…\n```"),
    )


def test_a_stored_conversation_reads_as_it_was(own_folders):
    found = _conversation()
    path = store_conversation(found)
    again = load_conversation(found.id)
    assert again.history == found.history
    assert again.to_markdown() == found.to_markdown()
    found.condense(900, len)
    store_conversation(found)
    assert load_conversation(found.id).history == found.history
    assert path.stat().st_mode & 0o077 == 0
    assert [one.id for one in stored_conversations()] == [found.id]
    assert forget_stored() == [found.id]
    assert load_conversation(found.id) is None


@pytest.mark.parametrize("name", ["../../etc/passwd", "", "0123456789ABCDEF", "0123456789abcdef/x"])
def test_an_id_is_no_path(own_folders, name):
    assert load_conversation(name) is None
    assert forget_stored(name) == []


def test_a_folder_that_cannot_be_written_is_named(own_folders):
    folder = store_conversation(_conversation()).parent
    forget_stored()
    folder.rmdir()
    folder.write_text("a file in place of the folder")
    with pytest.raises(StateUnwritable, match="not stored in"):
        store_conversation(_conversation())


def test_a_damaged_file_counts_as_none(own_folders):
    store_conversation(_conversation()).write_text("{")
    assert load_conversation("0123456789abcdef") is None
    assert stored_conversations() == []


def test_a_file_that_was_not_finished_is_forgotten_too(own_folders):
    folder = store_conversation(_conversation()).parent
    (folder / "0123456789abcdef.a1.new").write_text("{")
    store_conversation(Conversation("0000000000000000"))
    assert forget_stored("0123456789abcdef") == ["0123456789abcdef"]
    assert [path.name for path in folder.iterdir()] == ["0000000000000000.json"]


def test_the_oldest_conversations_are_dropped_but_for_one_that_is_being_answered():
    known = Conversations()
    first, second = known.add(new_conversation()), known.add(new_conversation())
    first.is_answering = True
    for _ in range(70):
        known.add(new_conversation())
    assert (known.find(first.id), known.find(second.id)) == (first, None)
