"""Engine: settings, backends, prompts, parsers, index. Built once, passed first.

Opens nothing before it is needed: a backend starts at its first use, or by ``start``.
"""

import logging
from collections.abc import AsyncGenerator, Callable, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import structs

from homebody.audit import Audit
from homebody.backend.base import BackendState, ModelInfo, OnState, Purpose, ReadProgress, Slot, Stats
from homebody.backend.open import DEFAULT_URLS, open_backend, shared_search
from homebody.errors import BackendError, HomebodyError
from homebody.models.families import family_of
from homebody.prompt.library import PromptFolder, PromptLibrary
from homebody.settings import BackendSettings, CompletionSettings, Settings
from homebody.settings.load import Loaded
from homebody.settings.paths import config_dir
from homebody.settings.trust import is_trusted
from homebody.settings.watch import SettingsSource
from homebody.syntax.chunk import Candidate
from homebody.syntax.tree import Trees
from homebody.text import Document
from homebody.tokens import TokenCounts
from homebody.workspace.gate import Gate
from homebody.workspace.index import WorkspaceIndex
from homebody.workspace.process import IndexProgress
from homebody.workspace.uri import of_nearest_folder

if TYPE_CHECKING:
    from homebody.backend.auto import SharedSearch
    from homebody.backend.resilient import ResilientBackend

logger = logging.getLogger(__name__)

_MEASURABLE_TOKENS = 24
"""Minimum number of evaluated tokens for a measurement of speed; shorter prompts measure overhead."""

_TOO_SLOW = 20.0
"""Prompt tokens per second below which even the smallest window is read for about five seconds."""


@dataclass(slots=True)
class Speed:
    """Measured speed of one backend, in tokens per second; ``None`` before the first answer."""

    prompt: float | None = None
    output: float | None = None

    @property
    def is_too_slow(self) -> bool:
        """Whether the model reads too slowly for suggestions while the user types."""
        return self.prompt is not None and self.prompt < _TOO_SLOW

    def learn(self, stats: Stats, seen: ReadProgress | None = None) -> None:
        """Update the moving average; a new measurement counts for a third.

        ``seen`` is the reading time as measured by Homebody. It is used if the server does not report how
        many tokens it evaluated (Ollama and OpenAI's API report only the length of the prompt).
        """
        if stats.evaluated_tokens and stats.prompt_ms:
            self._learn_prompt(stats.evaluated_tokens, stats.prompt_ms)
        elif stats.evaluated_tokens is None and seen is not None:
            self.learn_seen(seen, stats.prompt_ms)
        if stats.output_tokens and stats.output_ms and stats.output_tokens >= 8:
            self.output = _follow(self.output, stats.output_tokens / stats.output_ms * 1000)

    def learn_seen(self, seen: ReadProgress, milliseconds: float | None = None) -> None:
        """Update the prompt speed from a reading time measured by Homebody; short readings are ignored."""
        if seen.evaluated >= _MEASURABLE_TOKENS:
            self._learn_prompt(seen.evaluated, milliseconds or seen.milliseconds)

    def _learn_prompt(self, tokens: int, milliseconds: float) -> None:
        """Update the prompt speed; a short reading can only increase it.

        Otherwise one slow moment would make pieces so short that speed is never measured again.
        """
        if tokens <= 0 or milliseconds <= 0:
            return
        speed = tokens / milliseconds * 1000
        if tokens >= _MEASURABLE_TOKENS or (self.prompt is not None and speed > self.prompt):
            self.prompt = _follow(self.prompt, speed)


class Use:
    """One use of a model (completion or chat): its backend, its tokens, its speed.

    ``completion`` and ``chat`` are the same object if the settings name one server for both. If ``auto`` has
    chosen one model for both, they share what is ``measured`` of it, by its name and URL.
    """

    def __init__(
        self,
        backend: "ResilientBackend",
        measured: "dict[tuple[str, str | None], tuple[TokenCounts, Speed]] | None" = None,
    ) -> None:
        self.backend = backend
        self._measured = {} if measured is None else measured
        self.tokens = TokenCounts()
        self.speed = Speed()
        self.streams = 0
        # The cache that chats use; ``None`` lets the server choose, so that several can run in parallel.
        self.slot: Slot | None = "chat"
        self.known: ModelInfo | None = None

    async def describe(self) -> ModelInfo:
        """Describe the model that is served, and store it as ``known``. Raises ``BackendError``."""
        before, info = self.known, await self.backend.describe()
        self.known = info
        if before is None or (before.name, before.url) != (info.name, info.url):
            fresh = (self.tokens, self.speed) if before is None else (TokenCounts(), Speed())
            self.tokens, self.speed = self._measured.setdefault((info.name, info.url), fresh)
        return info

    async def learn_counts(self, texts: Sequence[str], sources: Iterable[str], *, limit: int = 2000) -> None:
        """Count the new lines of ``texts`` with one call; do nothing if the server cannot count.

        ``sources`` are the URIs that they come from. ``limit`` is the maximum number of lines in one call, so
        that a large file does not block the server. Raises ``Excluded``.
        """
        with suppress(BackendError):
            if not (await self.describe()).exact_tokenizer:
                return
            if lines := self.tokens.unknown(texts)[:limit]:
                self.tokens.learn(lines, await self.backend.count(lines, list(sources)))


class Engine:
    """All parts that features need. Create it with ``open_engine``.

    ``on_state`` is called once for each change of a backend (ready, loading, unavailable), ``on_index``
    for the progress of the workspace's index. The index of an earlier run can be queried immediately;
    ``index.start`` updates it.
    """

    def __init__(self, settings: Settings, folders: Sequence[Path]) -> None:
        self.settings = settings
        self.folders = tuple(folders)
        self.audit = Audit(settings.log)
        self.trees = Trees()
        self.prompts = PromptLibrary(prompt_folders(settings, folders))
        self.gate = Gate(settings, folders)
        self.on_index: Callable[[IndexProgress], None] | None = None
        self.index = WorkspaceIndex(folders, settings, self._index_told) if folders else None
        self.on_state: Callable[[Slot, BackendState], None] | None = None
        self._uses: dict[Slot, Use] = {}
        self._measured: dict[tuple[str, str | None], tuple[TokenCounts, Speed]] = {}
        self._next_edit: Use | None = None
        self._searches: dict[BackendSettings, SharedSearch] = {}
        self._stack = AsyncExitStack()
        if self.index is not None:
            self._stack.push_async_callback(self.index.aclose)

    def apply(self, settings: Settings) -> None:
        """Use new settings from the next prompt on: rules, limits, logging. The models stay as they are."""
        self.settings = settings
        self.gate.apply(settings)
        self.audit.apply(settings.log)
        if self.index is not None:
            self.index.apply(settings)

    def follow(
        self, source: SettingsSource, adapt: Callable[[Settings], Settings] = lambda settings: settings
    ) -> None:
        """Apply what ``adapt`` makes of the settings before the next prompt after a file of them changed."""

        def use(loaded: Loaded) -> None:
            self.apply(adapt(loaded.settings))
            self.gate.stop(loaded.error)

        self.gate.watch, self.gate.on_change = source.follow(use)

    def completion_settings(self, document: Document) -> CompletionSettings:
        """Return the settings of completion that apply to a document: those of its folder, if it has any."""
        own = of_nearest_folder(self.settings.folder_completion, document.uri)
        return self.settings.completion if own is None else own

    async def allowed(self, candidates: Sequence[Candidate]) -> list[Candidate]:
        """Return the candidates that are not excluded from prompts by now."""
        refusals = await self.gate.refusals(candidate.uri for candidate in candidates)
        return [candidate for candidate in candidates if candidate.uri not in refusals]

    @property
    def completion(self) -> Use:
        """The model for completion."""
        return self._use("completion")

    @property
    def chat(self) -> Use:
        """The model that explains, answers and rewrites."""
        return self._use("chat")

    async def next_edit(self) -> Use | None:
        """Return the model for next edits; ``None`` if there is none.

        That is the model of completion if it is one, otherwise the one that the settings name. Without a
        name, it is looked for among the models of the same servers.
        """
        block, completion = self.settings.next_edit.backend, self.settings.completion.backend
        if block == completion:
            known = self.completion.known
            if known is not None and family_of(known.name).next_edit is not None:
                return self.completion
            if block.model is not None or block.kind in {"embedded", "scripted"}:
                return None
            if block.kind != "auto":
                block = structs.replace(block, kind="auto", url=block.url or DEFAULT_URLS.get(block.kind))
        if self._next_edit is None:
            search = self._search_of(block)
            try:
                if search is not None:
                    await search.choice("next_edit")
            except HomebodyError:
                return None
            self._next_edit = self._opened(block, "next_edit")
        return self._next_edit

    @property
    def chat_is_streaming(self) -> bool:
        """Whether an explanation or an edit is being written right now."""
        chat = self._uses.get("chat")
        return chat is not None and chat.streams > 0

    def _use(self, slot: Slot) -> Use:
        if slot not in self._uses:
            completion, chat = self.settings.completion.backend, self.settings.chat.backend
            mine = completion if slot == "completion" else chat
            if self._uses and completion == chat and mine.kind != "auto":
                (self._uses[slot],) = self._uses.values()
            else:
                self._uses[slot] = self._opened(mine, slot, partial(self._told, slot))
        return self._uses[slot]

    def _opened(self, block: BackendSettings, use: Purpose, on_state: OnState | None = None) -> Use:
        backend = open_backend(
            block,
            self.settings,
            use=use,
            passes=self.gate.check,
            on_state=on_state,
            search=self._search_of(block),
        )
        self._stack.push_async_callback(backend.aclose)
        return Use(backend, self._measured)

    def _search_of(self, block: BackendSettings) -> "SharedSearch | None":
        """Return the search that all uses with these settings share; ``None`` if they name a server."""
        if block.kind != "auto":
            return None
        if block not in self._searches:
            self._searches[block] = shared_search(block, self.settings)
        return self._searches[block]

    def _index_told(self, progress: IndexProgress) -> None:
        if self.on_index is not None:
            self.on_index(progress)

    def _told(self, slot: Slot, state: BackendState) -> None:
        if self.on_state is not None:
            self.on_state(slot, state)

    async def aclose(self) -> None:
        """Close connections and stop the processes that were started."""
        self.audit.save()
        await self._stack.aclose()


@asynccontextmanager
async def open_engine(
    settings: Settings | SettingsSource | None = None,
    *,
    folders: Sequence[Path] = (),
    on_state: Callable[[Slot, BackendState], None] | None = None,
) -> AsyncGenerator[Engine, None]:
    """Open an engine and close it again.

    Without ``settings``, the user's settings are read as on the command line: file, variables, and the
    settings that ``folders`` may change. Other problems than those of the user's own settings are logged.
    Settings from files are read again before the next prompt when a file has changed.
    ``folders`` are the workspace's; the prompts in ``.homebody/prompts/`` of those that the user trusts
    are offered too.
    ``on_state`` is called for each change of a backend.

    Raises
    ------
    SettingsBroken
        The user's own settings are wrong or cannot be read: a rule may be missing, so nothing is sent.

    """
    if settings is None:
        settings = SettingsSource(folders)
        for problem in settings.loaded.problems:
            if not problem.stops:
                logger.warning("%s", problem.message)
    source = settings if isinstance(settings, SettingsSource) else None
    engine = Engine(settings if isinstance(settings, Settings) else settings.settings, folders)
    if source is not None:
        engine.follow(source)
    engine.on_state = on_state
    try:
        yield engine
    finally:
        await engine.aclose()


def prompt_folders(settings: Settings, folders: Sequence[Path]) -> list[PromptFolder]:
    """List where prompt files may be: the user's own folder, and each workspace's."""
    workspaces = [
        PromptFolder(
            folder / ".homebody" / "prompts",
            root=folder,
            trusted=is_trusted(folder, settings.trusted_folders),
        )
        for folder in folders
    ]
    return [PromptFolder(config_dir() / "prompts"), *workspaces]


def _follow(old: float | None, new: float) -> float:
    return new if old is None else old + (new - old) / 3
