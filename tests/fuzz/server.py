"""The language server as it ships, and one request more: the text that it holds of a document.

Run as a process of its own by ``driver``.
"""

import dataclasses
import sys
from typing import Any

from homebody.lsp.methods import create_server
from homebody.lsp.protocol import Request
from homebody.lsp.responsive import share_interpreter
from homebody.lsp.transport import serve_stdio

TEXT = "fuzz/text"


def main() -> int:
    """Serve over stdio."""
    share_interpreter()
    server = create_server()

    async def text(params: Any) -> object:
        document = server.documents.find(params["uri"])
        return None if document is None else {"version": document.version, "text": document.text}

    handlers = server.protocol.handlers
    requests = {**handlers.requests, TEXT: Request(text)}
    server.protocol.handlers = dataclasses.replace(handlers, requests=requests)
    return serve_stdio(server)


if __name__ == "__main__":
    sys.exit(main())
