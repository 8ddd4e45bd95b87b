# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Runs the checks of model files three ways, and the claims that they reproduce: a Markdown table.

usage: papers.py BUILD FOLDER [--page FILE] [NAME...]

BUILD is the folder of a build. A file's checks run by the reference interpreter in f64 (oracle), as machine code in the process that compiles them (JIT), and
from a shared library in this process, which has no compiler in it (AOT). Where its model has an entry `claim`, that is called with what the data of the model
hold; it returns `claimed` and `measured`. NAME is the beginning of a file name: only these files. With --page the page is written there, else to stdout. Exits with 1 where a check
fails.
"""
import argparse
import ctypes
import json
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

TYPES = {"f32": np.float32, "f64": np.float64, "i32": np.int32, "i64": np.int64, "i8": np.int8, "u8": np.uint8, "i1": np.uint8}


def run(*command):
    """Seconds, whether it went well, and what it printed."""
    begin = time.perf_counter()
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    return time.perf_counter() - begin, done.returncode == 0, done.stdout, done.stderr


def passed(ok, output, errors):
    """"7/7" from the last line of `costate test`; what it complained of goes to stderr."""
    last = re.search(r"(\d+) passed, (\d+) failed\n$", output)
    if not ok:
        sys.stderr.write(output + errors)
    return f"{last[1]}/{int(last[1]) + int(last[2])}" if last else "error"


def agree(actual, expected, expectation):
    """Equal special values are equal, and a NaN is equal to nothing else."""
    a, b = actual.astype(np.float64), expected.astype(np.float64)
    unit = np.where(np.isfinite(b), np.abs(b), 0) if expectation["relative"] else 1
    with np.errstate(invalid="ignore"):
        return bool(np.all((a == b) | (np.isnan(a) & np.isnan(b)) | (np.abs(a - b) <= expectation["within"] * unit)))


def ahead_of_time(build, file, folder):
    """Passed and all checks of a library, called through its C functions."""
    _, ok, _, errors = run(build / "bin/costate", "compile", "--checks", "--no-cache", file, "-o", folder)
    if not ok:
        sys.stderr.write(errors)
        return "error"
    (manifest_path,) = Path(folder).glob("*.json")
    manifest = json.loads(manifest_path.read_text())
    name, good = manifest["name"], 0
    runtime = ctypes.CDLL(str(build / "lib/libcostate_rt.so"), mode=ctypes.RTLD_GLOBAL)
    library = ctypes.CDLL(str(Path(folder) / f"lib{name}.so"))
    context, model = ctypes.c_void_p(), ctypes.c_void_p()
    if runtime.costate_context_create(2, ctypes.byref(context)) or getattr(library, name + "_create")(context, ctypes.byref(model)):
        return "error"
    entries = {entry["name"]: entry for entry in manifest["entries"]}
    for check in manifest["checks"]:
        arrays = [np.zeros(result["shape"], TYPES[result["type"]]) for result in entries[check["entry"]]["results"]]
        call = getattr(library, f"{name}_{check['entry'].replace('.', '_')}")
        code = call(model, *(array.ctypes.data_as(ctypes.c_void_p) for array in arrays))
        wrong = [k + 1 for k, expectation in enumerate(check["expectations"]) if not agree(arrays[2 * k], arrays[2 * k + 1], expectation)]
        good += code == 0 and not wrong
        if code or wrong:
            sys.stderr.write(f"{file.name}, ahead of time: {check['title']}: {f'code {code}' if code else f'expectations {wrong}'}\n")
    getattr(library, name + "_destroy")(model)
    runtime.costate_context_destroy(context)
    return f"{good}/{len(manifest['checks'])}"


def claim(build, file):
    """What is claimed, what was measured, and the seconds of a cold run."""
    if not re.search(r"^ *entry claim\(", file.read_text(), re.MULTILINE):
        return "", "", ""
    seconds, ok, output, errors = run(build / "bin/costate", "run", file, "--entry", "claim", "--no-cache")
    values = dict(re.findall(r"^(claimed|measured) = (?:\S+ (?=\[))?(.+)$", output, re.MULTILINE))
    if not ok or len(values) != 2:
        sys.stderr.write(f"{file.name}: {output}{errors}")
        return "", "error", f"{seconds:.1f}"
    short = lambda text: re.sub(r"[-+.\d]+(e[-+]\d+)?", lambda number: f"{float(number[0]):.6g}", text)
    return short(values["claimed"]), short(values["measured"]), f"{seconds:.1f}"


def title(file):
    """The head of the file up to the authors or the end of the sentence."""
    head = " ".join(line.lstrip("# ") for line in file.read_text().split("\n\n")[0].split("\n")[1:])
    return re.match(r".*?(?= \(|\. |$)", head)[0].replace("|", "/")


def row(build, file):
    oracle = passed(*run(build / "bin/costate", "test", "--oracle", file)[1:])
    seconds, *outcome = run(build / "bin/costate", "test", "--no-cache", file)
    with tempfile.TemporaryDirectory() as folder:
        library = ahead_of_time(build, file, folder)
    claimed, measured, took = claim(build, file)
    link = f"[{file.stem}](../examples/papers/{file.name})"
    return [link, title(file), oracle, passed(*outcome), library, f"{seconds:.1f}", claimed, measured, took]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("build", type=lambda path: Path(path).resolve())
    parser.add_argument("folder", type=Path)
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--page", type=Path)
    flags = parser.parse_intermixed_args()
    files = [file for file in sorted(flags.folder.glob("*.costate")) if not flags.names or file.name.startswith(tuple(flags.names))]
    rows = []
    for file in files:
        rows.append(row(flags.build, file))
        print(*rows[-1][:1], *rows[-1][2:], file=sys.stderr, flush=True)
    complete = [[cells[column].partition("/") for column in (2, 3, 4)] for cells in rows]
    failed = sum(any(part[0] != part[2] for part in parts) for parts in complete)
    claims = [cells for cells in rows if cells[7]]
    head = ["file", "paper", "oracle", "JIT", "AOT", "s", "claimed", "measured", "s"]
    table = "\n".join("| " + " | ".join(cells) + " |" for cells in [head, ["---"] * len(head), *rows])
    page = f"""# Papers

What `make papers` prints: methods of papers in the model language, one file each, with the checks that passed by the reference interpreter in f64, as machine
code where it was compiled, and from a library in a process without a compiler; the seconds are those of compiling and running the checks, cold. A claim is an
experiment of the paper on small data, run by the entry `claim` of the file, with the seconds that takes, cold; what is compared, and why numbers differ, is
said there.

{len(rows)} files, {len(rows) - failed} with all checks passed, {len(claims)} claims.

{table}
"""
    if flags.page:
        flags.page.write_text(page)
    else:
        print(page)
    return 1 if failed or not rows else 0


if __name__ == "__main__":
    sys.exit(main())
