"""Decides whether an open document may be put into a prompt.

In: a document or its URI. Out: yes, or the reason why not. Excluded are files with secrets and files that
``context.ignore`` or a ``.homebodyignore`` excludes, even through symlinks. A file that only git ignores is
allowed: the user works on it. Reads the disk once for each document; call ``forget`` after an ignore file has
changed.
"""

import asyncio
import logging
import os
import threading
from collections.abc import Sequence
from concurrent.futures import Future
from pathlib import Path

from homebody.text import Document
from homebody.workspace.ignore import OPENED, PathRules
from homebody.workspace.secrets import holds_private_key, is_secret
from homebody.workspace.uri import path_of

logger = logging.getLogger(__name__)

SECRET = "it is on the list of files that hold secrets"  # noqa: S105 - a sentence
KEY = "it holds a private key"
IGNORED = "context.ignore or a .homebodyignore excludes it"
UNKNOWN = "its folder's ignore files are still being read; try again in a moment"

_MOST_KEPT = 10_000
"""Maximum number of documents whose results are cached; beyond this, all are looked up again."""

_MOST_RUNNING = 16
"""Maximum number of concurrent lookups; more would only wait for a disk that does not answer."""


class Permit:
    """Checks the documents of one workspace; each is looked up once, until ``forget``.

    Lookups run in a thread, and a caller awaits one for at most ``seconds``: a network share may not
    answer, and a hostile list of patterns takes half a second to compile.
    """

    def __init__(self, roots: Sequence[Path], globs: Sequence[str], seconds: float = 0.5) -> None:
        self._roots = tuple(roots)
        self._globs = tuple(globs)
        self._seconds = seconds
        self._lookups: dict[str, Future[str | None]] = {}
        self._rules: dict[Path, PathRules] = {}
        self._keys: set[str] = set()
        self._running = threading.Semaphore(_MOST_RUNNING)

    async def refusal(self, uri: str) -> str | None:
        """Return why the document may not be put into a prompt; ``None`` if it may.

        The document's text is that of the last call of ``refusal_of``. Suspends only while the document is
        looked up for the first time.
        """
        lookup = self._lookup(uri)
        if lookup is not None and not lookup.done():
            # ``wait`` cancels nothing: other requests may await the same lookup.
            await asyncio.wait({asyncio.wrap_future(lookup)}, timeout=self._seconds)
        if lookup is None or not lookup.done():
            return UNKNOWN
        return lookup.result() or (KEY if uri in self._keys else None)

    async def refusal_of(self, document: Document) -> str | None:
        """Return why ``document`` may not be put into a prompt, by its name or by the start of its text."""
        if holds_private_key(document.text):
            self._keys.add(document.uri)
        else:
            self._keys.discard(document.uri)
        return await self.refusal(document.uri)

    def forget(self) -> None:
        """Look up all documents again at the next query."""
        self._lookups = {}
        self._rules = {}

    def _lookup(self, uri: str) -> Future[str | None] | None:
        """Return the lookup of ``uri``, started now if there is none; ``None`` if too many are running."""
        lookup = self._lookups.get(uri)
        if lookup is None:
            if not self._running.acquire(blocking=False):
                return None
            if len(self._lookups) >= _MOST_KEPT:
                self.forget()
            lookup = self._lookups[uri] = Future()
            # A running future cannot be cancelled by one of its waiters.
            lookup.set_running_or_notify_cancel()
            # A daemon thread, not a pool: Python waits for pool threads at exit, and this one may never end.
            arguments = (uri, lookup, self._rules)
            threading.Thread(
                target=self._look_up, args=arguments, name="homebody-permit", daemon=True
            ).start()
        return lookup

    def _look_up(self, uri: str, lookup: Future[str | None], rules: dict[Path, PathRules]) -> None:
        refusal: str | None = UNKNOWN
        try:
            refusal = self._found(uri, rules)
        except Exception:
            logger.exception("the ignore rules of %s could not be looked up, which is a bug", uri)
        finally:
            self._running.release()
            lookup.set_result(refusal)

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
