#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Checks what the compiler cannot: that the tree keeps the rules of docs/architecture.md and CONTRIBUTING.md.

    check_tree.py [ROOT]       prints each finding as `file:line: error|warning: text`; exits with 1 if there is an error

Errors: an include against the direction frontends -> dialects -> compiler -> runtime; Halide.h outside compiler/codegen; MLIR, LLVM or
Abseil in the runtime; a source file without the SPDX line; an empty word in a file name; a note of work to do without its issue; a pass
whose flag, source file and test are not named alike. Warnings: a source file that is very short or very long, a folder for one file.
"""
import os
import re
import sys

FOLDERS = ("benchmarks", "compiler", "dialects", "examples", "frontends", "runtime", "tests", "tools")
ALL = set(FOLDERS)

# Folder -> what it may include of ours, and which outside prefixes it must not see. The longest matching folder decides.
MAY_INCLUDE = {
    "dialects": {"dialects"},
    "frontends": {"frontends", "dialects"},
    "compiler": {"compiler", "dialects", "runtime"},
    "compiler/api": {"compiler", "dialects", "runtime", "frontends"},
    "runtime": {"runtime"},
    "tests/oracle": {"tests", "dialects", "frontends", "runtime"},
    "tests": ALL,
    "tools": ALL,
    "examples": ALL,
    "benchmarks": ALL,
}
MUST_NOT_SEE = {"runtime": ("mlir/", "mlir-c/", "llvm/", "llvm-c/", "absl/")}
HALIDE_FOLDER = "compiler/codegen"

EMPTY_WORDS = {"util", "utils", "helper", "helpers", "common", "misc", "manager", "impl", "new", "v2"}
SPDX = "SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception"
CODE = (".c", ".cc", ".cpp", ".h", ".inc", ".td")
SOURCE = CODE + (".cmake", ".fbs", ".py", ".sh", "CMakeLists.txt", "Makefile")
SHORT, LONG = 80, 800  # lines of a file with one subject; mains, headers and tables may be shorter

INCLUDE = re.compile(r'^\s*#?\s*include\s+[<"]([^>"]+)[>"]')
WORK_NOTE = re.compile(r"\b(?:TO" r"DO|FIX" r"ME|XX" r"X)\b(?!\(#\d+\))")
WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+\d*|\d+")
PASS = re.compile(r'^def (\w+)\s*:\s*(?:Interface)?Pass<\s*"([^"]+)"')


class Tree:
    def __init__(self, root):
        self.root = root
        self.errors = 0
        self.files = []
        for folder in FOLDERS:
            for path, folders, names in os.walk(os.path.join(root, folder)):
                folders[:] = sorted(f for f in folders if not f.startswith((".", "build", "__pycache__")))
                self.files += [os.path.relpath(os.path.join(path, name), root) for name in sorted(names)]

    def report(self, kind, path, line, text):
        self.errors += kind == "error"
        print(f"{path}:{line}: {kind}: {text}")

    def lines(self, path):
        with open(os.path.join(self.root, path), encoding="utf-8") as file:
            return file.read().splitlines()


def rule_of(path, rules):
    """The value of the longest folder of `rules` that holds `path`, or None."""
    folders = [folder for folder in rules if path.startswith(folder + "/")]
    return rules[max(folders, key=len)] if folders else None


def check_include(tree, path, line, target):
    if target.startswith("costate/"):
        folder = target.split("/")[1]
        may_include = rule_of(path, MAY_INCLUDE)
        if may_include is not None and folder not in may_include:
            tree.report("error", path, line, f"requires includes of {', '.join(sorted(may_include))} only, but got '{target}'")
    if target.endswith("Halide.h") and not path.startswith(HALIDE_FOLDER + "/"):
        tree.report("error", path, line, f"requires Halide.h to be included in {HALIDE_FOLDER} only")
    if target.startswith(rule_of(path, MUST_NOT_SEE) or ()):
        tree.report("error", path, line, f"requires no MLIR, LLVM or Abseil, but got '{target}'")
    if target.startswith("../"):
        tree.report("error", path, line, f"requires includes to read 'costate/<folder>/...', but got '{target}'")


def check_file(tree, path):
    name = os.path.basename(path)
    for word in WORDS.findall(name):
        if word.lower() in EMPTY_WORDS:
            tree.report("error", path, 1, f"requires file names that say what is inside, but got the word '{word}'")
    if not path.endswith(SOURCE):
        return
    lines = tree.lines(path)
    if not any(SPDX in line for line in lines[:2]):
        tree.report("error", path, 1, f"requires '{SPDX}' in the first line")
    for number, line in enumerate(lines, 1):
        if WORK_NOTE.search(line):
            tree.report("error", path, number, "requires a note of work to do to name its issue, as in (#12)")
        include = INCLUDE.match(line) if path.endswith(CODE) else None
        if include:
            check_include(tree, path, number, include[1])
    if path.endswith(CODE) and len(lines) > LONG:
        tree.report("warning", path, len(lines), f"has {len(lines)} lines; above {LONG} a file rarely has one subject")
    if path.endswith(".cpp") and len(lines) < SHORT and not path.startswith(("tools/", "tests/", "examples/")):
        tree.report("warning", path, len(lines), f"has {len(lines)} lines; below {SHORT} it may belong to a neighbour")


def check_passes(tree, path):
    """The names of a pass follow from its def: compiler/solve/LowerSolves.cpp, --solve-lower-solves, passes/solve-lower-solves.mlir."""
    phase = os.path.dirname(path)
    for number, line in enumerate(tree.lines(path), 1):
        definition = PASS.match(line)
        if not definition:
            continue
        name, flag = definition.groups()
        expected = os.path.basename(phase) + re.sub(r"(?<![A-Z])(?=[A-Z])", "-", name).lower()
        if flag != expected:
            tree.report("error", path, number, f"requires the flag of {name} to be '{expected}', but got '{flag}'")
        for needed in (f"{phase}/{name}.cpp", f"tests/passes/{expected}.mlir"):
            if needed not in tree.files:
                tree.report("error", path, number, f"requires {needed} for the pass {name}")


def check_folders(tree):
    folders = {os.path.dirname(path) for path in tree.files}
    for folder in sorted(folders):
        inside = [path for path in tree.files if path.startswith(folder + "/")]
        if len(inside) == 1 and not folder.startswith(("tests/", "examples/")):
            tree.report("warning", inside[0], 1, "is alone in its folder")


def main():
    tree = Tree(sys.argv[1] if len(sys.argv) > 1 else os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
    for path in tree.files:
        check_file(tree, path)
        if path.startswith("compiler/") and path.endswith("/Passes.td"):
            check_passes(tree, path)
    check_folders(tree)
    print(f"{len(tree.files)} files, {tree.errors} errors")
    return 1 if tree.errors else 0


if __name__ == "__main__":
    sys.exit(main())
