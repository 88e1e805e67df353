"""Reports on one file, for people and for scripts."""

from msgspec import json

from homebody.headless.diff import new_file_diff, split_lines, unified_diff
from homebody.headless.report import to_prompt
from homebody.headless.run import Outcome
from homebody.postprocess.lines import line_changes


def to_json_line(outcome: Outcome) -> str:
    """Write an outcome as one line of JSON; ``diff`` and ``hunks`` are two forms of the same change.

    ``seconds`` is the time from the start of work on the file to its end, including verification.
    """
    report: dict[str, object] = {
        "file": str(outcome.path),
        "status": outcome.status,
        "reason": outcome.reason,
        "written": outcome.written,
        "diff": diff_of(outcome),
        "hunks": _hunks(outcome.before, outcome.after),
        "promptTokens": outcome.prompt_tokens,
        "outputTokens": outcome.output_tokens,
        "seconds": round(outcome.seconds, 3),
    }
    # These only where there is one.
    more = {
        "isNew": outcome.is_new,
        "notes": outcome.notes,
        "remarks": outcome.remarks,
        "prompts": [to_prompt(record) for record in outcome.prompts],
    }
    report |= {name: value for name, value in more.items() if value}
    if outcome.verified is not None:
        report["verified"] = outcome.verified
    return json.encode(report).decode() + "\n"


def diff_of(outcome: Outcome) -> str:
    """Write an outcome as a unified diff, empty if nothing changes."""
    if outcome.is_new and outcome.after:
        return new_file_diff(outcome.path, outcome.after)
    return unified_diff(outcome.path, outcome.mark + outcome.before, outcome.mark + outcome.after)


def _hunks(before: str, after: str) -> list[dict[str, object]]:
    """Compare two texts by lines, with no lines around the changes; lines count from 1.

    If nothing is replaced, ``oldStart`` is the line before which the new text is inserted.
    """
    old, new = split_lines(before), split_lines(after)
    return [
        {
            "oldStart": change.old_start + 1,
            "oldLines": change.old_end - change.old_start,
            "newStart": change.new_start + 1,
            "newLines": change.new_end - change.new_start,
            "oldText": "".join(old[change.old_start : change.old_end]),
            "newText": "".join(new[change.new_start : change.new_end]),
        }
        for change in line_changes(old, new)
    ]
