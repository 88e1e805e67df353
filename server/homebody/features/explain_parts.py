"""Explain code that is too long to read at once: in parts with headings, or a file by its outline.

In: a document, a span, the tokens of one request. Out: one explanation.
"""

from dataclasses import dataclass, field

from homebody.audit import BEYOND_CONTEXT, LeftOut, Source
from homebody.engine import Engine
from homebody.features.answer import Answer, Draft, Usage, answer, answer_in_words
from homebody.features.budgets import ChatRoom
from homebody.features.explanation import Explanation, Task
from homebody.features.surroundings import frame_tokens, sampling_of, shown_path, special_texts, unmarked
from homebody.features.system_prompt import with_standing
from homebody.prompt.front_matter import PromptFile
from homebody.prompt.render import render
from homebody.prompt.shipped import shipped_prompt
from homebody.syntax.chunk import chunk_document
from homebody.syntax.scope import definitions, header_text, imports
from homebody.syntax.tree import Tree
from homebody.text import Document, Span

_MOST_PARTS = 8
"""Maximum number of parts that are explained, unless all are requested."""

_PART_TOKENS = 320
"""Maximum tokens of the explanation of one part, and of the summary."""

_FEWEST_DEFINITIONS = 3
"""Minimum number of definitions of a file that is explained by its outline."""

_OUTLINED = frozenset(
    {"function", "method", "class", "interface", "struct", "enum", "trait", "impl", "module", "type", "macro"}
)


@dataclass(slots=True)
class _Collected:
    """Results of the requests so far."""

    texts: list[str] = field(default_factory=list[str])
    sources: list[Source] = field(default_factory=list[Source])
    left_out: list[LeftOut] = field(default_factory=list[LeftOut])
    links: list[str] = field(default_factory=list[str])
    prompt_tokens: int = 0
    output_tokens: int = 0
    complete: bool = True

    def add(self, reply: Answer) -> None:
        self.texts.append(reply.text.strip())
        self.left_out += reply.draft.left_out
        self.prompt_tokens += reply.usage.prompt_tokens
        self.output_tokens += reply.usage.output_tokens
        self.complete = self.complete and reply.complete


async def explain_parts(task: Task, target: Span, room: ChatRoom, *, full: bool) -> Explanation:
    """Explain ``target`` part by part, then summarize it.

    Each part is read within ``chat.readingSeconds``, or, with ``full``, as long as the context allows.
    Without ``full`` the parts beyond the eighth are left out and listed.
    """
    document = task.document
    size = (room.fits if full else room.readable) - _frame_tokens(task, shipped_prompt("explain-part"))
    parts = split(task, target, max(size, 16))
    kept = parts if full else parts[:_MOST_PARTS]
    collected = _Collected(sources=list(task.rules.sources), left_out=list(task.rules.left_out))
    markdown: list[str] = []
    for part in kept:
        link = _linked_lines(document, part)
        collected.links.append(link)
        heading = f"{_gap(markdown)}### {link}\n\n"
        task.write(heading)
        reply = await _explain_part(task, part, room)
        collected.add(reply)
        collected.sources += reply.draft.sources
        markdown += heading, reply.text.strip()
    if len(kept) < len(parts):
        first, last = _lines(document, Span(parts[len(kept)].start, parts[-1].end))
        why = f"only {_MOST_PARTS} parts are explained at once; ask for the full explanation to read it all"
        collected.left_out.append(LeftOut(document.uri, first, last, why))
        collected.complete = False
    if len(kept) > 1:
        heading = f"{_gap(markdown)}### Summary\n\n"
        task.write(heading)
        reply = await _sum_up(task, collected.texts, room)
        collected.add(reply)
        markdown += heading, reply.text.strip()
    return _explanation(task, "".join(markdown), collected)


async def explain_outline(task: Task, room: ChatRoom) -> Explanation | None:
    """Explain a whole file by its imports and signatures; ``None`` if it has too few."""
    engine, document = task.engine, task.document
    lines = outline(document, task.tree)
    if not lines:
        return None
    prompt = shipped_prompt("explain-outline")
    frame = _frame_tokens(task, prompt)
    special = special_texts(task.info)
    last_line = document.line_count - 1

    def build(tokens: int) -> Draft:
        kept: list[str] = []
        used, end = 0, last_line
        for span, text in lines:
            cost = engine.chat.tokens.count(text + "\n")
            if used + cost > min(tokens, room.readable) - frame:
                end = document.line_of(span.start) - 1
                break
            used += cost
            kept.append(text)
        code, marked = unmarked(document.uri, "\n".join(kept), 0, special)
        values = {
            "code": code,
            "language": document.language_id,
            "path": shown_path(engine, document.uri),
        }
        why = "only the outline was read; ask for the full explanation to read the bodies"
        left_out = [LeftOut(document.uri, 0, last_line, why), *marked, *task.rules.left_out]
        source = Source(document.uri, 0, max(0, end), used, "outline")
        messages = with_standing(
            engine, render(prompt, values, [document.uri]), task.rules.text, task.rules.sources
        )
        return Draft(messages, (source, *task.rules.sources), tuple(left_out))

    sampling = sampling_of(engine, prompt, room.output)
    reply = await answer_in_words(
        engine, "explain", document.uri, build, sampling, on_text=task.on_text, on_read=task.on_read
    )
    # Never complete: the bodies are listed as left out.
    return Explanation(
        reply.text,
        complete=False,
        usage=reply.usage,
        sources=reply.draft.sources,
        left_out=reply.draft.left_out,
    )


def outline(document: Document, tree: Tree) -> list[tuple[Span, str]]:
    """Return imports and signatures in order; empty if a file has too few."""
    outlined = [one for one in definitions(document, tree) if one.kind in _OUTLINED]
    if len(outlined) < _FEWEST_DEFINITIONS:
        return []
    lines = [(one.span, document.slice(one.span)) for one in imports(document, tree)]
    lines += [(one.header, header_text(document, one)) for one in outlined]
    return sorted(lines, key=lambda line: line[0])


def split(task: Task, target: Span, tokens: int) -> list[Span]:
    """Split ``target`` between lines into parts of ``tokens``, so that the fewest definitions are split.

    A line that is longer than that is a separate part.
    """
    document, count = task.document, task.engine.chat.tokens.count
    parts: list[Span] = []
    used = 0
    for chunk in chunk_document(document, task.tree, tokens, count):
        start = max(target.start, document.line_starts[chunk.first_line])
        end = min(target.end, document.line_span_with_end(chunk.last_line).end)
        if start >= end or not document.text[start:end].strip():
            continue
        cost = count(document.text[start:end])
        if parts and used + cost <= tokens:
            parts[-1] = Span(parts[-1].start, end)
            used += cost
        else:
            parts.append(Span(start, end))
            used = cost
    return parts


async def _explain_part(task: Task, part: Span, room: ChatRoom) -> Answer:
    engine, document = task.engine, task.document
    prompt = shipped_prompt("explain-part")
    frame = _frame_tokens(task, prompt)
    special = special_texts(task.info)

    def build(tokens: int) -> Draft:
        fitting = _beginning(document, part, tokens - frame, engine)
        first, last = _lines(document, fitting)
        text, marked = unmarked(document.uri, document.slice(fitting), first, special)
        values = {
            "code": text.rstrip("\r\n"),
            "language": document.language_id,
            "path": shown_path(engine, document.uri),
            "name": f"lines {first + 1} to {last + 1} of {document.line_count}",
        }
        used = engine.chat.tokens.count(document.slice(fitting))
        source = Source(document.uri, first, last, used, "selection")
        left_out = list(marked)
        if fitting.end < part.end:
            rest = _lines(document, Span(fitting.end, part.end))
            left_out.append(LeftOut(document.uri, *rest, BEYOND_CONTEXT))
        messages = with_standing(
            engine, render(prompt, values, [document.uri]), task.rules.text, task.rules.sources
        )
        return Draft(messages, (source,), tuple(left_out))

    sampling = sampling_of(engine, prompt, min(room.output, _PART_TOKENS))
    return await answer(
        engine, "explain", document.uri, build, sampling, on_text=task.on_text, on_read=task.on_read
    )


async def _sum_up(task: Task, texts: list[str], room: ChatRoom) -> Answer:
    engine, document = task.engine, task.document
    prompt = shipped_prompt("explain-summary")
    frame = _frame_tokens(task, prompt)

    def build(tokens: int) -> Draft:
        # Shorten each note, so that none is dropped completely.
        share = max(8, (min(tokens, room.readable) - frame) // len(texts))
        notes = "\n\n".join(first_tokens(engine, text, share) for text in texts)
        values = {"context": notes, "path": shown_path(engine, document.uri)}
        return Draft(
            with_standing(
                engine, render(prompt, values, [document.uri]), task.rules.text, task.rules.sources
            ),
            (),
            (),
        )

    sampling = sampling_of(engine, prompt, min(room.output, _PART_TOKENS))
    return await answer(
        engine, "explain", document.uri, build, sampling, on_text=task.on_text, on_read=task.on_read
    )


def first_tokens(engine: Engine, text: str, tokens: int) -> str:
    """Words at the beginning of ``text`` with at most ``tokens`` tokens."""
    count = engine.chat.tokens.count
    if count(text) <= tokens:
        return text
    words = text.split(" ")
    low, high = 0, len(words)
    while low < high:
        middle = (low + high + 1) // 2
        if count(" ".join(words[:middle])) < tokens:
            low = middle
        else:
            high = middle - 1
    return " ".join(words[:low]) + " …"


def _beginning(document: Document, part: Span, tokens: int, engine: Engine) -> Span:
    """Whole lines from the start of ``part`` that fit, or as much of its first line as fits."""
    count = engine.chat.tokens.count
    line, end, used = document.line_of(part.start), part.start, 0
    while end < part.end:
        stop = min(document.line_span_with_end(line).end, part.end)
        cost = count(document.text[end:stop])
        if used + cost > tokens:
            break
        used, end, line = used + cost, stop, line + 1
    if end > part.start:
        return Span(part.start, end)
    # One character is at most a few tokens: a binary search finds how much of the line fits.
    low, high = 1, len(part)
    while low < high:
        middle = (low + high + 1) // 2
        if count(document.text[part.start : part.start + middle]) <= tokens:
            low = middle
        else:
            high = middle - 1
    return Span(part.start, part.start + low)


def _explanation(task: Task, markdown: str, collected: _Collected) -> Explanation:
    usage = Usage(collected.prompt_tokens, collected.output_tokens, task.info.context_length)
    return Explanation(
        markdown,
        collected.complete,
        usage,
        tuple(collected.sources),
        tuple(collected.left_out),
        tuple(collected.links),
    )


def _frame_tokens(task: Task, prompt: PromptFile) -> int:
    """Tokens of the text around the code, including the project's rules."""
    return frame_tokens(task.engine, prompt) + task.engine.chat.tokens.count(task.rules.text)


def _linked_lines(document: Document, span: Span) -> str:
    first, last = _lines(document, span)
    lines = f"Line {first + 1}" if first == last else f"Lines {first + 1} to {last + 1}"
    return f"[{lines}]({document.uri}#L{first + 1})"


def _lines(document: Document, span: Span) -> tuple[int, int]:
    return document.lines_of(span)


def _gap(markdown: list[str]) -> str:
    return "\n\n" if markdown else ""
