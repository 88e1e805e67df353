"""Where the user works: the document in view, and the position in it."""

from homebody.errors import HomebodyError, UsageError
from homebody.lsp.holder import EngineHolder
from homebody.lsp.peer import Peer
from homebody.lsp.status import Status
from homebody.lsp.switch import Switch
from homebody.text import Document


class Focus:
    """One instance for each server. Prompts are read ahead at its position, in the background."""

    def __init__(self, peer: Peer, engines: EngineHolder, status: Status, switch: Switch) -> None:
        self._peer = peer
        self._engines = engines
        self._status = status
        self._switch = switch
        self._in_view = ""
        self._offset = 0

    def requested(self, document: Document, offset: int) -> None:
        """Record the position of a request."""
        self._in_view, self._offset = document.uri, offset

    def opened(self, document: Document) -> None:
        """Read ahead in the first opened document, unless the editor has reported a focus.

        Later ones may be opened in the background, and reading ahead there would evict the place in view.
        """
        if not self._in_view:
            self._prepare(document)

    def focused(self, document: Document, offset: int) -> None:
        """Record the place in view, and read ahead there; it may be reported before a model is ready."""
        self._in_view, self._offset = document.uri, offset
        self._peer.start_task(self.show_pause(document))
        self._prepare(document)

    def closed(self, uri: str) -> None:
        """Forget a closed document."""
        if self._in_view in ("", uri):
            self._in_view, self._offset = "", 0
            self._status.set(paused=self._switch.paused(None))

    def refresh(self) -> None:
        """Show again why the document in view gets no suggestions, and read ahead in it: rules may differ."""
        if (document := self._peer.documents.find(self._in_view)) is None:
            self._status.set(paused=self._switch.paused(None))
        else:
            self.focused(document, self._offset)

    async def show_pause(self, document: Document) -> None:
        """Show why a document gets no suggestions, or that it gets some, while it is in view."""
        reason = ""
        if (opened := self._engines.opened) is not None:
            from homebody.features.surroundings import check_permitted

            try:
                await check_permitted(opened.engine, document)
            except UsageError as error:
                reason = str(error)
            except HomebodyError:
                return  # the status says why nothing is sent
        if self._in_view in ("", document.uri) and self._peer.documents.find(document.uri) is not None:
            # By the settings of now: other ones may have come meanwhile.
            self._status.set(paused=self._switch.paused(document) or reason)

    def _prepare(self, document: Document) -> None:
        offset = min(self._offset, len(document.text))
        if (opened := self._engines.opened) is not None:
            from homebody.features.complete import prepare

            self._peer.start_task(prepare(opened.engine, document, offset, session=opened.session))
