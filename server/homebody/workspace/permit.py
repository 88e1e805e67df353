"""Whether an open document may go into a prompt at all.

In: a document or its URI. Out: yes, or the reason why not.
Secrets never do, whoever opened them; nor does what the user's ``context.ignore`` or a
``.homebodyignore`` rules out, by whatever way through symlinks. What only git ignores may: it is
open since somebody works on it.
Looks at the disk once a document; ``forget`` after an ignore file has changed.
"""

import os
from collections.abc import Sequence
from pathlib import Path

from homebody.text import Document
from homebody.workspace.ignore import OPENED, PathRules
from homebody.workspace.secrets import holds_private_key, is_secret
from homebody.workspace.uri import path_of

SECRET = "it is on the list of files that hold secrets"  # noqa: S105 - a sentence
KEY = "it holds a private key"
IGNORED = "context.ignore or a .homebodyignore rules it out"


class Permit:
    """Answers for the documents of one workspace; keeps what it found out."""

    def __init__(self, roots: Sequence[Path], globs: Sequence[str]) -> None:
        self._roots = tuple(roots)
        self._globs = tuple(globs)
        self._known: dict[str, str | None] = {}
        self._keys: set[str] = set()
        self._rules: dict[Path, PathRules] = {}

    def refusal(self, uri: str) -> str | None:
        """Say why the document may not go into a prompt; ``None`` where it may.

        Of its text counts what ``refusal_of`` saw last.
        """
        if uri not in self._known:
            self._known[uri] = self._looked_up(uri)
        return self._known[uri] or (KEY if uri in self._keys else None)

    def refusal_of(self, document: Document) -> str | None:
        """Say why ``document`` may not go into a prompt, by its name or by how its text begins."""
        if holds_private_key(document.text):
            self._keys.add(document.uri)
        else:
            self._keys.discard(document.uri)
        return self.refusal(document.uri)

    def forget(self) -> None:
        """Look again when next asked."""
        self._known.clear()
        self._rules.clear()

    def _looked_up(self, uri: str) -> str | None:
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
                if way.is_relative_to(root) and self._ignored(root, way.relative_to(root)):
                    return IGNORED
        return None

    def _ignored(self, root: Path, below: Path) -> bool:
        rules = self._rules.get(root)
        if rules is None:
            rules = self._rules[root] = PathRules(root, self._globs, OPENED)
        return rules.ignores(below.as_posix())
