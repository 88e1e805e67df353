"""One completion request on its way: kept, in flight, or asked for.

In: session, target, document, offset, ticket. Out: a completion worth showing, or none.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import count as counter
from typing import Literal, TypeAlias

from homebody.audit import PromptRecord, Source
from homebody.backend.base import Piece, PromptRead, Sampling, Stream, Text
from homebody.engine import Engine
from homebody.features.completion_prompt import Target, marked_lines, prompt_for
from homebody.features.fitted_prompt import fitted
from homebody.features.read_ahead import piece_tokens, read_ahead, unread_tokens
from homebody.features.server_count import compared
from homebody.postprocess.ghost.confidence import Hope
from homebody.postprocess.ghost.finish import Dropped, Finished, finish, resume
from homebody.postprocess.ghost.multiline import lines_wanted
from homebody.postprocess.ghost.situation import Situation, situation_at
from homebody.postprocess.ghost.stop import StopChecker
from homebody.postprocess.ghost.unit import Wanted
from homebody.session.burst import Burst
from homebody.session.cache import Kept, Shown, whole_lines
from homebody.session.generation import Generation, Verdict
from homebody.session.session import Session, Ticket
from homebody.syntax.place import place_at
from homebody.text import Document, Span

Trigger: TypeAlias = Literal["automatic", "invoked"]

_LINE_TOKENS = 48
"""Longest single line that is asked for, in tokens."""

_CANDIDATES = 3

_UNMEASURED_OUTPUT = 30.0
"""Tokens a second written, before the first measurement."""

_SLICE_SECONDS = 0.15
"""What a slice may go on for after a cancel that the server does not notice."""

_SHOWN_TOKENS = 40
_SHORTEST_SECONDS = 0.25
_LONGEST_SECONDS = 1.0
"""A block is shown as far as it has come after the time for 40 tokens, within these limits."""

_IDS = counter(1)


@dataclass(frozen=True, slots=True)
class Completion:
    """Replace ``span`` (on one line, the cursor inside or at its end) by ``text``.

    ``confidence`` is how sure the model is of the first line (0 to 1), ``None`` where the server does
    not say.
    """

    id: str
    span: Span
    text: str
    confidence: float | None = None


@dataclass(frozen=True, slots=True)
class Chance:
    """Sampling of a further candidate."""

    temperature: float
    seed: int


class CompletionRequest:
    """One request on its way."""

    def __init__(
        self,
        session: Session,
        document: Document,
        offset: int,
        target: Target,
        ticket: Ticket,
        *,
        trigger: Trigger = "automatic",
    ) -> None:
        self.session = session
        self.engine = session.engine
        self.document = document
        self.offset = offset
        self.target = target
        self.ticket = ticket
        self.trigger: Trigger = trigger
        self.situation = _situation(self.engine, document, offset)
        settings = self.engine.settings.completion
        # Who asks by key wants to see what there is.
        self.min_confidence = 0.0 if trigger == "invoked" else settings.min_confidence
        self.wanted: Wanted = lines_wanted(self.situation, settings.multiline)
        self.max_tokens = (
            settings.max_tokens if self.wanted == "block" else min(settings.max_tokens, _LINE_TOKENS)
        )

    async def answer(self) -> Completion | None:
        """Find the first completion: kept, in flight, or asked for."""
        kept = self.session.cache.find(self.target.key, self.document, self.offset)
        if isinstance(kept, Shown):
            return self._resumed(kept)
        if kept is None or not (kept.pieces or kept.complete) or (kept.hopeless and not self.min_confidence):
            kept = await self._joined()
        if kept is None and not self.ticket.stale:
            wait = 0.0 if self.trigger == "invoked" else self._debounce()
            if not await self.ticket.still_newest_after(wait):
                return None
            generation = await self._start()
            kept = None if generation is None else await self._usable(generation)
        return None if kept is None else self._finished(kept)

    async def alternatives(self, first: Completion | None) -> list[Completion]:
        """Ask again with some chance, until there are three different ones or enough tries."""
        found = [] if first is None else [first]
        for seed in range(1, _CANDIDATES + 1):
            if len(found) == _CANDIDATES or self.ticket.stale:
                break
            generation = await self._start(Chance(0.7, seed))
            kept = None if generation is None else await self._usable(generation)
            other = None if kept is None else self._finished(kept, beside=bool(found))
            if other is not None and all(other.text != known.text for known in found):
                found.append(other)
        return found if first is None else found[1:]

    async def _joined(self) -> Kept | None:
        """Take what the answer in flight says, for as long as what is typed goes on as it does."""
        generation = self._agreeing()
        return None if generation is None else await self._usable(generation)

    def _agreeing(self) -> Generation | None:
        running = self.session.running
        if running is None or running.broken or (running.hopeless and not self.min_confidence):
            return None
        rest = running.rest_for(self.document, self.offset)
        if rest is None or (running.done and not rest.text.strip() and self.offset != running.offset):
            # Typed through to its end, or accepted: it says nothing about what follows.
            return None
        return running

    def _debounce(self) -> float:
        setting = self.engine.settings.completion.debounce_ms
        return self.session.rhythm.debounce() if setting == "auto" else setting / 1000

    async def start_ahead(self) -> None:
        """Start the model for a request that has not been made; it gives way to one that is."""
        # A server that cannot count tells its count at the end of an answer alone: one is heard out.
        hear_out = not (self.target.info.exact_tokenizer or self.engine.completion.tokens.was_told)
        prepared = await self._prepared(None, hear_out=hear_out)
        if prepared is not None:
            await self.session.start(*prepared)

    async def _start(self, chance: "Chance | None" = None) -> Generation | None:
        """Start the model; nothing where a newer request has come."""
        await self.session.stop_background()
        # The same place may be asked for twice at a key, for ghost text and for the menu.
        if chance is None and (other := self._agreeing()) is not None:
            return other
        await self.session.stop_running()
        prepared = await self._prepared(chance)
        if prepared is None:
            return None
        if chance is None and (other := self._agreeing()) is not None:
            return other
        await self.session.start(*prepared)
        return prepared[0]

    async def _prepared(
        self, chance: "Chance | None", *, hear_out: bool = False
    ) -> tuple[Generation, Callable[[Generation], None]] | None:
        """Lay the prompt out, read what is unread, and make the generation."""
        session, use = self.session, self.engine.completion
        most = self.target.info.context_length - min(self.max_tokens, self.target.info.context_length // 4)
        burst, prompt, tokens = await fitted(session, self.target, self.document, self.offset, most)
        if not (prompt.forced + "".join(p.text for p in prompt.parts if isinstance(p, Text))).strip():
            return None
        typed = self.document.text[burst.anchor : self.offset]
        if not await read_ahead(session, prompt, lambda: not self.ticket.stale, leave=piece_tokens(use)):
            return None
        settings = self.engine.settings.completion
        sampling = Sampling(
            max_tokens=self.max_tokens,
            temperature=chance.temperature if chance else settings.temperature,
            top_p=settings.top_p,
            top_k=settings.top_k,
            repeat_penalty=settings.repeat_penalty,
            seed=chance.seed if chance else None,
            logprobs=1 if self.target.info.has_logprobs else 0,
        )

        def start(answer: str, most: int) -> Stream:
            asked = prompt if not answer else prompt_for(self.target, burst, self.document, typed, answer)
            return use.backend.complete(asked, replace(sampling, max_tokens=most), slot="completion")

        checker = StopChecker(self.situation, wanted=self.wanted)
        # A candidate that was sampled with some chance is asked for to be seen.
        hope = Hope(0.0 if chance else self.min_confidence)

        def judge(piece: Piece) -> Verdict:
            if hear_out:
                return "go on"
            if (stop := checker.feed(piece.text)).stop:
                return "ended" if stop.reason == "noise" else "enough"
            return "go on" if hope.feed(piece) else "hopeless"

        record = PromptRecord(
            feature="complete",
            uri=self.document.uri,
            model=self.target.info.name,
            backend=self.target.info.kind,
            text=prompt.text,
            prompt_tokens=tokens,
            context_length=self.target.info.context_length,
            sources=(*burst.context.sources, self._typed_source(burst, typed)),
            left_out=(
                *burst.context.left_out,
                *marked_lines(self.target, burst, self.document, self.offset),
            ),
            when=time.time(),
        )
        generation = Generation(
            self.document,
            self.offset,
            start=start,
            judge=judge,
            multiline=self.wanted == "block",
            max_tokens=self.max_tokens,
            slice_tokens=self._slice_tokens,
            record=record,
        )
        unread = unread_tokens(session, prompt)
        # Less than a piece is left: once that is sent it is read, also where nobody waits for the answer.
        session.was_read(prompt.text, tokens if self.target.info.exact_tokenizer else None)
        whole = prompt.text + prompt.forced
        return generation, lambda done: self._came(done, whole, unread / max(1, tokens), keep=chance is None)

    def _typed_source(self, burst: Burst, typed: str) -> Source:
        """Lines between the anchor and the cursor; a line that the anchor ends is none of them."""
        ended = next((len(end) for end in ("\r\n", "\n", "\r") if typed.startswith(end)), 0)
        first, last = self.document.line_of(burst.anchor + ended), self.document.line_of(self.offset)
        tokens = self.engine.completion.tokens.count(typed)
        return Source(self.document.uri, first, last, tokens, "at the cursor")

    def _slice_tokens(self) -> int | None:
        """Short slices while an explanation streams from the same server; see ``Generation``."""
        if not self.engine.chat_is_streaming:
            return None
        speed = self.engine.completion.speed.output or _UNMEASURED_OUTPUT
        return max(4, int(speed * _SLICE_SECONDS))

    def _came(self, generation: Generation, asked: str, unread: float, *, keep: bool) -> None:
        """Learn from an answer that has ended by itself."""
        session, use = self.session, self.engine.completion
        session.was_read(asked + generation.text)
        seen = _reading(generation, unread)
        if generation.stats is not None:
            use.speed.learn(generation.stats, seen)
        else:
            if generation.read is not None:
                use.speed.learn_read(generation.read)
            elif seen is not None:
                use.speed.learn_seen(seen)
            if generation.output_speed is not None:
                use.speed.learn_output(generation.output_speed)
        if (record := generation.record) is not None:
            notes = compared(
                use,
                record.text,
                record.prompt_tokens,
                generation.first_stats,
                generation.read,
                exact=self.target.info.exact_tokenizer,
            )
            self.engine.audit.note(record, notes)
            generation.record = replace(record, notes=notes)
        if generation.first_token_at is not None:
            session.rhythm.answered(generation.first_token_at - generation.began)
        if keep and generation.error is None:
            session.cache.put(self.target.key, generation.document, generation.offset, generation.kept())

    async def _usable(self, generation: Generation) -> Kept | None:
        """Wait until there is something to show: a whole line at once, a block within its time."""
        generation.waiters += 1
        try:
            while not self.ticket.stale:
                rest = generation.rest_for(self.document, self.offset)
                if rest is None:
                    return None
                if generation.broken:
                    # The line that was being written is half a line.
                    if (lines := whole_lines(rest)) is None and generation.error is not None:
                        raise generation.error
                    return lines
                if generation.done:
                    # Typed through to its end: it says nothing about what follows.
                    return rest if rest.text.strip() or self.offset == generation.offset else None
                left = self._seconds_left(generation)
                if left is not None and left <= 0 and (lines := whole_lines(rest)) is not None:
                    return lines
                await generation.changed_within(None if left is None or left <= 0 else left)
            return None
        finally:
            generation.waiters -= 1
            self.session.let_go_soon(generation)

    def _seconds_left(self, generation: Generation) -> float | None:
        """Time that a block may still take; it starts at the first token and follows the speed."""
        if not generation.multiline or generation.first_token_at is None:
            return None
        speed = self.engine.completion.speed.output or _UNMEASURED_OUTPUT
        limit = min(_LONGEST_SECONDS, max(_SHORTEST_SECONDS, _SHOWN_TOKENS / speed))
        return generation.first_token_at + limit - time.monotonic()

    def _finished(self, kept: Kept, *, beside: bool = False) -> Completion | None:
        """Trim the answer, judge it, and keep the record of it; ``beside`` another one."""
        outcome = (
            Dropped("low confidence")
            if kept.hopeless
            else finish(
                self.document,
                self.offset,
                kept.text,
                self.situation,
                pieces=kept.pieces,
                cut_by_length=not kept.complete,
                # What was asked for as a block stays one while it is typed through.
                wanted="block" if kept.multiline else "line",
                min_confidence=self.min_confidence,
            )
        )
        why = "shown" if isinstance(outcome, Finished) else outcome.reason
        self._note(kept.record, kept.text, why)
        if not isinstance(outcome, Finished):
            return None
        shown = Shown(outcome.text, outcome.probability, kept.record)
        self.session.cache.put_shown(self.target.key, self.document, self.offset, shown, beside=beside)
        return Completion(f"{next(_IDS)}", outcome.span, outcome.text, outcome.probability)

    def _resumed(self, shown: Shown) -> Completion | None:
        """Go on showing what is left of a suggestion."""
        found = resume(self.document, self.offset, shown.text, self.situation, shown.probability)
        if found is None:
            return None
        self._note(shown.record, None, "shown")
        return Completion(f"{next(_IDS)}", found.span, found.text, found.probability)

    def _note(self, record: PromptRecord | None, answer: str | None, why: str) -> None:
        """Record what became of a request's answer."""
        if record is not None:
            text = record.answer if answer is None else answer
            self.engine.audit.record(replace(record, answer=text, outcome=why))


def _reading(generation: Generation, unread: float) -> PromptRead | None:
    """How the reading looked from outside: that share of the prompt, until the first token came."""
    stats, record = generation.first_stats, generation.record
    if generation.first_token_at is None or record is None:
        return None
    whole = stats.prompt_tokens if stats is not None and stats.prompt_tokens else record.prompt_tokens
    milliseconds = (generation.first_token_at - generation.began) * 1000
    new = int(whole * unread)
    return PromptRead(new, whole - new, milliseconds)


def _situation(engine: Engine, document: Document, offset: int) -> Situation:
    """Look at the place; what a tree knows for sure is taken from it."""
    tree = engine.trees.newest(document)
    if not tree.fits(document) or tree.changed is not None:
        return situation_at(document, offset)
    place = place_at(document, tree, offset)
    return situation_at(
        document,
        offset,
        in_string=place.in_string,
        in_comment=place.in_comment,
        at_block_start=place.after_opener,
    )
