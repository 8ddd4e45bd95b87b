# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Runs the checks of every model file of a folder; says which fail, and how: usage papers.py FOLDER"""
import pathlib
import subprocess
import sys

files = sorted(pathlib.Path(sys.argv[1]).glob("*.costate"))
failed = []
for file in files:
    result = subprocess.run(["costate", "test", file, "--no-cache"], capture_output=True, text=True)
    if result.returncode != 0:
        failed.append(file.name)
        print(f"{file.name}:\n{result.stdout}{result.stderr}")
print(f"{len(files)} files, {len(failed)} failed", *failed)
sys.exit(bool(failed) or not files)
