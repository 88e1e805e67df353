"""Measures how often the completion rules damage a correct answer: the original text is used as the answer.

A hole is cut into real files, and the removed text and the text after it is passed to ``finish`` as the
model's answer. Rest of a line: the result has to be that rest. After a block's opener: the whole body. At a
new statement: some whole lines of it. Any other result is an error of the rules. No model runs.

    python benchmarks/false_trims.py [--holes N] [--seed S] [FOLDER LANGUAGE SUFFIX]...
"""

import argparse
import random
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from homebody.postprocess.ghost.finish import Dropped, Finished, finish
from homebody.syntax.cursor import cursor_context
from homebody.syntax.tree import Tree, parse
from homebody.text import Document
from measure.sources import python_files, read, site_packages
from measure.table import percent, print_table

MODES = ("rest of a line", "body of a block", "fresh statement")
_LONGEST_BODY = 15


def main() -> None:
    """Print a row for each language and mode."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--holes", type=int, default=400)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("sources", nargs="*", help="more files: FOLDER LANGUAGE SUFFIX, repeatable")
    options = parser.parse_args()
    files = {"python": python_files(), "javascript": _files(site_packages(), "js")}
    for folder, language, suffix in zip(*[iter(options.sources)] * 3, strict=True):
        files.setdefault(language, []).extend(_files(Path(folder), suffix))
    rows = [
        _row(language, mode, paths, options.holes, random.Random(options.seed))
        for language, paths in files.items()
        for mode in MODES
        if paths
    ]
    print_table(
        "Correct answers that are not damaged",
        ("language", "mode", "holes", "unharmed", "ms a hole", "harmed by"),
        rows,
    )


def _row(language: str, mode: str, paths: Sequence[Path], holes: int, chance: random.Random) -> list[str]:
    outcomes: Counter[str] = Counter()
    seconds = 0.0
    for before, truth, after in _holes(language, mode, paths, holes, chance):
        document = Document.create("file:///hole", language, 1, before + after)
        tree = parse(document)
        start = time.perf_counter()
        cursor = cursor_context(document, tree, len(before))
        found = finish(
            document,
            len(before),
            truth + after[:600],
            cursor,
            multiline="never" if mode == MODES[0] else "auto",
            min_confidence=0.4,
        )
        seconds += time.perf_counter() - start
        outcomes[_outcome(mode, found, truth)] += 1
    total = outcomes.total()
    harmed = ", ".join(f"{what} {count}" for what, count in outcomes.most_common() if what)
    return [
        language,
        mode,
        str(total),
        percent(outcomes[""], total),
        f"{1000 * seconds / max(1, total):.1f}",
        harmed or "-",
    ]


def _outcome(mode: str, found: Finished | Dropped, truth: str) -> str:
    """Empty if the answer is not damaged, otherwise a description of the damage."""
    if isinstance(found, Dropped):
        return found.reason
    expected = "\n".join(line.rstrip() for line in truth.rstrip().split("\n"))
    text = "\n".join(line.rstrip() for line in found.text.rstrip().split("\n"))
    if text.strip() == expected.strip() or (mode == MODES[2] and expected.startswith(text + "\n")):
        return ""
    return "changed"


def _holes(
    language: str, mode: str, paths: Sequence[Path], count: int, chance: random.Random
) -> Iterator[tuple[str, str, str]]:
    """Yield (text before, removed text, text after), at random places of random files."""
    found = 0
    for _ in range(60 * count):
        lines = read(chance.choice(paths)).split("\n")
        at = chance.randrange(5, max(6, len(lines) - 6))
        hole = _hole(language, mode, lines, at, chance) if len(lines) > at + 5 else None
        if hole is not None:
            yield hole
            found += 1
        if found == count:
            return


def _hole(
    language: str, mode: str, lines: list[str], at: int, chance: random.Random
) -> tuple[str, str, str] | None:
    line = lines[at]
    above = "\n".join(lines[:at]) + "\n"
    if len(line.strip()) < 6:
        return None
    if mode == MODES[0]:
        column = chance.randrange(_indent(line), len(line) - 1)
        return above + line[:column], line[column:], "\n" + "\n".join(lines[at + 1 :])
    opener = mode == MODES[1]
    before = above + line if opener else above + line[: _indent(line)]
    document = Document.create("file:///hole", language, 1, before)
    cursor = cursor_context(document, Tree.blank(document), len(before))
    if cursor.in_brackets or not (cursor.at_block_start if opener else cursor.fresh_statement):
        return None
    first = at + 1 if opener else at
    last = first
    least = _indent(line) + (1 if opener else 0)
    while last < len(lines) and (not lines[last].strip() or _indent(lines[last]) >= least):
        last += 1
    body = "\n".join(lines[first:last]).rstrip()
    if not body or (opener and sum(bool(row.strip()) for row in body.split("\n")) > _LONGEST_BODY):
        return None
    after = "\n" + "\n".join(lines[first + body.count("\n") + 1 :])
    return before, "\n" + body if opener else body[_indent(line) :], after


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _files(folder: Path, suffix: str) -> list[Path]:
    """Files written by people: not minified, and not too long."""
    paths: list[Path] = []
    for path in sorted(folder.rglob(f"*.{suffix}")):
        if path.is_file() and 3_000 < path.stat().st_size < 200_000 and ".min." not in path.name:
            try:
                text = read(path)
            except UnicodeDecodeError:
                continue
            if max(map(len, text.split("\n"))) < 300:
                paths.append(path)
    return paths


if __name__ == "__main__":
    main()
