"""The options of ``homebody refactor``, as typer reads them and as a journal stores them."""

import inspect
from collections.abc import Callable, Mapping
from typing import Annotated, Any

import typer
from msgspec import Struct, structs

from homebody.cli.edge import parse_lines
from homebody.engine import prompt_folders
from homebody.errors import UsageError
from homebody.headless.find import Chosen
from homebody.headless.run import RunRequest
from homebody.prompt.library import PromptLibrary
from homebody.settings import Settings

STDIN = "-"


def _action_names() -> list[str]:
    """Names of the actions that are shipped and of the user's own."""
    return [action.name for action in PromptLibrary(prompt_folders(Settings(), ())).actions]


class RefactorOptions(Struct, frozen=True, omit_defaults=True):
    """The options of one run, as the command line has them; a journal stores them, to resume the run.

    ``flags`` are settings from the command line, without API keys.
    """

    places: list[str] = []
    action: str = ""
    instruction: str = ""
    select: list[str] = []
    exclude: list[str] = []
    changed: str | None = None
    staged: bool = False
    diff: bool = False
    check: bool = False
    write: bool = False
    as_json: bool = False
    verify: str = ""
    yes: bool = False
    verify_timeout: float = 300.0
    jobs: int = 1
    limit: int | None = None
    allow_dirty: bool = False
    allow_notes: bool = False
    apply_refused: bool = False
    resume: str | None = None
    stdin_filename: str = ""
    show_prompt: bool = False
    quiet: bool = False
    flags: dict[str, str] = {}

    @property
    def files(self) -> list[Chosen]:
        """The places as paths with lines. Raises ``UsageError`` where one is malformed."""
        parsed = (parse_lines(place) for place in self.places)
        return [Chosen(path, (lines,) if lines else ()) for path, lines in parsed]

    @property
    def request(self) -> RunRequest:
        """The task that the run performs on each file."""
        return RunRequest(
            action=self.action or None,
            instruction=self.instruction or None,
            select=tuple(self.select),
            keeps_noted=not self.write or self.allow_notes,
            keeps_refused=self.apply_refused,
        )


_OPTIONS: Mapping[str, Any] = {
    "places": typer.Argument(
        metavar="PATH[:START[-END]]",
        help="Files, folders or quoted globs; lines count from 1; - is the standard input.",
    ),
    "action": typer.Option(
        metavar="NAME", help="One that `homebody prompts` lists.", autocompletion=_action_names
    ),
    "instruction": typer.Option(metavar="TEXT", help="What to do, in your own words."),
    "select": typer.Option(
        metavar="SYMBOL", help="Only symbols of that name: test_*, Class.method. Repeatable."
    ),
    "exclude": typer.Option(metavar="GLOB", help="Leave these paths out. Repeatable."),
    "changed": typer.Option(
        metavar="[REV]", help="Only files that differ from REV (--changed=main), or from the last commit."
    ),
    "staged": typer.Option("--staged", help="Only files that are staged."),
    "diff": typer.Option("--diff", help="Print a unified diff (the default)."),
    "check": typer.Option("--check", help="Change nothing; exit with 1 if there is something to change."),
    "write": typer.Option("--write", help="Change the files."),
    "as_json": typer.Option("--json", help="Print a line of JSON for each file."),
    "verify": typer.Option(
        metavar="COMMAND",
        help="Run this after each file ({file} is its path); if it fails, the change is undone. "
        "It may run code that the model wrote: on a terminal, you see each diff first and are asked.",
    ),
    "yes": typer.Option("--yes", "-y", help="Run the command of --verify without asking."),
    "verify_timeout": typer.Option(metavar="SECONDS", min=0.1, help="Time limit of the command."),
    "jobs": typer.Option("--jobs", "-j", metavar="N", min=1, max=64, help="Files to process in parallel."),
    "limit": typer.Option(metavar="N", min=1, help="Maximum number of files."),
    "allow_dirty": typer.Option("--allow-dirty", help="Also change files with uncommitted changes."),
    "allow_notes": typer.Option(
        "--allow-notes", help="Also write edits that are refused because of their notes."
    ),
    "apply_refused": typer.Option(
        "--apply-refused", help="Also apply edits that were refused, such as ones that do not parse."
    ),
    "resume": typer.Option(metavar="[RUN]", help="Continue a run that ended early."),
    "stdin_filename": typer.Option(metavar="NAME", help="The name of the file that - reads, such as app.py."),
    "show_prompt": typer.Option("--show-prompt", help="Also show each exact prompt, and the answer."),
    "quiet": typer.Option("--quiet", "-q", help="Print no progress, remarks or summary."),
}


def with_options(command: Callable[..., None]) -> Callable[..., None]:
    """Let typer read a parameter for each of the options, instead of those that the function has."""
    kind = inspect.Parameter.KEYWORD_ONLY
    defaults = RefactorOptions()
    options = [
        inspect.Parameter(
            field.name,
            kind,
            default=getattr(defaults, field.name),
            annotation=Annotated[field.type, _OPTIONS[field.name]],
        )
        for field in structs.fields(RefactorOptions)
        if field.name in _OPTIONS
    ]
    typed: Any = command
    typed.__signature__ = inspect.Signature(
        [inspect.Parameter("context", kind, annotation=typer.Context), *options]
    )
    return command


def check_options(options: RefactorOptions) -> None:
    """Check that the options can be combined. Raises ``UsageError``, which says what to do."""
    reads_stdin = STDIN in options.places
    rows = (
        (
            not options.places and options.changed is None and not options.staged,
            "The command refactor needs files or folders: homebody refactor PATH --action NAME.",
        ),
        (
            bool(options.action) == bool(options.instruction.strip()),
            "Give either --action NAME (see `homebody prompts`) or --instruction TEXT.",
        ),
        (
            options.write and options.check,
            "--check changes no files and --write does: give only one of them.",
        ),
        (
            bool(options.verify) and not options.write,
            "--verify runs on changed files: give --write with it.",
        ),
        (
            options.changed is not None and options.staged,
            "--changed and --staged are two ways to choose files: give only one of them.",
        ),
        (
            bool(options.select) and any(place.lines for place in options.files),
            "Lines and --select are two ways to choose a part of a file: give only one of them.",
        ),
        (
            reads_stdin and not options.stdin_filename,
            "- needs the name of the file, such as --stdin-filename app.py: its ending tells the language.",
        ),
        (
            reads_stdin and (len(options.places) > 1 or bool(options.verify)),
            "- reads one text from the standard input; it cannot be combined with other files or --verify.",
        ),
    )
    for is_wrong, message in rows:
        if is_wrong:
            raise UsageError(message)
