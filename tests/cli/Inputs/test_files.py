# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Runs the checks of model files, as `costate test` does, of those that have some: usage test_files.py MODEL.costate ..."""
import re
import subprocess
import sys

failed, tested = 0, 0
for path in sys.argv[1:]:
    if not re.search(r'^check "', open(path, encoding="utf-8").read(), re.MULTILINE):
        continue
    tested += 1
    result = subprocess.run(["costate", "test", "--no-cache", path], capture_output=True, text=True)
    if result.returncode:
        failed += 1
        print(f"{path}:\n{result.stdout}{result.stderr}")
print(f"{failed} of {tested} failed" if failed else f"{tested} passed")
sys.exit(failed != 0)
