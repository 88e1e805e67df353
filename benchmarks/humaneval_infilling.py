"""Measures how often a removed line of a HumanEval solution is filled in exactly, or passes the tests.

The model alone gets the text before the hole (at most 512 tokens) and writes greedily to the newline. The
whole server gets the document over stdio, with what follows, as an editor does; the first line of its
suggestion counts. Both begin at the line's start and write its indentation themselves. The code runs in a
separate process with limits and without network.

    python benchmarks/humaneval_infilling.py [--subset N] [--seed S] [--data FILE] [--json FILE]

Data: HumanEval-SingleLineInfilling.jsonl.gz of openai/human-eval-infilling (MIT).
"""

import argparse
import asyncio
import gzip
import json
import random
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import msgspec

from measure.interval import difference
from measure.model import Model, default_weights, open_model
from measure.sandbox import has_network_of_its_own, passes
from measure.table import percent, print_table
from support.editor import Client, start_client

DATA = Path(__file__).parents[2] / "shared" / "data" / "HumanEval-SingleLineInfilling.jsonl.gz"
BARE_TOKENS = 512
LINE_TOKENS = 48


class Problem(msgspec.Struct, frozen=True):
    """One hole: ``canonical_solution`` is the removed line."""

    task_id: str
    entry_point: str
    prompt: str
    suffix: str
    canonical_solution: str
    test: str

    @property
    def line(self) -> str:
        """The removed line, without blanks at its end."""
        return self.canonical_solution.rstrip()

    def program(self, line: str) -> str:
        """Source that fails if the line is wrong."""
        return f"{self.prompt}{line}\n{self.suffix}\n{self.test}\ncheck({self.entry_point})\n"


@dataclass(frozen=True, slots=True)
class Filled:
    """One line, and its results."""

    line: str
    is_exact: bool
    passes: bool


@dataclass(frozen=True, slots=True)
class Pair:
    """The lines of both."""

    problem: Problem
    bare: Filled
    ours: Filled


async def main() -> None:
    """Measure and print."""
    options = _options()
    if not options.data.is_file():
        sys.exit(f"there is no {options.data}: name the file with --data")
    problems = _chosen(options.data, options.subset, options.seed)
    pairs: list[Pair] = []
    async with open_model(options.model or default_weights(), threads=options.threads) as model:
        settings = {
            "backend": model.settings,
            # With the whole context and without a threshold: thresholds are measured by line_completion.
            "completion": {
                "latencyBudgetMs": 60_000,
                "minConfidence": options.min_confidence,
                "debounceMs": 0,
            },
        }
        async with start_client(options=settings) as client:
            await client.execute("homebody.status")
            for number, problem in enumerate(problems, 1):
                bare = await ask_bare(model, problem)
                ours = await ask_ours(client, problem)
                pairs.append(Pair(problem, judged(problem, bare), judged(problem, ours)))
                print(f"{number}/{len(problems)}", end="\r", flush=True)
    report(pairs)
    if options.json:
        options.json.write_text(json.dumps([_as_json(pair) for pair in pairs], indent=1))


async def ask_bare(model: Model, problem: Problem) -> str:
    """Request it from the model alone, in a slot that Homebody does not use for completion."""
    ids = (await model.tokenize([problem.prompt]))[0][-BARE_TOKENS:]
    body = {"prompt": ids, "n_predict": LINE_TOKENS, "temperature": 0, "stop": ["\n"], "id_slot": 1}
    return (await model.complete(body)).text


async def ask_ours(client: Client, problem: Problem) -> str:
    """Open the document with the hole, and send a request at the hole."""
    uri = f"untitled:{problem.task_id}.py"
    text = f"{problem.prompt}\n{problem.suffix}"
    document = client.open(uri, text, "python")
    items = await client.complete(uri, *document.position_of(len(problem.prompt)))
    client.close(uri)
    return items[0]["insertText"].partition("\n")[0] if items else ""


def judged(problem: Problem, line: str) -> Filled:
    """Compare a line with the removed one, and run it."""
    line = line.rstrip()
    return Filled(line, line == problem.line, bool(line.strip()) and passes(problem.program(line)))


def report(pairs: Sequence[Pair]) -> None:
    """Print the table."""
    rows = [
        [
            name,
            percent(sum(f.is_exact for f in filled), len(filled)),
            percent(sum(f.passes for f in filled), len(filled)),
            percent(sum(not f.line for f in filled), len(filled)),
        ]
        for name, filled in (
            ("the model alone", [pair.bare for pair in pairs]),
            ("Homebody", [pair.ours for pair in pairs]),
        )
    ]
    print_table(f"HumanEval, one line each: {len(pairs)} holes", ("", "exact", "pass@1", "nothing"), rows)
    exact = difference([[(pair.bare.is_exact, pair.ours.is_exact)] for pair in pairs])
    passed = difference([[(pair.bare.passes, pair.ours.passes)] for pair in pairs])
    for name, more in (("exact", exact), ("pass@1", passed)):
        print(f"{name}: {100 * more.value:+.1f} points ({100 * more.low:+.1f} to {100 * more.high:+.1f})")
    if not has_network_of_its_own():
        print("only Python's audit hooks kept the programs from the network")


def _chosen(path: Path, subset: int | None, seed: int) -> list[Problem]:
    with gzip.open(path) as file:
        problems = [msgspec.json.decode(line, type=Problem) for line in file]
    if subset is None or subset >= len(problems):
        return problems
    return random.Random(seed).sample(problems, subset)


def _as_json(pair: Pair) -> dict[str, object]:
    return {"task_id": pair.problem.task_id, "expected": pair.problem.line} | {
        "bare": asdict(pair.bare),
        "ours": asdict(pair.ours),
    }


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="HumanEval, one line each.")
    parser.add_argument("--subset", type=int, help="number of holes, chosen by the seed (default: all)")
    parser.add_argument("--seed", type=int, default=5)
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--json", type=Path, help="write every line to this file")
    parser.add_argument("--min-confidence", type=float, default=0.0, help="threshold (default: none)")
    parser.add_argument("--model", type=Path, help="a GGUF instead of the default weights")
    parser.add_argument("--threads", type=int, help="threads of the model; one is faster on a busy machine")
    return parser.parse_args()


if __name__ == "__main__":
    asyncio.run(main())
