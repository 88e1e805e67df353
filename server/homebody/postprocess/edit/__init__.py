"""Turn a chat model's answer into checked edits of a document."""
