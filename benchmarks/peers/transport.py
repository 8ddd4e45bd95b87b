#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Optimal transport by Costate, POT and OTT-JAX in turns on one machine: what must agree, then Markdown tables of times and memory.

usage: transport.py BUILD [--runs N] [--most-sweeps N] [--library FILE] [--no-times] [PART...]

BUILD is the folder of a build or an installation. Run by the Python of an environment that has numpy, scipy, POT and ott-jax. PART is one of sinkhorn,
newton, sparse and memory: only these. Exits with 1 if something does not agree. --library FILE takes the functions of transport from a model file instead
of the library that is built in.

A ratio is a peer's time over Costate's in the same turn: the median, in parentheses the least and the largest. Compilation is not counted: each program is
called once before it is measured. Costate and POT's Sinkhorn compute as the table says, OTT in the same type as Costate.
"""
import argparse
import contextlib
import importlib.metadata
import io
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path

THREADS = 2
os.environ.update(OMP_NUM_THREADS=str(THREADS), OPENBLAS_NUM_THREADS=str(THREADS), JAX_PLATFORMS="cpu")

import jax
import jax.numpy as jnp
import numpy as np
import ot
import scipy.special
from compiled import Library
from ott.geometry import geometry
from ott.problems.linear import linear_problem
from ott.solvers.linear import implicit_differentiation, sinkhorn

jax.config.update("jax_enable_x64", True)
# Each part is a model of its own; the sizes are numbers, as those of a peer's compiled program are.
MODELS = {
    "sinkhorn": """
model sinkhorn_sweeps_1000 {
  entry sweeps(C : f32[1000, 1000], a : f32[1000], b : f32[1000], eps=0.01, count=200) {
    f, g, error = sinkhorn_sweeps(C, a, b, eps, count)
    f, g, error
  }
}
""",
    "newton": """
model sparse_newton_500 {
  entry newton(C : f64[500, 500], r : f64[500], eta=1200.0) {
    x, y, error, steps, inner, falls = sinkhorn_newton_sparse(C, r, r, eta, sweeps=20, kept=8*500, damping=0.0)
    x, y, error, steps, inner, falls
  }
  entry sweep(C : f64[500, 500], r : f64[500], eta=1200.0) {
    f, g, error, sweeps = sinkhorn(C, r, r, 1/eta, tolerance=1e-13, trips=MOST)
    f, g, error, sweeps
  }
}
""",
    # Ends where the value is as good as the one given: there the derivative of the maximum is 0. Kinks trouble L-BFGS only near the maximum.
    "sparse": """
model sparse_300 {
  entry pairs(C : f64[300, 300], a : f64[300], b : f64[300], gamma=1.0, goal=0.0) {
    alpha, steps = lbfgs(v -> maximum(-sparse_transport_value(v, C, a, b, 2, gamma), -goal), 0*a, trips=3000, tolerance=1e-9)
    value = sparse_transport_value(alpha, C, a, b, 2, gamma)
    plan = sparse_transport_plan(alpha, C, b, 2, gamma)
    alpha, steps, value, plan
  }
  entry quadratic(C : f64[300, 300], a : f64[300], b : f64[300], gamma=1.0, goal=0.0) {
    plan, alpha, missed, steps = sparse_transport(C, a, b, gamma=gamma, enough=goal)
    value = sparse_transport_value(alpha, C, a, b, 300, gamma)
    alpha, steps, value, plan
  }
}
""",
    "memory": """
model gradient_500 {
  entry optimum(x : f32[500, 2], y : f32[500, 2], a : f32[500], eps=0.05) {
    dx = grad(v -> transport_cost(squared_distances(v, y), a, a, eps, tolerance=1e-4, trips=200), x)
    dx
  }
  entry unrolled(x : f32[500, 2], y : f32[500, 2], a : f32[500], eps=0.05) {
    dx = grad(v -> {
      f, g, error = sinkhorn_sweeps(squared_distances(v, y), a, a, eps, 200)
      sum(a*f) + sum(a*g)
    }, x)
    dx
  }
}
""",
}
NAMES = ["lbfgs", "sinkhorn", "sinkhorn_sweeps", "sinkhorn_newton_sparse", "sparse_transport_plan", "sparse_transport_value", "squared_distances", "transport_cost"]
failures = 0


def check(what, good, found):
    global failures
    failures += not good
    print(f"- {'' if good else 'NOT: '}{what}: {found}")


def compiled(build, part, options, folder):
    """The model of a part."""
    file = Path(folder) / f"{part}.costate"
    used = [name for name in NAMES if f"{name}(" in MODELS[part]]
    head = f'from "{options.library.resolve()}" import {", ".join(used)}\n' if options.library else ""
    file.write_text(head + MODELS[part].replace("MOST", str(options.most_sweeps)))
    return Library(build, file, folder, THREADS)


def timed(function, *arguments, **settings):
    with contextlib.redirect_stdout(io.StringIO()):  # POT prints a shape for each evaluation of sparse transport
        begin = time.perf_counter()
        result = jax.block_until_ready(function(*arguments, **settings))
        return result, time.perf_counter() - begin


def in_turns(runs, ours, **peers):
    """Seconds of Costate and its peers, which are functions that give seconds, one after the other."""
    for program in [ours, *peers.values()]:
        program()
    turns = [[program() for program in [ours, *peers.values()]] for _ in range(runs)]
    print("\n| program | ms | ratio |\n|---|---|---|")
    for k, name in enumerate(["Costate", *peers]):
        ratios = sorted(turn[k] / turn[0] for turn in turns)
        ratio = f"{statistics.median(ratios):.2f} ({ratios[0]:.2f}-{ratios[-1]:.2f})" if k else ""
        print(f"| {name} | {1e3 * statistics.median(turn[k] for turn in turns):.4g} | {ratio} |")
    print(flush=True)


def clouds(n, seed):
    draw = np.random.default_rng(seed)
    x, y = draw.standard_normal((n, 2)), draw.standard_normal((n, 2)) + 1
    return x, y, ((x[:, None] - y) ** 2).sum(-1)


def sweeps_by_definition(C, a, b, eps, count):
    g = np.zeros(len(b))
    for _ in range(count):
        f = -eps * scipy.special.logsumexp((g - C) / eps + np.log(b), axis=1)
        g = -eps * scipy.special.logsumexp((f[:, None] - C) / eps + np.log(a)[:, None], axis=0)
    return f, g


def centred(v):
    return v - v.mean()


def part_sinkhorn(build, options, folder):
    print("\nSinkhorn, 1000 x 1000, eps = 0.01 max(C), 200 iterations in the log domain, f32 (POT: f64)\n")
    n, count = 1000, 200
    C = clouds(n, 1)[2]
    C32, a = C.astype(np.float32), np.full(n, 1 / n, np.float32)
    eps = 0.01 * float(C32.max())
    library = compiled(build, "sinkhorn", options, folder)
    solver = sinkhorn.Sinkhorn(threshold=0.0, min_iterations=count, max_iterations=count, inner_iterations=count)
    theirs = jax.jit(lambda C, a: solver(linear_problem.LinearProblem(geometry.Geometry(cost_matrix=C, epsilon=eps), a, a)).potentials)
    # Without the bookkeeping of a solver: the same two sums of exponentials, twice an element, compiled by XLA.
    def plain(C, a):
        def sweep(_, fg):
            f = -eps * jax.nn.logsumexp((fg[1] - C) / eps + jnp.log(a), axis=1)
            return f, -eps * jax.nn.logsumexp((f[:, None] - C) / eps + jnp.log(a)[:, None], axis=0)
        return jax.lax.fori_loop(0, count, sweep, (jnp.zeros_like(a), jnp.zeros_like(a)))
    plain = jax.jit(plain)
    pot = lambda: ot.sinkhorn(a.astype(np.float64), a.astype(np.float64), C, eps, method="sinkhorn_log", numItermax=count, stopThr=0, warn=False, log=True)
    f, g = sweeps_by_definition(C, np.full(n, 1 / n), np.full(n, 1 / n), eps, count)
    made, _ = library("sweeps", C32, a, a, eps=eps, count=count)
    scale = np.abs(g).max()
    check("Costate's g is that of f64 sweeps by the definition, to 1e-5 of the largest", np.abs(centred(made["g"]) - centred(g)).max() <= 1e-5 * scale,
          f"{np.abs(centred(made['g']) - centred(g)).max() / scale:.1e}")
    other = np.asarray(theirs(C32, a)[1], np.float64)
    check("OTT's g too, to 1e-4", np.abs(centred(other) - centred(g)).max() <= 1e-4 * scale, f"{np.abs(centred(other) - centred(g)).max() / scale:.1e}")
    if not options.no_times:
        in_turns(options.runs, lambda: library("sweeps", C32, a, a, eps=eps, count=count)[1], **{
            "OTT": lambda: timed(theirs, C32, a)[1], "plain JAX": lambda: timed(plain, C32, a)[1], "POT, sinkhorn_log": lambda: timed(pot)[1]})


def part_newton(build, options, folder):
    print("\nSinkhorn-Newton-sparse, random assignment, n = 500, eta = 1200, 8n entries kept, after 20 sweeps, f64\n")
    n, eta = 500, 1200.0
    r = np.full(n, 1 / n)
    library = compiled(build, "newton", options, folder)
    for seed in range(3):
        C = np.random.default_rng(seed).random((n, n))
        made, _ = library("newton", C, r, eta=eta)
        P = np.exp(eta * (made["x"][:, None] + made["y"] - C) - 1)
        error = np.abs(P.sum(1) - r).sum() + np.abs(P.sum(0) - r).sum()
        check(f"seed {seed}: error of the marginals at most 1e-13, in NumPy's sums, in at most 10 Newton steps", error <= 1e-13 and made["steps"] <= 10,
              f"{error:.1e}, {int(made['steps'])} steps, {int(made['inner'])} of conjugate gradients, {int(made['falls'])} falls back")
    if options.no_times:
        return
    C = np.random.default_rng(0).random((n, n))
    swept, long = library("sweep", C, r, eta=eta)
    seconds = statistics.median(library("newton", C, r, eta=eta)[1] for _ in range(options.runs))
    goal = "to the same error" if swept["error"] <= 1e-13 else f"where it still has the error {float(swept['error']):.1e}"
    print(f"- sparse Newton {seconds:.3g} s; Costate's Sinkhorn {long:.3g} s for {int(swept['sweeps'])} sweeps, {goal}: {long / seconds:.1f} times as long")
    count = min(200, options.most_sweeps)
    _, some = timed(ot.sinkhorn, r, r, C, 1 / eta, method="sinkhorn_log", numItermax=count, stopThr=0, warn=False)
    print(f"- POT's Sinkhorn takes {some / count * int(swept['sweeps']):.3g} s for as many, from {count} of them", flush=True)


def best_columns(S, b, gamma, k):
    """Plan and value of the semi-dual, column by column, in NumPy: S are scores [n, m]."""
    u = -np.sort(-S, axis=0)[:k] / gamma
    excess = (np.cumsum(u, axis=0) - b) / np.arange(1, k + 1)[:, None]
    tau = np.take_along_axis(excess, (u > excess).sum(0, keepdims=True) - 1, axis=0)
    u = np.maximum(u - tau, 0)
    rows = np.argsort(-S, axis=0, kind="stable")[:k]
    P = np.zeros_like(S)
    np.put_along_axis(P, rows, u, axis=0)
    return P, (S * P).sum() - gamma / 2 * (P**2).sum()


def part_sparse(build, options, folder):
    n, gamma = 300, 1.0
    x, y, C = clouds(n, 2)
    C = C / C.max()
    a = b = np.full(n, 1 / n)
    library = compiled(build, "sparse", options, folder)
    semi = lambda **regulariser: ot.smooth.smooth_ot_semi_dual(a, b, C, gamma, log=True, **regulariser)
    for entry, k, peers in [
        ("pairs", 2, {"POT": lambda: semi(reg_type="sparsity_constrained", max_nz=2)}),
        ("quadratic", n, {"POT": lambda: semi(reg_type="l2"), "POT, dual": lambda: ot.smooth.smooth_ot_dual(a, b, C, gamma, reg_type="l2", log=True)}),
    ]:
        print(f"\n{'Quadratic transport' if k == n else f'At most {k} entries a column'}, 300 x 300, gamma = {gamma}, from 0 to POT's last value and 1e-6, f64\n")
        (plan, log), _ = timed(peers["POT"])
        theirs = log["alpha"] @ a - best_columns(log["alpha"][:, None] - C, b, gamma, k)[1]
        goal = theirs - 1e-6
        made, _ = library(entry, C, a, b, gamma=gamma, goal=goal)
        P, value = best_columns(made["alpha"][:, None] - C, b, gamma, k)
        ours = made["alpha"] @ a - value
        check("the value, by NumPy at Costate's alpha", ours >= goal - 1e-12, f"{ours:.9f}, POT's {theirs:.9f}, {int(made['steps'])} steps")
        check("Costate's columns are exact and have at most k entries", np.abs(made["plan"].sum(0) - b).max() <= 1e-15 and (made["plan"] > 0).sum(0).max() <= k,
              f"{np.abs(made['plan'].sum(0) - b).max():.0e}, {(made['plan'] > 0).sum(0).max()}")
        print(f"- rows are missed, in sum: Costate {np.abs(made['plan'].sum(1) - a).sum():.2e}, POT {np.abs(plan.sum(1) - a).sum():.2e}")
        best, _ = library(entry, C, a, b, gamma=gamma, goal=1e9)
        print(f"- where Costate ends by itself: value {float(best['value']):.9f}, rows missed {np.abs(best['plan'].sum(1) - a).sum():.2e}, {int(best['steps'])} steps")
        if not options.no_times:
            in_turns(options.runs, lambda: library(entry, C, a, b, gamma=gamma, goal=goal)[1], **{name: lambda peer=peer: timed(peer)[1] for name, peer in peers.items()})


def part_memory(build, options, folder):
    print("\nMemory of the gradient of a transport cost, 500 x 500, beside arguments and results, f32\n")
    library = compiled(build, "memory", options, folder)
    x, y, _ = clouds(500, 3)
    a = np.full(500, 1 / 500, np.float32)
    # The workspace that the compiler plans, as XLA's is below: the resident memory that `costate bench` sees does not tell these two apart.
    text = subprocess.run([str(build / "bin/costate"), "explain", str(library.file)], check=True, capture_output=True, text=True).stdout
    units = {"B": 1, "kB": 1e3, "MB": 1e6, "GB": 1e9}
    need = {name: float(size) * units[unit] for name, size, unit in re.findall(r"entry (\w+): .*workspace ([\d.]+) (\w+)$", text, re.MULTILINE)}
    ours, whole = library("optimum", x, y, a, eps=0.5)[0]["dx"], library("unrolled", x, y, a, eps=0.5)[0]["dx"]
    check("the gradient of the optimum is that through 200 sweeps, to 1e-3 of the largest", np.abs(ours - whole).max() <= 1e-3 * np.abs(whole).max(),
          f"{np.abs(ours - whole).max() / np.abs(whole).max():.1e}")

    def cost(implicit):
        settings = dict(implicit_diff=implicit_differentiation.ImplicitDiff()) if implicit else dict(implicit_diff=None)
        solver = sinkhorn.Sinkhorn(threshold=0.0, min_iterations=200, max_iterations=200, inner_iterations=10, use_danskin=implicit, **settings)
        def of(x, y, a):
            C = ((x[:, None] - y) ** 2).sum(-1)
            return solver(linear_problem.LinearProblem(geometry.Geometry(cost_matrix=C, epsilon=0.05), a, a)).reg_ot_cost
        return jax.jit(jax.grad(of))
    def sweeps(x, y, a):
        K, log_a = ((x[:, None] - y) ** 2).sum(-1) / 0.05, jnp.log(a)
        def sweep(v, _):
            u = -jax.scipy.special.logsumexp(v + log_a - K, axis=1)
            return -jax.scipy.special.logsumexp(u[:, None] + log_a[:, None] - K, axis=0), u
        v, us = jax.lax.scan(sweep, jnp.zeros_like(a), length=200)
        return 0.05 * (us[-1] @ a + v @ a)
    arguments = [jnp.asarray(v, jnp.float32) for v in (x, y, a)]
    memory = lambda function: function.lower(*arguments).compile().memory_analysis().temp_size_in_bytes
    rows = {"Costate": need, "OTT": {"optimum": memory(cost(True)), "unrolled": memory(cost(False))}, "JAX, sweeps in a scan": {"unrolled": memory(jax.jit(jax.grad(sweeps)))}}
    print("\n| program | of the optimum, MiB | through 200 sweeps, MiB | that over Costate's of the optimum |\n|---|---|---|---|")
    for name, sizes in rows.items():
        print(f"| {name} | {sizes['optimum'] / 2**20:.2f} |" if "optimum" in sizes else f"| {name} | |", f"{sizes['unrolled'] / 2**20:.2f} | {sizes['unrolled'] / need['optimum']:.1f} |")
    print(flush=True)


def main():
    warnings.simplefilter("ignore")
    parts = {name.removeprefix("part_"): part for name, part in globals().items() if name.startswith("part_")}
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("build", type=lambda path: Path(path).resolve())
    parser.add_argument("parts", nargs="*", metavar="PART")
    parser.add_argument("--runs", type=int, default=7, help="turns of each comparison")
    parser.add_argument("--most-sweeps", type=int, default=100000, help="of the Sinkhorn that is to be as precise as Newton's method")
    parser.add_argument("--library", type=Path)
    parser.add_argument("--no-times", action="store_true")
    options = parser.parse_intermixed_args()
    if unknown := set(options.parts) - set(parts):
        sys.exit(f"no such part: {', '.join(sorted(unknown))}")
    print(", ".join(f"{name} {importlib.metadata.version(name)}" for name in ("POT", "ott-jax", "jax", "numpy", "scipy")) + f", {THREADS} threads")
    for name in options.parts or parts:
        with tempfile.TemporaryDirectory() as folder:
            parts[name](options.build, options, folder)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
