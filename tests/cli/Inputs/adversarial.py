# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Trains the two nets of adversarial.costate in NumPy and compares, or by the library that it has become.

adversarial.py data DATA                          # writes what they learn from
adversarial.py compare DATA FIRST LAST64 STEPS64.csv     # parameters before and after, and the losses of each step
adversarial.py library DATA FIRST LIBRARY STEPS32.csv    # the losses of the compiled library are those of `costate train`, bit for bit
"""
import csv
import ctypes
import json
import struct
import sys

import numpy as np

BATCH = 25


def read_safetensors(path):
    raw = open(path, "rb").read()
    (size,) = struct.unpack("<Q", raw[:8])
    types = {"F32": np.float32, "F64": np.float64, "I64": np.int64}
    return {
        name: np.frombuffer(raw[8 + size :][slice(*entry["data_offsets"])], types[entry["dtype"]]).reshape(entry["shape"])
        for name, entry in json.loads(raw[8 : 8 + size]).items()
        if name != "__metadata__"
    }


def batches(data, steps):
    n = len(data["x_train"]) // BATCH
    for t in range(steps):
        rows = slice(t % n * BATCH, (t % n + 1) * BATCH)
        yield data["x_train"][rows], data["noise_train"][rows]


class Net:
    def __init__(self, params, name):
        self.theta = [params[f"{name}.layers.{i}.{p}"].astype(float) for i in range(2) for p in "wb"]
        self.m, self.v, self.t = [0.0] * 4, [0.0] * 4, 0

    def __call__(self, x):
        w1, b1, w2, b2 = self.theta
        h = np.tanh(x @ w1 + b1)
        return h @ w2 + b2, (x, h)

    def back(self, kept, d):
        """The gradients of the parameters, and of the input, from that of the output."""
        (x, h), (w1, _, w2, _) = kept, self.theta
        a = (d @ w2.T) * (1 - h * h)
        return [x.T @ a, a.sum(axis=0), h.T @ d, d.sum(axis=0)], a @ w1.T

    def adam(self, gradients, rate):
        self.t += 1
        for k, g in enumerate(gradients):
            self.m[k] = 0.9 * self.m[k] + (1 - 0.9) * g
            self.v[k] = 0.999 * self.v[k] + (1 - 0.999) * g * g
            corrected = np.sqrt(self.v[k] / (1 - 0.999**self.t)) + 1e-8
            self.theta[k] = self.theta[k] - rate * (self.m[k] / (1 - 0.9**self.t)) / corrected


def softplus(z):
    return np.maximum(z, 0) + np.log1p(np.exp(-np.abs(z)))


def logistic(z):
    return 1 / (1 + np.exp(-z))


def train(data, params, steps):
    D, G, losses = Net(params, "D"), Net(params, "G"), []
    for t, (x, noise) in enumerate(batches(data, steps), 1):
        made, kept_by_g = G(noise)
        (real, kept_real), (fake, kept_fake) = D(x), D(made)
        losses.append((softplus(-real).mean() + softplus(fake).mean(), softplus(-fake).mean()))
        gradients = [a + b for a, b in zip(D.back(kept_real, -logistic(-real) / BATCH)[0], D.back(kept_fake, logistic(fake) / BATCH)[0])]
        D.adam(gradients, 1e-2)
        if t % 5 == 0:
            fake, kept_fake = D(made)  # by the new D
            G.adam(G.back(kept_by_g, D.back(kept_fake, -logistic(-fake) / BATCH)[1])[0], 5e-3)
    return D, G, np.array(losses)


def logged(path):
    with open(path) as file:
        return [row for row in csv.DictReader(file) if row["loss"]]


def library(data, first, path, log):
    runtime, model = ctypes.CDLL("libcostate_rt.so", ctypes.RTLD_GLOBAL), ctypes.CDLL(path)
    context, handle = ctypes.c_void_p(), ctypes.c_void_p()
    dims, metrics = (ctypes.c_int64 * 1)(BATCH), (ctypes.c_float * 2)()
    assert runtime.costate_context_create(None, ctypes.byref(context)) == 0
    assert model.adversarial_create(context, dims, ctypes.byref(handle)) == 0
    assert model.adversarial_load(handle, first.encode()) == 0
    rows = logged(log)
    for row, (x, noise) in zip(rows, batches(data, len(rows))):
        x, noise = np.ascontiguousarray(x, np.float32), np.ascontiguousarray(noise, np.float32)
        code = model.adversarial_train_step(handle, x.ctypes.data_as(ctypes.c_void_p), noise.ctypes.data_as(ctypes.c_void_p),
                                            ctypes.c_int64(BATCH), metrics)
        assert code == 0
        assert np.float32(row["loss"]) == np.float32(metrics[0]), (row, metrics[0])
    print(f"the library agrees in {len(rows)} steps")


if sys.argv[1] == "data":
    random = np.random.default_rng(3)
    angle = random.uniform(0, 2 * np.pi, 250)
    points = np.stack([np.cos(angle), np.sin(angle)], axis=1) * random.uniform(0.8, 1.2, (250, 1))
    noise = random.normal(size=(250, 3))
    np.savez(sys.argv[2], x_train=points.astype("f4"), noise_train=noise.astype("f4"), x_test=points.astype("f4"), noise_test=noise.astype("f4"))
    sys.exit()
data = np.load(sys.argv[2])
if sys.argv[1] == "library":
    library(data, *sys.argv[3:])
    sys.exit()
first, last, rows = read_safetensors(sys.argv[3]), read_safetensors(sys.argv[4]), logged(sys.argv[5])
D, G, losses = train(data, first, len(rows))
assert D.t == len(rows) and G.t == len(rows) // 5 == last["turns"]
ours = np.array([float(row["loss"]) for row in rows])
assert np.abs(ours - losses[:, 0]).max() <= 1e-9, np.abs(ours - losses[:, 0]).max()
for net, name in ((D, "D"), (G, "G")):
    for value, path in zip(net.theta, [f"{name}.layers.{i}.{p}" for i in range(2) for p in "wb"]):
        assert np.abs(value - last[path]).max() <= 1e-9, path
        assert np.abs(value - first[path]).max() > 1e-3, path
print(f"{len(rows)} steps agree, {G.t} of the second net")
