"""Instructed refactorings of large Python files: which prompts fit, which edits parse, which pass.

    .venv/bin/python benchmarks/refactor.py TASKS.jsonl.gz
    .venv/bin/python benchmarks/refactor.py TASKS.jsonl.gz --default-weights --limit 3 --contexts 4096

A row of the file has ``task``, ``file``, ``source``, ``instruction``, ``class_name``, ``method``,
``method_nodes`` and ``class_nodes``: a method that should become a function of the top level, with as many
syntax nodes as before. By default the scripted backend answers with a solution made from the syntax tree,
which shows the losses between prompt and edit; with the default weights it shows what the model can do.
"""

import argparse
import ast
import asyncio
import gzip
import json
import re
import time
from collections import Counter
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from homebody.backend.scripted import Reply, ScriptedBackend
from homebody.engine import Engine, Use, open_engine
from homebody.errors import HomebodyError
from homebody.features.refactor import refactor
from homebody.settings import BackendSettings, ChatSettings, Settings
from homebody.text import Document, Span, apply_edits
from measure.table import print_table
from support.gated import Gated

TOLERANCE = 0.1
"""Allowed relative difference in the number of syntax nodes, as in the original benchmark."""


@dataclass(frozen=True)
class Outcome:
    """Result of one task: ``passed``, ``offered`` (and failed its check), ``refused``, ``too slow``."""

    task: str
    kind: str
    words: str
    seconds: float
    prompt_tokens: int
    parses: bool = True


async def main() -> None:
    """Run all tasks at each context length and print a table."""
    options = _options()
    lines = gzip.decompress(options.tasks.read_bytes()).splitlines()
    rows = [json.loads(line) for line in lines][: options.limit]
    table: list[list[str]] = []
    for context in options.contexts:
        began = time.perf_counter()
        outcomes = [await _run(row, context, options) for row in rows]
        counts = Counter(one.kind for one in outcomes)
        offered = [one for one in outcomes if one.kind in {"passed", "offered"}]
        sizes = sorted(one.prompt_tokens for one in outcomes if one.prompt_tokens)
        ends = (counts[kind] for kind in ("refused", "too long", "too slow", "unchanged"))
        row = (context, counts["passed"], len(offered), sum(one.parses for one in offered), *ends)
        tokens = sizes[len(sizes) // 2] if sizes else 0
        table.append([f"{cell}" for cell in (*row, tokens, f"{time.perf_counter() - began:.0f}")])
        if options.verbose:
            for one in outcomes:
                print(f"          {one.kind:<9} {one.task}: {one.words[:150]}")
    answers = "the default weights" if options.default_weights else "solutions made by AST"
    head = ("context", "passed", "offered", "parse", "refused", "too long", "too slow", "unchanged")
    print_table(f"{len(rows)} tasks, {answers}", (*head, "prompt tokens (median)", "seconds"), table)


async def _run(row: dict[str, Any], context: int, options: argparse.Namespace) -> Outcome:
    document = Document.create(f"file:///{row['file']}", "python", 1, row["source"])
    whole = Span(0, len(document.text))
    began = time.perf_counter()
    async with AsyncExitStack() as stack:
        engine = await _engine(stack, row, context, options)
        try:
            async with asyncio.timeout(options.seconds):
                done = await refactor(engine, document, whole, instruction=row["instruction"])
        except HomebodyError as error:
            return Outcome(row["task"], "too long", str(error), time.perf_counter() - began, 0)
        except TimeoutError:
            return Outcome(row["task"], "too slow", "time limit of the benchmark", options.seconds, 0)
    seconds = time.perf_counter() - began
    tokens = done.usage.prompt_tokens if done.usage else 0
    if done.status == "refused":
        return Outcome(row["task"], "refused", done.reason or "", seconds, tokens)
    if done.status == "unchanged":
        return Outcome(row["task"], "unchanged", "", seconds, tokens)
    text = apply_edits(document.text, done.edits)
    try:
        tree = ast.parse(text)
    except SyntaxError as error:
        return Outcome(row["task"], "offered", str(error), seconds, tokens, parses=False)
    problem = _problem(tree, row)
    return Outcome(row["task"], "offered" if problem else "passed", problem, seconds, tokens)


async def _engine(
    stack: AsyncExitStack, row: dict[str, Any], context: int, options: argparse.Namespace
) -> Engine:
    if options.default_weights:
        backend = BackendSettings(kind="embedded", context_length=context)
        settings = Settings(backend=backend, chat=ChatSettings(backend=backend))
        return await stack.enter_async_context(open_engine(settings))
    scripted = ScriptedBackend(Reply(text=lambda prompt: _solution(prompt, row)), context_length=context)
    engine = _Scripted(Settings(), ())
    engine.use(scripted)
    stack.push_async_callback(engine.aclose)
    return engine


class _Scripted(Engine):
    def use(self, backend: ScriptedBackend) -> None:
        self._uses = dict.fromkeys(("completion", "chat"), Use(Gated(backend, self.gate.check)))


def _solution(prompt: str, row: dict[str, Any]) -> str:
    """Solve the task for the code in the prompt: parts of the file, or all of it."""
    pattern = r"^Part (\d+) \(line \d+\):\n```python\n(.*?)\n```$"
    blocks = re.findall(pattern, prompt, re.MULTILINE | re.DOTALL)
    function = _function(row)
    if not blocks:
        return f"````python\n{_moved(row, function)}\n````"
    answer = [f"Part new\n```python\n{function}\n```"]
    for number, code in blocks:
        new = _calls(_without_method(code, row), row)
        # An empty block removes a part.
        answer.append(f"Part {number}\n```python\n{new}\n```" if new.strip() else f"Part {number}\n```\n```")
    return "\n\n".join(answer)


def _method(row: dict[str, Any]) -> ast.FunctionDef:
    for item in ast.walk(ast.parse(row["source"])):
        if isinstance(item, ast.ClassDef) and item.name == row["class_name"]:
            for one in item.body:
                if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef) and one.name == row["method"]:
                    return one
    raise LookupError(row["task"])


def _lines(row: dict[str, Any]) -> tuple[int, int]:
    """First and last line of the method from 1, including its decorators."""
    method = _method(row)
    return min([method.lineno, *(one.lineno for one in method.decorator_list)]), method.end_lineno or 0


def _function(row: dict[str, Any]) -> str:
    """The method as a top-level function: without decorators and ``self``."""
    method = _method(row)
    lines = row["source"].splitlines()[method.lineno - 1 : method.end_lineno]
    # Not ``textwrap.dedent``: lines of a string may be unindented.
    text = "\n".join(line.removeprefix(" " * method.col_offset) for line in lines)
    text = re.sub(r"(def \w+\(\s*)(?:self|cls)\s*(?:,\s*)?", r"\1", text, count=1)
    return _calls(text, row)


def _calls(text: str, row: dict[str, Any]) -> str:
    return re.sub(rf"\b(?:self|cls|{row['class_name']})\.{re.escape(row['method'])}\b", row["method"], text)


def _moved(row: dict[str, Any], function: str) -> str:
    first, last = _lines(row)
    lines = row["source"].splitlines()
    rest = _calls("\n".join([*lines[: first - 1], *lines[last:]]), row)
    return f"{rest}\n\n\n{function}"


def _without_method(code: str, row: dict[str, Any]) -> str:
    """Code of a part without the lines of the method."""
    first, last = _lines(row)
    method = "\n".join(row["source"].splitlines()[first - 1 : last])
    return code.replace(method, "").strip("\n")


def _problem(tree: ast.Module, row: dict[str, Any]) -> str:
    """Return why the task's check fails; empty if it passes."""
    functions = [
        one
        for one in tree.body
        if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef) and one.name == row["method"]
    ]
    if not functions:
        return f"there is no function {row['method']} at the top level"
    if not any(_is_about(one, row["method_nodes"]) for one in functions):
        return "the function has another size"
    classes = [
        one for one in ast.walk(tree) if isinstance(one, ast.ClassDef) and one.name == row["class_name"]
    ]
    if not classes:
        return f"there is no class {row['class_name']}"
    if not _is_about(classes[0], row["class_nodes"] - row["method_nodes"]):
        return "the class has another size"
    return ""


def _is_about(node: ast.AST, wanted: int) -> bool:
    return abs(sum(1 for _ in ast.walk(node)) - wanted) <= TOLERANCE * wanted


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("tasks", type=Path)
    parser.add_argument("--contexts", type=_numbers, default=[2048, 4096, 8192, 131_072])
    parser.add_argument("--default-weights", action="store_true")
    parser.add_argument("--limit", type=int, default=None)
    parser.add_argument("--seconds", type=float, default=120.0, help="time limit of one task")
    parser.add_argument("--verbose", action="store_true")
    return parser.parse_args()


def _numbers(text: str) -> list[int]:
    return [int(one) for one in text.split(",")]


if __name__ == "__main__":
    asyncio.run(main())
