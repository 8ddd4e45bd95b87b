# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Imports every ```costate block of a page and every model of the files given: usage import_blocks.py PAGE.md MODEL.costate ...
A block whose fence names a file is one that the blocks behind it may import."""
import os
import re
import subprocess
import sys
import tempfile

with tempfile.TemporaryDirectory() as folder:
    texts = []
    for path in sys.argv[1:]:
        text = open(path, encoding="utf-8").read()
        if path.endswith(".md"):
            for match in re.finditer(r"```costate *(\S*)\n(.*?)```", text, re.DOTALL):
                line = text[: match.start()].count("\n") + 2
                texts.append((f"{path}:{line}", match.group(2), folder))
                if match.group(1):
                    open(os.path.join(folder, match.group(1)), "w", encoding="utf-8").write(match.group(2))
        else:
            texts.append((path, text, os.path.dirname(path)))

    failed = 0
    for place, text, directory in texts:
        models = re.findall(r"^(?:model|problem) (\w+)", text, re.MULTILINE)
        for words in [[f"--model-name={name}"] for name in models] or [[]]:
            result = subprocess.run(["costate-translate", "--import-costate", "--carets", *words], input=text, capture_output=True, text=True, cwd=directory)
            if result.returncode != 0:
                failed += 1
                print(f"{place} does not import:\n{result.stderr}")
print(f"{len(texts)} imported" if not failed else f"{failed} of {len(texts)} failed")
sys.exit(failed != 0)
