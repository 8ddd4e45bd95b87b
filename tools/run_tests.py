#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Runs lit on the given suites, prints what failed, and closes with the line `N passed, N failed`.

    run_tests.py --lit LIT [--report FILE] SUITE... [-- LIT-OPTIONS...]

A test that was skipped, is unsupported here or is expected to fail counts as neither, and is named on a line of its own. Exits
with 0 only if at least one test passed and none failed; a broken suite (lit itself failing, or finding nothing) is a failure.
"""
import argparse
import collections
import json
import os
import subprocess
import sys

FAILED = {"FAIL", "XPASS", "UNRESOLVED", "TIMEOUT"}
PASSED = {"PASS", "FLAKYPASS"}


def main():
    own, options = sys.argv[1:], []
    if "--" in own:
        cut = own.index("--")
        own, options = own[:cut], own[cut + 1 :]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lit", required=True, help="the lit program")
    parser.add_argument("--report", default="test-results.json", help="where lit writes its results (JSON)")
    parser.add_argument("suites", nargs="+", metavar="SUITE", help="folder with a lit.site.cfg.py, or one test in it")
    arguments = parser.parse_args(own)

    if os.path.exists(arguments.report):
        os.remove(arguments.report)  # an old report must never be counted
    lit = subprocess.run(
        [arguments.lit, "-v", "--order=lexical", f"--output={arguments.report}", *options, *arguments.suites]
    )
    results = collections.defaultdict(list)
    if os.path.exists(arguments.report):
        with open(arguments.report, encoding="utf-8") as report:
            for test in json.load(report)["tests"]:
                results[test["code"]].append(test["name"])

    passed = sum(len(names) for code, names in results.items() if code in PASSED)
    failed = sum(len(names) for code, names in results.items() if code in FAILED)
    for code, names in sorted(results.items()):
        if code not in FAILED | PASSED:
            print(f"{code.lower()}: {', '.join(names)}")
    if not failed and (lit.returncode != 0 or not passed):
        print(f"error: lit exited with {lit.returncode} after {passed} tests, which counts as a failure")
        failed = 1
    print(f"{passed} passed, {failed} failed", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
