"""Run over many files: generate several answers concurrently, apply one change at a time.

A file is read when work on it starts, and released when it is done.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from homebody.engine import Engine
from homebody.errors import (
    BackendError,
    BackendRefused,
    BackendTimeout,
    EditRefused,
    HomebodyError,
    ModelError,
    RunError,
    SettingsError,
    UsageError,
)
from homebody.headless.apply import Applied, Applier, feedback_of
from homebody.headless.find import Chosen
from homebody.headless.run import Outcome, RunRequest, Status, rewrite
from homebody.headless.select import SourceFile, read_source


@dataclass(slots=True)
class Summary:
    """Result of a run.

    ``partly`` are changed files of which a part was refused; ``stopped`` is the error that ended it early.
    """

    counts: Counter[Status] = field(default_factory=Counter[Status])
    total: int = 0
    partly: int = 0
    written: int = 0
    prompt_tokens: int = 0
    output_tokens: int = 0
    seconds: float = 0.0
    stopped: HomebodyError | None = None

    @property
    def done(self) -> int:
        """Files that are finished."""
        return sum(self.counts.values())


_OF_ALL_FILES = (BackendError, ModelError, RunError, SettingsError)
"""Errors after which the next file would fail as well."""

_OF_ONE_FILE = (BackendRefused, BackendTimeout)
"""Those of them that another file may not have."""


@dataclass(slots=True)
class Batch:
    """A run over many files.

    Attributes
    ----------
    on_progress, on_finished
        Called with the current step of the work on a file, and with its result.
    jobs
        Number of files that are worked on at the same time.
    applier
        Writes the changes to the tree; ``None``: nothing is written.
    summary
        Updated as each file finishes, so that the caller can read it after the run is cancelled.

    """

    engine: Engine
    request: RunRequest
    on_progress: Callable[[Path, str], None]
    on_finished: Callable[[Outcome], None]
    jobs: int = 1
    applier: Applier | None = None
    with_prompts: bool = False
    summary: Summary = field(default_factory=Summary)

    async def run(self, files: Sequence[Chosen]) -> None:
        """Process ``files``, up to ``jobs`` at a time."""
        self.summary.total = len(files)
        began = time.monotonic()
        left = iter(files)
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(min(self.jobs, len(files))):
                    group.create_task(self._work(left))
        except BaseExceptionGroup as errors:
            raise errors.exceptions[0] from None
        finally:
            self.summary.seconds = time.monotonic() - began

    async def _work(self, left: Iterator[Chosen]) -> None:
        """Process one file after another until none is left or the run stops."""
        for chosen in left:
            if self.summary.stopped is not None:
                return
            self.on_progress(chosen.path, "reading")
            began = time.monotonic()
            outcome = await self._outcome(chosen)
            self._finish(replace(outcome, seconds=time.monotonic() - began))

    def _finish(self, outcome: Outcome) -> None:
        summary = self.summary
        summary.counts[outcome.status] += 1
        summary.partly += outcome.status == "changed" and outcome.is_partial
        summary.written += outcome.written
        summary.prompt_tokens += outcome.prompt_tokens
        summary.output_tokens += outcome.output_tokens
        # What could not be written, because of a full disk or an edit, is for `--resume`.
        is_done = outcome.status != "failed" and not isinstance(outcome.error, EditRefused)
        if self.applier is not None and is_done:
            self.applier.finished(outcome.worked_on)
        self.on_finished(outcome)

    async def _outcome(self, chosen: Chosen) -> Outcome:
        """Process one file; turn every Homebody error into its outcome."""
        path = chosen.path
        try:
            return await self._refactored(chosen)
        except HomebodyError as error:
            status: Status = "failed"
            if isinstance(error, EditRefused | UsageError):
                status = "refused" if isinstance(error, EditRefused) else "skipped"
            elif isinstance(error, _OF_ALL_FILES) and not isinstance(error, _OF_ONE_FILE):
                self.summary.stopped = self.summary.stopped or error
            return Outcome(path, status, str(error), error=error)

    async def _refactored(self, chosen: Chosen) -> Outcome:
        source = read_source(chosen.path, max_bytes=self.engine.settings.context.max_file_bytes)
        first = await self._attempt(source, chosen)
        if self.applier is None or first.status != "changed":
            return first
        if first.is_new:
            return _with(first, await self.applier.create(source, first.path, first.after))
        applied = await self.applier.apply(source, first.after)
        if applied.verdict is None or applied.kept:
            return _with(first, applied)
        # Try once more with the output of the command; the old text of the file was restored.
        feedback = feedback_of(self.applier.command, applied.verdict)
        second = await self._attempt(source, chosen, feedback)
        second = replace(
            second,
            prompt_tokens=first.prompt_tokens + second.prompt_tokens,
            output_tokens=first.output_tokens + second.output_tokens,
            prompts=(*first.prompts, *second.prompts),
        )
        if second.status != "changed" or second.after == first.after:
            reason = applied.reason if second.after == first.after else second.reason
            return replace(
                second,
                status="refused",
                reason=reason or applied.reason,
                after=source.document.text,
                verified=False,
            )
        return _with(second, await self.applier.apply(source, second.after))

    async def _attempt(self, source: SourceFile, chosen: Chosen, feedback: str = "") -> Outcome:
        step = "again: " if feedback else ""
        return await rewrite(
            self.engine,
            self.request,
            source,
            chosen.lines,
            feedback=feedback,
            on_progress=lambda characters: self.on_progress(chosen.path, f"{step}{characters} characters"),
            with_prompts=self.with_prompts,
        )


def _with(outcome: Outcome, applied: Applied) -> Outcome:
    """Add to an outcome the result of applying it."""
    verified = applied.verdict.passed if applied.verdict is not None else None
    if applied.kept:
        return replace(outcome, written=True, verified=verified, remarks=applied.notes)
    return replace(
        outcome,
        status="refused",
        reason=applied.reason,
        after=outcome.before,
        verified=False,
        remarks=applied.notes,
    )
