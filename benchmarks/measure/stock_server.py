"""A llama.cpp server with llama.cpp's own defaults, which the baselines talk to: a script of its own.

    python stock_server.py MODEL CONTEXT_LENGTH THREADS [SLOTS]

With four slots it is what ``llama-server`` starts without flags: one cache for all slots, and idle prompts
kept in memory. Prints its port. The key comes in the environment. Ends when its stdin does.
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
