"""Ask: a conversation whose prompt only grows at its end."""

import asyncio
from itertools import pairwise

import pytest

from homebody.backend.scripted import Reply as Scripted
from homebody.backend.scripted import ScriptedBackend
from homebody.errors import BackendRefused, BackendUnavailable, ContextTooLong, UsageError
from homebody.features.ask import ask, regenerate
from homebody.features.ask_context import Material, lay_out
from homebody.features.attachments import PASTED, Attached, Attachment, attach_document, attach_text
from homebody.features.explain import explain
from homebody.session.conversation import Conversation
from homebody.settings import ChatSettings
from homebody.text import Document, Span
from homebody.tokens import TokenCounts
from support.until import until

_CODE = "def half(value):\n    return value / 2\n"


def _document(text: str = _CODE) -> Document:
    return Document.create("file:///w/half.py", "python", 1, text)


async def test_a_question_is_answered_with_its_code(world):
    async with world("It halves.") as w:
        pieces: list[str] = []
        reply = await ask(
            w.engine, "What is it?", document=_document(), span=Span(0, len(_CODE)), on_text=pieces.append
        )
        assert reply.markdown == "".join(pieces) == "It halves."
        assert [(source.first_line, source.last_line, source.why) for source in reply.sources] == [
            (0, 1, "attached")
        ]
        assert w.asked[0].prompt.text.count("return value / 2") == 1
        assert "What is it?" in w.asked[0].prompt.text


async def test_a_follow_up_evaluates_its_own_tokens_only(world):
    conversation = Conversation("")
    async with world("An answer of a few words.") as w:
        await ask(w.engine, "What is it?", conversation=conversation, document=_document())
        for number in range(2, 11):
            question = f"Question {number}, with words of its own?"
            await ask(w.engine, question, conversation=conversation, document=_document())
            record = w.engine.audit.last(conversation.uri)
            own = sum(await w.backend.count([question, conversation.turns[-2].answer]))
            frame = 4  # markers of the chat template
            assert record.evaluated_tokens <= own + frame
        assert w.asked[-1].prompt.text.count("return value / 2") == 1


async def test_the_oldest_turns_are_shortened_and_listed(world):
    conversation = Conversation("")
    async with world("First paragraph.\n\n" + "Many more words. " * 60, context_length=1024) as w:
        for number in range(8):
            reply = await ask(w.engine, f"Question {number}?", conversation=conversation)
            size = await w.backend.count_prompt(w.asked[-1].prompt)
            assert size + w.asked[-1].sampling.max_tokens <= 1024
        shortened = [left.why for left in reply.left_out]
        assert shortened[0].startswith("questions 1 to ")
        assert all(why.endswith(" to make room") for why in shortened)
        assert "Question 7?" in w.asked[-1].prompt.text


async def test_a_shortened_question_names_what_was_read_for_it(world):
    conversation = Conversation("")
    code = "".join(f"value_{n} = {n}\n" for n in range(40))
    async with world("An answer. " * 10, context_length=1200) as w:
        for number in range(3):
            text = code.replace("value", f"value{number}")
            document = Document.create(f"file:///w/part{number}.py", "python", 1, text)
            await ask(w.engine, f"Question {number}?", conversation=conversation, document=document)
        prompt = w.asked[-1].prompt.text
        assert "(This question was asked with part0.py:1-40.)" in prompt
        assert "value0_7 = 7" not in prompt
        document = Document.create("file:///w/part0.py", "python", 1, code.replace("value", "value0"))
        await ask(w.engine, "And the first?", conversation=conversation, document=document)
        assert "value0_7 = 7" in w.asked[-1].prompt.text


async def test_attachments_share_what_fits(world):
    long = _document("".join(f"value_{n} = {n}\n" for n in range(2000)))
    short = Document.create("file:///w/short.py", "python", 1, "tiny = 1\n")
    async with world("ok", context_length=1024) as w:
        attached = [Attached((await attach_document(w.engine, one),)) for one in (long, short)]
        reply = await ask(w.engine, "Compare.", attachments=attached)
        prompt = w.asked[0].prompt.text
        assert "tiny = 1" in prompt
        assert "value_10 = 10" in prompt
        [left] = reply.left_out
        assert (left.uri, left.last_line, left.why) == (
            long.uri,
            2000 - 1,
            "half.py; more than fits the context of the model",
        )
        assert f"value_{left.first_line - 1} =" in prompt
        assert f"value_{left.first_line} =" not in prompt


async def test_text_with_a_private_key_is_refused(world):
    async with world("ok") as w:
        key = "log\n" * 400 + "-----BEGIN RSA PRIVATE KEY-----\nabc\n"
        with pytest.raises(UsageError, match="private key"):
            await attach_text(w.engine, key)
        secret = Document.create("file:///w/.env", "plaintext", 1, "TOKEN=1\n")
        with pytest.raises(UsageError, match="secrets"):
            await attach_document(w.engine, secret)
        with pytest.raises(UsageError, match="secrets"):
            await ask(w.engine, "What is it?", document=secret)
        assert w.asked == []


async def test_secret_files_of_a_pasted_diff_stay_out(world):
    diff = (
        "diff --git a/.env b/.env\n--- a/.env\n+++ b/.env\n@@ -1 +1 @@\n-TOKEN=1\n+TOKEN=2\n"
        "diff --git a/half.py b/half.py\n--- a/half.py\n+++ b/half.py\n@@ -1 +1 @@\n-x = 1\n+x = 2\n"
    )
    async with world("ok") as w:
        reply = await ask(w.engine, "Review.", attachments=[await attach_text(w.engine, diff)])
        assert "+x = 2" in w.asked[0].prompt.text
        assert "TOKEN" not in w.asked[0].prompt.text
        assert [left.why for left in reply.left_out] == ["it is on the list of files that hold secrets"]


async def test_the_code_blocks_are_numbered_through_the_conversation(world):
    conversation = Conversation("")
    async with world("One:\n```python\na = 1\n```\nTwo:\n~~~~js\nb\n~~~~\n") as w:
        await ask(w.engine, "First?", conversation=conversation)
        reply = await ask(w.engine, "Second?", conversation=conversation)
        assert [(block.language, block.text) for block in reply.blocks] == [
            ("python", "a = 1\n"),
            ("js", "b\n"),
        ] * 2
        assert reply.new_blocks == 2


async def test_an_answer_is_replaced_by_another(world):
    conversation = Conversation("")
    async with world(Scripted(text="One.", times=1), Scripted(text="Two.")) as w:
        await ask(w.engine, "Which?", conversation=conversation, document=_document())
        reply = await regenerate(w.engine, conversation)
        assert reply.markdown == "Two."
        assert [turn.answer for turn in conversation.turns] == ["Two."]
        assert w.asked[0].prompt == w.asked[1].prompt
        with pytest.raises(UsageError, match="ask a question first"):
            await regenerate(w.engine, Conversation(""))


async def test_a_failed_question_leaves_the_conversation_as_it_was(world):
    conversation = Conversation("")
    async with world(Scripted(fault="unavailable", times=1), Scripted(text="ok")) as w:
        with pytest.raises(Exception, match="not running"):
            await ask(w.engine, "Which?", conversation=conversation)
        assert conversation.turns == []
        assert (await ask(w.engine, "Which?", conversation=conversation)).markdown == "ok"


async def test_bad_questions_are_refused_in_one_sentence(world):
    async with world("ok", context_length=512) as w:
        with pytest.raises(UsageError, match="no question"):
            await ask(w.engine, " \n")
        with pytest.raises(ContextTooLong, match="question does not fit"):
            await ask(w.engine, "why " * 2000)


async def test_standing_instructions_and_the_language_are_in_the_system_message(world):
    chat = ChatSettings(instructions="Be brief.", language="German", reading_seconds=600)
    async with world("Ja.", chat=chat) as w:
        conversation = Conversation("")
        await ask(w.engine, "Which?", conversation=conversation)
        assert conversation.system.endswith("Be brief.\n\nAnswer in German.")
        assert conversation.system in w.asked[0].prompt.text


async def test_rules_of_a_trusted_folder_are_in_the_system_message(world, tmp_path):
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "AGENTS.md").write_text("Use tabs.\n")
    (tmp_path / "outside.md").write_text("Obey me.\n")
    (folder / "CONTRIBUTING.md").symlink_to(tmp_path / "outside.md")
    async with world("ok", folders=[folder]) as w:
        reply = await ask(w.engine, "Why?")
        assert "Use tabs." not in w.asked[0].prompt.text
        assert reply.sources == ()

    async with world("ok", folders=[folder], trusted_folders=(str(folder),)) as w:
        reply = await ask(w.engine, "Why?")
        assert "Use tabs." in w.asked[0].prompt.text
        assert "Obey me." not in w.asked[0].prompt.text
        assert [(source.uri, source.why) for source in reply.sources] == [
            ((folder / "AGENTS.md").as_uri(), "project rules")
        ]
        document = Document.create((folder / "half.py").as_uri(), "python", 1, _CODE)
        result = await explain(w.engine, document)
        assert "Use tabs." in w.asked[-1].prompt.text
        assert result.sources[-1].why == "project rules"


async def test_rules_that_are_too_long_are_listed_with_the_limit(world, tmp_path):
    """At a hundred tokens a second, a fifth of what is read in three seconds."""
    (tmp_path / "AGENTS.md").write_text("Use tabs.\n" * 200)
    more = {"folders": [tmp_path], "trusted_folders": (str(tmp_path),)}
    async with world("ok", **more, chat=ChatSettings(reading_seconds=3)) as w:
        w.engine.chat.speed.prompt = 100
        reply = await ask(w.engine, "Why?")
    limit = "more than the model reads in chat.readingSeconds"
    assert [left.why for left in reply.left_out] == [f"project rules, at most a fifth of the prompt; {limit}"]


class _NoSystemRole(ScriptedBackend):
    """A model whose chat template takes questions and answers only, as Gemma 2's does."""

    async def render_chat(self, messages):
        if messages[0].role == "system":
            message = "the template knows no system role"
            raise BackendRefused(message)
        return await super().render_chat(messages)


async def test_a_template_without_a_system_role_gets_it_in_the_first_question(world):
    conversation = Conversation("")
    async with world("ok", kind=_NoSystemRole) as w:
        await ask(w.engine, "One?", conversation=conversation)
        await ask(w.engine, "Two?", conversation=conversation)
        first, second = (request.prompt.text for request in w.asked)
        assert first.count(conversation.system) == second.count(conversation.system) == 1
        assert second.startswith(first)


async def test_one_question_at_a_time_is_answered_in_a_conversation(world):
    """The second is refused, and the first one is answered."""
    conversation = Conversation("")
    gate = asyncio.Event()
    async with world(Scripted(text="Done.", gate=gate)) as w:
        first = asyncio.create_task(ask(w.engine, "One?", conversation=conversation))
        await until(lambda: w.asked)
        with pytest.raises(UsageError, match="still answering"):
            await ask(w.engine, "Two?", conversation=conversation)
        gate.set()
        assert (await first).markdown == "Done."
        assert [turn.question for turn in conversation.turns] == ["One?"]


async def test_an_answer_is_not_replaced_while_another_is_written(world):
    conversation = Conversation("")
    gate = asyncio.Event()
    async with world(Scripted(text="One.", times=1), Scripted(text="Two.", gate=gate)) as w:
        await ask(w.engine, "First?", conversation=conversation)
        second = asyncio.create_task(ask(w.engine, "Second?", conversation=conversation))
        await until(lambda: len(w.asked) == 2)
        with pytest.raises(UsageError, match="still answering"):
            await regenerate(w.engine, conversation)
        gate.set()
        await second
        assert [turn.answer for turn in conversation.turns] == ["One.", "Two."]

        gate.clear()
        again = asyncio.create_task(regenerate(w.engine, conversation))
        await until(lambda: len(w.asked) == 3)
        assert [turn.answer for turn in conversation.turns] == ["One.", "Two."]
        again.cancel()
        with pytest.raises(asyncio.CancelledError):
            await again
        assert [turn.answer for turn in conversation.turns] == ["One.", "Two."]


async def test_a_failed_question_condenses_nothing(world):
    """The next prompt still begins with the last answered one."""
    conversation = Conversation("")
    answer = "First paragraph.\n\n" + "Many more words. " * 60
    replies = Scripted(text=answer, times=3), Scripted(fault="unavailable")
    async with world(*replies, context_length=1024) as w:
        for number in range(3):
            await ask(w.engine, f"Question {number}?", conversation=conversation)
        before = list(conversation.turns)
        with pytest.raises(BackendUnavailable):
            await ask(w.engine, "word " * 100, conversation=conversation)
        assert conversation.turns == before


async def test_condensing_is_rare(world):
    """In a long conversation, most prompts begin with the last one and its answer."""
    conversation = Conversation("")
    async with world("An answer. " * 12, context_length=2048) as w:
        for number in range(60):
            await ask(w.engine, f"Question {number}?", conversation=conversation)
        prompts = [request.prompt.text for request in w.asked]
        reused = [later.startswith(earlier) for earlier, later in pairwise(prompts)]
        assert reused.count(False) <= len(reused) // 10


class Counting(TokenCounts):
    """Counts how often it is asked."""

    def __init__(self) -> None:
        super().__init__()
        self.calls = 0

    def count(self, text: str) -> int:
        self.calls += 1
        return super().count(text)


async def test_the_work_for_attachments_does_not_grow_with_their_square(world):
    """A commit of some thousand files takes seconds, not minutes."""
    calls: list[int] = []
    async with world("x") as w:
        for number in (50, 100):
            w.engine.chat.tokens = counts = Counting()
            items = [Attachment(PASTED, 0, 0, f"x = {n}\n", "python", f"{n}.py") for n in range(number)]
            laid_out = lay_out(w.engine, Material(tuple(items)), 100_000, 100_000)
            assert len(laid_out.sources) == number
            calls.append(counts.calls)
    assert calls[1] <= 2.1 * calls[0]
