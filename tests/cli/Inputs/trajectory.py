# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Trains an MLP in NumPy from the same parameters and batches as `costate train`, and compares the losses of 300 steps.

trajectory.py DATA PARAMS LOSS OPTIMIZER ACTIVATION STEPS64.csv STEPS32.csv

The f64 runs must agree to 1e-9, relative to the larger of the loss and 1 % of the first loss. In f32 both programs drift from the f64 run by
rounding; Costate's drift may be at most three times NumPy's. That compares roundings only while every relu decides as it does in f64: a
pre-activation within f32 rounding of zero makes any two f32 programs part, so the run must keep clear of zero.
"""
import csv
import json
import struct
import sys

import numpy as np

STEPS, BATCH = 300, 32


def read_safetensors(path):
    raw = open(path, "rb").read()
    (size,) = struct.unpack("<Q", raw[:8])
    header = json.loads(raw[8 : 8 + size])
    types = {"F32": np.float32, "F64": np.float64}
    arrays = {}
    for name, entry in header.items():
        if name != "__metadata__":
            begin, end = entry["data_offsets"]
            arrays[name] = np.frombuffer(raw[8 + size + begin : 8 + size + end], types[entry["dtype"]]).reshape(entry["shape"])
    return arrays


def losses(data, params, loss, optimizer, activation, real):
    x_all, y_all = data["x_train"].astype(real), data["y_train"]
    layers = len(params) // 2
    theta = [params[f"f.layers.{i}.{p}"].astype(real) for i in range(layers) for p in "wb"]
    first, second = [np.zeros_like(p) for p in theta], [np.zeros_like(p) for p in theta]
    act, slope = {
        "tanh": (np.tanh, lambda a, h: 1 - h * h),
        "relu": (lambda a: np.maximum(a, real(0)), lambda a, h: (a > 0).astype(real)),
    }[activation]
    batches = [(i, min(i + BATCH, len(x_all))) for i in range(0, len(x_all), BATCH)]
    result, clearance = [], np.inf
    for t in range(1, STEPS + 1):
        begin, end = batches[(t - 1) % len(batches)]
        x, y, n = x_all[begin:end], y_all[begin:end], real(end - begin)
        hidden, pre = [x], []
        for i in range(layers):
            pre.append(hidden[-1] @ theta[2 * i] + theta[2 * i + 1])
            hidden.append(act(pre[-1]) if i + 1 < layers else pre[-1])
            if i + 1 < layers and activation == "relu":
                clearance = min(clearance, np.abs(pre[-1]).min())
        z = hidden[-1]
        if loss == "cross_entropy":
            top = z.max(axis=1, keepdims=True)
            norm = top[:, 0] + np.log(np.exp(z - top).sum(axis=1))
            rows = np.arange(len(y))
            result.append((norm - z[rows, y]).sum() / n)
            d = np.exp(z - norm[:, None])
            d[rows, y] -= real(1)
            d /= n
        else:
            error = z[:, 0] - y.astype(real)
            result.append((error * error).sum() / n)
            d = (2 * error / n)[:, None]
        grads = [None] * len(theta)
        for i in reversed(range(layers)):
            grads[2 * i], grads[2 * i + 1] = hidden[i].T @ d, d.sum(axis=0)
            if i:
                d = (d @ theta[2 * i].T) * slope(pre[i - 1], hidden[i])
        for k, g in enumerate(grads):
            if optimizer == "momentum":
                first[k] = real(0.9) * first[k] + g
                theta[k] = theta[k] - real(0.05) * first[k]
            else:
                first[k] = real(0.9) * first[k] + real(0.1) * g
                second[k] = real(0.999) * second[k] + real(0.001) * g * g
                step = (first[k] / real(1 - 0.9**t)) / (np.sqrt(second[k] / real(1 - 0.999**t)) + real(1e-8))
                theta[k] = theta[k] - real(0.01) * step
    return np.array(result, np.float64), clearance


def logged(path):
    with open(path) as file:
        return np.array([float(row["loss"]) for row in csv.DictReader(file)][:STEPS])


data, params = np.load(sys.argv[1]), read_safetensors(sys.argv[2])
numpy64, clearance = losses(data, params, *sys.argv[3:6], np.float64)
numpy32, _ = losses(data, params, *sys.argv[3:6], np.float32)
scale = np.maximum(np.abs(numpy64), 0.01 * abs(numpy64[0]))


def drift(run):
    assert len(run) == STEPS
    return np.max(np.abs(run - numpy64) / scale)


agreement = drift(logged(sys.argv[6]))
print(f"loss {numpy64[0]:.6f} -> {numpy64[-1]:.6f}; f64 agreement {agreement:.2e}")
assert agreement <= 1e-9, "the f64 losses differ"
assert clearance >= 1e-6, f"a pre-activation comes as close to zero as {clearance:.1e}: choose another seed"
ours, peer = drift(logged(sys.argv[7])), drift(numpy32)
print(f"f32 drift {ours:.2e}, NumPy's {peer:.2e}")
assert ours <= 3 * peer, "the f32 losses drift further than three times NumPy's"
