"""Plans of a completion and what they depend on, for tests."""

from dataclasses import replace

from homebody.features.complete.plan import best_window, place_at
from homebody.features.complete.reader import reader_of
from homebody.session.prompt_window import PromptWindow
from homebody.session.session import Session
from homebody.text import Document


async def planned_at(session: Session, document: Document, offset: int) -> PromptWindow:
    """Choose the window of a request at ``offset``, and use it."""
    window, _ = await best_window(await place_at(session, document, offset))
    reader_of(session, document.uri).use(window)
    return window


def with_slots(w, slots: int, speed: float = 100_000) -> None:
    """Let the server cache ``slots`` completion prompts; at the usual speed a prompt is read in one piece."""
    w.backend._info = replace(w.backend._info, completion_slots=slots)
    w.engine.completion.speed.prompt = speed


async def wide_at(session: Session, document: Document, offset: int) -> PromptWindow:
    return (await place_at(session, document, offset)).window("wide")


async def read_whole(session: Session, document: Document, offset: int, window: PromptWindow) -> None:
    """Let the server read the window's prompt at ``offset``."""
    place = await place_at(session, document, offset)
    backend = session.engine.completion.backend
    await backend.warm(place.prompt(window), slot=(await place.placed(window)).slot)


def set_windows(session: Session, uri: str, **changes: object) -> None:
    """Change the windows of a document, as its reader does."""
    reader = reader_of(session, uri)
    reader.windows = replace(reader.windows, **changes)
