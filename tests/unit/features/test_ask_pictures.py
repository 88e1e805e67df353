"""Pictures in questions: only for a model that sees, within the context, kept in the conversation."""

from pathlib import Path

import pytest

from homebody.errors import ContextTooLong, Excluded, MediaRefused, MediaUnreadable
from homebody.features.ask import ask
from homebody.features.attachments import Attached, attach
from homebody.media import Media
from homebody.session.conversation import Conversation
from homebody.session.stored import load_conversation, store_conversation
from homebody.workspace.uri import uri_of
from support.images import encoded

SEES = {"sees": True}


@pytest.fixture
def shot(tmp_path: Path) -> Path:
    path = tmp_path / "w" / "shot.png"
    path.parent.mkdir()
    path.write_bytes(encoded())
    return path


def sent(world) -> list[Media]:
    return list(world.asked[-1].prompt.media)


async def test_a_picture_is_sent_before_its_question(world, shot):
    async with world("A red button.", **SEES) as w:
        attached = await attach(w.engine, uri_of(shot))
        reply = await ask(w.engine, "What is it?", attachments=[attached])
        record = w.engine.audit.last()

    parts = [type(part).__name__ for part in w.asked[-1].prompt.parts]
    assert parts[-5:] == ["Marker", "Media", "Text", "Marker", "Marker"]
    assert attached.labels == ["shot.png (picture, 80 x 60)"]
    assert [(source.uri, source.why, source.tokens) for source in reply.sources] == [
        (uri_of(shot), "picture, 80 x 60", 1024)
    ]
    assert "[shot.png: picture, 80 x 60]" in record.text
    assert record.media == tuple(sent(w))


async def test_a_model_that_does_not_see_gets_nothing(world, shot):
    async with world("never", name="coder", context_length=4096) as w:
        attached = await attach(w.engine, uri_of(shot))
        with pytest.raises(MediaRefused) as refused:
            await ask(w.engine, "What is it?", attachments=[attached])

    assert str(refused.value) == (
        "coder answers and does not see pictures, so shot.png was not sent: choose a model that does."
    )
    assert w.asked == []
    assert not any(request.prompt.media for request in w.backend.requests)


@pytest.mark.parametrize("name", [".env.png", "ignored/shot.png"])
async def test_a_picture_that_is_excluded_is_refused_as_a_file_is(world, tmp_path, name):
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(encoded())
    (tmp_path / ".git").mkdir()
    (tmp_path / ".gitignore").write_text("ignored/\n.env*\n")
    async with world("never", folders=[tmp_path], **SEES) as w:
        with pytest.raises(Excluded, match="is never put into a prompt"):
            await attach(w.engine, uri_of(path))


async def test_the_gate_refuses_a_picture_that_was_excluded_after_it_was_attached(world, tmp_path, shot):
    async with world("never", folders=[tmp_path], **SEES) as w:
        attached = await attach(w.engine, uri_of(shot))
        (tmp_path / ".homebodyignore").write_text("*.png\n")
        with pytest.raises(Excluded):
            await ask(w.engine, "What is it?", attachments=[attached])

    assert not any(request.prompt.media for request in w.backend.requests)


async def test_a_picture_is_recognised_by_content_and_a_pdf_named_png_is_refused(world, tmp_path):
    note, pdf = tmp_path / "shot.txt", tmp_path / "scan.png"
    note.write_bytes(encoded("JPEG"))
    pdf.write_bytes(b"%PDF-1.7\n")
    async with world("never", **SEES) as w:
        assert (await attach(w.engine, uri_of(note))).media[0].type == "image/jpeg"
        with pytest.raises(MediaUnreadable, match=r"scan\.png is not a picture"):
            await attach(w.engine, uri_of(pdf))


async def test_a_picture_that_does_not_fit_is_refused(world, shot):
    async with world("never", context_length=1024, **SEES) as w:
        attached = await attach(w.engine, uri_of(shot))
        with pytest.raises(ContextTooLong, match="The question and its pictures do not fit"):
            await ask(w.engine, "What is it?", attachments=[attached])


async def test_a_shortened_turn_has_no_picture(world, shot):
    """It makes room like all else, and the answer lists it."""
    conversation = Conversation("")
    async with world("Many words. " * 60, context_length=4096, **SEES) as w:
        picture = Attached(media=(await attach(w.engine, uri_of(shot))).media)
        for number in range(4):
            reply = await ask(
                w.engine, f"Question {number}?", conversation=conversation, attachments=[picture]
            )
        prompt = w.asked[-1].prompt

    assert len(prompt.media) < 4
    assert any("shortened to make room" in left.why for left in reply.left_out)


async def test_another_model_that_does_not_see_continues_without_the_picture(world, shot):
    conversation = Conversation("")
    async with world("A red button.", **SEES) as w:
        attached = await attach(w.engine, uri_of(shot))
        await ask(w.engine, "What is it?", conversation=conversation, attachments=[attached])
    async with world("Blue.", name="coder") as w:
        reply = await ask(w.engine, "And now?", conversation=conversation)

    assert sent(w) == []
    assert [left.why for left in reply.left_out] == ["shot.png: coder does not see pictures"]


async def test_a_stored_conversation_keeps_the_picture(world, shot):
    conversation = Conversation("0123456789abcdef")
    async with world("A red button.", **SEES) as w:
        attached = await attach(w.engine, uri_of(shot))
        await ask(w.engine, "What is it?", conversation=conversation, attachments=[attached])
        store_conversation(conversation)
        loaded = load_conversation(conversation.id)
        assert loaded is not None
        await ask(w.engine, "And now?", conversation=loaded)

    assert sent(w) == [*attached.media]
    assert "*shot.png: picture, 80 x 60*" in loaded.to_markdown()
