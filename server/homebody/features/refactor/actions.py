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
    around = definition_around(document, tree, span)
    is_selected, in_comment = (
        bool(document.slice(span).strip()),
        comment_lines(document, tree, span) is not None,
    )
    on_header = around is not None and _is_on_header(document, span, around)
    # Where an action of each scope has code to work on, and where a lightbulb may be shown for it.
    fits: dict[Scope, bool] = {
        "comment": in_comment,
        "file": bool(document.text.strip()),
        "function": around is not None,
        "selection": around is not None or is_selected,
    }
    is_obvious: dict[Scope, bool] = {
        "comment": in_comment,
        "file": is_selected,
        "function": on_header,
        "selection": is_selected or on_header,
    }
    settings, info = engine.settings.chat, known_model(engine)
    actions = [
        Action(
            prompt.name, prompt.title, prompt.kind, prompt.scope, prompt.output, lacks(prompt, info, settings)
        )
        for prompt in (*engine.prompts.actions, engine.prompts.explain)
        if suits_language(prompt, document)
        and (has_problem or not prompt.takes_problem)
        and fits[prompt.scope]
        and (not automatic or prompt.takes_problem or is_obvious[prompt.scope])
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


def _is_on_header(document: Document, span: Span, definition: Definition) -> bool:
    """Whether the cursor is on the lines of a definition's header."""
    first, last = document.line_of(definition.span.start), document.line_of(definition.header.end)
    return first <= document.line_of(span.start) <= last
