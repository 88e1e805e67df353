"""Doctor and bench: the models found, the ones chosen and why, their speed, and possible improvements.

The report of the doctor is a list of lines, which the command line, the language server and scripts show in
their ways.
"""

import secrets
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import aclosing
from itertools import cycle
from pathlib import Path
from typing import Literal, TypeAlias

from msgspec import Struct

import homebody
from homebody.audit import read_notes
from homebody.backend.base import OWN, ModelInfo, Prompt, Sampling, Slot, Stats, Text
from homebody.backend.probe import USUAL_URLS, probe_all
from homebody.engine import Engine, Use
from homebody.errors import BackendTimeout, BackendUnavailable, HomebodyError, sentence
from homebody.features.models_here import command_that_recommends, is_smallest
from homebody.features.next_edit import next_edit_facts
from homebody.installation import own_command, this_installation
from homebody.prompt.fim import find_format

LineKind: TypeAlias = Literal["head", "title", "fact", "good", "hint", "problem", "command"]

BEFORE: Mapping[LineKind, str] = {
    "head": "",
    "title": "\n",
    "fact": "  · ",
    "good": "  ✓ ",
    "hint": "  · ",
    "problem": "  ✗ ",
    "command": "      ",
}
"""What text has before a line of each kind."""

_QUICK_OUTPUT = 15.0
"""Output speed, in tokens per second, below which a line of code takes too long."""

_QUICK_PROMPT = 150.0
"""Prompt tokens a second below which even a narrow window takes longer than 700 ms."""

_SMALL_CONTEXT = 2048

_MEASURED_TOKENS = 256
"""Prompt that the speed is measured with: a second or two on a slow machine."""


class Line(Struct, frozen=True):
    """One line; a ``command`` for a shell improves what the line before it says."""

    kind: LineKind
    text: str


class Diagnosis(Struct, frozen=True, rename="camel"):
    """The report. ``has_models``: each use of a model that was asked has one that answers."""

    lines: tuple[Line, ...]
    has_models: bool


class Row(Struct, frozen=True, rename="camel"):
    """One prompt length.

    Times are milliseconds to the first token, speeds tokens per second; ``output_speed`` is ``None`` if the
    server does not report it and the whole answer came at once.
    """

    prompt_tokens: int
    cold_ms: float
    cached_ms: float
    prompt_speed: float
    output_speed: float | None


class Bench(Struct, frozen=True, rename="camel"):
    """Measurements of one model on this machine."""

    model: str
    backend: str
    context_length: int
    rows: tuple[Row, ...]


async def doctor(engine: Engine, *, problems: Sequence[str] = ()) -> Diagnosis:
    """Check everything that affects how well Homebody works here. Never raises ``BackendError``.

    No model is asked while the engine's gate is stopped: the settings may name another one by mistake.
    ``problems`` are the problems in the settings.
    """
    servers = {server.url: server.remark for server in await probe_all(USUAL_URLS)}
    models: list[Line] = []
    speeds: dict[tuple[str, str, str | None], Row] = {}
    has_models = True
    uses: tuple[tuple[Slot, str], ...] = (
        ("completion", "Suggestions"),
        ("chat", "Explanations and edits"),
    )
    for slot, title in uses if engine.gate.stopped is None else ():
        models.append(Line("title", title))
        use = engine.completion if slot == "completion" else engine.chat
        try:
            info = await use.describe()
            model = info.kind, info.name, info.url
            if model not in speeds:
                speeds[model] = (await bench(engine, use=slot, sizes=(_MEASURED_TOKENS,))).rows[0]
        except HomebodyError as error:
            # A server that is down has to be started; its model may be a good one.
            is_down = isinstance(error, BackendUnavailable | BackendTimeout)
            command = "" if is_down else command_that_recommends()
            models += _said("problem", sentence(str(error)), command)
            has_models = False
            continue
        if info.url is not None and info.kind != "embedded":
            servers.setdefault(info.url, f"{info.kind} at {info.url} serves {info.name}")
        models += _about(engine, slot, info, speeds[model])
    facts = await next_edit_facts(engine) if engine.gate.stopped is None else []
    none = ["none is running; the embedded model needs no server"]
    lines = [
        Line("head", this_installation()),
        Line("title", "Servers on this machine"),
        *(line for remark in servers.values() or none for line in _said("fact", remark)),
        *models,
        *_section("Next edits", [line for fact in facts for line in _said("hint", fact)]),
        *_section("Settings and earlier sessions", _settings(engine, problems)),
    ]
    return Diagnosis(tuple(lines), has_models)


def to_text(diagnosis: Diagnosis) -> str:
    """Return the report as text, as a terminal shows it."""
    return "".join(f"{BEFORE[line.kind]}{line.text}\n" for line in diagnosis.lines)


def _said(kind: LineKind, text: str, command: str = "") -> list[Line]:
    """Return a sentence as one line, whatever a server calls its model, and the command that helps."""
    said = [Line(kind, " ".join(text.split()))]
    return [*said, Line("command", command)] if command else said


def _section(title: str, lines: Sequence[Line]) -> Sequence[Line]:
    return (Line("title", title), *lines) if lines else ()


def _about(engine: Engine, slot: Slot, info: ModelInfo, speed: Row) -> Iterator[Line]:
    """Yield what is known about the model of one use."""
    use = engine.completion if slot == "completion" else engine.chat
    yield from _said("fact", f"{info.name} ({info.kind}), {info.context_length} tokens of context")
    for reason in use.backend.reasons:
        yield from _said("fact", f"why: {reason.removeprefix(f'{slot}: ')}")
    row = find_format(info, engine.settings.completion.fim)
    if slot == "completion":
        yield from _said("fact", f"fill-in-the-middle: {row.title if row else 'no'}")
    writes = "?" if speed.output_speed is None else f"{speed.output_speed:.0f}"
    yield Line("fact", f"reads {speed.prompt_speed:.0f} and writes {writes} tokens a second")
    if info.remote_host is not None:
        yield from _said("problem", f"This model runs on {info.remote_host}, not on this machine.")
    trained = info.trained_context_length
    if info.context_length < _SMALL_CONTEXT:
        text = f"Only {info.context_length} tokens of context are served, which is little for code."
        yield from more_context(info, "problem", text)
    elif trained is not None and trained > info.context_length:
        text = f"{info.context_length} tokens of context are served, and the model supports {trained}."
        yield from more_context(info, "hint", text)
    for note in info.notes:
        yield from _said("hint", sentence(note))
    if not info.exact_tokenizer:
        yield Line("hint", "This server cannot count tokens, so prompts are kept a little shorter.")
    yield from _fitness(slot, info, takes_suffix=row is not None)
    if slot == "completion":
        yield from _completion_speed(info, speed)
    elif speed.output_speed is not None and speed.output_speed < _QUICK_OUTPUT / 3:
        yield Line("hint", f"It writes {writes} tokens a second: a function takes about a minute to rewrite.")


def _fitness(slot: Slot, info: ModelInfo, *, takes_suffix: bool) -> Iterator[Line]:
    """Yield whether the model is made for this use."""
    if slot == "completion":
        if not takes_suffix:
            text = "It does not fill in the middle: suggestions use only the text before the cursor."
            yield from _said("hint", text, command_that_recommends())
        return
    if not info.chat_template:
        text = "It takes no chat messages: explanations and edits need an instruct model."
        yield from _said("problem", text, command_that_recommends())
    elif is_smallest(info):
        text = "The default weights are fine for a docstring, and too small for other edits and explanations."
        yield from _said("hint", text, command_that_recommends())
    else:
        yield Line("good", "It takes chat messages, for explanations and edits.")
    if info.sees:
        yield Line("good", "It sees pictures that are attached to questions.")


def more_context(info: ModelInfo, kind: LineKind, text: str) -> list[Line]:
    """Return a line about the context, and the command that makes the server serve a longer one."""
    tokens = min(info.trained_context_length or 16384, max(8192, 2 * info.context_length))
    setting = own_command("config", "set", "backend.context_length", str(tokens))
    commands = {
        "ollama": setting,
        "embedded": setting,
        "llama.cpp": f"llama-server --ctx-size {2 * tokens} --parallel 2",  # each slot has half of it
        "lm-studio": f"lms load {info.name} --context-length {tokens}",
    }
    command = commands.get(info.kind, "")
    return _said(kind, text if command else f"{text} Start the server with {tokens} tokens.", command)


def _completion_speed(info: ModelInfo, speed: Row) -> Iterator[Line]:
    reads, writes = speed.prompt_speed, speed.output_speed
    quicker = "" if is_smallest(info) else command_that_recommends()
    if writes is not None and writes < _QUICK_OUTPUT:
        text = f"It writes {writes:.0f} tokens a second, too slow for suggestions while typing."
        yield from _said("problem", text, quicker)
    elif reads < _QUICK_PROMPT:
        text = f"It reads {reads:.0f} tokens a second: the first suggestion at a place takes long."
        yield from _said("hint", text, quicker)
    else:
        yield Line("good", "It is quick enough for suggestions while typing.")
    if not info.has_logprobs:
        text = "This server reports no probabilities: completion.minConfidence has no effect with it."
        yield Line("hint", text)


def _settings(engine: Engine, problems: Sequence[str]) -> list[Line]:
    """Return what the settings, the log of earlier sessions and the local counts say."""
    lines = [line for text in problems for line in _said("problem", text)]
    settings, counts = engine.settings, engine.audit.counts
    uses = settings.completion, settings.next_edit, settings.chat
    if allowed := {host for use in uses for host in use.backend.allowed_hosts}:
        hosts = ", ".join(sorted(allowed))
        lines += _said(
            "hint", f"Connections beyond this machine are allowed, by your own settings, to {hosts}."
        )
    if settings.log.prompts and settings.log.enabled:
        lines.append(Line("hint", "The local log contains the text of your prompts (log.prompts)."))
    # Prompts that a server cut, counts that did not agree.
    for model, text in dict.fromkeys((note.model, note.text) for note in read_notes()):
        lines += _said("problem", f"{model}: {text}")
    if counts["shown"]:
        text = f"Suggestions on this machine: {counts['shown']} shown, {counts['accepted']} accepted"
        lines.append(Line("hint", f"{text}, a part of {counts['partly_accepted']} more."))
    return lines


SIZES = (512, 2048, 8192)
"""Prompt lengths in tokens, as far as the served context allows."""

_PATIENCE_SECONDS = 120.0
"""Maximum reading time, in seconds; longer prompts are left out, except the shortest."""

_ANSWER_TOKENS = 64
_ROOM = 32


async def bench(
    engine: Engine,
    *,
    use: Slot = "completion",
    sizes: Sequence[int] = SIZES,
    on_size: Callable[[int], None] = lambda _: None,
) -> Bench:
    """Measure the model of ``use``; ``on_size`` gets each prompt length before it is measured."""
    measured = engine.completion if use == "completion" else engine.chat
    info = await measured.describe()
    # A context of 8,192 tokens has no room for a prompt of that length: then the longest that fits is
    # measured.
    most = info.context_length - _ANSWER_TOKENS - _ROOM
    rows: list[Row] = []
    for size in sorted({min(size, most) for size in sizes}):
        # Attention makes the time grow faster than the length.
        seconds = rows[-1].cold_ms / 1000 * (size / rows[-1].prompt_tokens) ** 1.5 if rows else 0
        if seconds > _PATIENCE_SECONDS:
            break
        on_size(size)
        rows.append(await _row(measured, info, size, use))
    return Bench(info.name, info.kind, info.context_length, tuple(rows))


async def _row(use: Use, info: ModelInfo, size: int, slot: Slot) -> Row:
    prompt = Prompt((Text(await _text(use, info, size), (OWN,)),))
    tokens = await use.backend.count_prompt(prompt) if info.exact_tokenizer else use.tokens.count(prompt.text)
    cold, stats, output = await _asked(use, prompt, _ANSWER_TOKENS, slot)
    cached, _, _ = await _asked(use, prompt, 1, slot)
    read, milliseconds = tokens, cold
    if stats is not None and stats.evaluated_tokens and stats.prompt_ms:
        read, milliseconds = stats.evaluated_tokens, stats.prompt_ms
    return Row(tokens, cold, cached, read / milliseconds * 1000, output)


async def _asked(
    use: Use, prompt: Prompt, tokens: int, slot: Slot
) -> tuple[float, Stats | None, float | None]:
    """Return milliseconds to the first piece, the server's own figures, and tokens written a second."""
    began = time.perf_counter()
    times: list[float] = []
    stats: Stats | None = None
    async with aclosing(use.backend.complete(prompt, Sampling(max_tokens=tokens), slot=slot)) as stream:
        async for item in stream:
            if isinstance(item, Stats):
                stats = item
            else:
                times.append(time.perf_counter())
    times = times or [time.perf_counter()]
    output = None
    if stats is not None and stats.output_tokens and stats.output_ms:
        output = stats.output_tokens / stats.output_ms * 1000
    elif times[-1] > times[0]:
        output = (len(times) - 1) / (times[-1] - times[0])
    return (times[0] - began) * 1000, stats, output


async def _text(use: Use, info: ModelInfo, size: int) -> str:
    """Source lines of about ``size`` tokens, below a first line that is unique."""
    lines = [f"# {secrets.token_hex(8)}\n"]
    left = size - 16
    for path in cycle(sorted(Path(homebody.__file__).parent.rglob("*.py"))):
        text = path.read_text("utf-8")
        if info.exact_tokenizer:
            await use.learn_counts([text], [OWN])
        for line in text.splitlines(keepends=True):
            left -= use.tokens.count(line)
            if left < 0:
                return "".join(lines)
            lines.append(line)
    return ""
