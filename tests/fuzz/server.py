"""The unchanged language server with one additional request: the text of a document."""

import sys
from typing import Any

from homebody.lsp.methods import create_server
from homebody.lsp.process import share_interpreter
from homebody.lsp.transport import serve_stdio


def main() -> int:
    share_interpreter()
    server = create_server()

    async def text(_server: Any, params: Any) -> object:
        document = server.documents.find(params["uri"])
        return None if document is None else {"version": document.version, "text": document.text}

    server.protocol.on_request("fuzz/text", text)
    return serve_stdio(server)


if __name__ == "__main__":
    sys.exit(main())
