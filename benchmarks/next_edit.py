"""Next edits: commits are replayed hunk by hunk, and each suggestion is compared with the rest of the commit.

Each file is edited in three orders through the history and the coroutine that the language server uses.
*Exact*: the lines become what the commit made of them. *Place*: the right lines, another text. *Wrong*: the
commit left them alone. *Reversal*: undoes a hunk. The last step of each file has nothing left to suggest, so
every suggestion there is wrong.

    python benchmarks/next_edit.py FILE.jsonl.gz [--half tune|check|all] [--lines N] [--show LABEL]

``measure/edit_replay.py`` describes the file, ``release_changes.py`` makes one. Gates were chosen on the half
``tune`` alone. ``--lines`` fills each file up to that length with code of other files, to measure the time.
``--show`` prints suggestions.
"""

import argparse
import asyncio
import random
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from homebody.engine import Engine, open_engine
from homebody.features.next_edit import next_edit
from homebody.next_edit.changes import NextEdit
from homebody.session.edit_history import EditHistory
from homebody.session.offered_edits import OfferedEdits
from homebody.settings import Settings
from homebody.syntax.language import find
from homebody.syntax.nodes import count_errors
from homebody.syntax.tree import parse
from homebody.text import Document, TextEdit, smallest_edit
from measure.edit_replay import ORDERS, Commit, CommitFile, Half, Label, Replay, orders_of, read_corpus
from measure.negatives import NEGATIVES
from measure.table import percent, print_table

_PAUSE_SECONDS = 2.0
_DISTANCES = ((0, 6), (7, 30), (31, 150), (151, 10**6))
_SAMPLES = 1_000


@dataclass(frozen=True, slots=True)
class Step:
    """One hunk, and what was suggested after it; ``seconds`` are of processor time, of all threads."""

    repository: str
    commit: str
    order: str
    seconds: float
    lines: int
    nearest: int | None
    shape: str
    edit: NextEdit | None
    label: Label | None
    is_reversal: bool
    breaks: bool


class Editor:
    """One open document, edited with a pause after each step."""

    def __init__(self, engine: Engine, path: str, text: str) -> None:
        self._engine = engine
        self._now = 0.0
        self.history = EditHistory(lambda: self._now)
        self.offered = OfferedEdits(lambda: self._now)
        language = find("", path)
        uri = f"file:///replay/{path}"
        self.document = Document.create(uri, language.ids[0] if language else "plaintext", 1, text)
        engine.trees.open(self.document)

    def replace(self, line: int, old: Sequence[str], new: Sequence[str]) -> None:
        """Replace whole lines, as one edit of the smallest span."""
        document = self.document
        lines = document.lines_in(document.whole)
        lines[line : line + len(old)] = new
        self.edit(smallest_edit(document.text, "\n".join(lines)))

    def edit(self, edit: TextEdit) -> None:
        """Make an edit, after a pause."""
        before = self.document
        self.document = before.edited(edit, before.version + 1)
        self._now += _PAUSE_SECONDS
        self.history.edited(before, [edit], self.document)
        self._engine.trees.edit(before, edit, self.document)

    async def suggestion(self) -> NextEdit | None:
        """Ask as a client does."""
        self._now += _PAUSE_SECONDS
        changes = self.history.changes(self.document.uri)
        line = min(changes[0].line, self.document.line_count - 1) if changes else 0
        at = self.document.line_span(line).end
        return await next_edit(self._engine, self.document, at, history=self.history, offered=self.offered)

    def close(self) -> None:
        """Close the document."""
        self._engine.trees.close(self.document.uri)


async def replay(engine: Engine, commit: Commit, file: CommitFile, filler: str) -> list[Step]:
    """Edit one file in each order."""
    steps: list[Step] = []
    for order, numbers in orders_of(file, commit.commit + file.path):
        editor, state = Editor(engine, file.path, file.before + filler), Replay(file)
        await engine.trees.ready(editor.document)
        for number in numbers:
            hunk = file.hunks[number]
            editor.replace(state.line_of(number), hunk.old, hunk.new)
            state.done.add(number)
            # A server has parsed the text by the time that nothing was typed for a moment.
            await engine.trees.ready(editor.document)
            began = time.process_time()
            edit = await editor.suggestion()
            seconds = time.process_time() - began
            here = state.line_of(number)
            steps.append(
                Step(
                    commit.repository,
                    commit.commit,
                    order,
                    seconds,
                    editor.document.line_count,
                    min((abs(line - here) for line, _ in state.left()), default=None),
                    hunk.shape,
                    edit,
                    None if edit is None else state.label(edit),
                    edit is not None and state.is_reversal(edit),
                    edit is not None and _breaks(editor.document, edit),
                )
            )
        editor.close()
    return steps


def _breaks(document: Document, edit: NextEdit) -> bool:
    after = document.edited(edit.applied_to(document), document.version)
    return count_errors(parse(after)) > count_errors(parse(document))


def _row(name: str, shown: Sequence[Step], total: int) -> list[str]:
    labels = Counter(step.label for step in shown)
    wrong = 100 * labels["wrong"] / total if total else 0.0
    return [
        name,
        str(total),
        f"{100 * len(shown) / total:.2f}" if total else "-",
        percent(labels["exact"], len(shown)),
        percent(labels["place"], len(shown)),
        percent(labels["wrong"], len(shown)),
        str(sum(step.is_reversal for step in shown)),
        str(sum(step.breaks for step in shown)),
        f"{wrong:.2f}",
    ]


def _interval(steps: Sequence[Step]) -> str:
    """95 % interval of the share of exact suggestions, and of wrong ones per 100 edits, by repository."""
    groups: dict[str, list[Step]] = {}
    for step in steps:
        groups.setdefault(step.repository, []).append(step)
    chance = random.Random(0)
    repositories, exact, wrong = list(groups.values()), list[float](), list[float]()
    for _ in range(_SAMPLES):
        sample = [step for steps in chance.choices(repositories, k=len(repositories)) for step in steps]
        labels = Counter(step.label for step in sample if step.edit is not None)
        exact.append(100 * labels["exact"] / max(1, labels.total()))
        wrong.append(100 * labels["wrong"] / len(sample))
    low, high = int(0.025 * _SAMPLES), int(0.975 * _SAMPLES)
    exact.sort()
    wrong.sort()
    return (
        f"95 % intervals by repository: exact {exact[low]:.0f} to {exact[high]:.0f} %, "
        f"wrong {wrong[low]:.2f} to {wrong[high]:.2f} per 100 edits."
    )


def report(steps: Sequence[Step]) -> None:
    """Print the tables."""
    head = ["", "steps", "shown per 100", "exact", "place", "wrong", "reversals", "broken", "wrong per 100"]
    shown = [step for step in steps if step.edit is not None]
    in_each = Counter(step.order for step in steps)
    rows = [_row(order, [step for step in shown if step.order == order], in_each[order]) for order in ORDERS]
    rows.append(_row("all orders", shown, len(steps)))
    rules = [(step.edit.rule if step.edit else "", step) for step in shown]
    for name in sorted({rule for rule, _ in rules}):
        rows += [_row(name, [step for rule, step in rules if rule == name], len(steps))]
    print_table("Suggestions", head, rows)
    print(f"\n{_interval(steps)}")
    left = [step for step in steps if step.nearest is not None]
    groups = {
        f"next hunk: {first} to {last} lines": [step for step in left if first <= (step.nearest or 0) <= last]
        for first, last in _DISTANCES
    }
    for step in sorted(left, key=lambda step: step.shape):
        groups.setdefault(f"after: {step.shape}", []).append(step)
    recall = [
        [name, str(len(group)), percent(sum(step.label == "exact" for step in group), len(group))]
        for name, group in groups.items()
    ]
    print_table("Exact suggestions, of the steps with something left", ["", "steps", "exact"], recall)
    times = sorted(step.seconds * 1000 for step in steps)
    points = [f"{times[int(share * (len(times) - 1))]:.1f}" for share in (0.5, 0.95, 0.99)]
    lines = sorted(step.lines for step in steps)[len(steps) // 2]
    print(f"\nProcessor time a step, files of {lines} lines (median): p50 {points[0]} ms, ", end="")
    print(f"p95 {points[1]} ms, p99 {points[2]} ms.")


async def negatives(engine: Engine, commits: Sequence[Commit]) -> None:
    """Print how often something was suggested where nothing must be."""
    rows: list[list[str]] = []
    for name, build in NEGATIVES.items():
        cases = shown = 0
        for commit in commits:
            for file in commit.files:
                if (case := build(file)) is None:
                    continue
                editor = Editor(engine, file.path, case.text)
                for edit in case.edits:
                    editor.edit(edit)
                await engine.trees.ready(editor.document)
                edit = await editor.suggestion()
                cases += 1
                shown += edit is not None and not case.allows(edit)
                editor.close()
        rows.append([name, str(cases), str(shown)])
    print_table("Where nothing must be suggested", ["", "cases", "suggested"], rows)


async def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser()
    parser.add_argument("file", type=Path)
    parser.add_argument("--half", choices=get_args(Half), default="all")
    parser.add_argument("--lines", type=int, default=0)
    parser.add_argument("--show", choices=get_args(Label))
    options = parser.parse_args()
    commits = read_corpus(options.file, options.half)
    steps: list[Step] = []
    async with open_engine(Settings()) as engine:
        for commit in commits:
            for file in commit.files:
                steps += await replay(engine, commit, file, _filler(commits, file, options.lines))
        report(steps)
        if not options.lines:
            await negatives(engine, commits)
    for step in steps:
        if step.edit is not None and step.label == options.show:
            edit = step.edit
            print(f"\n{edit.rule}, {step.order}, {step.commit[:8]} {edit.uri}:{edit.line + 1}")
            print(
                "".join(f"- {line}\n" for line in edit.old) + "".join(f"+ {line}\n" for line in edit.new),
                end="",
            )


def _filler(commits: Sequence[Commit], file: CommitFile, wanted: int) -> str:
    """Code of other files in the same language, to reach a number of lines."""
    suffix = Path(file.path).suffix
    others = (other for commit in commits for other in commit.files if other.path != file.path)
    text, lines = "", file.before.count("\n")
    for other in others:
        if lines >= wanted:
            break
        if other.path.endswith(suffix):
            text += "\n" + other.before
            lines = file.before.count("\n") + text.count("\n")
    return text


if __name__ == "__main__":
    asyncio.run(main())
