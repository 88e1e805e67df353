"""Decides what may be sent to a model: every source of every prompt, by the rules in force now.

What collects text asks earlier, to save work; the last question is asked by ``backend.resilient``, just
before the connection.
Everything on disk that a rule depends on is looked at again for each question: links, ignore files, settings.
That happens in a thread, with a time limit; what is not known in time is not sent.
"""

import asyncio
import logging
import os
import re
import threading
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import chain
from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit

from homebody.errors import Excluded, HomebodyError
from homebody.regular_file import SECONDS, in_thread
from homebody.settings import Settings
from homebody.text import Document
from homebody.workspace.ignore import Exclude, PathRules
from homebody.workspace.secrets import holds_private_key, is_secret
from homebody.workspace.uri import file_name, path_of

logger = logging.getLogger(__name__)

SECRET = "it is on the list of files that hold secrets"  # noqa: S105 - a sentence
KEY = "it holds a private key"
UNPLACED = "Homebody cannot tell which file it is"
UNKNOWN = "its folder's ignore files are still being read; try again in a moment"

_NO_SOURCE, _THIS_PROMPT = "Text without a source", "The text of this prompt"

_MOST_THREADS = 16
"""Maximum number of concurrent lookups; more would only wait for a disk that does not answer."""

_UNFILED_SCHEMES = frozenset({"homebody", "inmemory", "vscode-scm"})
"""Schemes of texts that no file has."""

_OF_FILE = frozenset(
    {"untitled", "vscode-notebook-cell", "vscode-interactive", "vscode-interactive-input", "git", "gitlens"}
)
"""Schemes whose path is that of a file on this machine: a cell, an unsaved document, an earlier version."""

_MOST_LINKS = 40

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")


class Gate:
    """The rules of one engine. Used on the event loop; lookups run in threads.

    Attributes
    ----------
    watch
        Whether a settings file has changed on disk; called in a thread before each answer.
    on_change
        Reads the settings again; awaited when ``watch`` is true, before the answer.
    file_of
        The URI of the file that holds a text besides its own: of a cell, its notebook's. ``None`` for others.
    stopped
        The error that every question raises; set while the user's settings cannot be understood.

    """

    def __init__(self, settings: Settings, roots: Sequence[Path] = (), seconds: float = SECONDS) -> None:
        self.watch: Callable[[], bool] | None = None
        self.on_change: Callable[[], Awaitable[object]] | None = None
        self.file_of: Callable[[str], str | None] = lambda _uri: None
        self.stopped: HomebodyError | None = None
        self._seconds = seconds
        self._roots = tuple(roots)
        self._exclude = Exclude.from_settings(settings)
        self._rules = PathRules(self._roots, self._exclude)
        self._keys: set[str] = set()
        self._free = threading.Semaphore(_MOST_THREADS)
        self._changing = asyncio.Lock()

    def stop(self, error: HomebodyError | None) -> None:
        """Let every question raise ``error``; ``None`` ends that."""
        self.stopped = error

    def apply(self, settings: Settings) -> None:
        """Use the rules of new settings from now on."""
        exclude = Exclude.from_settings(settings)
        if exclude != self._exclude:
            self._exclude = exclude
            self._rules = PathRules(self._roots, exclude)

    async def refusal(self, uri: str) -> str | None:
        """Return why text of ``uri`` may not be sent to a model; ``None`` if it may. Raises ``stopped``."""
        return (await self.refusals([uri])).get(uri)

    async def refusal_of(self, document: Document) -> str | None:
        """Return why ``document`` may not be sent to a model, by its place or by its text."""
        self.look_at(document)
        return await self.refusal(document.uri)

    def look_at(self, document: Document) -> None:
        """Record whether the document holds a private key, for all later questions about its URI."""
        if holds_private_key(document.text):
            self._keys.add(document.uri)
        else:
            self._keys.discard(document.uri)

    async def refusals(self, uris: Iterable[str]) -> dict[str, str]:
        """Return the reason for each source that may not be sent to a model. Raises ``stopped``."""
        asked = tuple(dict.fromkeys(uris))
        rules, answer = self._rules, await self._looked_up(asked)
        if answer is not None and answer[0] and self.on_change is not None:
            async with self._changing:
                await self.on_change()
        while rules is not self._rules:
            rules, answer = self._rules, await self._looked_up(asked)
        if self.stopped is not None:
            raise self.stopped
        if answer is None:
            return dict.fromkeys(asked, UNKNOWN)
        reasons = {uri: reason or (KEY if uri in self._keys else None) for uri, reason in answer[1].items()}
        return {uri: reason for uri, reason in reasons.items() if reason is not None}

    async def check(self, sources: Iterable[str], texts: Iterable[str]) -> None:
        """Let a prompt pass that consists of ``texts`` from ``sources``.

        Raises
        ------
        Excluded
            A source is excluded, unknown, or cannot be placed, or a text holds a private key.
        HomebodyError
            ``stopped``.

        """
        asked = list(dict.fromkeys(sources))
        for uri, reason in (await self.refusals(asked)).items():
            raise Excluded(file_name(uri), reason, uri)
        if not asked:
            raise Excluded(_NO_SOURCE, UNPLACED)
        if any(map(holds_private_key, texts)):
            raise Excluded(_THIS_PROMPT, KEY)

    async def _looked_up(self, uris: Sequence[str]) -> tuple[bool, dict[str, str | None]] | None:
        """Look up in a thread whether a settings file has changed, and the reason against each URI.

        ``None`` if the disk does not answer in time.
        """
        rules, watch = self._rules, self.watch
        named = {uri: (uri, self.file_of(uri) or uri) for uri in uris}
        if not self._free.acquire(blocking=False):
            return None
        lookup = in_thread(lambda: (watch is not None and watch(), _reasons(rules.now(), named)))
        lookup.add_done_callback(lambda _: self._free.release())
        # ``wait`` cancels nothing: a thread cannot be cancelled.
        await asyncio.wait({asyncio.wrap_future(lookup)}, timeout=self._seconds)
        return lookup.result() if lookup.done() else None


def _reasons(rules: PathRules, named: Mapping[str, Sequence[str]]) -> dict[str, str | None]:
    """Return the reason against each text, by the URIs of the files that may hold it."""
    folders = set[str]()
    reasons = {uri: _reason_against(rules, uri, folders) for uri in dict.fromkeys(chain(*named.values()))}
    return {uri: next(filter(None, map(reasons.get, names)), None) for uri, names in named.items()}


def _reason_against(rules: PathRules, uri: str, folders: set[str]) -> str | None:
    named = paths_of(uri)
    if named is None:
        return UNPLACED
    try:
        for path in named:
            ways = ways_to(path, folders)
            if ways is None:
                return UNPLACED
            for way in ways:
                if reason := SECRET if is_secret(way) else rules.reason_against(way):
                    return reason
    except (OSError, ValueError, RecursionError):  # a name that the system does not allow
        return UNPLACED
    except Exception:  # a bug must not let a text pass
        logger.exception("the rules of %s could not be looked up, which is a bug", uri)
        return UNPLACED
    return None


@lru_cache(maxsize=4096)
def paths_of(uri: str) -> tuple[Path, ...] | None:
    """Return the absolute paths that ``uri`` may mean, none if no file has the text; ``None`` if unclear.

    An unsaved document that has no folder yet is taken for a file in the topmost one.
    """
    parts = _parsed(uri)
    if parts is None:
        return None
    if parts.scheme in _UNFILED_SCHEMES:
        return ()
    if parts.scheme == "file":
        # A client that does not encode ``#`` and ``?`` means a file with them in its name.
        without_query = uri.replace("?", "%3F")
        readings = map(path_of, (uri, without_query, without_query.replace("#", "%23")))
        return tuple(dict.fromkeys(path for path in readings if path is not None)) or None
    if parts.scheme not in _OF_FILE:
        return None
    if parts.path.startswith("/"):  # an authority names the machine that Homebody runs on
        # VS Code adds ``.git`` to the name of an earlier version that it shows in a diff.
        named = dict.fromkeys((parts.path, parts.path.removesuffix(".git")))
        return tuple(path for name in named if (path := path_of(f"file://{name}")) is not None) or None
    return (Path(os.sep, unquote(parts.path, errors="surrogateescape")),)


def _parsed(uri: str) -> SplitResult | None:
    # ``urlsplit`` would drop control characters.
    if not _SCHEME.match(uri) or any(character < " " for character in uri):
        return None
    try:
        return urlsplit(uri)
    except ValueError:  # ``file://[``
        return None


def ways_to(path: Path, folders: set[str]) -> list[Path] | None:
    """Return all paths that lead to a file: as named, and after each link on the way is followed.

    ``None`` if the links have no end. ``folders`` collects those that are no links, so that each is looked at
    once. Blocks as long as the disk does.
    """
    ways = [Path(os.path.normpath(path))]
    for _ in range(_MOST_LINKS):
        followed = _after_first_link(path, folders)
        if followed is None:
            return ways
        path = followed
        if ".." not in path.parts:
            ways.append(path)
    return None


def _after_first_link(path: Path, folders: set[str]) -> Path | None:
    """Return the path with its first link replaced by the target; ``None`` if there is no link."""
    done = path.anchor
    parts = path.parts[1:] if path.anchor else path.parts
    for number, part in enumerate(parts):
        if part == "..":
            rest = (os.path.dirname(done), *parts[number + 1 :])  # noqa: PTH120 - text is enough here
            return Path(*rest)
        here = os.path.join(done, part)  # noqa: PTH118 - as above
        if here in folders:
            done = here
            continue
        try:
            target = os.readlink(here)  # noqa: PTH115 - as above
        except OSError:  # no link, or nothing there
            folders.add(here)
            done = here
        else:
            return Path(done, target, *parts[number + 1 :])
    return None
