"""The options of ``homebody refactor`` as values, checked against each other."""

from pathlib import Path
from typing import Literal, TypeAlias

from msgspec import Struct

from homebody.cli.arguments import parse_lines
from homebody.errors import UsageError
from homebody.headless.eligible import is_text
from homebody.headless.find import Chosen
from homebody.headless.run import RunRequest

Mode: TypeAlias = Literal["diff", "check", "write"]

STDIN = Path("-")


class RefactorOptions(Struct, frozen=True, omit_defaults=True):
    """Options of one run. ``flags`` are settings from the command line, without API keys."""

    places: tuple[str, ...] = ()
    action: str = ""
    instruction: str = ""
    select: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    changed: str | None = None
    staged: bool = False
    mode: Mode = "diff"
    shows_diff: bool = False
    as_json: bool = False
    show_prompt: bool = False
    quiet: bool = False
    jobs: int = 1
    limit: int | None = None
    max_tokens: int | None = None
    seed: int | None = None
    timeout: float | None = None
    verify: str = ""
    verify_timeout: float = 300.0
    allow_dirty: bool = False
    allow_notes: bool = False
    apply_refused: bool = False
    yes: bool = False
    stdin_filename: str = ""
    flags: dict[str, str] = {}

    @property
    def request(self) -> RunRequest:
        """The task that the run performs on each file."""
        return RunRequest(
            action=self.action or None,
            instruction=self.instruction or None,
            select=self.select,
            seed=self.seed,
            max_tokens=self.max_tokens,
            timeout_seconds=self.timeout,
            keeps_noted=self.mode != "write" or self.allow_notes,
            keeps_refused=self.apply_refused,
        )

    @property
    def prints_diff(self) -> bool:
        """Whether diffs go to stdout."""
        return not self.as_json and (self.shows_diff or self.mode == "diff")


def places_of(options: RefactorOptions) -> list[Chosen]:
    """Parse the places. Raises ``UsageError`` where one is malformed."""
    parsed = (parse_lines(place) for place in options.places)
    return [Chosen(path, (lines,) if lines else ()) for path, lines in parsed]


def check_options(options: RefactorOptions, *, writes: bool, checks: bool) -> None:
    """Check that the options can be combined.

    Raises
    ------
    UsageError
        The options cannot be combined; the message says what to do.

    """
    reads_stdin = str(STDIN) in options.places
    words = (options.action, options.instruction, options.verify, options.changed or "")
    rows = (
        (
            not options.places and options.changed is None and not options.staged,
            "The command refactor needs files or folders: homebody refactor PATH --action NAME.",
        ),
        (
            bool(options.action) == bool(options.instruction.strip()),
            "Give either --action NAME (see --list) or --instruction TEXT.",
        ),
        (
            not all(is_text(Path(word)) for word in (*words, *options.select, *options.exclude)),
            "An option holds bytes that are not UTF-8: type it again, or change the terminal's encoding.",
        ),
        (writes and checks, "--check changes no files and --write does: give only one of them."),
        (bool(options.verify) and not writes, "--verify runs on changed files: give --write with it."),
        (
            options.changed is not None and options.staged,
            "--changed and --staged are two ways to choose files: give only one of them.",
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
