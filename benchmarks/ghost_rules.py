"""Measures what each rule for suggestions changes, without a model: replays answers with one rule left out.

Reads the holes and answers that ``line_completion.py --json FILE`` has written, and asks the rules again: how
many lines are exact, how many are shown at the default threshold and how many of these are exact, and how
many shown texts give the file more syntax errors than it had.

    python benchmarks/ghost_rules.py FILE
"""

import argparse
import json
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from pathlib import Path
from unittest import mock

from homebody.backend.base import Piece
from homebody.postprocess.ghost import finish as rules
from homebody.postprocess.ghost.finish import Finished, StopChecker, finish
from homebody.postprocess.ghost.unit import lines_wanted, up_to_end
from homebody.settings import CompletionSettings
from homebody.syntax.cursor import CursorContext, cursor_context
from homebody.syntax.tree import parse
from homebody.text import Document, TextEdit
from measure.holes import Hole, choose_regions, without_rest
from measure.sources import python_files, short_name
from measure.table import print_table


@dataclass(frozen=True, slots=True)
class Recorded:
    """A hole and the model's answer there."""

    hole: Hole
    document: Document
    cursor: CursorContext
    errors: int
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What is shown at one hole: with any confidence, and at the default threshold."""

    text: str
    is_exact: bool
    is_shown: bool
    is_shown_exact: bool
    breaks_syntax: bool


def main() -> None:
    """Replay and print."""
    parser = argparse.ArgumentParser(description="Recorded answers, each rule left out.")
    parser.add_argument("file", type=Path, help="written by line_completion.py --json")
    parser.add_argument("--holes", type=int, default=1008, help="as for line_completion.py")
    parser.add_argument("--seed", type=int, default=5)
    options = parser.parse_args()
    recorded = _read(options.file, options.holes, options.seed)
    base = [_outcome(one) for one in recorded]
    rows = [["all rules", "", *_counts(base)]]
    for rule in rules.RULES:
        # Without its end every answer is another one.
        if rule is up_to_end:
            continue
        with (
            mock.patch.object(rules, "RULES", tuple(other for other in rules.RULES if other is not rule)),
            mock.patch.object(rules, "GROWING", tuple(other for other in rules.GROWING if other is not rule)),
        ):
            outcomes = [_outcome(one) for one in recorded]
        changed = sum(before != after for before, after in zip(base, outcomes, strict=True))
        rows.append([f"without {rule.__name__}", f"{changed}", *_counts(outcomes)])
    head = ("", "changed", "exact", "shown", "exact of shown", "breaks the syntax")
    print_table(f"{len(recorded)} answers, each rule left out", head, rows)


def _read(file: Path, holes: int, seed: int) -> list[Recorded]:
    answers = {
        (made["hole"]["path"], made["hole"]["offset"]): made["ours"]["pieces"]
        for made in json.loads(file.read_text())
    }
    recorded: list[Recorded] = []
    for region in choose_regions(python_files(), holes, seed):
        for hole in region.holes:
            pieces = answers.get((short_name(hole.path), hole.offset))
            if pieces is None:
                continue
            document = Document.create(hole.path.as_uri(), "python", 1, without_rest(region.text, hole))
            cursor = cursor_context(document, parse(document), hole.offset)
            made = tuple(Piece(text, logprob) for text, logprob in pieces)
            recorded.append(Recorded(hole, document, cursor, _errors(document), made))
    return recorded


def _outcome(recorded: Recorded) -> Outcome:
    any_text = _finished(recorded, 0.0)
    shown = _finished(recorded, CompletionSettings().min_confidence)
    after = None
    if shown is not None:
        after = recorded.document.edited(TextEdit(shown.span, shown.text), 2)
    return Outcome(
        text="" if any_text is None else any_text.text,
        is_exact=_is_exact(recorded, any_text),
        is_shown=shown is not None,
        is_shown_exact=_is_exact(recorded, shown),
        breaks_syntax=after is not None and _errors(after) > recorded.errors,
    )


def _finished(recorded: Recorded, threshold: float) -> Finished | None:
    """Feed the stream until it is closed, and apply the rules."""
    wanted = lines_wanted(recorded.cursor)
    checker = StopChecker(recorded.cursor, wanted=wanted, min_confidence=threshold)
    for piece in recorded.pieces:
        if (reason := checker.feed(piece)) is not None:
            break
    else:
        reason = None
    if reason == "low confidence":
        return None
    outcome = finish(
        recorded.document,
        recorded.hole.offset,
        checker.answer,
        recorded.cursor,
        pieces=recorded.pieces,
        cut_by_length=reason is None,
        wanted=wanted,
        min_confidence=threshold,
    )
    return outcome if isinstance(outcome, Finished) else None


def _is_exact(recorded: Recorded, shown: Finished | None) -> bool:
    return shown is not None and shown.text.partition("\n")[0].rstrip() == recorded.hole.line


def _errors(document: Document) -> int:
    """Errors and missing tokens of the tree."""
    handle = parse(document).handle
    nodes = [] if handle is None else [handle.root_node]
    errors = 0
    while nodes:
        node = nodes.pop()
        errors += node.is_error or node.is_missing
        nodes += node.children if node.has_error else []
    return errors


def _counts(outcomes: Sequence[Outcome]) -> list[str]:
    columns = zip(*(astuple(outcome)[1:] for outcome in outcomes), strict=True)
    return [f"{sum(column)}" for column in columns]


if __name__ == "__main__":
    main()
