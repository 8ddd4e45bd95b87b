# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Follows softmax regression by SGD in NumPy, with and without centralised gradients: centralised.py DATA START.safetensors PLAIN.csv CENTRALISED.csv RATE BATCH

The logs hold the losses before each update, of runs that start at START and keep the order of the data.
"""
import csv
import json
import struct
import sys

import numpy as np

data, start, rate, batch = np.load(sys.argv[1]), open(sys.argv[2], "rb").read(), float(sys.argv[5]), int(sys.argv[6])
x, y = data["x_train"].astype(np.float64), data["y_train"].astype(int)
(size,) = struct.unpack("<Q", start[:8])
header = json.loads(start[8 : 8 + size])


def read(name):
    begin, end = header[name]["data_offsets"]
    return np.frombuffer(start[8 + size + begin : 8 + size + end], np.float64).reshape(header[name]["shape"])


def losses(centralise):
    w, b = read("f.w").copy(), read("f.b").copy()
    for first in range(0, len(x), batch):
        rows, labels = x[first : first + batch], y[first : first + batch]
        z = rows @ w + b
        z -= z.max(1, keepdims=True)
        p = np.exp(z) / np.exp(z).sum(1, keepdims=True)
        picked = np.arange(len(rows)), labels
        yield -np.log(p[picked]).mean()
        p[picked] -= 1
        gradient = rows.T @ p / len(rows)
        w -= rate * (gradient - centralise * gradient.mean(0))
        b -= rate * p.mean(0)


for log, centralise in ((sys.argv[3], False), (sys.argv[4], True)):
    found = [float(row["loss"]) for row in csv.DictReader(open(log))]
    np.testing.assert_allclose(found, list(losses(centralise)), rtol=1e-9)
    assert not np.allclose(found, list(losses(not centralise)), rtol=1e-3)
    print(f"{len(found)} losses agree, {'' if centralise else 'not '}centralised")
