"""Rewrite one file, or some of its parts; writing it is ``apply``'s job."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from functools import partial
from pathlib import Path
from typing import Literal, TypeAlias

from homebody.audit import PromptRecord
from homebody.engine import Engine
from homebody.errors import ContextTooLong, HomebodyError, NothingSelected, UsageError
from homebody.features.refactor import Offer, Refactoring, Skipped, prompt_of, refactor
from homebody.headless.find import shown_path
from homebody.headless.select import SourceFile
from homebody.postprocess.edit.notes import sentences
from homebody.prompt.front_matter import PromptFile
from homebody.syntax.docstring import DocstringPlace, docstring_place
from homebody.syntax.import_block import WholeFile
from homebody.syntax.language import language_of
from homebody.syntax.nodes import first_error
from homebody.syntax.scope import Definition, outermost
from homebody.syntax.tree import parse
from homebody.text import Document, Span, apply_edits
from homebody.workspace.uri import path_of

Status: TypeAlias = Literal["changed", "unchanged", "refused", "failed", "skipped", "empty"]

OnProgress: TypeAlias = Callable[[int], None]

_REASONS_SHOWN = 3


@dataclass(frozen=True, slots=True)
class RunRequest:
    """The task that a run performs on each file.

    Attributes
    ----------
    action, instruction
        Exactly one of them: the name of a prompt file, or the user's own words.
    select
        Patterns of symbols (``matching``); empty: everything that the action applies to.
    keeps_noted, keeps_refused
        Whether edits with notes, and refused edits, are in the new text. Without the first, an edit is
        refused if a note says that it is broken, or if it has notes and the action has a ``guard``.

    """

    action: str | None = None
    instruction: str | None = None
    select: tuple[str, ...] = ()
    keeps_noted: bool = True
    keeps_refused: bool = False

    def against(self, prompt: PromptFile, offer: Offer) -> str:
        """Return why an offer is not in the new text; empty if it is."""
        if offer.refusal:
            return "" if self.keeps_refused and not offer.is_empty else offer.refusal
        # Who gives an instruction wants the code to mean something else: notes say only what was asked for.
        notes = [note for note in offer.notes if prompt.guard != "none" or note.is_broken]
        if notes and not self.keeps_noted:
            return f"Not written unread: the edit {', '.join(sentences(notes))}; --allow-notes writes it."
        return ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """Result of one file.

    Attributes
    ----------
    status
        ``changed``: there is a new text (``written`` tells whether it is in the tree). ``refused``: the
        answer would harm the file, or its verification failed. ``failed``: there was no answer.
        ``skipped``: it cannot be read or parsed, or must not go into a prompt. ``empty``: it has nothing to
        rewrite.
    before, after
        The document's text without byte order mark; equal if nothing changes. For a new file, ``before``
        is empty and ``after`` is its text.
    made_for
        For a new file, the file that it was written for; ``path`` is the new one.
    is_partial
        Whether a part of the file was refused.
    mark
        The byte order mark, or nothing.
    verified
        Whether the command succeeded with the change; ``None`` if no command ran.
    reason
        Why nothing changes, or which parts were refused or do not parse.
    notes
        What the change removes and adds.
    prompts
        The requests as they were sent, if the caller asked for them.
    remarks
        Further sentences: file attributes that could not be kept.

    """

    path: Path
    status: Status
    reason: str | None = None
    before: str = ""
    after: str = ""
    mark: str = ""
    made_for: Path | None = None
    is_partial: bool = False
    written: bool = False
    verified: bool | None = None
    prompt_tokens: int = 0
    output_tokens: int = 0
    seconds: float = 0.0
    notes: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    prompts: tuple[PromptRecord, ...] = ()
    error: HomebodyError | None = None

    @property
    def is_new(self) -> bool:
        """Whether this outcome is a new file."""
        return self.made_for is not None

    @property
    def worked_on(self) -> Path:
        """The file that the run selected."""
        return self.made_for or self.path


async def rewrite(
    engine: Engine,
    request: RunRequest,
    source: SourceFile,
    lines: Sequence[tuple[int, int]] = (),
    *,
    feedback: str = "",
    on_progress: OnProgress = lambda _characters: None,
    with_prompts: bool = False,
) -> Outcome:
    """Ask the model for the new text of a file, or of some of its lines.

    ``on_progress`` receives the number of characters generated so far for the current part.

    Raises ``UsageError`` or ``BackendError``: raised by the feature, or the lines do not exist, or the action
    applies to one function and there are several.
    """
    document = source.document
    outcome = Outcome(
        source.path,
        "empty",
        before=document.text,
        after=document.text,
        mark=source.mark.decode(),
    )
    prompt = prompt_of(engine, request.action, request.instruction)
    file = WholeFile(document, parse(document))
    chosen = _chosen(source, file, lines, prompt, request)
    if not chosen:
        return _without_targets(outcome, file, request)
    # Of lines and whole files, all is rewritten.
    is_by_symbol = not lines and (bool(request.select) or prompt.scope == "function")
    broken = broken_line(file) if is_by_symbol else ""
    records: list[PromptRecord] = []

    def keep_prompt(number: int, _parts: int) -> None:
        """Keep the prompt of the part before the one with this number."""
        if number > 1 and (record := engine.audit.last(document.uri)) is not None:
            records.append(record)

    try:
        result = await refactor(
            engine,
            document,
            chosen,
            action=request.action,
            instruction=request.instruction,
            feedback=feedback,
            against=partial(request.against, prompt),
            on_progress=on_progress,
            on_unit=keep_prompt,
        )
    except ContextTooLong as error:
        return replace(outcome, status="refused", reason=str(error))
    keep_prompt(len(records) + 2, 0)
    outcome = _with_result(outcome, document, result, broken)
    return replace(outcome, prompts=tuple(records) if with_prompts else ())


def _chosen(
    source: SourceFile,
    file: WholeFile,
    lines: Sequence[tuple[int, int]],
    prompt: PromptFile,
    request: RunRequest,
) -> list[Span]:
    """Return the named lines, the selected symbols, or what the action applies to."""
    if lines:
        chosen = [source.span_of(first, last) for first, last in lines]
        if prompt.scope == "function":
            chosen = [span for each in chosen for span in functions_of(file, each)]
    elif request.select:
        chosen = [symbol.span for symbol in matching(file, request.select)]
    elif prompt.scope == "function":
        symbols = functions(file)
        symbols = undocumented(file, symbols) if prompt.output == "insert" else symbols
        chosen = [symbol.span for symbol in symbols]
    else:
        # Only a file that is named can be without any text: an instruction writes its first code.
        is_new = request.instruction is not None and not file.document.text
        chosen = [file.document.whole] if is_new or file.document.text.strip() else []
    if prompt.output == "newFile" and len(chosen) > 1:
        message = f"The action {prompt.name} writes a file for one function: choose it by lines or --select."
        raise UsageError(message)
    return chosen


def _without_targets(outcome: Outcome, file: WholeFile, request: RunRequest) -> Outcome:
    """Say why a file has nothing to rewrite, in a sentence."""
    if not file.document.text.strip():
        return replace(outcome, reason="The file is empty.")
    if broken := broken_line(file):
        error = UsageError(broken) if request.select else None
        return replace(outcome, status="skipped", reason=broken, error=error)
    if request.select:
        message = f"--select {' '.join(request.select)} matches nothing: try test_* or Class.method."
        return replace(outcome, error=NothingSelected(message))
    if functions(file):
        reason = "Every function of the file is documented already: lines or --select choose some to rewrite."
        return replace(outcome, reason=reason)
    reason = "The file has no function, and this action is for functions: use another one, or --instruction."
    return replace(outcome, reason=reason)


def _with_result(outcome: Outcome, document: Document, result: Refactoring, broken: str) -> Outcome:
    path, new_file = outcome.path, result.new_file if result.status == "changed" else None
    if new_file is not None and (new_path := path_of(new_file.uri)) is not None:
        outcome = replace(outcome, path=shown_path(new_path), before="", made_for=path)
    after = apply_edits(document.text, result.edits) if result.status == "changed" else document.text
    refusals = [_sentence(part) for part in result.skipped] or [result.reason or ""]
    more = len(refusals) - _REASONS_SHOWN
    rest = f"And {more} more." if more > 0 else ""
    reasons = *refusals[:_REASONS_SHOWN], rest, broken
    return replace(
        outcome,
        status=result.status,
        reason=" ".join(filter(None, reasons)) or None,
        after=after if new_file is None else new_file.text,
        prompt_tokens=result.usage.prompt_tokens if result.usage else 0,
        output_tokens=result.usage.output_tokens if result.usage else 0,
        is_partial=bool(result.skipped),
        notes=result.notes,
    )


def _sentence(skipped: Skipped) -> str:
    place = skipped.name or f"lines {skipped.first_line + 1} to {skipped.last_line + 1}"
    return f"{place}: {skipped.reason.removesuffix('.')}."


def functions(file: WholeFile) -> list[Definition]:
    """Return each function and method, without those inside another one."""
    return outermost(symbol for symbol in _symbols(file) if symbol.is_function)


def functions_of(file: WholeFile, lines: Span) -> list[Span]:
    """Return the functions of lines that hold several definitions, otherwise the lines themselves."""
    held = [symbol for symbol in _symbols(file) if lines.covers(symbol.span)]
    functions = [symbol.span for symbol in outermost(symbol for symbol in held if symbol.is_function)]
    return functions if functions and len(outermost(held)) > 1 else [lines]


def undocumented(file: WholeFile, symbols: Sequence[Definition]) -> list[Definition]:
    """Return the symbols that have no documentation yet."""
    document, tree = file.document, file.tree
    style = language_of(document.language_id, document.uri).doc
    if style is None:
        return list(symbols)

    def is_documented(span: Span) -> bool:
        place = docstring_place(document, tree, span, style, "")
        return not isinstance(place, DocstringPlace) or bool(document.slice(place.span).strip())

    return [symbol for symbol in symbols if not is_documented(symbol.span)]


def matching(file: WholeFile, patterns: Sequence[str]) -> list[Definition]:
    """Return the symbols that match a pattern, without those inside another match.

    A pattern with a dot is compared with the dotted name (``Class.method``, ``Order.*``), one without a dot
    also with the last part (``test_*``).
    """
    return outermost(symbol for symbol in _symbols(file) if _matches(symbol, patterns))


def broken_line(file: WholeFile) -> str:
    """Return a sentence about the first line that does not parse: functions around it are not found."""
    at = first_error(file.tree, file.document.whole)
    if at is None:
        return ""
    line = file.document.line_of(at) + 1
    return (
        f"Line {line} of the file has a syntax error, so functions around it may be left out: "
        "correct it first."
    )


def _symbols(file: WholeFile) -> Iterator[Definition]:
    for symbol in file.definitions:
        if symbol.name and (symbol.is_function or symbol.is_class or symbol.kind == "macro"):
            yield symbol


def _matches(symbol: Definition, patterns: Sequence[str]) -> bool:
    return any(
        fnmatchcase(symbol.qualified, pattern) or ("." not in pattern and fnmatchcase(symbol.name, pattern))
        for pattern in patterns
    )
