"""Exact first lines while the user types, compared with a model that has read everything before.

Forty lines are retyped through the real server, with a pause inside each line and at its end, and without a
threshold. Then the same weights complete at the same pauses without time pressure, with the whole window read
before the first key. Prints the share of exact first lines of both, and how long after the first key
requests use the wide window.

    python benchmarks/typed_exact.py [--passage N] [--json FILE] [--threads N]

``FILE`` keeps the passages of earlier runs, so that one run stays below four minutes.
"""

import argparse
import asyncio
import random
from collections.abc import Iterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from pathlib import Path

import httpx
import msgspec

from homebody.engine import open_engine
from homebody.features.complete import complete, prepare_once
from homebody.session.result_cache import ResultCache
from homebody.session.session import Session
from homebody.text import Document
from measure.homebody_server import open_homebody
from measure.interval import difference
from measure.line_answers import READING_SPEED, SteadySpeed, settings_for
from measure.model import Model, default_weights, open_model
from measure.pauses import Pause
from measure.proxy import open_proxy
from measure.run import Run, play
from measure.sources import site_packages, standard_library
from measure.table import percent, print_table
from measure.trace import PAUSE_SECONDS, Passage, Trace, make_trace

_LINES = 40
_SEED = 5
_PLACES = (
    (standard_library() / "argparse.py", 122),
    (standard_library() / "tarfile.py", 1250),
    (standard_library() / "zipfile.py", 700),
    (site_packages() / "httpx" / "_models.py", 400),
    (site_packages() / "click" / "core.py", 900),
)
"""Files, and the first line that is retyped, from 1."""


class Pair(msgspec.Struct, frozen=True):
    """One pause: whether the first line was exact while typing, and with everything read before."""

    kind: str
    typed: bool
    read: bool


class PassageResult(msgspec.Struct, frozen=True):
    """One passage. ``widened_after``: seconds from the first key; ``None`` if the window stayed narrow."""

    name: str
    widened_after: float | None
    pairs: tuple[Pair, ...]


@dataclass(frozen=True, slots=True)
class _Typed:
    """What the server showed at one pause."""

    pause: Pause
    text: str


async def main() -> None:
    """Measure one passage, and print it with those of earlier runs."""
    options = _options()
    path, first = _PLACES[options.passage]
    trace = _with_pauses_inside(make_trace(path.name, [Passage(path, "python", first, _LINES)]))
    results = _read(options.json)
    async with open_model(default_weights(), threads=options.threads) as model:
        run = await _play(trace, model)
    typed = list(_typed(trace, run))
    async with open_model(default_weights(), threads=options.threads) as model:
        whole = await _everything_read(model, typed)
    pairs = tuple(
        Pair(one.pause.kind, one.pause.is_exact(one.text), one.pause.is_exact(text))
        for one, text in zip(typed, whole, strict=True)
    )
    results = [one for one in results if one.name != path.name]
    results.append(PassageResult(path.name, run.widened_after[0], pairs))
    if options.json:
        options.json.write_bytes(msgspec.json.encode(results))
    _report(results)


def _with_pauses_inside(trace: Trace) -> Trace:
    """Let the user also pause once inside each line."""
    chance = random.Random(_SEED)
    steps = list(trace.steps)
    begin = 0
    for end, step in enumerate(trace.steps):
        if step.is_pause:
            inside = range(begin + 2, end - 1)
            if inside:
                at = chance.choice(inside)
                steps[at] = replace(steps[at], seconds=PAUSE_SECONDS, is_pause=True)
            begin = end + 1
    return replace(trace, steps=tuple(steps))


async def _play(trace: Trace, model: Model) -> Run:
    async with open_proxy(model.url) as proxy:
        headers = model.client.headers
        async with httpx.AsyncClient(
            base_url=proxy.url, headers=headers, timeout=120, trust_env=False
        ) as client:
            behind = replace(model, url=proxy.url, client=client)
            options: dict[str, object] = {"completion": {"minConfidence": 0.0}}
            async with open_homebody(behind.settings, options) as homebody:
                return await play(trace, homebody, model, proxy)


def _typed(trace: Trace, run: Run) -> Iterator[_Typed]:
    """Give the document of each pause with what the server showed there."""
    documents = {document.uri: document for document in trace.documents}
    shown = iter(run.pauses)
    at_pauses: list[tuple[Document, int]] = []
    for step in trace.steps:
        if step.edit is not None:
            document = documents[step.uri]
            documents[step.uri] = document.edited(step.edit, document.version + 1)
        if step.is_pause:
            at_pauses.append((documents[step.uri], step.cursor))
    for document, offset in at_pauses:
        # No text is deleted, so the finished file shows what follows each pause.
        rest = documents[document.uri].text[offset:]
        line = rest.partition("\n")[0]
        answer = next(shown).answer
        text = answer.text if answer is not None else ""
        if line.strip():
            yield _Typed(Pause("inside a word", document, offset, line), text)
        else:
            following = next((one for one in rest.splitlines() if one.strip()), "")
            yield _Typed(Pause("line end", document, offset, following), text)


async def _everything_read(model: Model, pauses: Sequence[_Typed]) -> list[str]:
    """Ask at each pause in a session that read the whole window at the first one."""
    texts: list[str] = []
    settings = settings_for(model, snippets=False)
    async with open_engine(settings) as engine, aclosing(Session(engine)) as session:
        engine.completion.speed = SteadySpeed(prompt=READING_SPEED)
        for number, one in enumerate(pauses):
            document, offset = one.pause.document, one.pause.offset
            engine.trees.open(document)
            await engine.trees.ready(document)
            if not number:
                await prepare_once(session, document, offset)
            session.result_cache = ResultCache()
            found = await complete(engine, document, offset, session=session)
            await session.stop_background()
            await session.stop_running()
            texts.append(found[0].text if found else "")
    return texts


def _report(results: Sequence[PassageResult]) -> None:
    rows: list[list[str]] = []
    for result in results:
        full = "-" if result.widened_after is None else f"{result.widened_after:.1f} s"
        rows.append([result.name, full, *_shares(result.pairs)])
    every = [pair for result in results for pair in result.pairs]
    rows.append(["all", "", *_shares(every)])
    rows += [
        [kind, "", *_shares([p for p in every if p.kind == kind])] for kind in ("inside a word", "line end")
    ]
    head = ("passage", "wide window after", "pauses", "exact while typing", "exact, all read", "part")
    print_table("The first line while typing, and with the whole window read before", head, rows)
    if len(results) > 1:
        more = difference([[(pair.read, pair.typed) for pair in result.pairs] for result in results])
        print(
            f"while typing: {100 * more.value:+.1f} points ({100 * more.low:+.1f} to {100 * more.high:+.1f})"
        )


def _shares(pairs: Sequence[Pair]) -> list[str]:
    typed, whole = sum(pair.typed for pair in pairs), sum(pair.read for pair in pairs)
    return [f"{len(pairs)}", f"{typed}", f"{whole}", percent(typed, whole)]


def _read(path: Path | None) -> list[PassageResult]:
    if path is None or not path.exists():
        return []
    return msgspec.json.decode(path.read_bytes(), type=list[PassageResult])


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Exact lines while typing.")
    parser.add_argument("--passage", type=int, default=0, choices=range(len(_PLACES)))
    parser.add_argument("--json", type=Path, help="keep the results of each passage there")
    parser.add_argument("--threads", type=int, help="of the model; all cores where it is left out")
    return parser.parse_args()


if __name__ == "__main__":
    asyncio.run(main())
