"""Peak matrix rate of numpy's BLAS (OpenBLAS in the wheels) on one thread: stdin a line of {"n", "repeats"}, stdout
{"gflops", "library"} of an n×n×n single-precision product, the best of `repeats`."""
import json
import sys
import time

import numpy as np

config = np.show_config(mode="dicts")["Build Dependencies"]["blas"]
for line in sys.stdin:
    question = json.loads(line)
    n = question["n"]
    a, b = np.random.rand(n, n).astype("float32"), np.random.rand(n, n).astype("float32")
    best = float("inf")
    for _ in range(question["repeats"]):
        start = time.process_time()
        a @ b
        best = min(best, time.process_time() - start)
    print(json.dumps({"gflops": 2 * n**3 / best / 1e9, "library": f"{config['name']} {config['version']}"}), flush=True)
