"""Doctor: the models found, the ones chosen and why, their speed, and possible improvements.

Each finding has the command or the setting that helps, if there is one. ``lines_of`` is the report as people
read it, which the command line and the language server print.
"""

import re
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
from homebody.features.recommend import Remedy, better_model, is_smallest, more_context, quicker_model
from homebody.installation import shell, this_installation
from homebody.prompt.fim import FimFormat, find_format

Level: TypeAlias = Literal["good", "hint", "problem"]

_QUICK_OUTPUT = 15.0
"""Output speed, in tokens per second, below which a line of code takes too long."""

_QUICK_PROMPT = 150.0
"""Prompt tokens a second below which even a narrow window takes longer than 700 ms."""

_SMALL_CONTEXT = 2048

_SPIN_LESS = (
    "GOMP_SPINCOUNT=300 llama-server …     (on Linux; elsewhere --threads, one less than there are cores)"
)

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
    ``needs_better_model`` is true if the model was not made for this use, is the smallest one, or does not
    exist; not if its server is down.
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
    needs_better_model: bool = False


class Diagnosis(Struct, frozen=True, rename="camel"):
    """All results. ``servers`` has one sentence for each server that answers on this machine.

    ``installation`` is one line; ``next_steps`` lead to a more capable model, if one of the uses has none.
    """

    installation: str
    servers: tuple[str, ...]
    uses: tuple[UseReport, ...]
    findings: tuple[Finding, ...]
    next_steps: tuple[Finding, ...] = ()
    next_edits: tuple[Finding, ...] = ()


LineKind: TypeAlias = Literal["head", "title", "fact", "good", "hint", "problem", "command"]

_TITLES = {"completion": "Suggestions", "chat": "Explanations and edits"}
MARKS: Mapping[str, str] = {"fact": "·", "good": "✓", "hint": "·", "problem": "✗"}
"""The sign before a line of each kind; other kinds have none."""

_NO_SERVER = "none is running; the embedded model needs no server"

_MARKUP = re.compile(r"[\\`*_\[\]<>&|~]")


async def doctor(
    engine: Engine, *, problems: Sequence[str] = (), origins: Mapping[str, str] | None = None
) -> Diagnosis:
    """Check everything that affects how well Homebody works here. Never raises ``BackendError``.

    No model is asked while the engine's gate is stopped: the settings may name another one by mistake.
    ``problems`` are the problems in the settings, ``origins`` the source of each value.
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
    findings = (*_settings(engine, problems, origins or {}), *_notes(), *_counts(engine))
    next_steps: tuple[Finding, ...] = ()
    if any(use.needs_better_model for use in uses):
        text = "Which models suit this machine, and the command that installs each:"
        command = shell(str(this_installation().program), "models", "recommend")
        next_steps = (Finding("hint", text, command),)
    return Diagnosis(
        installation=str(this_installation()),
        servers=tuple(remarks.values()),
        uses=uses,
        findings=findings,
        next_steps=next_steps,
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
    yield from _section("Next", (), diagnosis.next_steps)


def to_markdown(diagnosis: Diagnosis) -> str:
    """Return the report as Markdown. Names in it come from servers and files: none acts as markup."""
    shown: list[str] = []
    for kind, text in lines_of(diagnosis):
        plain = _MARKUP.sub(r"\\\g<0>", text)
        match kind:
            case "head":
                shown.append(plain)
            case "title":
                shown.append(f"\n## {plain}\n")
            case "command":
                shown.append(f"\n  ```\n  {text}\n  ```\n")
            case _:
                shown.append(f"- {MARKS.get(kind, '')} {plain}")
    return "\n".join(shown) + "\n"


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
        reads = "?" if use.speed.prompt_speed is None else f"{use.speed.prompt_speed:.0f}"
        writes = "?" if use.speed.output_speed is None else f"{use.speed.output_speed:.0f}"
        yield f"reads {reads} and writes {writes} tokens a second"


async def _use(engine: Engine, slot: Slot, measured: UseReport | None = None) -> UseReport:
    """Check one use; the speed of a model that was ``measured`` already is not measured again."""
    use = engine.completion if slot == "completion" else engine.chat
    try:
        info = await use.describe()
        before = None if measured is None else (measured.backend, measured.model, measured.url)
        known = measured.speed if measured and before == (info.kind, info.name, info.url) else None
        speed = known or (await bench(engine, use=slot, sizes=(_MEASURED_TOKENS,))).rows[0]
    except HomebodyError as error:
        problem = Finding("problem", sentence(str(error)))
        is_down = isinstance(error, BackendUnavailable | BackendTimeout)
        return UseReport(slot, use.backend.reasons, (problem,), needs_better_model=not is_down)
    row = find_format(info, engine.settings.completion.fim)
    weakness = _weakness(info, slot, row)
    findings = [] if weakness is None else [weakness]
    if weakness is None and slot == "chat":
        findings.append(Finding("good", "It takes chat messages, for explanations and edits."))
    if slot == "chat" and "vision" in info.modalities:
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
        needs_better_model=weakness is not None,
    )


def _weakness(info: ModelInfo, slot: Slot, row: FimFormat | None) -> Finding | None:
    """Return why the model is not made for this use; ``None`` if it is."""
    if slot == "completion":
        text = "It does not fill in the middle: suggestions use only the text before the cursor."
        return _improvable("hint", text, better_model(info, slot)) if row is None else None
    if not info.chat_template:
        text = "It takes no chat messages: explanations and edits need an instruct model."
        return _improvable("problem", text, better_model(info, slot))
    if is_smallest(info):
        text = "The default weights are fine for a docstring, and too small for other edits and explanations."
        return _improvable("hint", text, better_model(info, slot))
    return None


def _improvable(level: Level, text: str, remedy: Remedy) -> Finding:
    return Finding(level, f"{text} {remedy.remark}".rstrip(), remedy.command)


def _common(info: ModelInfo) -> Iterator[Finding]:
    if info.remote_host is not None:
        yield Finding("problem", f"This model runs on {info.remote_host}, not on this machine.")
    trained = info.trained_context_length
    if info.context_length < _SMALL_CONTEXT:
        text = f"Only {info.context_length} tokens of context are served, which is little for code."
        yield _improvable("problem", text, more_context(info))
    elif trained is not None and trained > info.context_length:
        text = f"{info.context_length} tokens of context are served, and the model supports {trained}."
        yield _improvable("hint", text, more_context(info))
    if info.ignored_sampling:
        names = ", ".join(info.ignored_sampling)
        yield Finding("hint", f"This server does not support these sampling settings: {names}.")
    yield from (Finding("hint", sentence(note)) for note in info.notes)
    if not info.exact_tokenizer:
        yield Finding("hint", "This server cannot count tokens, so prompts are kept a little shorter.")


def _completion_speed(info: ModelInfo, speed: Row) -> Iterator[Finding]:
    reads, writes = speed.prompt_speed, speed.output_speed
    is_slow = reads is not None and reads < _QUICK_PROMPT
    if writes is not None and writes < _QUICK_OUTPUT:
        text = f"It writes {writes:.0f} tokens a second, too slow for suggestions while typing."
        yield _improvable("problem", text, quicker_model(info))
    elif is_slow:
        text = f"It reads {reads:.0f} tokens a second: the first suggestion at a place takes long."
        if is_smallest(info):
            text += " There is no smaller model: is the machine busy with something else?"
        yield _improvable("hint", text, quicker_model(info))
    else:
        yield Finding("good", "It is quick enough for suggestions while typing.")
    if is_slow and info.kind == "llama.cpp":
        text = "If other programs keep the cores busy, its threads wait for each other by spinning."
        yield Finding("hint", text, _SPIN_LESS)
    if not info.has_logprobs:
        text = "This server reports no probabilities: completion.minConfidence has no effect with it."
        yield Finding("hint", text)


def _chat_speed(speed: Row) -> Iterator[Finding]:
    writes = speed.output_speed
    if writes is not None and writes < _QUICK_OUTPUT / 3:
        text = f"It writes {writes:.0f} tokens a second: a function takes about a minute to rewrite."
        yield Finding("hint", text)


def _settings(engine: Engine, problems: Sequence[str], origins: Mapping[str, str]) -> list[Finding]:
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
    keyed = [key for key, origin in origins.items() if key.endswith("api_key") and origin.endswith(".toml")]
    if keyed:
        text = f"An API key is in a file ({origins[keyed[0]]}): a variable that api_key_env names is safer."
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
