#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""LV-HBA (arXiv:2401.16164) beside a NumPy program in f64 that projects by an exact QP solver, and beside JAX: what must agree, then a Markdown table of times.

usage: lv_hba.py BUILD [--data DIR] [--seeds N] [--examples DIR] [--runs N] [--no-times]

BUILD is the folder of a build or an installation. DIR holds the data of the paper's authors, which are not part of this tree: llsc.npz with the matrices A, B
and h and the vectors D and E of the strongly convex toy, and diabetes.libsvm and fourclass.libsvm; what needs them is `not measured` without it. Run by the
Python of an environment that has numpy and quadprog, and jax if it is to be a peer. Exits with 1 if something does not agree.

A ratio is a peer's time over Costate's in the same turn: the median, in parentheses the least and the largest. Times of loops are of 1000 iterations without what comes before
them; compilation is not counted.
"""
import argparse
import importlib.util
import statistics
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import quadprog

from compiled import Library

EXAMPLES = Path(__file__).resolve().parents[2] / "examples/problems"


def lv_hba(step_of, state, trips, c, alpha, beta, eta, gamma1, gamma2, r, low, seen=None):
    """The algorithm in the paper's symbols; `step_of` has g, the gradients of F, f and lam g, and both projections."""
    x, y, theta, lam, z = state
    for k in range(trips):
        d_theta = step_of.f_y(x, theta) + step_of.g_y(x, theta, lam) + (theta - y) / gamma1
        d_lam = -step_of.g(x, theta) + (lam - z) / gamma2
        theta = step_of.project_y(x, theta - eta * d_theta)
        lam = np.clip(lam - eta * d_lam, low, r)
        F_x, F_y = step_of.F_xy(x, y)
        d_x = F_x / c(k) + step_of.f_x(x, y) - step_of.f_x(x, theta) - step_of.g_x(x, theta, lam)
        d_y = F_y / c(k) + step_of.f_y(x, y) - (y - theta) / gamma1
        d_z = -(lam - z) / gamma2
        x, y = step_of.project(x - alpha * d_x, y - alpha * d_y)
        z = np.clip(z - beta * d_z, low, r)
        if seen:
            seen(x, y)
    return x, y, theta, lam, z


class ManySolutions:
    """The toy whose lower level has many solutions."""

    def __init__(self, n):
        self.n, self.scale = n, 1 / np.sqrt(3 * n)
        high = np.full(2 * n, 10.0)
        self.start = np.full(n, -20.0), high, high, np.zeros(()), np.zeros(())

    def F_xy(self, x, y):
        a, b = y[: self.n], y[self.n :]
        return x - b, np.concatenate([a - 1, b - x])

    def f_x(self, x, y):
        return -y[: self.n]

    def f_y(self, x, y):
        return np.concatenate([y[: self.n] - x, np.ones(self.n)])

    def g(self, x, y):
        return self.scale * (x.sum() + y.sum())

    def g_x(self, x, y, lam):
        return np.full(self.n, self.scale * lam)

    def g_y(self, x, y, lam):
        return np.full(2 * self.n, self.scale * lam)

    def project_y(self, x, theta):
        return theta

    def project(self, x, y):
        mean = (x.sum() + y.sum()) / (3 * self.n)
        return x - mean, y - mean


class StronglyConvex:
    """The toy of the authors' matrices."""

    def __init__(self, A, H, B, c, d):
        self.A, self.H, self.B, self.c, self.d, n = A, H, B, c, d, len(c)
        self.inverse = np.linalg.pinv(A)
        rows = np.block([[H, A], [B, np.zeros_like(B)]])
        self.kept = np.eye(2 * n) - np.linalg.pinv(rows) @ rows
        ten = np.full(n, 10.0)
        x = ten - np.linalg.pinv(B) @ (B @ ten)
        y = self.project_y(x, ten)
        self.start = x, y, self.project_y(x, 0 * y), np.zeros(len(A)), np.zeros(len(A))

    def F(self, x, y):
        return np.sin(self.c @ x + self.d @ y) + np.log(np.sum((x + y) ** 2) + 1)

    def F_xy(self, x, y):
        wave, pull = np.cos(self.c @ x + self.d @ y), 2 * (x + y) / (np.sum((x + y) ** 2) + 1)
        return wave * self.c + pull, wave * self.d + pull

    def f_x(self, x, y):
        return x - y

    def f_y(self, x, y):
        return y - x

    def g(self, x, y):
        return self.A @ y + self.H @ x

    def g_x(self, x, y, lam):
        return self.H.T @ lam

    def g_y(self, x, y, lam):
        return self.A.T @ lam

    def project_y(self, x, theta):
        return theta - self.inverse @ (self.A @ theta + self.H @ x)

    def project(self, x, y):
        v = self.kept @ np.concatenate([x, y])
        return v[: len(x)], v[len(x) :]


class VectorMachine:
    """Weights of the samples of a support vector machine; y = w, b, xi."""

    def __init__(self, a, t, a_val, t_val, c):
        n, self.p = a.shape
        self.rows, self.val = t[:, None] * np.c_[a, np.ones(n)], t_val[:, None] * np.c_[a_val, np.ones(len(a_val))]
        y, one = np.concatenate([np.ones(self.p), [0], np.ones(n)]), np.ones(n)
        self.start = c, y, y, one, one

    def parts(self, y):
        return y[: self.p], y[: self.p + 1], y[self.p + 1 :]

    @staticmethod
    def loss(rows, u, p):
        v = 2 / (1 + np.exp(5 * rows @ u / np.linalg.norm(u[:p]))) - 1
        return np.where(v > 0, v, 0.01 * v).sum()

    def F_xy(self, c, y):
        w, u, xi = self.parts(y)
        length = np.linalg.norm(w)
        margin = self.val @ u / length
        s = 1 / (1 + np.exp(5 * margin))
        slope = -10 * s * (1 - s) * np.where(2 * s - 1 > 0, 1, 0.01)
        d_u = slope @ self.val / length
        d_u[: self.p] -= (slope @ margin) * w / length**2
        return 0 * c, np.concatenate([d_u, 0 * xi])

    def f_x(self, c, y):
        return 0.5 * np.exp(c) * y[self.p + 1 :] ** 2

    def f_y(self, c, y):
        w, u, xi = self.parts(y)
        return np.concatenate([w, [0], np.exp(c) * xi])

    def g(self, c, y):
        w, u, xi = self.parts(y)
        return 1 - xi - self.rows @ u

    def g_x(self, c, y, lam):
        return 0 * c

    def g_y(self, c, y, lam):
        return -np.concatenate([lam @ self.rows, lam])

    def project_y(self, c, theta):
        return theta

    def project(self, c, y):
        # Exactly, by quadprog, of the constraints that it takes: those that the point or an answer breaks. Of others xi stays where it is.
        u, xi = y[: self.p + 1], y[self.p + 1 :]
        taken, v = self.rows @ u + xi < 1, u
        while True:
            if taken.any():
                constraints = np.concatenate([self.rows[taken].T, np.eye(taken.sum())])
                point = quadprog.solve_qp(np.eye(len(constraints)), np.concatenate([u, xi[taken]]), constraints, np.ones(taken.sum()))[0]
                v = point[: self.p + 1]
            broken = ~taken & (self.rows @ v + xi < 1 - 1e-13)
            if not broken.any():
                break
            taken |= broken
        nearest = xi.copy()
        if taken.any():
            nearest[taken] = point[self.p + 1 :]
        return c, np.concatenate([v, nearest])


def read_libsvm(path, features):
    labels, rows = [], []
    for line in path.read_text().splitlines():
        label, *pairs = line.split()
        row = np.zeros(features)
        for pair in pairs:
            index, value = pair.split(":")
            row[int(index) - 1] = float(value)
        labels.append(1.0 if float(label) > 0 else -1.0)
        rows.append(row)
    return np.array(rows), np.array(labels)


def splits(a, t, seed):
    """500 samples to train, 150 to validate, the others to test, and a start of c."""
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(t))
    parts = np.split(order, [500, 650])
    names = ("a", "t"), ("a_val", "t_val"), ("a_test", "t_test")
    return {name: array[part] for part, pair in zip(parts, names) for name, array in zip(pair, (a, t))} | {"c0": rng.uniform(-6, -5, 500)}


class Report:
    failed = False

    def expect(self, what, value, good):
        self.failed |= not good
        print(f"{'ok  ' if good else 'FAIL'} {what}: {value}", flush=True)


def check_toys(report, toy, data):
    n = 100
    x = lv_hba(ManySolutions(n), ManySolutions(n).start, 10000, lambda k: (k + 1) ** 0.3, 0.02, 0.02, 0.05, 10, 10, 1000, -1000)[0]
    ours, _ = toy("many_solutions", trips=10000, alpha=0.02, beta=0.02, eta=0.05, c0=1, p=0.3)
    report.expect("many solutions: relative error of x after 10000 iterations (at most 2.2e-2)", f"{float(ours['error']):.3e}", ours["error"] <= 2.2e-2)
    report.expect("many solutions: difference from NumPy's x", f"{np.abs(ours['x'] - x).max():.1e}", np.abs(ours["x"] - x).max() < 1e-9)
    ours, _ = toy("many_solutions", trips=10000, alpha=0.2, beta=0.2, eta=0.2, c0=20, p=0.45)
    report.expect("many solutions: the same with steps of 0.2 and c = 20 (k + 1)^0.45 (at most 1e-3)", f"{float(ours['error']):.1e}", ours["error"] <= 1e-3)
    if not data:
        print("     strongly convex: not measured", flush=True)
        return
    m = np.load(data / "llsc.npz")
    peer = StronglyConvex(m["A"], m["h"], m["B"], m["D"], m["E"])
    x, y, *_ = lv_hba(peer, peer.start, 1000, lambda k: (k + 1) ** 0.3, 0.02, 0.001, 0.1, 1, 1, 1000, -1000)
    ours, _ = toy("strongly_convex", trips=1000, **{name: m[name] for name in ("A", "h", "B", "D", "E")})
    F = ours["Fs"][-1]
    report.expect("strongly convex: F after 1000 iterations (-0.470 within 0.005)", f"{F:.5f}", abs(F + 0.470) <= 0.005)
    report.expect("strongly convex: largest miss of an equation", f"{float(ours['largest_miss']):.1e}", ours["largest_miss"] <= 1e-12)
    report.expect("strongly convex: difference from NumPy's F", f"{abs(F - peer.F(x, y)):.1e}", abs(F - peer.F(x, y)) < 1e-8)


def check_machines(report, machine, data, seeds):
    for name, features in ("diabetes", 8), ("fourclass", 2):
        if not data:
            print(f"     {name}: not measured", flush=True)
            continue
        a, t = read_libsvm(data / f"{name}.libsvm", features)
        for seed in range(1, seeds + 1):
            split = splits(a, t, seed)

            def peer(shift):
                """c, y, the validation losses and the last test loss from xi = 1 + shift."""
                program, losses, count = VectorMachine(split["a"], split["t"], split["a_val"], split["t_val"], split["c0"]), [], features + 1
                c, y, *others = program.start
                start = c, np.concatenate([y[:count], y[count:] + shift]), *others
                seen = lambda c, y: losses.append(program.loss(program.val, y[:count], features))
                c, y, *_ = lv_hba(program, start, 80, lambda k: (k + 1) ** 0.5, 0.01, 0.01, 0.01, 10, 10, 1000, 0, seen)
                rows = split["t_test"][:, None] * np.c_[split["a_test"], np.ones(len(split["t_test"]))]
                return c, y, losses, program.loss(rows, y[:count], features)

            c, y, losses, test = peer(0)
            ours, _ = machine("given", **split)
            # The point nearest to what the last step of the peer left must be the same; a miss alone would not tell.
            apart, off = np.abs(ours["y"] - y).max(), max(abs(ours["losses"][-1] - losses[-1]), abs(ours["test_losses"][-1] - test))
            report.expect(f"{name}, seed {seed}: largest excess of a constraint", f"{ours['misses'].max():.1e}", ours["misses"].max() <= 1e-8)
            report.expect(f"{name}, seed {seed}: y and c against NumPy's", f"{apart:.1e}, {np.abs(ours['c'] - c).max():.1e}", apart <= 1e-6)
            text = f"{ours['losses'][-1] / 15:.4f}, {ours['test_losses'][-1] / 11.8:.4f} (start {ours['losses'][0] / 15:.4f}), off by {off:.1e}"
            report.expect(f"{name}, seed {seed}: validation and test loss after 80 iterations", text, off <= 1e-3)
            if off > 1e-3:  # does the problem say what the losses are? NumPy against itself
                shifted = peer(1e-13)
                print(f"     NumPy's own losses, from xi off by 1e-13: off by {max(abs(shifted[2][-1] - losses[-1]), abs(shifted[3] - test)):.1e}", flush=True)


def jax_loops(n, matrices):
    """The two toys' loops of 1000 iterations, compiled: functions without arguments."""
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)

    def loop(F, f, g, project, project_y, start, alpha, beta, eta, gamma):
        lagrangian = lambda x, y, lam: f(x, y) + jnp.sum(lam * g(x, y))

        def body(k, state):
            x, y, theta, lam, z = state
            c = (k + 1.0) ** 0.3
            d_theta = jax.grad(lagrangian, 1)(x, theta, lam) + (theta - y) / gamma
            d_lam = -g(x, theta) + (lam - z) / gamma
            theta, lam = project_y(x, theta - eta * d_theta), jnp.clip(lam - eta * d_lam, -1000.0, 1000.0)
            d_x, d_y = jax.grad(lambda x, y: F(x, y) / c + f(x, y), (0, 1))(x, y)
            d_x, d_y = d_x - jax.grad(lagrangian)(x, theta, lam), d_y - (y - theta) / gamma
            z_next = jnp.clip(z + beta * (lam - z) / gamma, -1000.0, 1000.0)
            return (*project(x - alpha * d_x, y - alpha * d_y), theta, lam, z_next)

        run = jax.jit(lambda state: jax.lax.fori_loop(0, 1000, body, state))
        state = jax.tree.map(jnp.asarray, start)
        return lambda: jax.block_until_ready(run(state))

    first, scale = ManySolutions(n), 1 / np.sqrt(3 * n)

    def centred(x, y):
        mean = (x.sum() + y.sum()) / (3 * n)
        return x - mean, y - mean

    loops = {
        "many solutions": loop(
            lambda x, y: 0.5 * jnp.sum((x - y[n:]) ** 2) + 0.5 * jnp.sum((y[:n] - 1) ** 2),
            lambda x, y: 0.5 * jnp.sum(y[:n] ** 2) - x @ y[:n] + jnp.sum(y[n:]),
            lambda x, y: scale * (x.sum() + y.sum()), centred, lambda x, theta: theta, first.start, 0.02, 0.02, 0.05, 10.0)
    }
    if matrices:
        p = StronglyConvex(*matrices)
        A, H, c, d, inverse, kept = (jnp.asarray(v) for v in (p.A, p.H, p.c, p.d, p.inverse, p.kept))
        both = lambda x, y: tuple(jnp.split(kept @ jnp.concatenate([x, y]), 2))
        loops["strongly convex"] = loop(
            lambda x, y: jnp.sin(c @ x + d @ y) + jnp.log(jnp.sum((x + y) ** 2) + 1), lambda x, y: 0.5 * jnp.sum((x - y) ** 2), lambda x, y: A @ y + H @ x,
            both, lambda x, theta: theta - inverse @ (A @ theta + H @ x), p.start, 0.02, 0.001, 0.1, 1.0)
    return loops


def times(toy, machine, data, runs):
    n, matrices, split = 100, None, None
    if data:
        m = np.load(data / "llsc.npz")
        matrices = m["A"], m["h"], m["B"], m["D"], m["E"]
        split = splits(*read_libsvm(data / "diabetes.libsvm", 8), 1)
    first = ManySolutions(n)
    given = dict(zip(("A", "h", "B", "D", "E"), matrices)) if matrices else {}
    # What comes before the loop is left out, by the difference of two runs; of a long one, since that may take longer than 1000 iterations.
    loop = lambda entry, **values: (toy(entry, trips=10010, **values)[1] - toy(entry, trips=10, **values)[1]) / 10
    steps = {"alpha": 0.02, "beta": 0.02, "eta": 0.05, "c0": 1, "p": 0.3}
    ours = {"many solutions": lambda: loop("many_solutions", **steps)}
    peers = {"NumPy": {"many solutions": lambda: lv_hba(first, first.start, 1000, lambda k: (k + 1) ** 0.3, 0.02, 0.02, 0.05, 10, 10, 1000, -1000)}}
    if matrices:
        second = StronglyConvex(*matrices)
        ours["strongly convex"] = lambda: loop("strongly_convex", **given)
        peers["NumPy"]["strongly convex"] = lambda: lv_hba(second, second.start, 1000, lambda k: (k + 1) ** 0.3, 0.02, 0.001, 0.1, 1, 1, 1000, -1000)
    if importlib.util.find_spec("jax"):
        peers["JAX"] = jax_loops(n, matrices)
        for call in peers["JAX"].values():
            call()

    def seconds(call):
        begin = time.perf_counter()
        call()
        return time.perf_counter() - begin

    print("\n| 1000 iterations | program | ms | ratio |\n| --- | --- | --- | --- |")
    for case, call in ours.items():
        own, others = [], {name: [] for name in peers}
        for _ in range(runs):
            own.append(call())
            for name, loops in peers.items():
                others[name].append(seconds(loops[case]))
        print(f"| {case} | Costate | {1e3 * statistics.median(own):.2f} | |")
        for name, theirs in others.items():
            ratios = sorted(b / a for a, b in zip(own, theirs))
            print(f"| | {name} | {1e3 * statistics.median(theirs):.2f} | {statistics.median(ratios):.2f} ({ratios[0]:.2f}-{ratios[-1]:.2f}) |")
    if split:
        spent = sorted(machine("given", **split)[1] for _ in range(runs))
        print(f"\ndiabetes, 80 iterations with all projections: {1e3 * statistics.median(spent):.1f} ms ({1e3 * spent[0]:.1f}-{1e3 * spent[-1]:.1f}; at most 76)")
    else:
        print("\nstrongly convex, diabetes: not measured")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("build", type=lambda path: Path(path).resolve())
    parser.add_argument("--data", type=Path)
    parser.add_argument("--examples", type=Path, default=EXAMPLES)
    parser.add_argument("--seeds", type=int, default=8)
    parser.add_argument("--runs", type=int, default=9)
    parser.add_argument("--no-times", action="store_true")
    arguments = parser.parse_args()
    report = Report()
    with tempfile.TemporaryDirectory() as folder:
        toy = Library(arguments.build, arguments.examples / "lv_hba_toy.costate", f"{folder}/toy", n=100, m=90, k=45)
        machine = Library(arguments.build, arguments.examples / "svm_hyperparameters.costate", f"{folder}/machine", n=500, p=8)
        check_toys(report, toy, arguments.data)
        check_machines(report, machine, arguments.data, arguments.seeds)
        if not arguments.no_times:
            times(toy, machine, arguments.data, arguments.runs)
    sys.exit(report.failed)


if __name__ == "__main__":
    main()
