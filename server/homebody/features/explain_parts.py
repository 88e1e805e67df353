"""Explain code that is too long to read at once: in parts with headings, or a file by its outline."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import reduce
from typing import Unpack

from homebody.audit import BEYOND_CONTEXT, AnswerUsage, LeftOut, Source
from homebody.features.answer import (
    Chat,
    ChatAnswer,
    ChatContext,
    ChatPrompt,
    Listeners,
    ask_model,
)
from homebody.features.budgets import beginning, whole_lines
from homebody.features.surroundings import code_values, shown_path
from homebody.prompt.front_matter import shipped_prompt
from homebody.syntax.chunk import pieces_of
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
class _Sum:
    """The answers so far, as one."""

    write: Callable[[str], None]
    markdown: str = ""
    answers: list[ChatAnswer] = field(default_factory=list[ChatAnswer])

    def begin(self, heading: str) -> None:
        """Stream a heading, which is not the model's."""
        gap = "\n\n" if self.markdown else ""
        text = f"{gap}### {heading}\n\n"
        self.write(text)
        self.markdown += text

    def add(self, answer: ChatAnswer) -> None:
        self.markdown += answer.markdown
        self.answers.append(answer)

    def answer(self, more: tuple[LeftOut, ...]) -> ChatAnswer:
        """Return the sum; it is not complete if there is ``more`` that was left out."""
        usage = reduce(AnswerUsage.__add__, (each.usage for each in self.answers))
        # The rules of the project are in each prompt.
        sources = {(each.uri, each.first_line): each for part in self.answers for each in part.sources}
        left_out = dict.fromkeys(left for each in self.answers for left in each.left_out)
        return ChatAnswer(
            self.markdown,
            complete=not more and all(each.complete for each in self.answers),
            usage=usage,
            prompt=ChatPrompt((), tuple(sources.values()), (*left_out, *more)),
            looped=any(each.looped for each in self.answers),
        )


async def explain_parts(
    chat: Chat, document: Document, tree: Tree, target: Span, *, full: bool, **listeners: Unpack[Listeners]
) -> ChatAnswer:
    """Explain ``target`` part by part, then summarize it.

    Each part is read within ``chat.readingSeconds``, or, with ``full``, as long as the context allows.
    Without ``full`` the parts beyond the eighth are left out and listed.
    """
    room, path = chat.room, shown_path(chat.engine, document.uri)
    listeners["on_sources"] = listeners["ending"] = None  # there are several prompts
    size = (room.fits if full else room.readable) - chat.frame(shipped_prompt("explain-part"))
    parts = list(pieces_of(document, tree, target, max(size, 16), chat.count))
    kept = parts if full else parts[:_MOST_PARTS]
    collected = _Sum(listeners.get("on_text") or (lambda _: None))
    for part in kept:
        first, last = document.lines_of(part)
        collected.begin(f"{path}:{first + 1}" if first == last else f"{path}:{first + 1}-{last + 1}")
        collected.add(await _explain_part(chat, document, part, **listeners))
    if len(kept) > 1:
        collected.begin("Summary")
        collected.add(
            await _sum_up(chat, document, [each.markdown for each in collected.answers], **listeners)
        )
    if kept == parts:
        return collected.answer(())
    first, last = document.lines_of(Span(parts[len(kept)].start, parts[-1].end))
    why = f"only {_MOST_PARTS} parts are explained at once; ask for the full explanation to read it all"
    return collected.answer((LeftOut(document.uri, first, last, why),))


async def explain_outline(
    chat: Chat, document: Document, tree: Tree, **listeners: Unpack[Listeners]
) -> ChatAnswer | None:
    """Explain a whole file by its imports and signatures; ``None`` if it has too few."""
    lines = outline(document, tree)
    if not lines:
        return None
    prompt = shipped_prompt("explain-outline")
    frame, last = chat.frame(prompt), document.line_count - 1

    def context(tokens: int) -> ChatContext:
        texts = [f"{text}\n" for _, text in lines]
        kept = whole_lines(texts, min(tokens, chat.room.readable - frame), chat.count)
        code = "".join(texts[:kept])
        end = last if kept == len(lines) else document.line_of(lines[kept][0].start) - 1
        why = "only the outline was read; ask for the full explanation to read the bodies"
        return ChatContext(
            code_values(chat.engine, document, code),
            (Source(document.uri, 0, max(0, end), chat.count(code), "outline"),),
            (LeftOut(document.uri, 0, last, why),),
            code_at=(document.uri, 0),
        )

    answered = await ask_model(chat, prompt, context, **listeners)
    # Never complete: the bodies are listed as left out.
    return replace(answered, complete=False)


def outline(document: Document, tree: Tree) -> list[tuple[Span, str]]:
    """Return imports and signatures in order; empty if a file has too few."""
    outlined = [each for each in definitions(document, tree) if each.kind in _OUTLINED]
    if len(outlined) < _FEWEST_DEFINITIONS:
        return []
    lines = [(each.span, document.slice(each.span)) for each in imports(document, tree)]
    lines += [(each.header, header_text(document, each)) for each in outlined]
    return sorted(lines, key=lambda line: line[0])


async def _explain_part(
    chat: Chat, document: Document, part: Span, **listeners: Unpack[Listeners]
) -> ChatAnswer:
    def context(tokens: int) -> ChatContext:
        code = beginning(document.slice(part), tokens, chat.count)
        read, rest = Span(part.start, part.start + len(code)), Span(part.start + len(code), part.end)
        first, last = document.lines_of(read)
        values = code_values(chat.engine, document, code)
        return ChatContext(
            values | {"name": f"lines {first + 1} to {last + 1} of {document.line_count}"},
            (Source(document.uri, first, last, chat.count(code), "selection"),),
            (LeftOut(document.uri, *document.lines_of(rest), BEYOND_CONTEXT),) if rest else (),
            code_at=(document.uri, first),
        )

    return await ask_model(chat, shipped_prompt("explain-part"), context, output=_PART_TOKENS, **listeners)


async def _sum_up(
    chat: Chat, document: Document, notes: list[str], **listeners: Unpack[Listeners]
) -> ChatAnswer:
    prompt = shipped_prompt("explain-summary")
    readable = chat.room.readable - chat.frame(prompt)

    def context(tokens: int) -> ChatContext:
        # Shorten each note, so that none is dropped completely.
        share = max(8, min(tokens, readable) // len(notes))
        text = "\n\n".join(beginning(note, share, chat.count) for note in notes)
        path = shown_path(chat.engine, document.uri)
        return ChatContext({"context": text, "path": path}, uris=(document.uri,))

    return await ask_model(chat, prompt, context, output=_PART_TOKENS, **listeners)
