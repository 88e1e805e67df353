"""One module for each model server: its HTTP API behind the `Backend` protocol."""
