"""One module per model server: its HTTP API behind the `Backend` protocol."""
