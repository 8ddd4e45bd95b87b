#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A layer that solves a quadratic program, forward and backward, by Costate and cvxpylayers in turns on one machine, as a Markdown table.

usage: qp_layer.py BUILD [--runs N] [--batch N]

BUILD is the folder of a build or an installation. Run by the Python of an environment that has numpy, jax, quadprog and cvxpylayers. The program is
min |z|^2/2 + q z over G z <= h, of 24 unknowns and 14 inequalities, whose q and h are the layer's inputs; the loss is the square of the distance from a target.
Both compute in f64. Exits with 1 if Costate's solutions or gradients are not those of quadprog's active inequalities to 1e-6. A ratio is the peer's time over
Costate's in the same turn: the median, in parentheses the least and the largest; compilation is not counted.
"""
import argparse
import importlib.metadata
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

THREADS = 2
os.environ.update(OMP_NUM_THREADS=str(THREADS), OPENBLAS_NUM_THREADS=str(THREADS), JAX_PLATFORMS="cpu")

import cvxpy as cp
import jax
import jax.numpy as jnp
import numpy as np
import quadprog
from compiled import Library
from cvxpylayers.jax import CvxpyLayer

jax.config.update("jax_enable_x64", True)
N, M = 24, 14
MODEL = """
fn layer(q, h, G) = argmin(0.5*sumsq(z) + sum(q*z)) over z : f64[{n}] subject to G @ z <= h with interior_point(tolerance=1e-11)
model qp_layer {{
  entry step(q : f64[{b}, {n}], h : f64[{b}, {m}], G : f64[{m}, {n}], target : f64[{b}, {n}]) {{
    z = map((q, h) -> layer(q, h, G), (q, h))
    dq, dh = grad((q, h) -> sumsq(map((q, h) -> layer(q, h, G), (q, h)) - target), (q, h))
    z, dq, dh
  }}
}}
"""


def optimum(G, q, h, target):
    """The solution by an active set method, and the derivatives of the loss by its active inequalities."""
    solution, dq, dh = np.zeros_like(q), np.zeros_like(q), np.zeros_like(h)
    for i in range(len(q)):
        solution[i], *_, multipliers, _ = quadprog.solve_qp(np.eye(N), -q[i], -G.T, -h[i])
        active = multipliers > 0
        slope = 2 * (solution[i] - target[i])
        dh[i, active] = np.linalg.solve(G[active] @ G[active].T, G[active] @ slope)
        dq[i] = G[active].T @ dh[i, active] - slope
    return solution, dq, dh


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("build", type=lambda path: Path(path).resolve())
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--batch", type=int, default=128)
    flags = parser.parse_args()
    draw = np.random.default_rng(1)
    G = draw.normal(size=(M, N))
    q, h, target = draw.normal(size=(flags.batch, N)), draw.uniform(0.1, 1, size=(flags.batch, M)), draw.normal(size=(flags.batch, N))

    z, linear, bound = cp.Variable(N), cp.Parameter(N), cp.Parameter(M)
    program = cp.Problem(cp.Minimize(0.5 * cp.sum_squares(z) + linear @ z), [G @ z <= bound])
    layer = CvxpyLayer(program, parameters=[linear, bound], variables=[z])

    def loss(q, h):
        (z,) = layer(q, h)
        return jnp.sum((z - target) ** 2), z

    gradient = jax.value_and_grad(loss, (0, 1), has_aux=True)

    def peer():
        begin = time.perf_counter()
        (_, z), (dq, dh) = jax.block_until_ready(gradient(jnp.asarray(q), jnp.asarray(h)))
        return (z, dq, dh), time.perf_counter() - begin

    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "qp_layer.costate"
        file.write_text(MODEL.format(b=flags.batch, n=N, m=M))
        library = Library(flags.build, file, folder, THREADS)
        ours = lambda: library("step", q, h, G, target)
        made, theirs = ours()[0], peer()[0]
        right = optimum(G, q, h, target)
        failed = False
        for name, value, expected in zip(("z", "dq", "dh"), right, map(np.asarray, theirs)):
            difference = lambda other: np.abs(other - value).max() / np.abs(value).max()
            failed |= difference(made[name]) > 1e-6
            print(f"- {name}: {difference(made[name]):.1e} of the largest from an active set method (the peer's {difference(expected):.1e})")
        residual = np.maximum(made["z"] @ G.T - h, 0).max()
        failed |= residual > 1e-7
        print(f"- largest miss of an inequality: {residual:.1e} (the peer's {np.maximum(np.asarray(theirs[0]) @ G.T - h, 0).max():.1e}); active: {np.mean(made['z'] @ G.T > h - 1e-6):.0%}")
        turns = [(ours()[1], peer()[1]) for _ in range(flags.runs)]
    ratios = sorted(b / a for a, b in turns)
    print(f"\n{', '.join(f'{name} {importlib.metadata.version(name)}' for name in ('cvxpylayers', 'cvxpy', 'diffcp', 'jax'))}, {THREADS} threads\n")
    print(f"| QP layer, {N} unknowns, {M} inequalities, batch {flags.batch}, forward and backward | ms | ratio | wanted |\n| --- | --- | --- | --- |")
    print(f"| Costate | {1e3 * statistics.median(a for a, _ in turns):.3g} | | |")
    print(f"| cvxpylayers | {1e3 * statistics.median(b for _, b in turns):.3g} | {statistics.median(ratios):.1f} ({ratios[0]:.1f}-{ratios[-1]:.1f}) | >= 30 |")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
