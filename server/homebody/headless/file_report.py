"""Reports on one file, for people and for scripts."""

from msgspec import Struct, json

from homebody.headless.diff import new_file_diff, split_lines, unified_diff
from homebody.headless.report import SentPrompt, to_prompt
from homebody.headless.run import Outcome
from homebody.postprocess.lines import line_changes


class Hunk(Struct, frozen=True, rename="camel"):
    """Lines that are replaced: ``old_lines`` from ``old_start`` (from 1) by ``new_text``.

    If nothing is replaced, ``old_start`` is the line before which the new text is inserted.
    """

    old_start: int
    old_lines: int
    new_start: int
    new_lines: int
    old_text: str
    new_text: str


class FileReport(Struct, frozen=True, rename="camel", omit_defaults=True):
    """What ``--json`` prints per file; ``diff`` and ``hunks`` are two forms of the same change.

    ``seconds`` is the time from the start of work on the file to its end, including verification.
    """

    file: str
    status: str
    reason: str | None
    written: bool
    diff: str
    hunks: list[Hunk]
    prompt_tokens: int
    output_tokens: int
    seconds: float
    verified: bool | None = None
    is_new: bool = False
    notes: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    prompts: list[SentPrompt] = []


def to_report(outcome: Outcome) -> FileReport:
    """Write an outcome for scripts."""
    before, after = outcome.before, outcome.after
    return FileReport(
        file=str(outcome.path),
        status=outcome.status,
        reason=outcome.reason,
        written=outcome.written,
        diff=diff_of(outcome),
        hunks=to_hunks(before, after),
        prompt_tokens=outcome.prompt_tokens,
        output_tokens=outcome.output_tokens,
        seconds=round(outcome.seconds, 3),
        verified=outcome.verified,
        is_new=outcome.is_new,
        notes=outcome.notes,
        remarks=outcome.remarks,
        prompts=[to_prompt(record) for record in outcome.prompts],
    )


def to_json_line(outcome: Outcome) -> str:
    """Write an outcome as one line of JSON."""
    return json.encode(to_report(outcome)).decode() + "\n"


def diff_of(outcome: Outcome) -> str:
    """Write an outcome as a unified diff, empty if nothing changes."""
    if outcome.is_new and outcome.after:
        return new_file_diff(outcome.path, outcome.after)
    return unified_diff(outcome.path, outcome.mark + outcome.before, outcome.mark + outcome.after)


def to_hunks(before: str, after: str) -> list[Hunk]:
    """Compare two texts by lines, with no lines around the changes."""
    old, new = split_lines(before), split_lines(after)
    return [
        Hunk(
            old_start=change.old_start + 1,
            old_lines=change.old_end - change.old_start,
            new_start=change.new_start + 1,
            new_lines=change.new_end - change.new_start,
            old_text="".join(old[change.old_start : change.old_end]),
            new_text="".join(new[change.new_start : change.new_end]),
        )
        for change in line_changes(old, new)
    ]
