# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What rows.costate keeps of each sample: rows.py PARAMS.safetensors EPOCHS SAMPLES HELD_OUT"""
import json
import struct
import sys

import numpy as np

raw = open(sys.argv[1], "rb").read()
epochs, samples, held_out = map(int, sys.argv[2:])
(size,) = struct.unpack("<Q", raw[:8])
header = json.loads(raw[8 : 8 + size])


def read(name, kind):
    begin, end = header[name]["data_offsets"]
    return np.frombuffer(raw[8 + size + begin : 8 + size + end], kind)


visits, first = read("visits", "<i4"), read("first", "<f4")
trained = visits[:samples] > 0
assert np.all(visits[:samples][trained] == epochs) and not np.any(visits[samples:]), visits
assert np.count_nonzero(~trained) == held_out, visits
assert np.array_equal(first[:samples], np.where(trained, np.arange(samples), -1)), first  # x[i, 0] is i
print("each sample in its place")
