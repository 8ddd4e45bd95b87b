# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The first step of leaves.costate: rows of weights move by lr in the root mean square, biases by lr*scale; less where gradients are near 0."""
import json
import struct
import sys

import numpy as np


def read(path):
    raw = open(path, "rb").read()
    (size,) = struct.unpack("<Q", raw[:8])
    header = json.loads(raw[8 : 8 + size])
    del header["__metadata__"]
    return {k: np.frombuffer(raw[8 + size :][slice(*e["data_offsets"])], np.float32).reshape(e["shape"]) for k, e in header.items()}


before, after = read(sys.argv[1]), read(sys.argv[2])
moves = {name: after[name].astype(float) - before[name] for name in before}
assert np.all(moves["f.layers.1.b"] == 0), "frozen"
tied = [name for name in ("f.layers.1.w", "f.layers.2.w") if name in moves]
assert all(np.array_equal(after[name], after[tied[0]]) for name in tied)
for name in "f.layers.0.b", "f.layers.2.b":
    # step = g / (|g| + 1e-3): below lr*scale = 0.005, and near it where the gradient is large
    assert np.all(np.abs(moves[name]) < 0.005) and np.abs(moves[name]).max() > 0.003, moves[name]
for name in "f.layers.0.w", tied[0]:
    rows = np.sqrt((moves[name] ** 2).mean(axis=1))
    assert np.all(rows <= 0.01 + 1e-6) and rows.max() > 0.005, rows
