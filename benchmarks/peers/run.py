#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Costate and its peers on the cases of cases.py, in turns on one machine: a Markdown table.

usage: run.py BUILD [--processes N] [--seconds S] [CASE...]

BUILD is the folder of a build, with benchmark-contractions and benchmark-bandwidth. Run by the Python of an environment that has jax and optax, and torch
if it is to be a peer. CASE is a name or its beginning. Each figure is the median of several processes. A ratio is a peer's time over Costate's in the
same turn: the median, in parentheses the least and the largest. The wall is what the case's multiply-adds take at the peak that this run measures, or
its reads and writes at the bandwidth that each turn measures, if that is longer. `compile` is of the first turn, with empty caches, and for PyTorch the
whole first call; `memory` is what calls need at most beside parameters, arguments and results.
"""
import argparse
import importlib.metadata
import importlib.util
import json
import os
import platform
import re
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from cases import CASES

HERE = Path(__file__).parent
THREADS = 2


def output(*command, **environment):
    environment = dict(os.environ, OMP_NUM_THREADS=str(THREADS), JAX_PLATFORMS="cpu", **environment)
    try:
        return subprocess.run([str(word) for word in command], check=True, capture_output=True, text=True, cwd=HERE, env=environment).stdout
    except subprocess.CalledProcessError as error:
        sys.exit(f"{error}\n{error.stderr}")


def peer(name, case, seconds, folder):
    module, _, variant = name.partition(".")
    command = [sys.executable, f"{module}_peer.py", case.name, seconds, *([variant] if variant else [])]
    return json.loads(output(*command, TORCHINDUCTOR_CACHE_DIR=folder).splitlines()[-1])


def costate(bin, case, seconds, folder):
    model = Path(folder) / f"{case.name}.costate"
    model.write_text(case.model())
    dims = ["--dim", f"batch={case.batch}"] if case.batch else []
    flags = ["--entry", case.entry, "--threads", THREADS, "--seconds", seconds, "--cache-dir", folder, "--json"]
    summary = json.loads(output(bin / "costate", "bench", model, *dims, *flags).splitlines()[-1])
    entry = summary[case.entry]
    return {"us": entry["median_us"], "compile_s": summary["compile_s"], "extra_bytes": entry["extra_bytes"]}


def wall(bin, case, peak):
    """Microseconds."""
    passes = re.search(r"pass (\S+) us", output(bin / "benchmark-bandwidth", THREADS, *case.streams))[1] if any(case.streams) else 0
    return max(2e-3 * case.multiply_adds / peak, float(passes))


def row(case, name, runs, ratio, share):
    of = lambda key: statistics.median(run[key] for run in runs)
    return f"| {case} | {name} | {of('us'):.4g} | {ratio} | {share} | {runs[0]['compile_s']:.2f} | {of('extra_bytes') / 2**20:.1f} |"


def measure(bin, case, peak, seconds, processes):
    names = [name for name in case.peers if importlib.util.find_spec(name.partition(".")[0])]
    ours, theirs, walls = [], {name: [] for name in names}, []
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(processes or case.processes):
            ours.append(costate(bin, case, seconds, folder))
            walls.append(wall(bin, case, peak))
            for name in names:
                theirs[name].append(peer(name, case, seconds, folder))
    share = statistics.median(wall / run["us"] for wall, run in zip(walls, ours))
    print(row(f"{case.name}" + (f", batch {case.batch}" if case.batch else ""), "Costate", ours, "", f"{share:.0%}"))
    for name in names:
        ratios = sorted(run["us"] / own["us"] for run, own in zip(theirs[name], ours))
        ratio = f"{statistics.median(ratios):.2f} ({ratios[0]:.2f}-{ratios[-1]:.2f})"
        print(row("", name, theirs[name], ratio, ""), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("build", type=lambda path: Path(path).resolve())
    parser.add_argument("cases", nargs="*", metavar="CASE")
    parser.add_argument("--processes", type=int, help="of each program, instead of what the case says")
    parser.add_argument("--seconds", type=float, default=0.5, help="of calls in a process")
    flags = parser.parse_intermixed_args()
    bin = flags.build / "bin"
    peak = float(re.search(r"peak (\d+) GFLOP/s", output(bin / "benchmark-contractions", 1, "NN", 32, 16, 16))[1]) * THREADS
    versions = [f"{name} {importlib.metadata.version(name)}" for name in ("jax", "torch") if importlib.util.find_spec(name)]
    cpu = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), platform.machine())
    print(f"{cpu}, {THREADS} threads, multiply-add peak {peak:.0f} GFLOP/s; {', '.join(versions)}\n")
    print("| case | program | us | ratio | share of the wall | compile, s | memory, MiB |")
    print("|---|---|---|---|---|---|---|", flush=True)
    for case in CASES:
        if not flags.cases or case.name.startswith(tuple(flags.cases)):
            measure(bin, case, peak, flags.seconds, flags.processes)


if __name__ == "__main__":
    main()
