"""What changes while one works: bursts, results, the answer in flight, the rhythm of typing.

In: callables from ``features`` that say what to run. Out: when it runs, and what is kept of it.
Holds the engine; knows nothing of LSP.
"""
