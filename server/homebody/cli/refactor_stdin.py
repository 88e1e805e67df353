"""``homebody refactor -``: read a text from standard input, write its rewritten form to standard output.

For use as an editor's filter: with ``--write`` the whole text is printed, changed or not.
"""

import asyncio
import sys
import time
from dataclasses import replace
from pathlib import Path

from homebody.cli.answers import show_prompt_text
from homebody.cli.edge import warn
from homebody.cli.flags import Flags
from homebody.cli.refactor_options import RefactorOptions, places_of
from homebody.cli.terminal import Terminal
from homebody.engine import Tuning, open_engine
from homebody.headless.batch import Outcome
from homebody.headless.file_report import diff_of, to_json_line
from homebody.headless.report import to_prompt
from homebody.headless.run import Change, check_action, refactor_source, targets_in
from homebody.headless.select import SourceFile, source_of, workspace_of
from homebody.settings.watch import SettingsSource


def refactor_stdin(options: RefactorOptions, filename: Path, flags: Flags) -> int:
    """Rewrite the text from stdin as if it were the file ``filename``; return the exit code."""
    settings = flags.source(workspace_of(filename))
    source = source_of(sys.stdin.buffer.read(), filename)
    terminal = Terminal()
    began = time.monotonic()
    change = asyncio.run(_rewritten(options, source, settings))
    outcome = Outcome(
        source.path,
        change.status,
        change.reason,
        before=source.document.text,
        after=change.text,
        mark=source.mark.decode(),
        language=source.document.language_id,
        attempts=1,
        prompt_tokens=change.prompt_tokens,
        output_tokens=change.output_tokens,
        seconds=time.monotonic() - began,
        prompts=change.prompts,
        notes=change.notes,
    )
    if options.as_json:
        terminal.write(to_json_line(replace(outcome, written=False)))
    elif options.mode == "write" and not options.shows_diff:
        terminal.write(outcome.mark + outcome.after)
    else:
        for record in outcome.prompts:
            show_prompt_text(terminal, to_prompt(record))
        if options.mode == "check" and not options.shows_diff:
            terminal.write(f"would change {filename}\n" if outcome.status == "changed" else "")
        else:
            terminal.diff(diff_of(outcome))
    notes = f"note: it {', '.join(outcome.notes)}." if outcome.notes else ""
    for remark in (outcome.reason, notes):
        if remark and not options.quiet:
            warn(remark)
    is_found = options.mode == "check" and outcome.status == "changed"
    return 1 if outcome.status == "refused" or is_found else 0


async def _rewritten(options: RefactorOptions, source: SourceFile, settings: SettingsSource) -> Change:
    async with open_engine(settings, folders=[workspace_of(source.path)]) as engine:
        prompt = check_action(engine, options.request)
        engine.chat.tuning = Tuning(seed=options.seed, max_tokens=options.max_tokens)
        lines = places_of(options)[0].lines
        targets = targets_in(source, lines, prompt, options.select)
        return await refactor_source(
            engine, source, targets, options.request, with_prompts=options.show_prompt
        )
