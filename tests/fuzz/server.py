"""The unchanged language server with two additional requests: the text of a document, and stalls.

Run as a separate process by ``driver``.
"""

import sys
from typing import Any

from stalls import Stalls

from homebody.lsp.methods import create_server
from homebody.lsp.process import share_interpreter
from homebody.lsp.transport import serve_stdio

TEXT = "fuzz/text"
STALLS = "fuzz/stalls"


def main() -> int:
    share_interpreter()
    stalls = Stalls()
    stalls.watch()
    server = create_server()

    async def text(_server: Any, params: Any) -> object:
        document = server.documents.find(params["uri"])
        return None if document is None else {"version": document.version, "text": document.text}

    async def longest(_server: Any, _params: Any) -> object:
        return stalls.to_json()

    server.protocol.on_request(TEXT, text)
    server.protocol.on_request(STALLS, longest)
    return serve_stdio(server)


if __name__ == "__main__":
    sys.exit(main())
