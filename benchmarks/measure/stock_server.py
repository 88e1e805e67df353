"""A llama.cpp server with llama.cpp's own defaults, for the baselines: a separate script.

    python stock_server.py MODEL CONTEXT_LENGTH THREADS [SLOTS]

With four slots it equals ``llama-server`` without flags: one cache for all slots, and idle prompts cached in
memory. Prints its port. The key is in the environment. Ends when its stdin is closed.
"""

import os
import sys


def main() -> None:
    """Serve until stdin ends."""
    import xllamacpp

    path, context_length, threads = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    parameters = xllamacpp.CommonParams()
    parameters.model.path = path
    parameters.port = 0
    parameters.api_keys = [os.environ["MEASURE_KEY"]]
    parameters.n_parallel = int(sys.argv[4]) if len(sys.argv) > 4 else 1
    parameters.kv_unified = parameters.n_parallel > 1
    parameters.n_ctx = context_length
    parameters.cpuparams.n_threads = threads
    parameters.cpuparams_batch.n_threads = threads
    parameters.endpoint_metrics = True
    parameters.ui = False
    parameters.offline = True
    parameters.verbosity = 1
    parameters.fit_params = False
    server = xllamacpp.Server(parameters)
    print(server.listening_address.rpartition(":")[2], flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
