#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Training steps of Costate and its peers, in turns on one machine: a Markdown table of medians, ratios and the share of the arithmetic peak.

usage: run.py COSTATE BENCHMARK_CONTRACTIONS [--rounds N] [--seconds S] [--case NAME]

COSTATE is the program `costate`; BENCHMARK_CONTRACTIONS measures the peak of a thread. Run by the Python of an environment that has jax and optax, and
torch if it is to be a peer. A ratio is the peer's time over Costate's; of the rounds it takes the median, and the least and the largest stand behind.
"""
import argparse
import importlib.util
import json
import os
import platform
import re
import statistics
import subprocess
import sys
from pathlib import Path

from cases import CASES

HERE = Path(__file__).parent
THREADS = 2


class Peer:
    def __init__(self, module):
        environment = dict(os.environ, OMP_NUM_THREADS=str(THREADS), JAX_PLATFORMS="cpu")
        self.process = subprocess.Popen([sys.executable, str(HERE / f"{module}_peer.py")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                        cwd=HERE, env=environment)
        self.version = self.process.stdout.readline().strip()

    def measure(self, case, seconds):
        self.process.stdin.write(f"{case.name} {seconds}\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())


def costate(program, case, seconds):
    command = [program, "bench", str(HERE / "models" / f"{case.name}.costate"), "--dim", f"batch={case.batch}", "--entry", "train_step", "--threads",
               str(THREADS), "--seconds", str(seconds), "--json"]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()[-1])["train_step"]["median_us"]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("costate")
    parser.add_argument("contractions")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=0.5)
    parser.add_argument("--case", action="append")
    flags = parser.parse_args()
    measured = subprocess.run([flags.contractions, "1", "NN", "32", "16", "16"], check=True, capture_output=True, text=True).stdout
    peak = float(re.search(r"peak (\d+) GFLOP/s", measured)[1]) * THREADS
    peers = {name: Peer(name) for name in ("jax", "torch") if importlib.util.find_spec(name)}
    model = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), platform.machine())
    print(f"{model}, {THREADS} threads, multiply-add peak {peak:.0f} GFLOP/s; " + ", ".join(peer.version for peer in peers.values()) + "\n")
    print("| step | Costate, us | share of the peak | " + " | ".join(f"{name}, us | ratio" for name in peers) + " |")
    print("|---|---|---|" + "---|---|" * len(peers))
    for case in CASES:
        if flags.case and case.name not in flags.case:
            continue
        own, other = [], {name: [] for name in peers}
        for _ in range(flags.rounds):
            own.append(costate(flags.costate, case, flags.seconds))
            for name, peer in peers.items():
                other[name].append(peer.measure(case, flags.seconds))
        median = statistics.median(own)
        row = f"| {case.name}, batch {case.batch}, {case.optimizer} | {median:.2f} | {2 * case.multiply_adds / median * 1e-3 / peak:.0%} |"
        for name in peers:
            ratios = sorted(theirs / ours for ours, theirs in zip(own, other[name]))
            row += f" {statistics.median(other[name]):.1f} | {statistics.median(ratios):.2f} ({ratios[0]:.2f}-{ratios[-1]:.2f}) |"
        print(row, flush=True)


main()
