# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Follows the averages of a batch norm in NumPy: net_state.py DATA STATE.safetensors OUT.npy BATCH EPOCHS

PyTorch's rule: average <- 0.9 average + 0.1 mean, variance <- 0.9 variance + 0.1 (unbiased variance). A prediction uses both.
"""
import json
import struct
import sys

import numpy as np

x = np.load(sys.argv[1])["x_train"].astype(np.float64)
raw = open(sys.argv[2], "rb").read()
(size,) = struct.unpack("<Q", raw[:8])
header = json.loads(raw[8 : 8 + size])


def read(name):
    begin, end = header[name]["data_offsets"]
    return np.frombuffer(raw[8 + size + begin : 8 + size + end], np.float64)


batch, epochs = int(sys.argv[4]), int(sys.argv[5])
average, variance = np.zeros(64), np.ones(64)
for _ in range(epochs):
    for start in range(0, len(x), batch):
        part = x[start : start + batch]
        average = 0.9 * average + 0.1 * part.mean(0)
        variance = 0.9 * variance + 0.1 * part.var(0, ddof=1)
np.testing.assert_allclose(read("norm.average"), average, rtol=1e-12, atol=1e-14)
np.testing.assert_allclose(read("norm.variance"), variance, rtol=1e-12, atol=1e-14)
out = np.load(sys.argv[3])
np.testing.assert_allclose(out, (x - average) / np.sqrt(variance + 1e-5), rtol=1e-9, atol=1e-11)
print("averages agree")
