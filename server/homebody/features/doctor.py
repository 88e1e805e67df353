"""Doctor: the models found, the ones chosen and why, their speed, and possible improvements.

Each finding has the command or the setting that helps, if there is one. ``lines_of`` is the report as people
read it, which the command line and the language server print.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Literal, TypeAlias

from msgspec import Struct

from homebody.audit import read_notes
from homebody.backend.base import ModelInfo, Slot
from homebody.backend.probe import USUAL_URLS, probe_all
from homebody.engine import Engine
from homebody.errors import BackendTimeout, BackendUnavailable, HomebodyError, sentence
from homebody.features.bench import Row, bench
from homebody.features.next_edit import next_edit_facts
from homebody.features.recommend import command_that_recommends, is_smallest
from homebody.installation import own_command, this_installation
from homebody.prompt.fim import FimFormat, find_format

Level: TypeAlias = Literal["good", "hint", "problem"]

_QUICK_OUTPUT = 15.0
"""Output speed, in tokens per second, below which a line of code takes too long."""

_QUICK_PROMPT = 150.0
"""Prompt tokens a second below which even a narrow window takes longer than 700 ms."""

_SMALL_CONTEXT = 2048

_MEASURED_TOKENS = 256
"""Prompt that the speed is measured with: a second or two on a slow machine."""


class Finding(Struct, frozen=True, rename="camel"):
    """One finding; ``command`` is the command for a shell that improves it, if there is one."""

    level: Level
    text: str
    command: str | None = None


class UseReport(Struct, frozen=True, rename="camel"):
    """One use of a model: the model that answers, the reason for its choice, and its speed.

    ``model`` is ``None`` if none answers. ``fim`` names the layout of fill-in-the-middle prompts.
    """

    use: Slot
    reasons: tuple[str, ...]
    findings: tuple[Finding, ...]
    model: str | None = None
    backend: str | None = None
    url: str | None = None
    context_length: int | None = None
    fim: str | None = None
    speed: Row | None = None


class Diagnosis(Struct, frozen=True, rename="camel"):
    """All results: the installation in one line, and a sentence for each server that answers here."""

    installation: str
    servers: tuple[str, ...]
    uses: tuple[UseReport, ...]
    findings: tuple[Finding, ...]
    next_edits: tuple[Finding, ...] = ()


LineKind: TypeAlias = Literal["head", "title", "fact", "good", "hint", "problem", "command"]

_TITLES = {"completion": "Suggestions", "chat": "Explanations and edits"}
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

_NO_SERVER = "none is running; the embedded model needs no server"


async def doctor(engine: Engine, *, problems: Sequence[str] = ()) -> Diagnosis:
    """Check everything that affects how well Homebody works here. Never raises ``BackendError``.

    No model is asked while the engine's gate is stopped: the settings may name another one by mistake.
    ``problems`` are the problems in the settings.
    """
    probed = await probe_all(USUAL_URLS)
    uses: tuple[UseReport, ...] = ()
    if engine.gate.stopped is None:
        completion = await _use(engine, "completion")
        uses = (completion, await _use(engine, "chat", measured=completion))
    remarks = {server.url: server.remark for server in probed}
    for use in uses:
        if use.url is not None and use.model is not None and use.backend != "embedded":
            remarks.setdefault(use.url, f"{use.backend} at {use.url} serves {use.model}")
    facts = [] if engine.gate.stopped is not None else await next_edit_facts(engine)
    findings = (*_settings(engine, problems), *_notes(), *_counts(engine))
    return Diagnosis(
        installation=this_installation(),
        servers=tuple(remarks.values()),
        uses=uses,
        findings=findings,
        next_edits=tuple(Finding("hint", fact) for fact in facts),
    )


def lines_of(diagnosis: Diagnosis) -> Iterator[tuple[LineKind, str]]:
    """Yield the report line by line, each with its kind. A server's name for a model adds no line."""
    yield "head", diagnosis.installation
    yield from _section("Servers on this machine", diagnosis.servers or (_NO_SERVER,), ())
    for use in diagnosis.uses:
        yield from _section(_TITLES[use.use], _about(use), use.findings)
    yield from _section("Next edits", (), diagnosis.next_edits)
    yield from _section("Settings and earlier sessions", (), diagnosis.findings)


def to_text(diagnosis: Diagnosis) -> str:
    """Return the report as text, as a terminal shows it."""
    return "".join(f"{BEFORE[kind]}{text}\n" for kind, text in lines_of(diagnosis))


def _section(title: str, facts: Iterable[str], findings: Sequence[Finding]) -> Iterator[tuple[LineKind, str]]:
    lines: list[tuple[LineKind, str]] = [("fact", " ".join(fact.split())) for fact in facts]
    for finding in findings:
        lines.append((finding.level, " ".join(finding.text.split())))
        if finding.command is not None:
            lines.append(("command", finding.command))
    if lines or title in _TITLES.values():
        yield "title", title
        yield from lines


def _about(use: UseReport) -> Iterator[str]:
    if use.model is None:
        return
    yield f"{use.model} ({use.backend}), {use.context_length} tokens of context"
    for reason in use.reasons:
        yield f"why: {reason.removeprefix(f'{use.use}: ')}"
    if use.use == "completion":
        yield f"fill-in-the-middle: {use.fim or 'no'}"
    if use.speed is not None:
        writes = "?" if use.speed.output_speed is None else f"{use.speed.output_speed:.0f}"
        yield f"reads {use.speed.prompt_speed:.0f} and writes {writes} tokens a second"


async def _use(engine: Engine, slot: Slot, measured: UseReport | None = None) -> UseReport:
    """Check one use; the speed of a model that was ``measured`` already is not measured again."""
    use = engine.completion if slot == "completion" else engine.chat
    try:
        info = await use.describe()
        before = None if measured is None else (measured.backend, measured.model, measured.url)
        known = measured.speed if measured and before == (info.kind, info.name, info.url) else None
        speed = known or (await bench(engine, use=slot, sizes=(_MEASURED_TOKENS,))).rows[0]
    except HomebodyError as error:
        # A server that is down has to be started; its model may be a good one.
        is_down = isinstance(error, BackendUnavailable | BackendTimeout)
        problem = Finding("problem", sentence(str(error)), None if is_down else command_that_recommends())
        return UseReport(slot, use.backend.reasons, (problem,))
    row = find_format(info, engine.settings.completion.fim)
    weakness = _weakness(info, slot, row)
    findings = [] if weakness is None else [weakness]
    if weakness is None and slot == "chat":
        findings.append(Finding("good", "It takes chat messages, for explanations and edits."))
    if slot == "chat" and info.sees:
        findings.append(Finding("good", "It sees pictures that are attached to questions."))
    findings += _completion_speed(info, speed) if slot == "completion" else _chat_speed(speed)
    return UseReport(
        use=slot,
        reasons=use.backend.reasons,
        findings=(*_common(info), *findings),
        model=info.name,
        backend=info.kind,
        url=info.url,
        context_length=info.context_length,
        fim=row.title if row is not None else None,
        speed=speed,
    )


def _weakness(info: ModelInfo, slot: Slot, row: FimFormat | None) -> Finding | None:
    """Return why the model is not made for this use; ``None`` if it is."""
    rows: tuple[tuple[bool, Level, str], ...] = (
        (
            slot == "completion" and row is None,
            "hint",
            "It does not fill in the middle: suggestions use only the text before the cursor.",
        ),
        (
            slot == "chat" and not info.chat_template,
            "problem",
            "It takes no chat messages: explanations and edits need an instruct model.",
        ),
        (
            slot == "chat" and is_smallest(info),
            "hint",
            "The default weights are fine for a docstring, and too small for other edits and explanations.",
        ),
    )
    weak = (Finding(level, text, command_that_recommends()) for is_so, level, text in rows if is_so)
    return next(weak, None)


def _common(info: ModelInfo) -> Iterator[Finding]:
    if info.remote_host is not None:
        yield Finding("problem", f"This model runs on {info.remote_host}, not on this machine.")
    trained = info.trained_context_length
    if info.context_length < _SMALL_CONTEXT:
        text = f"Only {info.context_length} tokens of context are served, which is little for code."
        yield more_context(info, "problem", text)
    elif trained is not None and trained > info.context_length:
        text = f"{info.context_length} tokens of context are served, and the model supports {trained}."
        yield more_context(info, "hint", text)
    yield from (Finding("hint", sentence(note)) for note in info.notes)
    if not info.exact_tokenizer:
        yield Finding("hint", "This server cannot count tokens, so prompts are kept a little shorter.")


def more_context(info: ModelInfo, level: Level, text: str) -> Finding:
    """Return a finding about the context, with the command that makes the server serve a longer one."""
    tokens = min(info.trained_context_length or 16384, max(8192, 2 * info.context_length))
    setting = own_command("config", "set", "backend.context_length", str(tokens))
    commands = {
        "ollama": setting,
        "embedded": setting,
        "llama.cpp": f"llama-server --ctx-size {2 * tokens} --parallel 2",  # each slot has half of it
        "lm-studio": f"lms load {info.name} --context-length {tokens}",
    }
    command = commands.get(info.kind)
    return Finding(level, text if command else f"{text} Start the server with {tokens} tokens.", command)


def _completion_speed(info: ModelInfo, speed: Row) -> Iterator[Finding]:
    reads, writes = speed.prompt_speed, speed.output_speed
    quicker = None if is_smallest(info) else command_that_recommends()
    if writes is not None and writes < _QUICK_OUTPUT:
        text = f"It writes {writes:.0f} tokens a second, too slow for suggestions while typing."
        yield Finding("problem", text, quicker)
    elif reads < _QUICK_PROMPT:
        text = f"It reads {reads:.0f} tokens a second: the first suggestion at a place takes long."
        yield Finding("hint", text, quicker)
    else:
        yield Finding("good", "It is quick enough for suggestions while typing.")
    if not info.has_logprobs:
        text = "This server reports no probabilities: completion.minConfidence has no effect with it."
        yield Finding("hint", text)


def _chat_speed(speed: Row) -> Iterator[Finding]:
    writes = speed.output_speed
    if writes is not None and writes < _QUICK_OUTPUT / 3:
        text = f"It writes {writes:.0f} tokens a second: a function takes about a minute to rewrite."
        yield Finding("hint", text)


def _settings(engine: Engine, problems: Sequence[str]) -> list[Finding]:
    findings = [Finding("problem", text) for text in problems]
    settings = engine.settings
    allowed = {
        host
        for use in (settings.completion, settings.next_edit, settings.chat)
        for host in use.backend.allowed_hosts
    }
    if allowed:
        hosts = ", ".join(sorted(allowed))
        text = f"Connections beyond this machine are allowed, by your own settings, to {hosts}."
        findings.append(Finding("hint", text))
    if settings.log.prompts and settings.log.enabled:
        findings.append(Finding("hint", "The local log contains the text of your prompts (log.prompts)."))
    return findings


def _counts(engine: Engine) -> Iterator[Finding]:
    counts = engine.audit.counts
    if counts["shown"]:
        text = f"Suggestions on this machine: {counts['shown']} shown, {counts['accepted']} accepted"
        yield Finding("hint", f"{text}, a part of {counts['partly_accepted']} more.")


def _notes() -> list[Finding]:
    """Problems of earlier sessions: prompts that a server cut, counts that did not agree."""
    newest = {(note.model, note.text): note for note in read_notes()}
    return [Finding("problem", f"{note.model}: {note.text}") for note in newest.values()]
