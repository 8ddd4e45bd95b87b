# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A model file, compiled ahead of time, and its entries as functions of arrays."""
import ctypes
import json
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

TYPES = {"f64": np.float64, "f32": np.float32, "i32": np.int32, "i64": np.int64}


class Library:
    def __init__(self, build, file, folder, threads=2, most=1024, **hints):
        """build: the folder of a build or an installation; most: what named sizes are at most; hints: what they likely are."""
        self.file = Path(file)
        subprocess.run([str(word) for word in (build / "bin/costate", "compile", file, "-o", folder, *(f"--hint={name}={extent}" for name, extent in hints.items()))], check=True, stdout=subprocess.DEVNULL)
        (manifest,) = Path(folder).glob("*.json")
        self.manifest = json.loads(manifest.read_text())
        self.name, self.model, context = self.manifest["name"], ctypes.c_void_p(), ctypes.c_void_p()
        runtime = ctypes.CDLL(str(build / "lib/libcostate_rt.so"), mode=ctypes.RTLD_GLOBAL)
        self.library = ctypes.CDLL(str(Path(folder) / f"lib{manifest.stem}.so"))
        count = len(self.manifest["dims"])
        sizes = [(ctypes.c_int64 * count)(*[most] * count)] if count else []
        if runtime.costate_context_create(threads, ctypes.byref(context)) or getattr(self.library, self.name + "_create")(context, *sizes, ctypes.byref(self.model)):
            sys.exit(f"{file} cannot be opened")
        self.hypers = [hyper["name"] for hyper in self.manifest["hypers"]]
        self.entries = {entry["name"]: entry for entry in self.manifest["entries"]}

    def __call__(self, entry, *arrays, **named):
        """The results by name, and the seconds of the call. Names are of inputs, or of numbers of the entry, which stay as they are set."""
        inputs = [argument for argument in self.entries[entry]["arguments"] if argument["role"] == "input"]
        arrays = dict(zip((argument["name"] for argument in inputs), arrays))
        for name, value in named.items():
            if any(argument["name"] == name for argument in inputs):
                arrays[name] = value
            else:
                code = getattr(self.library, self.name + "_set")(self.model, self.hypers.index(f"{entry}_{name}"), ctypes.c_double(value))
                assert code == 0, f"{name}: code {code}"
        given = [np.ascontiguousarray(arrays[argument["name"]], TYPES[argument["type"]]) for argument in inputs]
        sizes = {}
        for argument, array in zip(inputs, given):
            for size, extent in zip(argument["shape"], array.shape):
                if isinstance(size, str):
                    sizes.setdefault(size, extent)
        extent = lambda size: sum(sizes.get(term) or int(term) for term in str(size).split(" + "))
        made = {r["name"]: np.zeros([extent(size) for size in r["shape"]], TYPES[r["type"]]) for r in self.entries[entry]["results"]}
        pointer = lambda array: array.ctypes.data_as(ctypes.c_void_p)
        words = [*map(pointer, given), *(ctypes.c_int64(sizes[name]) for name in self.manifest["dims"] if name in sizes), *map(pointer, made.values())]
        call = getattr(self.library, f"{self.name}_{entry}")
        begin = time.perf_counter()
        code = call(self.model, *words)
        seconds = time.perf_counter() - begin
        assert code == 0, f"{entry}: code {code}"
        return made, seconds
