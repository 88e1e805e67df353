"""The prompt of a completion: a frozen beginning, and the text typed since.

Pure: it runs at every keystroke.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from homebody.backend.base import ModelInfo, Prompt
from homebody.context.markers import before_cursor, without_marked_lines
from homebody.engine import Engine
from homebody.prompt.fim import HASH, FimFormat, OtherFiles, PromptSnippet, completion_prompt, find_format
from homebody.session.prompt_window import PromptWindow
from homebody.syntax.chunk import Candidate
from homebody.syntax.language import language_of
from homebody.text import Document
from homebody.workspace.uri import prompt_path, repository_name

OVERHEAD_TOKENS = 16
"""Tokens of markers, BOS, and the line ends between snippets."""

_LAST_TOKEN = re.compile(r" ?\w+\Z|\s+\Z| ?[^\w\s]{1,2}\Z")
"""Text that may be the beginning of a longer token: a word or a sign with the blank before it, or a line end
with the indentation after it. Measured on 156 holes: 28 % exact; with words and blanks only, 24 %."""

_LAST_BLANKS = re.compile(r"[ \t]+\Z")
"""The same for servers without grammars, where text that the model does not repeat needs a second request:
only blanks, which it repeats almost always. A word that it would repeat was suggested before it was typed."""

_LONGEST_TOKEN = 24
"""Maximum bytes that are forced: a longer run (prose without blanks, a hash) consists of many tokens."""

MARKED = "holds a control token of the model"


@dataclass(frozen=True, slots=True)
class Target:
    """The model, its prompt format (``None``: plain prefix), and the workspace's folders."""

    info: ModelInfo
    row: FimFormat | None
    folders: tuple[Path, ...] = ()

    @property
    def key(self) -> str:
        """Name of the model in the result cache."""
        return f"{self.info.kind} {self.info.name}"


async def target_of(engine: Engine) -> Target:
    """Get the model of the completion backend. Raises ``BackendError``."""
    info = await engine.completion.describe()
    choice = engine.settings.completion.fim
    # A layout that the user chose is kept, even if the model answers with prose.
    if choice == "auto" and engine.completion.fill_in.fails(info.name):
        choice = "none"
    return Target(info, find_format(info, choice), engine.folders)


def prompt_for(
    target: Target, window: PromptWindow, document: Document, typed: str, answer: str = ""
) -> Prompt:
    """Lay out the window's frozen beginning and the text typed since.

    ``answer`` continues an answer that is requested in slices. Otherwise, text before the cursor that may be
    part of a longer token is removed and forced, so that the model begins at a token boundary (token healing;
    it doubled the exact matches of the default weights).
    """
    special, context = target.info.texts_to_leave_out, window.context
    text, forced = before_cursor(typed, special).text + answer, ""
    if not answer:
        text, forced = healed(text, _LAST_TOKEN if target.info.takes_token_ids else _LAST_BLANKS)
    return completion_prompt(
        target.row,
        prefix=without_marked_lines(context.headers + context.prefix, special).text,
        suffix=without_marked_lines(context.suffix, special).text,
        typed=text,
        files=_other_files(target, document, context.snippets) if context.snippets else OtherFiles(),
        forced=forced,
        uri=document.uri,
    )


def _other_files(target: Target, document: Document, snippets: Sequence[Candidate]) -> OtherFiles:
    """Snippets, and the paths shown in the prompt; of a path with a control token, only the part after it."""
    special, folders = target.info.texts_to_leave_out, target.folders

    def shown(uri: str) -> str:
        return before_cursor(prompt_path(uri, folders), special).text

    row = language_of(document.language_id, document.uri)
    return OtherFiles(
        [
            PromptSnippet(shown(one.uri), without_marked_lines(one.text, special).text, one.uri)
            for one in snippets
        ],
        path=shown(document.uri),
        repo=before_cursor(repository_name(document.uri, folders), special).text,
        comment=(row.line_comment, "") if row.line_comment else row.block_comment or HASH,
    )


def healed(typed: str, part: re.Pattern[str]) -> tuple[str, str]:
    """Split off the text that the answer has to begin with, at most the length of a token."""
    # Searching the whole text would be slow for a word of thousands of letters.
    found = part.search(typed, max(0, len(typed) - _LONGEST_TOKEN - 1))
    if not found:
        return typed, ""
    forced = found.group()
    while len(forced.encode()) > _LONGEST_TOKEN:
        forced = forced[1:]
    return typed[: len(typed) - len(forced)], forced
