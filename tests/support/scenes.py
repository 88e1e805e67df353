"""Scenes of a completion, for tests of windows and plans."""

from collections.abc import Sequence
from dataclasses import replace

from homebody.features.complete.plan import Plan, apply, plan
from homebody.features.complete.prompt import Target
from homebody.features.complete.scene import Scene, scene_at
from homebody.features.complete.window import wide_window
from homebody.session.prompt_window import PromptWindow
from homebody.session.session import Session
from homebody.syntax.chunk import Candidate
from homebody.text import Document


def scene_with(
    session: Session, target: Target, document: Document, offset: int, candidates: Sequence[Candidate] = ()
) -> Scene:
    """Return the scene at ``offset``, with these snippets instead of those from a pause."""
    scene = scene_at(session, target, document, offset)
    return replace(scene, place=replace(scene.place, candidates=tuple(candidates))) if candidates else scene


def wide_at(session: Session, target: Target, document: Document, offset: int) -> PromptWindow:
    """Return the whole window at ``offset``."""
    return wide_window(scene_at(session, target, document, offset))


def planned_at(session: Session, target: Target, document: Document, offset: int) -> Plan:
    """Plan a request at ``offset``, and apply the plan."""
    made = plan(scene_at(session, target, document, offset))
    apply(made, session.place(document.uri))
    return made
