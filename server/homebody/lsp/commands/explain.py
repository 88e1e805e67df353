"""``homebody.explain``: explain code, a diagnostic, pasted output or a diff, streamed."""

from typing import TYPE_CHECKING

import msgspec
from lsprotocol import types

from homebody.errors import UnknownAction
from homebody.lsp import progress
from homebody.lsp.arguments import TextDocument, parse
from homebody.lsp.commands.common import LinkForm, Result, answer_of, document_of, span_of, with_links
from homebody.lsp.server import Server

if TYPE_CHECKING:
    from homebody.features.explain import Explanation
    from homebody.lsp.holder import OpenedEngine


class ExplainedProblem(msgspec.Struct, frozen=True):
    """A diagnostic from the client; the argument's ``range`` is its position."""

    message: str
    source: str | None = None
    code: str | int | None = None

    @property
    def text(self) -> str:
        """The diagnostic on one line, beginning with its tool and code."""
        origin = " ".join(str(part) for part in (self.source, self.code) if part is not None)
        return f"{origin}: {self.message}" if origin else self.message


class Explain(msgspec.Struct, frozen=True, rename="camel"):
    """The argument: a document, or pasted ``text`` (output or a diff).

    An empty ``range`` is a cursor and means the function around it; without a range the document is
    meant. ``action`` names a prompt file that explains. Text streams as ``{text}`` on ``token``. ``full``
    reads everything, however long it takes. With ``show`` the server shows the explanation itself. With
    ``links`` the result links to the code that it names.
    """

    text_document: TextDocument | None = None
    range: types.Range | None = None
    problem: ExplainedProblem | None = None
    text: str | None = None
    action: str | None = None
    token: str | int | None = None
    full: bool = False
    show: bool = False
    links: LinkForm = False

    def __post_init__(self) -> None:
        if (self.text_document is None) is (self.text is None):
            message = "either `textDocument` or `text` is needed"
            raise ValueError(message)
        if self.problem is not None and self.range is None:
            message = "a `problem` needs its `range`"
            raise ValueError(message)
        if self.problem is not None and not self.problem.message.strip():
            message = "the `message` of the `problem` is empty: send the diagnostic's text"
            raise ValueError(message)


async def explain(server: Server, params: types.ExecuteCommandParams) -> Result:
    """Explain the code or text of the argument."""
    argument = parse(params.command, params.arguments, Explain)
    async with (
        server.service.asking() as opened,
        progress.shown(server, "Explaining", params.work_done_token) as bar,
    ):
        explanation = await _explained(server, opened, argument, bar)
        named = argument.text_document
        result = await with_links(
            server,
            opened,
            answer_of(server, explanation),
            form=argument.links,
            document=None if named is None else server.documents.find(named.uri),
            sources=explanation.sources,
        )
    if argument.show:
        from homebody.lsp.show import show_markdown

        await show_markdown(server, result["markdown"])
    return result


async def _explained(
    server: Server, opened: "OpenedEngine", argument: Explain, bar: progress.ProgressBar
) -> "Explanation":
    send = progress.text_sender(server, argument.token)
    on_read = progress.read_sender(server, argument.token, bar)
    if argument.text_document is None:
        from homebody.features.explain_text import explain_text

        return await explain_text(
            opened.engine,
            argument.text or "",
            full=argument.full,
            open_document=server.documents.find,
            on_text=send,
            on_read=on_read,
        )
    from homebody.features import explain as feature

    document = document_of(server, argument.text_document)
    prompt = None
    if argument.action is not None and argument.action != "explain":
        prompt = opened.engine.prompts.action(argument.action)
        if prompt is None or prompt.output != "explain":
            message = f"There is no action {argument.action!r} that explains."
            raise UnknownAction(message)
    return await feature.explain(
        opened.engine,
        document,
        span_of(server, document, argument.range),
        prompt=prompt,
        problem=argument.problem.text if argument.problem else "",
        full=argument.full,
        on_text=send,
        on_read=on_read,
        session=opened.session,
    )
