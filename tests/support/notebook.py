"""A notebook as an editor opens it."""

from collections.abc import Mapping

from support.editor import Client


def open_notebook(client: Client, uri: str, cells: Mapping[str, str]) -> None:
    """Open a notebook of Python; ``cells`` are its cells' URIs and texts, in order."""
    client.notify(
        "notebookDocument/didOpen",
        {
            "notebookDocument": {
                "uri": uri,
                "notebookType": "jupyter-notebook",
                "version": 1,
                "cells": [{"kind": 2, "document": cell} for cell in cells],
            },
            "cellTextDocuments": [
                {"uri": cell, "languageId": "python", "version": 1, "text": text}
                for cell, text in cells.items()
            ],
        },
    )
