"""The plan of a completion request: which window, and why.

In: a scene. Out: a ``Plan``, a plain value; ``apply`` stores its window in the place.
``plan`` applies its rules in order.
"""

from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from homebody.backend.base import Prompt
from homebody.features.complete.prompt import prompt_for
from homebody.features.complete.resume import resumed_window
from homebody.features.complete.scene import Scene
from homebody.features.complete.window import narrow_window, wide_window
from homebody.session.place import Place
from homebody.session.prompt_window import PromptWindow

Reason: TypeAlias = Literal["arrived", "resumed", "kept", "returned", "wide", "narrow", "shortened"]
"""``arrived``: a wider window was read ahead; ``resumed``: a part of it was; ``kept``: the window in use
still matches; ``returned``: an earlier window matches, and the server still has it cached; ``wide``: the full
budget can be read immediately; ``narrow``: limited to what can be read immediately; ``shortened``: cut until
it fits."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The plan of a request: the frozen beginning, and the exact prompt for the cursor.

    ``arriving`` is a wider window; the next pause continues to read it. ``interrupted`` is true if the part
    of a window read so far is lost.
    """

    window: PromptWindow
    prompt: Prompt
    why: Reason
    arriving: PromptWindow | None = None
    interrupted: bool = False


def plan(scene: Scene) -> Plan:
    """Choose the window for a request that has to be answered now.

    A place keeps its window while it still matches. At a new place, if reading a full window would take
    longer than ``completion.latencyBudgetMs``, the window is as narrow as that allows; the next pause
    widens it.

    Raises
    ------
    ContextTooLong
        The served context length leaves no room for a prompt.

    """
    current, arriving = scene.place.current, scene.place.arriving
    unread = None if arriving is None else _unread(scene, arriving)
    if arriving is None or unread is None:
        return _without_arriving(scene, current)
    has_own_slot = scene.slots > 1
    if unread <= (scene.unnoticed if has_own_slot else scene.worth_waiting):
        return _planned(scene, arriving, "arrived")
    if has_own_slot:
        # Reading continues after this request, and nothing is lost meanwhile.
        return replace(_without_arriving(scene, current), arriving=arriving)
    if (resumed := resumed_window(scene, arriving)) is not None:
        return replace(_planned(scene, resumed, "resumed"), interrupted=True)
    return replace(_without_arriving(scene, current), interrupted=True)


def _without_arriving(scene: Scene, current: PromptWindow | None) -> Plan:
    """Choose among the window in use, earlier windows, and windows that are read immediately."""
    if current is not None and current.typed(scene.document, scene.offset) is not None:
        return _planned(scene, current, "kept")
    for earlier in scene.place.earlier:
        unread = _unread(scene, earlier)
        if unread is not None and unread <= scene.at_once:
            return _planned(scene, earlier, "returned")
    narrow = narrow_window(scene, scene.at_once)
    if not narrow.narrow or narrow.start == 0 or _is_near(current, scene.offset):
        # Elsewhere no part of a full window has been read, and counting its lines would take 20 ms.
        wide = wide_window(scene)
        unread = _unread(scene, wide)
        if unread is None or unread <= scene.at_once:
            return _planned(scene, wide, "wide")
    return _planned(scene, narrow, "narrow")


def shortened(scene: Scene, tokens: int) -> Plan:
    """Plan a window of at most ``tokens``, after a longer one did not fit."""
    return _planned(scene, wide_window(scene, tokens), "shortened")


def apply(plan: Plan, place: Place) -> None:
    """Store the plan's window as the window in use."""
    if plan.interrupted:
        place.interrupted()
    place.use(plan.window, arriving=plan.arriving)


def prompt_at(scene: Scene, window: PromptWindow) -> Prompt:
    """Lay out the prompt for the cursor after a frozen beginning."""
    typed = scene.document.text[window.anchor : scene.offset]
    return prompt_for(scene.target, window, scene.document, typed)


def _planned(scene: Scene, window: PromptWindow, why: Reason) -> Plan:
    return Plan(window, prompt_at(scene, window), why)


def _unread(scene: Scene, window: PromptWindow) -> int | None:
    """Tokens that the server would have to read for a request here; ``None`` if the window does not match."""
    if window.typed(scene.document, scene.offset) is None:
        return None
    return scene.unread(prompt_at(scene, window).text)


def _is_near(before: PromptWindow | None, offset: int) -> bool:
    """Whether a full window at ``offset`` may begin where the previous one does, growing by at most half."""
    if before is None or offset < before.start:
        return False
    return offset - before.start <= 2 * max(len(before.context.prefix), before.typed_limit)
