"""Adds an explanation to a conversation, so that the user can ask about it.

In: a conversation, the code that was explained, the explanation. Out: the conversation with one more turn.
"""

from homebody.engine import Engine
from homebody.features.budgets import chat_room
from homebody.features.explanation import Explanation
from homebody.features.selection import meant_span, tree_of
from homebody.features.surroundings import shown_path, special_texts, unmarked
from homebody.prompt.render import fill
from homebody.prompt.shipped import shipped_prompt
from homebody.session.conversation import Conversation, Turn
from homebody.text import Document, Span

_SHARE = 4
"""Share of the context up to which code is added to the conversation; for longer code, only its position
is."""


async def add_explanation(
    engine: Engine, conversation: Conversation, document: Document, span: Span | None, found: Explanation
) -> None:
    """Add ``found``, an explanation of ``span``, as if it had been asked for in the conversation.

    Later questions then have the code and its explanation in their history.

    Raises
    ------
    BackendError
        The model became unavailable meanwhile.

    """
    info = await engine.chat.describe()
    target = meant_span(document, await tree_of(engine, document), span)
    first, last = document.line_of(target.start), document.line_of(max(target.start, target.end - 1))
    label = f"{shown_path(engine, document.uri)}, lines {first + 1} to {last + 1}"
    question = fill(shipped_prompt("explained").body, {"name": label}).strip()
    message = question
    code, _ = unmarked(document.uri, document.slice(target), first, special_texts(info))
    if engine.chat.tokens.count(code) <= chat_room(engine, info).fits // _SHARE:
        values = {"name": label, "language": document.language_id, "code": code.rstrip("\r\n")}
        message = f"{fill(shipped_prompt('attached').body, values)}\n\n{question}"
    turn = Turn(
        question,
        message,
        found.markdown,
        complete=found.complete,
        sources=found.sources,
        left_out=found.left_out,
    )
    conversation.turns.append(turn)
