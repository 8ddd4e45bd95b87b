# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""LAMB on 1200 parameters: the model, or its first step against NumPy. interleaved.py model | interleaved.py check BEFORE AFTER"""
import sys

import numpy as np

SHAPES = [(40, 30), (1201,), (33,), (64, 19)] * 300


def load(path):
    import json
    with open(path, "rb") as file:
        header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
        data = file.read()
    arrays = {}
    for i, shape in enumerate(SHAPES):
        begin, end = header[f"p{i}"]["data_offsets"]
        arrays[i] = np.frombuffer(data[begin:end], np.float32).reshape(shape).astype(np.float64)
    return arrays


if sys.argv[1] == "model":
    params = "".join(f"  param p{i} : f32{list(shape)} = normal(std=0.1)\n" for i, shape in enumerate(SHAPES))
    print(f"model m {{\n{params}  state g = params\n  step {{ update params with lamb(lr=0.1, weight_decay=1e-2) from g }}\n}}")
else:
    before, after = load(sys.argv[2]), load(sys.argv[3])
    for i, p in before.items():  # the gradient is the parameter
        step = p / (np.abs(p) + 1e-6) + 1e-2 * p
        wanted = p - 0.1 * np.linalg.norm(p) / np.linalg.norm(step) * step
        assert np.abs(after[i] - wanted).max() <= 1e-6 * np.abs(wanted).max(), i
    print("agrees")
