"""What the user excludes reaches no model: by any feature, in any order of changes to rules and files."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from homebody.backend.base import Message, Prompt
from homebody.backend.scripted import ScriptedBackend
from homebody.errors import EditRefused, Excluded, HomebodyError, SettingsError
from homebody.features.ask import ask, regenerate
from homebody.features.attachments import Attached, attach, attach_changes, attach_text
from homebody.features.complete import complete, prepare
from homebody.features.explain import explain
from homebody.features.explain_text import commit_message, explain_text
from homebody.features.refactor import refactor
from homebody.session.conversation import Conversation
from homebody.settings.schema import ContextSettings, FolderIgnore
from homebody.text import Document, Span, TextEdit
from support.git import git


class Recording(ScriptedBackend):
    """Keeps every text that reaches it, also those that are only counted."""

    def __init__(self, *replies, **options) -> None:
        super().__init__(*replies, **options)
        self.texts: list[str] = []

    async def count(self, texts: Sequence[str]) -> list[int]:
        self.texts += texts
        return await super().count(texts)

    async def place(self, prompt, **options):
        self.texts.append(prompt.text)
        return await super().place(prompt, **options)

    async def render_chat(self, messages: Sequence[Message]) -> Prompt:
        self.texts += [message.text for message in messages]
        return await super().render_chat(messages)

    def stream(self, job):
        self.texts.append(job.prompt.text)
        return super().stream(job)


FILES = ("a.py", "x.key.py", "private/b.py", "src/c.py", "src/private/d.py", "src/deep/e.py", "docs/f.py")
# Patterns, and what each excludes wherever it is written at the top.
RULES = {
    "private/": {"private/b.py", "src/private/d.py"},
    "*.key.py": {"x.key.py"},
    "/docs/": {"docs/f.py"},
    "src/deep/**": {"src/deep/e.py"},
    "a.py": {"a.py"},
    "src": {"src/c.py", "src/private/d.py", "src/deep/e.py"},
    "": set(),
}
PLACES = ("user", "folder", ".homebodyignore", ".gitignore", ".git/info/exclude")
FEATURES = (
    *("complete", "view", "leave", "type", "explain", "ask", "attach", "paste", "output", "again"),
    *("refactor", "uncommitted", "commit message", "wait"),
)


def mark(path: str) -> str:
    return "mark_" + "".join(letter if letter.isalnum() else "_" for letter in path)


@dataclass
class Trial:
    """One user's day: rules, open documents, one conversation."""

    root: Path
    world: object
    rules: dict[str, str] = field(default_factory=dict)
    open: dict[str, Document] = field(default_factory=dict)
    conversation: Conversation = field(default_factory=lambda: Conversation("c"))

    @property
    def excluded(self) -> set[str]:
        return set().union(*(RULES[pattern] for pattern in self.rules.values()))

    def document(self, path: str) -> Document:
        if path not in self.open:
            text = (self.root / path).read_text("utf-8")
            self.open[path] = Document.create((self.root / path).as_uri(), "python", 1, text)
            self.world.engine.trees.open(self.open[path])
        return self.open[path]

    def rule(self, place: str, pattern: str) -> None:
        self.rules[place] = pattern
        if place in {"user", "folder"}:
            user, added = self.rules.get("user", ""), self.rules.get("folder", "")
            self.world.engine.apply(
                replace(
                    self.world.engine.settings,
                    context=ContextSettings(ignore=(user,) if user else ()),
                    folder_ignore=(FolderIgnore(str(self.root), (added,)),) if added else (),
                )
            )
        else:
            (self.root / place).write_text(pattern + "\n")

    async def use(self, feature: str, path: str) -> None:
        engine, session, talk = self.world.engine, self.world.session, self.conversation
        document = self.document(path)
        end = len(document.text)
        diff = f'diff --git "a/{path}" "b/{path}"\n--- a/{path}\n+++ b/{path}\n@@ -1 +1 @@\n+{mark(path)}(\n'
        output = f'  File "{self.root / path}", line 1, in f\nValueError: no\n'

        async def about(attached: Awaitable[Attached]) -> None:
            await ask(engine, "Why?", conversation=talk, attachments=[await attached])

        async def leave() -> None:
            session.recent.viewed(document, 0)

        async def write() -> None:
            edit = TextEdit(Span(end, end), f"y = {mark(path)}\n")
            self.open[path] = document.edited(edit, document.version + 1)
            engine.trees.edit(document, edit, self.open[path])
            session.changed([edit], self.open[path])

        features: dict[str, Callable[[], Awaitable[object]]] = {
            "complete": lambda: complete(engine, document, end, session=session, trigger="invoked"),
            "view": lambda: prepare(engine, document, end, session=session),
            "leave": leave,
            "type": write,
            "wait": lambda: asyncio.sleep(0.01),
            "explain": lambda: explain(engine, document, session=session),
            "refactor": lambda: refactor(engine, document, Span(0, 0), instruction="Short.", session=session),
            "ask": lambda: ask(engine, "What is it?", conversation=talk, document=document),
            "attach": lambda: about(attach(engine, document.uri)),
            "paste": lambda: about(attach_text(engine, diff)),
            "uncommitted": lambda: about(attach_changes(engine, "uncommitted", self.root)),
            "output": lambda: explain_text(engine, output),
            "again": lambda: regenerate(engine, talk),
            "commit message": lambda: commit_message(engine, self.root),
        }
        await features[feature]()


def make_tree(root: Path) -> None:
    git(root, "init", "-q")
    for path in FILES:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text("# empty\n")
    git(root, "add", ".")
    git(root, "commit", "-q", "-m", "empty")
    for path in FILES:
        (root / path).write_text(f"def {mark(path)}(value):\n    return '{mark(path)}'\n\n\n")
    git(root, "add", ".")


_STEP = st.tuples(st.sampled_from(PLACES), st.sampled_from(sorted(RULES))) | st.tuples(
    st.sampled_from(FEATURES), st.sampled_from(FILES)
)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps=st.lists(_STEP, min_size=4, max_size=14))
def test_no_excluded_text_reaches_the_model(world, tmp_path_factory, steps):
    """Whatever was collected, shown, asked or stored before a rule came."""
    root = tmp_path_factory.mktemp("tree")
    make_tree(root)

    async def run() -> None:
        async with world("An answer.", folders=[root], kind=Recording, context_length=4096) as w:
            trial = Trial(root, w)
            for what, where in steps:
                if what in PLACES:
                    # What was sent before the rule was sent by right.
                    await w.session.stop_background()
                    trial.rule(what, where)
                    continue
                before = len(w.backend.texts)
                with suppress(HomebodyError, EditRefused):
                    await trial.use(what, where)
                sent = "\n".join(w.backend.texts[before:])
                assert [path for path in trial.excluded if f"{mark(path)}(" in sent] == [], (what, where)

    asyncio.run(run())


@pytest.mark.parametrize(
    ("place", "feature"),
    [
        *((place, "complete") for place in PLACES),
        *(("user", feature) for feature in ("explain", "ask", "attach", "refactor")),
    ],
)
async def test_a_rule_that_comes_later_stops_what_worked_before(world, tmp_path, place, feature):
    make_tree(tmp_path)
    async with world("An answer.", folders=[tmp_path], kind=Recording, context_length=4096) as w:
        trial = Trial(tmp_path, w)
        with suppress(EditRefused):
            await trial.use(feature, "private/b.py")
        assert any(mark("private/b.py") in text for text in w.backend.texts)
        await w.session.stop_background()
        trial.rule(place, "private/")
        w.backend.texts.clear()
        if feature == "complete":
            await trial.use(feature, "private/b.py")
        else:
            with pytest.raises(Excluded, match=r"b\.py is never put into a prompt"):
                await trial.use(feature, "private/b.py")
        await w.session.stop_background()
        assert [text for text in w.backend.texts if mark("private/b.py") in text] == []


async def test_a_conversation_leaves_out_what_was_excluded_since(world, tmp_path):
    make_tree(tmp_path)
    async with world("It is secret_answer.", folders=[tmp_path], kind=Recording, context_length=4096) as w:
        trial = Trial(tmp_path, w)
        await trial.use("ask", "a.py")
        await trial.use("ask", "private/b.py")
        await trial.use("ask", "src/c.py")
        trial.rule("user", "private/")
        w.backend.texts.clear()
        reply = await ask(w.engine, "And now?", conversation=trial.conversation)

        sent = w.asked[-1].prompt.text
        assert (mark("a.py") in sent, mark("private/b.py") in sent, mark("src/c.py") in sent) == (
            True,
            False,
            False,
        )
        assert [left.why.partition(": ")[0] for left in reply.left_out] == [
            "questions 2 to 3 of this conversation"
        ]
        assert "a file in it is excluded from prompts by now" in reply.left_out[0].why
        assert sent.count("secret_answer") == 1
        await ask(w.engine, "Still there?", conversation=trial.conversation)
        assert "And now?" in w.asked[-1].prompt.text


async def test_snippets_that_were_chosen_are_dropped_when_they_are_excluded(world, tmp_path):
    make_tree(tmp_path)
    async with world("value\n", folders=[tmp_path], kind=Recording, context_length=4096) as w:
        trial = Trial(tmp_path, w)
        await trial.use("leave", "private/b.py")
        await trial.use("complete", "a.py")
        state = w.session.document_state((tmp_path / "a.py").as_uri())
        async with asyncio.timeout(30):
            while not state.windows.uris:
                await trial.use("view", "a.py")
                await asyncio.sleep(0.05)
        await w.session.stop_background()
        trial.rule("user", "private/")
        w.backend.texts.clear()
        await trial.use("type", "a.py")
        await trial.use("complete", "a.py")

        assert w.backend.texts != []
        assert [text for text in w.backend.texts if mark("private/b.py") in text] == []
        assert state.windows.uris == set()


async def test_text_without_a_source_is_not_sent(world):
    async with world("x") as w:
        for question in (
            w.engine.chat.backend.count(["x"]),
            w.engine.chat.backend.render_chat([Message("user", "x")]),
            w.engine.chat.learn_counts(["x"], []),
        ):
            with pytest.raises(Excluded, match="Text without a source"):
                await question


async def test_nothing_is_sent_while_the_settings_are_stopped(world, tmp_path):
    """Every feature says why, and works again afterwards."""
    make_tree(tmp_path)
    async with world("An answer.", folders=[tmp_path], kind=Recording, context_length=4096) as w:
        trial = Trial(tmp_path, w)
        w.engine.gate.stop(SettingsError("config.toml: line 3"))
        for feature in ("complete", "explain", "ask", "refactor", "commit message", "paste"):
            with pytest.raises(SettingsError):
                await trial.use(feature, "a.py")
        assert w.backend.texts == []
        w.engine.gate.stop(None)
        await trial.use("explain", "a.py")
        assert w.backend.texts != []
