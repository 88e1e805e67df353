"""A small LSP client: drives `homebody lsp` from the demo, the tests and scripts."""
