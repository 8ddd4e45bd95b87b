#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Whole programs that train the digits for 30 epochs: a Markdown table of wall time, time until the first step and peak memory, from the start of the
process to its end, with the processes that it starts. `costate train`, and the same as a program in JAX (digits_jax.py), each with an empty cache of
compiled code and with a full one; and the C program of examples/aot, whose size is printed too, stripped: as it is, and the shared library of the model with the runtime inside.

usage: whole_runs.py BUILD [--runs N]

BUILD is the folder of a build or an installation. Run by the Python of an environment that has jax and optax.
"""
import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
EXAMPLES = HERE.parents[1] / "examples"
DATA = EXAMPLES / "data/digits.npz"
MIB = 2**20


def resident(pid):
    """KiB that a process and those it started hold at most, added up; those that ended are not counted."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:  # it ended
        return 0
    return sum(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) + sum(resident(child) for child in children)


def measure(command, environment={}):
    """Seconds, seconds until the first step (NaN if the program does not say), peak MiB; and what the program says in its last line."""
    peak = 0
    with tempfile.TemporaryFile("w+") as output:
        start = time.time()
        process = subprocess.Popen([str(word) for word in command], stdout=output, env=dict(os.environ, **environment))
        while process.poll() is None:
            # not ru_maxrss, which is at least as large as this interpreter, from which the process was forked
            peak = max(peak, resident(process.pid))
            time.sleep(0.001)
        wall = time.time() - start
        output.seek(0)
        last = output.read().splitlines()[-1]
    if process.returncode:
        sys.exit(f"{command} failed")
    said = json.loads(last) if last.startswith("{") else {}
    first = said.get("first_step_s", said.get("first_step_at", float("nan")) - start)
    return {"wall": wall, "first": first, "peak": peak / 1024, "said": said}


def build_aot(build, folder):
    subprocess.run([build / "bin/costate", "compile", EXAMPLES / "digits.costate", "--bundle", "-o", folder], check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["cc", "-O2", EXAMPLES / "aot/main.c", f"-I{build}/include", f"-I{folder}", f"{folder}/libdigits.a", f"{build}/lib/libcostate_rt.a",
                    "-lstdc++", "-lm", "-lpthread", "-Wl,--gc-sections", "-s", "-o", folder / "digits"], check=True)
    subprocess.run(["strip", folder / "libdigits.so"], check=True)
    return folder / "digits", folder / "libdigits.so"


def data_bytes():
    """Of the arrays once they are read."""
    import numpy as np

    with np.load(DATA) as arrays:
        return sum(array.nbytes for array in arrays.values())


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("build", type=lambda path: Path(path).resolve())
    parser.add_argument("--runs", type=int, default=5, help="of each program, in turns")
    flags = parser.parse_args()
    runs = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        program, library = build_aot(flags.build, folder)
        train = [flags.build / "bin/costate", "train", EXAMPLES / "digits.costate", "--threads", 2, "--json"]
        peer = [sys.executable, HERE / "digits_jax.py", DATA]
        for turn in range(flags.runs):
            cache, peer_cache = folder / f"costate-{turn}", {"JAX_PLATFORMS": "cpu", "JAX_COMPILATION_CACHE_DIR": str(folder / f"jax-{turn}"),
                                                             "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0", "JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES": "-1"}
            for state in ("empty cache", "full cache"):
                runs.setdefault(f"costate train, {state}", []).append(measure([*train, "--cache-dir", cache]))
                runs.setdefault(f"JAX, {state}", []).append(measure(peer, peer_cache))
            runs.setdefault("C program", []).append(measure([program, DATA, 30, 2]))
        sizes = program.stat().st_size, library.stat().st_size
    print("| program | wall, s | first step after, s | peak memory, MiB | test accuracy |")
    print("|---|---|---|---|---|")
    for name, measured in runs.items():
        wall, first, peak = (statistics.median(run[key] for run in measured) for key in ("wall", "first", "peak"))
        accuracy = measured[-1]["said"].get("test_accuracy")
        print(f"| {name} | {wall:.3f} | {'' if first != first else f'{first:.3f}'} | {peak:.1f} | {f'{accuracy:.3f}' if accuracy else ''} |")
    peak = statistics.median(run["peak"] for run in runs["C program"])
    print(f"\nC program: {sizes[0] / MIB:.2f} MiB, shared library with the runtime {sizes[1] / MIB:.2f} MiB, both stripped; "
          f"{peak - data_bytes() / MIB:.1f} MiB of memory beside its data")


if __name__ == "__main__":
    main()
