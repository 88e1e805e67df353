"""Whether an open document may go into a prompt.

In: a document or its URI. Out: yes, or the reason why not.
Files with secrets never may, nor may files that ``context.ignore`` or a ``.homebodyignore`` excludes,
also if they are reached through symlinks. A file that only git ignores may: the user works on it.
Looks at the disk once for each document; call ``forget`` after an ignore file has changed.
"""

import os
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from homebody.text import Document
from homebody.workspace.ignore import OPENED, PathRules
from homebody.workspace.secrets import holds_private_key, is_secret
from homebody.workspace.uri import path_of

SECRET = "it is on the list of files that hold secrets"  # noqa: S105 - a sentence
KEY = "it holds a private key"
IGNORED = "context.ignore or a .homebodyignore excludes it"
UNKNOWN = "its folder's ignore files are still being read; try again in a moment"


class Permit:
    """Answers for the documents of one workspace; each is looked up once, until ``forget``.

    Lookups run in a thread, and the caller waits for at most ``seconds``: a network share may not
    answer, and a hostile list of patterns takes half a second to compile.
    """

    def __init__(self, roots: Sequence[Path], globs: Sequence[str], seconds: float = 0.5) -> None:
        self._roots = tuple(roots)
        self._globs = tuple(globs)
        self._seconds = seconds
        self._lookups: dict[str, _Lookup] = {}
        self._rules: dict[Path, PathRules] = {}
        self._keys: set[str] = set()

    def refusal(self, uri: str) -> str | None:
        """Say why the document may not go into a prompt; ``None`` where it may.

        For the document's text, the last call of ``refusal_of`` counts.
        """
        lookup = self._lookups.get(uri)
        if lookup is None:
            lookup = self._lookups[uri] = _Lookup()
            thread = threading.Thread(
                target=self._look_up, args=(uri, lookup, self._rules), name="homebody-permit", daemon=True
            )
            thread.start()
            thread.join(self._seconds)
        return lookup.refusal or (KEY if uri in self._keys else None)

    def refusal_of(self, document: Document) -> str | None:
        """Say why ``document`` may not go into a prompt, by its name or by the start of its text."""
        if holds_private_key(document.text):
            self._keys.add(document.uri)
        else:
            self._keys.discard(document.uri)
        return self.refusal(document.uri)

    def forget(self) -> None:
        """Look everything up again at the next question."""
        self._lookups = {}
        self._rules = {}

    def _look_up(self, uri: str, lookup: "_Lookup", rules: dict[Path, PathRules]) -> None:
        lookup.refusal = self._found(uri, rules)

    def _found(self, uri: str, rules: dict[Path, PathRules]) -> str | None:
        # A notebook's cell has the notebook's path in its own scheme; an unsaved file has a name.
        path = path_of(uri)
        if path is None:
            name = uri.partition("#")[0].rpartition("/")[2]
            return SECRET if is_secret(name) else None
        real = Path(os.path.realpath(path))
        if is_secret(path) or is_secret(real):
            return SECRET
        # A folder may be opened through a symlink, and a file in it be named through another.
        roots = {way for root in self._roots for way in (root, Path(os.path.realpath(root)))}
        for root in roots:
            for way in {path, real}:
                if way.is_relative_to(root) and self._ignored(root, way.relative_to(root), rules):
                    return IGNORED
        return None

    def _ignored(self, root: Path, below: Path, rules: dict[Path, PathRules]) -> bool:
        known = rules.get(root)
        if known is None:
            known = rules[root] = PathRules(root, self._globs, OPENED)
        return known.ignores(below.as_posix())


@dataclass(slots=True)
class _Lookup:
    """Result of one thread; until it is there, the document goes into no prompt."""

    refusal: str | None = UNKNOWN
