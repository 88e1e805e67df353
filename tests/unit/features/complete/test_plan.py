"""The window of a request: the one in use, or a narrow one elsewhere."""

from dataclasses import replace

import pytest

from homebody.features.complete import complete, prepare_once
from homebody.features.complete.plan import apply, plan, shortened
from homebody.features.complete.plan_inputs import inputs_at
from homebody.features.complete.prompt import prompt_for, target_of
from homebody.models.model import FimTokens
from homebody.syntax.chunk import Candidate
from homebody.text import Document, common_start
from homebody.tokens import TokenCounts
from support.plans import planned_at, wide_at

_FIM = FimTokens("<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>", file_separator="<|file_sep|>")
_LINES = 20_000
_NUMBERS = Document.create("file:///a.py", "python", 1, "".join(f"x{n} = {n}\n" for n in range(_LINES)))


class _Counting(TokenCounts):
    """Token counts that record how much text was counted."""

    characters = 0

    def count(self, text: str) -> int:
        """Count tokens, and remember how long the text was."""
        self.characters += len(text)
        return super().count(text)


async def test_a_jump_counts_only_a_narrow_window(world):
    """Counting a wide one at each jump would be wasted: the server has read nothing of it."""
    async with world("1\n", context_length=32_768) as w:
        target = await target_of(w.engine)
        w.engine.completion.speed.prompt = 5_000
        session, state = w.session, w.session.document_state(_NUMBERS.uri)
        state.use(wide_at(session, target, _NUMBERS, len(_NUMBERS.text) // 4))

        counts = w.engine.completion.tokens = _Counting()
        window = (await planned_at(session, target, _NUMBERS, len(_NUMBERS.text))).window
        assert window.narrow
        assert counts.characters < 6 * 5_000
        assert state.windows.current is window


async def test_a_wide_window_that_was_read_is_kept_nearby(world):
    """At a cursor a little further on, the server has read all but its last lines."""
    async with world("1\n", context_length=32_768) as w:
        target = await target_of(w.engine)
        w.engine.completion.speed.prompt = 5_000
        session, state = w.session, w.session.document_state(_NUMBERS.uri)
        offset = _NUMBERS.line_starts[_LINES // 2]
        state.use(wide_at(session, target, _NUMBERS, offset))
        read = prompt_for(target, state.windows.current, _NUMBERS, "")
        await w.backend.warm(read)

        start = state.windows.current.start
        state.use(replace(state.windows.current, typed_limit=0))
        window = (await planned_at(session, target, _NUMBERS, _NUMBERS.line_starts[_LINES // 2 + 40])).window
        assert not window.narrow
        assert window.start == start > 0


@pytest.mark.parametrize("fim", [None, FimTokens("<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>")])
async def test_the_part_that_was_read_stays_in_front_when_typing_resumes(world, fim):
    """Reading that a key interrupts is not lost: the lines at the cursor follow what was read.

    The next wide window begins with it, so the next pause reads on from there.
    """
    async with world("1\n", context_length=32_768, fim=fim) as w:
        target = await target_of(w.engine)
        w.engine.completion.speed.prompt = 1_000
        session, state = w.session, w.session.document_state(_NUMBERS.uri)
        offset = _NUMBERS.line_starts[_LINES // 2]
        arriving = wide_at(session, target, _NUMBERS, offset)
        state.begin_reading(arriving)
        prompt = prompt_for(target, arriving, _NUMBERS, "")
        await w.backend.warm(prompt, tokens=await w.backend.count_prompt(prompt) // 2)
        read = prompt.text[: len(prompt.text) // 2]

        window = (await planned_at(session, target, _NUMBERS, offset)).window
        text = prompt_for(target, window, _NUMBERS, "").text
        assert window.narrow
        assert len(common(text, read)) > 0.9 * len(read)
        assert f"x{_LINES // 2 - 1} =" in text
        unread = text[len(common(text, read)) :]
        assert w.engine.completion.tokens.count(unread) < 0.36 * 1_000 + 64
        later = prompt_for(target, wide_at(session, target, _NUMBERS, offset), _NUMBERS, "").text
        assert len(common(later, read)) > 0.9 * len(read)


async def test_a_header_inside_the_gap_is_not_left_out(world):
    """The scope's first line is in the prompt, so the unread lines are listed around it."""
    body = "".join(f"    x{n} = {n}\n" for n in range(150))
    text = "".join(f"x{n} = {n}\n" for n in range(3000)) + f"def inside_the_gap():\n{body}"
    document = Document.create("file:///a.py", "python", 1, text)
    async with world("1\n", context_length=32_768) as w:
        target, offset = await target_of(w.engine), len(text)
        w.engine.trees.open(document)
        await w.engine.trees.ready(document)
        w.engine.completion.speed.prompt = 1_000
        state = w.session.document_state(document.uri)
        arriving = wide_at(w.session, target, document, offset)
        state.begin_reading(arriving)
        wide = prompt_for(target, arriving, document, "")
        await w.backend.warm(wide, tokens=await w.backend.count_prompt(wide) // 2)

        context = (await planned_at(w.session, target, document, offset)).window.context
        assert "def inside_the_gap" in context.headers
        unread = [(one.first_line, one.last_line) for one in context.left_out if one.why == "not read yet"]
        assert [last for _, last in unread][:1] == [2999]
        assert [first for first, _ in unread][1:] == [3001]


async def test_a_window_of_which_little_was_read_is_dropped(world):
    """A narrow window is more useful than a few lines from far above."""
    async with world("1\n", context_length=32_768) as w:
        target = await target_of(w.engine)
        w.engine.completion.speed.prompt = 1_000
        session, state = w.session, w.session.document_state(_NUMBERS.uri)
        offset = _NUMBERS.line_starts[_LINES // 2]
        arriving = wide_at(session, target, _NUMBERS, offset)
        state.begin_reading(arriving)
        await w.backend.warm(prompt_for(target, arriving, _NUMBERS, ""), tokens=80)
        window = (await planned_at(session, target, _NUMBERS, offset)).window
        assert window.reach is None
        assert window.context.sources == tuple(s for s in window.context.sources if s.why != "further up")


@pytest.mark.parametrize("exact", [True, False])
@pytest.mark.parametrize("fim", [None, _FIM])
@pytest.mark.parametrize("context_length", [256, 2048, 8192])
async def test_a_very_long_line_is_completed(world, fim, context_length, exact):
    """For minified code, the line is cut like any text, and the prompt fits."""
    line = "const data = [" + ", ".join(f"item{n}" for n in range(3000))
    document = Document.create("file:///a.js", "javascript", 1, f"function f() {{}}\n{line}")
    async with world("]\n", fim=fim, context_length=context_length) as w:
        w.backend._info = replace(w.backend._info, exact_tokenizer=exact)
        assert await complete(w.engine, document, len(document.text)) != []
        [request] = w.asked
        sent = await w.backend.count_prompt(request.prompt)
        assert sent + request.sampling.max_tokens <= context_length
        whole = request.prompt.text + request.prompt.forced
        assert whole.endswith("item2998, item2999")


@pytest.mark.parametrize("fim", [None, _FIM])
async def test_on_a_very_long_line_the_anchor_stays_while_the_user_types(world, fim):
    """Even if each keystroke needs a new window: the prompts share their beginning."""
    line = "const data = [" + ", ".join(f"item{n}" for n in range(3000))
    async with world("]\n", fim=fim) as w:
        target = await target_of(w.engine)
        anchors = []
        for end in range(len(line) - 300, len(line), 6):
            document = Document.create("file:///a.js", "javascript", 1, line[:end])
            window = wide_at(w.session, target, document, end)
            assert end - window.anchor < 1000
            anchors.append(window.anchor)
        assert len(set(anchors)) <= 3


@pytest.mark.parametrize("fim", [None, _FIM])
async def test_the_anchor_of_a_line_of_some_hundred_characters_is_its_start(world, fim):
    """The anchor is at the start of the line."""
    async with world("x\n", fim=fim) as w:
        target = await target_of(w.engine)
        text = "first = 1\n" + "total = " + "price + " * 49
        document = Document.create("file:///a.py", "python", 1, text)
        assert wide_at(w.session, target, document, len(text)).anchor == len("first = 1\n")


@pytest.mark.parametrize("context_length", [1024, 2048, 4096])
async def test_a_window_that_is_kept_fits(world, context_length):
    """The cursor moves down line by line, and the estimate has to fit."""
    async with world("x\n", fim=_FIM, context_length=context_length) as w:
        w.engine.completion.speed.prompt = 5_000
        target = await target_of(w.engine)
        state, starts = w.session.document_state(_NUMBERS.uri), []
        for line in range(1500, 1600, 3):
            offset = _NUMBERS.line_starts[line] + 3
            state.use(wide_at(w.session, target, _NUMBERS, offset))
            prompt = prompt_for(target, state.windows.current, _NUMBERS, "")
            estimated = sum(w.engine.completion.tokens.count(text.text) for text in prompt.parts[1::2])
            assert estimated <= context_length - min(128, context_length // 4)
            starts.append(state.windows.current.start)
        assert len(set(starts)) <= len(starts) // 2


@pytest.mark.parametrize("exact", [True, False])
async def test_a_prompt_that_is_cut_to_fit_keeps_its_snippets(world, exact):
    """If the estimate was too low, the window is cut and the snippets are kept."""
    async with world("x\n", fim=_FIM, context_length=1024) as w:
        w.backend._info = replace(w.backend._info, exact_tokenizer=exact)
        w.engine.completion.speed.prompt = 5_000
        target = await target_of(w.engine)
        snippet = Candidate("file:///b.py", 0, 0, "def compute(total: float) -> float", "defines compute")
        w.session.document_state(_NUMBERS.uri).keep_candidates([snippet])
        offset = _NUMBERS.line_starts[1500] + 3
        counts = w.engine.completion.tokens
        lines = _NUMBERS.text.splitlines(keepends=True)
        counts.learn(lines, [5] * len(lines))
        state = w.session.document_state(_NUMBERS.uri)
        too_long = wide_at(w.session, target, _NUMBERS, offset)
        w.engine.completion.tokens = TokenCounts()
        state.use(too_long)
        await w.backend.warm(prompt_for(target, too_long, _NUMBERS, ""))

        await complete(w.engine, _NUMBERS, offset, session=w.session)
        assert state.windows.current.context.snippets == (snippet,)
        assert state.windows.current.start > too_long.start


async def test_a_large_window_is_counted_exactly(world):
    """In a pause all of its lines are counted, so that little of the budget stays unused."""
    lines = "".join(f"    result_{n} = compute_everything(argument_{n}, other={n})\n" for n in range(9000))
    document = Document.create("file:///a.py", "python", 1, lines)
    async with world("x\n", fim=_FIM, context_length=32_768) as w:
        w.engine.completion.speed.prompt = 100_000
        target, offset = await target_of(w.engine), document.line_starts[6000]
        await prepare_once(w.session, document, offset)
        window = w.session.document_state(document.uri).windows.current
        sent = await w.backend.count_prompt(prompt_for(target, window, document, ""))
        assert 0.9 * 32_768 < sent <= 32_768 - 128


def common(one: str, other: str) -> str:
    """The beginning that both share."""
    return one[: common_start(one, other)]


async def test_each_plan_records_why_it_chose_its_window(world):
    """Narrow at a new place, kept while it matches, arrived once the wider one is read, shortened to fit."""
    async with world("1\n", context_length=32_768) as w:
        target = await target_of(w.engine)
        w.engine.completion.speed.prompt = 1_000
        session, state, end = w.session, w.session.document_state(_NUMBERS.uri), len(_NUMBERS.text)
        narrow = await planned_at(session, target, _NUMBERS, end)
        kept = await planned_at(session, target, _NUMBERS, end)
        assert [narrow.why, kept.why] == ["narrow", "kept"]
        assert kept.window is narrow.window

        wide = wide_at(session, target, _NUMBERS, end)
        state.begin_reading(wide)
        await w.backend.warm(prompt_for(target, wide, _NUMBERS, ""))
        arrived = await planned_at(session, target, _NUMBERS, end)
        assert (arrived.why, arrived.window) == ("arrived", wide)

        inputs = inputs_at(session, target, _NUMBERS, end)
        assert shortened(inputs, 200).why == "shortened"
        assert shortened(inputs, 200).window.context.tokens <= 200


async def test_a_plan_changes_nothing_until_it_is_applied(world):
    """It is a value, and the same inputs give the same plan."""
    async with world("1\n", context_length=32_768) as w:
        target = await target_of(w.engine)
        state = w.session.document_state(_NUMBERS.uri)
        state.begin_reading(wide_at(w.session, target, _NUMBERS, 100))
        before = state.windows
        inputs = inputs_at(w.session, target, _NUMBERS, len(_NUMBERS.text))
        assert await plan(inputs) == await plan(inputs)
        assert state.windows is before
        apply(await plan(inputs), state)
        assert state.windows.arriving is None


async def test_an_interrupted_reading_makes_the_next_pause_longer(world):
    """A server that caches one prompt loses what it has read."""
    async with world("1\n", context_length=32_768) as w:
        target = await target_of(w.engine)
        w.engine.completion.speed.prompt = 1_000
        state, end = w.session.document_state(_NUMBERS.uri), len(_NUMBERS.text)
        state.begin_reading(wide_at(w.session, target, _NUMBERS, end))
        before = state.windows.widen_after
        assert (await planned_at(w.session, target, _NUMBERS, end)).interrupted
        assert state.windows.widen_after == 2 * before
