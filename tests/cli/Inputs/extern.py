# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""extern.py write DIR: data of extern.costate. extern.py compare DIR: predictions and losses of both programs against NumPy."""
import json
import struct
import sys

import numpy as np

action, folder = sys.argv[1:]
if action == "write":
    random = np.random.default_rng(0)
    x = random.normal(size=(8, 3)).astype(np.float32)
    y = random.normal(size=8).astype(np.float32)
    np.savez(f"{folder}/data.npz", x=x, y=y)
    np.save(f"{folder}/x.npy", x)
    x.tofile(f"{folder}/x.bin")
    y.tofile(f"{folder}/y.bin")
    sys.exit()

data = np.load(f"{folder}/data.npz")
x, y = data["x"].astype(np.float64), data["y"].astype(np.float64)
with open(f"{folder}/params.safetensors", "rb") as file:
    (size,) = struct.unpack("<Q", file.read(8))
    entries, rest = json.loads(file.read(size)), file.read()
w, b = (np.frombuffer(rest[slice(*entries[name]["data_offsets"])], np.float32).reshape(entries[name]["shape"]).astype(np.float64) for name in ("f.w", "f.b"))


def cubes(w, b):
    return 0.5 * (x @ w + b) ** 3


value, whole = np.load(f"{folder}/value.npy"), np.load(f"{folder}/all.npy")
np.testing.assert_allclose(value, cubes(w, b).sum(axis=-1), rtol=1e-5, atol=1e-6)
np.testing.assert_allclose(whole, cubes(w, b).sum(), rtol=1e-5, atol=1e-6)
out = np.fromfile(f"{folder}/out.bin", np.float32)
assert out[:8].tobytes() == value.tobytes() and out[8:9].tobytes() == whole.tobytes(), "the library differs from the process"
losses = []
for _ in range(10):
    error = cubes(w, b).sum(axis=-1) - y
    losses.append(np.mean(error**2))
    dz = (2 / 8 * error)[:, None] * 1.5 * (x @ w + b) ** 2
    w, b = w - 1e-2 * x.T @ dz, b - 1e-2 * dz.sum(axis=0)
np.testing.assert_allclose(out[9:], losses, rtol=1e-4)
assert losses[-1] < 0.99 * losses[0]
print("as NumPy")
