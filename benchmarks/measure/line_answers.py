"""Request the rest of a line: the model alone, and Homebody's ``complete``.

In: holes. Out: the answers, their confidence, and the seconds that they took.
"""

import re
import time
from dataclasses import dataclass

from homebody.engine import Engine, Speed
from homebody.features.complete import complete, prepare_once
from homebody.session.session import Session
from homebody.settings import BackendSettings, ChatSettings, CompletionSettings, ContextSettings, Settings
from homebody.text import Document
from measure.holes import Hole, Region, without_rest
from measure.model import Model

BARE_TOKENS = 512
LINE_TOKENS = 48
READING_SPEED = 350.0
"""Tokens per second that Homebody's budget assumes, so that the context does not depend on the load."""

_FIRST_TOKEN = re.compile(r"\w+|[^\w\s]")


@dataclass(frozen=True, slots=True)
class LineAnswer:
    """One answer: its first line, its confidence (0 to 1), prompt tokens, seconds."""

    line: str
    confidence: float | None
    prompt_tokens: int
    seconds: float
    outcome: str = "shown"

    def is_exact(self, hole: Hole) -> bool:
        """Whether the line equals the removed text, except for blanks at its end."""
        return self.line.rstrip() == hole.line

    def has_first_token(self, hole: Hole) -> bool:
        """Whether it begins with the same word or sign."""
        mine, its = _FIRST_TOKEN.search(self.line), _FIRST_TOKEN.search(hole.line)
        return mine is not None and its is not None and mine.group() == its.group()


class SteadySpeed(Speed):
    """A fixed speed that ignores measurements."""

    def learn(self, stats: object, seen: object = None) -> None:
        """Do nothing."""


def settings_for(model: Model, *, snippets: bool = True) -> Settings:
    """Use the benchmark's own model; show everything, because the threshold is applied later."""
    backend = BackendSettings(kind="llama.cpp", url=model.url, api_key=model.key)
    return Settings(
        backend=backend,
        completion=CompletionSettings(min_confidence=0.0, backend=backend),
        chat=ChatSettings(backend=backend),
        context=ContextSettings(snippets=snippets, ignore=("!.venv/",)),  # installed packages are measured
    )


async def ask_bare(model: Model, prefix: str) -> LineAnswer:
    """Request it from the model alone, in a slot that Homebody does not use for completion."""
    ids = (await model.tokenize([prefix[-BARE_TOKENS * 12 :]]))[0][-BARE_TOKENS:]
    body = {"prompt": ids, "n_predict": LINE_TOKENS, "temperature": 0, "stop": ["\n"], "id_slot": 1}
    text, seconds = await model.complete(body)
    return LineAnswer(text, None, len(ids), seconds)


async def ask_ours(engine: Engine, session: Session, region: Region, hole: Hole) -> LineAnswer:
    """Request it from Homebody, as after a pause here, with all the context that the budget allows."""
    text = without_rest(region.text, hole)
    document = Document.create(region.path.as_uri(), "python", 1, text)
    engine.trees.open(document)
    await engine.trees.ready(document)
    await prepare_once(session, document, hole.offset)
    began = time.perf_counter()
    found = await complete(engine, document, hole.offset, session=session)
    seconds = time.perf_counter() - began
    await session.stop_background()
    await session.stop_running()
    record = engine.audit.last(document.uri)
    tokens = record.prompt_tokens if record else 0
    if not found:
        return LineAnswer("", None, tokens, seconds, record.outcome if record else "not asked")
    text = found[0].text
    line = text.partition("\n")[0]
    return LineAnswer(line, found[0].confidence, tokens, seconds)
