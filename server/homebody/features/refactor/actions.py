"""Lists the actions at a place, without a model request and without parsing."""

from dataclasses import dataclass

from homebody.backend.base import ModelInfo
from homebody.engine import Engine
from homebody.features.refactor.model_size import lacks
from homebody.features.refactor.target import comment_lines, definition_around
from homebody.postprocess.edit.refusals import can_check
from homebody.prompt.front_matter import Output, PromptFile, Scope
from homebody.syntax.language import find
from homebody.syntax.scope import Definition
from homebody.syntax.tree import Tree
from homebody.text import Document, Span


@dataclass(frozen=True, slots=True)
class Action:
    """One action at a place.

    ``lacks`` states why the served model is too small for it; empty if it is not.
    """

    name: str
    title: str
    kind: str
    scope: Scope
    output: Output
    lacks: str = ""


@dataclass(frozen=True, slots=True)
class _Selected:
    document: Document
    span: Span
    definition: Definition | None
    is_selected: bool
    has_problem: bool
    in_comment: bool

    @property
    def on_header(self) -> bool:
        """Whether the cursor is on the lines of a definition's header."""
        if self.definition is None:
            return False
        header, document = self.definition.header, self.document
        first, last = document.line_of(self.definition.span.start), document.line_of(header.end)
        return first <= document.line_of(self.span.start) <= last


def list_actions(
    engine: Engine,
    document: Document,
    span: Span,
    *,
    automatic: bool = False,
    has_problem: bool = False,
) -> list[Action]:
    """List the actions for ``span``; ``has_problem``: there are diagnostics in it.

    ``automatic``: the editor sends the request by itself, for its lightbulb. Then only actions for a
    selection, a definition's header, a comment or a problem are listed, if the model is large enough.
    """
    tree = engine.trees.newest(document)
    tree = tree if tree.fits(document) else Tree.blank(document)
    place = _Selected(
        document,
        span,
        definition_around(document, tree, span),
        bool(document.slice(span).strip()),
        has_problem,
        comment_lines(document, tree, span) is not None,
    )
    settings, info = engine.settings.chat, known_model(engine)
    actions = [
        Action(
            prompt.name, prompt.title, prompt.kind, prompt.scope, prompt.output, lacks(prompt, info, settings)
        )
        for prompt in (*engine.prompts.actions, engine.prompts.explain)
        if _fits(prompt, place) and (not automatic or _is_obvious(prompt, place))
    ]
    return sorted((action for action in actions if not (automatic and action.lacks)), key=_rank)


def suits_language(prompt: PromptFile, document: Document) -> bool:
    """Whether an action is made for a document's language, and its result can be checked there."""
    if prompt.languages and document.language_id not in prompt.languages:
        return False
    guard = "rename" if prompt.output == "rename" else prompt.guard
    return can_check(guard, find(document.language_id, document.uri))


def known_model(engine: Engine) -> ModelInfo | None:
    """Return the known facts about the chat model, without a request."""
    settings = engine.settings
    if engine.chat.known is not None or settings.completion.backend != settings.chat.backend:
        return engine.chat.known
    return engine.completion.known


def _rank(action: Action) -> int:
    """Fixes first, then rewriting, then explaining actions; those that need a larger model come last."""
    if action.lacks:
        return 3
    return 2 if action.output == "explain" else not action.kind.startswith("quickfix")


def _fits(prompt: PromptFile, place: _Selected) -> bool:
    """Whether the place has the code that the prompt file works on."""
    if not suits_language(prompt, place.document):
        return False
    if prompt.takes_problem and not place.has_problem:
        return False
    if prompt.scope == "comment":
        return place.in_comment
    if prompt.scope == "file":
        return bool(place.document.text.strip())
    return place.definition is not None or (prompt.scope == "selection" and place.is_selected)


def _is_obvious(prompt: PromptFile, place: _Selected) -> bool:
    """Whether an editor's lightbulb may be shown for it."""
    if prompt.takes_problem:
        return place.has_problem
    if prompt.scope == "comment":
        return place.in_comment
    if prompt.scope == "function":
        return place.on_header
    return place.is_selected or (prompt.scope == "selection" and place.on_header)
