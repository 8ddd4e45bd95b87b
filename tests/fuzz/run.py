# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Runs each fuzzer on the files of this repository and what libFuzzer makes of them, as many at a time as there are processors.

run.py BIN [--runs N] [--only NAME]

A fuzzer that finds a crash, a leak, an undefined behaviour or an input that takes longer than 25 s stops, and its input is kept beside BIN. Exits
with 1 if one does.
"""
import argparse
import concurrent.futures
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]


def seeds(name):
    """Inputs to start from, as bytes."""
    read = lambda *patterns: [path.read_bytes() for pattern in patterns for path in sorted(ROOT.glob(pattern))]
    if name in ("model", "model-file"):
        files = b"""import "a.costate"
from "a.costate" import f as g, m
n, k = [m, 3]
check "c" { expect a.f(ones([3])) ~= g(ones([k])) within 0 }
#---
import "fuzz.costate" as b
m = b.k - 1
fn f(x : f32[b.k]) = m*x
"""
        # Long files declaration by declaration: what is made of a whole one mostly runs what it ran, and slowly.
        texts = read("examples/*.costate", "frontends/std/*.costate", "tests/frontends/**/*.costate", "tests/cli/Inputs/*.costate")
        return [files, *dict.fromkeys(part for text in texts for part in ([text] if len(text) < 1500 else text.split(b"\n\n")))]
    if name == "library":
        with tempfile.TemporaryDirectory() as folder:  # as linkLibrary links it
            source, library = pathlib.Path(folder) / "m.c", pathlib.Path(folder) / "libm.so"
            source.write_text("void *memcpy(void *, const void *, unsigned long); static int x[9]; int *m_x = x; void *(*m_copy)(void *, const void *, unsigned long) = memcpy;"
                              "const void *m_info(void) { memcpy(x, m_x, 8); return &m_x; }")
            subprocess.run(["clang", "-shared", "-nostdlib", "-fPIC", "-O1", "-fuse-ld=lld", "-Wl,-z,relro,-z,now,--build-id,--hash-style=both,-soname,libm.so", source, "-o", library], check=True)
            linked = library.read_bytes()
        parts = [b"m", linked, b"/* header */", b"{}", b"m.o", linked[:64]]
        return [b"\0" + linked, b"\1" + b"".join(len(part).to_bytes(8, "little") + part for part in parts)]
    if name == "renaming":
        return [b"\x0cf.layers.*.w = net.*.weight.T # PyTorch\n*.b = *.bias; c = c.transpose(2, 3, 1, 0)f.layers.0.w.x", b"\x07*.*.w = *.*a.b.c.w", b"\x05**a* f.*.w"]
    if name == "dlpack":
        return [bytes(64), bytes(range(200)), b"\1" * 120]
    if name == "ir":
        return [part for text in read("tests/dialects/**/*.mlir", "tests/passes/*.mlir", "tests/numeric/*.mlir") for part in text.split(b"// -----")]
    import numpy as np

    arrays = {"f.w": np.arange(3, dtype=np.float32), "f.b": np.float32(1), "t": np.int64(7), "f.m": np.ones((2, 3))}
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        np.savez(folder / "a.npz", **arrays)
        np.savez_compressed(folder / "b.npz", **arrays)
        np.save(folder / "c.npy", arrays["f.m"])
        npz, packed, npy = ((folder / file).read_bytes() for file in ("a.npz", "b.npz", "c.npy"))
    entries = '"f.w":{"dtype":"F32","shape":[3],"data_offsets":[0,12]},"f.b":{"dtype":"F32","shape":[],"data_offsets":[12,16]}'
    states = entries + ',"f.m.w":{"dtype":"F32","shape":[3],"data_offsets":[16,28]},"f.m.b":{"dtype":"F32","shape":[],"data_offsets":[28,32]},"t":{"dtype":"I64","shape":[],"data_offsets":[32,40]}'
    notes = '"__metadata__":{"costate.seed":"3","costate.hyper.lr":"0.1","costate.hyper.beta":"0","costate.hyper.steps":"5","epoch":"2"}'
    headers = ["{" + entries + "}", "{" + notes + "," + states + "}"]
    safetensors = [len(h).to_bytes(8, "little") + h.encode() + bytes(40 if "t" in h else 16) for h in headers]
    if name == "checkpoint":
        return safetensors
    if name == "json":
        return [h.encode() for h in headers] + [b'{"a": [1, -2.5e3, "\\u00e9\\n", null, true]}']
    csv = b'kind,"x.0",x.1\nrose,1,2\niris,-3e4,nan\n'
    return [b"\0" + npz, b"\0" + packed, b"\1" + npy, b"\2" + csv, *(b"\3" + s for s in safetensors)]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("bin", type=pathlib.Path)
    parser.add_argument("--runs", type=int, default=200_000)
    parser.add_argument("--only", default="")
    arguments = parser.parse_args()
    fuzzers = [fuzzer for fuzzer in sorted(arguments.bin.glob("fuzz-*")) if arguments.only in ("", fuzzer.name.removeprefix("fuzz-"))]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:  # a fuzzer has one thread
        clean = list(pool.map(lambda fuzzer: run(fuzzer, arguments), fuzzers))
    sys.exit(not all(clean))


def run(fuzzer, arguments):
    """Is it clean? Says what it has done, or what it has found."""
    name = fuzzer.name.removeprefix("fuzz-")
    corpus = pathlib.Path(tempfile.mkdtemp(prefix="costate-fuzz-"))
    for number, seed in enumerate(seeds(name)):
        (corpus / f"seed{number}").write_bytes(seed)
    found = arguments.bin.parent / "found" / name
    found.mkdir(parents=True, exist_ok=True)
    longest = 16384 if name in ("model-file", "library") else 1024 if name == "model" else 4096  # a declaration, where elaboration is what takes time
    options = [f"-runs={arguments.runs}", "-seed=1", "-timeout=25", "-rss_limit_mb=4096", f"-artifact_prefix={found}/", f"-max_len={longest}",
               "-entropic=0"]  # its weights take a quarter of the time
    environment = dict(os.environ, ASAN_OPTIONS="allow_user_poisoning=0", UBSAN_OPTIONS="print_stacktrace=1:halt_on_error=1")
    begin = time.monotonic()
    result = subprocess.run([fuzzer, *options, corpus], capture_output=True, text=True, errors="replace", env=environment)
    done = re.findall(r"^#(\d+)", result.stderr, re.M)
    report = f"{'ok  ' if result.returncode == 0 else 'FAIL'} {name:11} {done[-1] if done else 0} inputs in {time.monotonic() - begin:.0f} s"
    print(report + ("\n" + result.stderr[-4000:] if result.returncode else ""), flush=True)
    shutil.rmtree(corpus)
    return result.returncode == 0


if __name__ == "__main__":
    main()
