# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The workspace of train_step by the plan that `costate explain` prints, of loops with each tape: tape.py FOLDER"""
import pathlib
import re
import subprocess
import sys

here, folder = pathlib.Path(__file__).parent, pathlib.Path(sys.argv[1])
CARRY = 4000  # bytes


def workspace(model, *flags, tape, trips=100):
    """In carries, of the model with another tape."""
    text = (here / model).read_text().replace("tape all", f"tape {tape}").replace("0..100", f"0..{trips}")
    file = folder / model
    file.write_text(text)
    out = subprocess.run(["costate", "explain", file, "--no-cache", *flags], capture_output=True, text=True, check=True).stdout
    number, unit = re.search(r"entry train_step: .*workspace ([0-9.]+) (\w+)", out).groups()
    return float(number) * {"B": 1, "kB": 1e3, "MB": 1e6, "GB": 1e9}[unit] / CARRY


def check(what, carries, least, most):
    print(f"{what}: {carries:.0f} carries")
    assert least <= carries <= most, f"requires {least} to {most}"


for trips, root in ((100, 10), (1600, 40)):
    check(f"all, {trips} trips", workspace("tape.costate", "--dim", "batch=1", tape="all", trips=trips), trips, trips + 12)
    check(f"sqrt, {trips} trips", workspace("tape.costate", "--dim", "batch=1", tape="sqrt", trips=trips), root, 2 * root + 12)
    check(f"none, {trips} trips", workspace("tape.costate", "--dim", "batch=1", tape="none", trips=trips), 1, 12)
    rows = ["--dim", f"time={trips}"]
    check(f"sqrt, {trips} rows", workspace("tape_names.costate", *rows, tape="sqrt"), root, 2 * root + 12)
    check(f"none, {trips} rows", workspace("tape_names.costate", *rows, tape="none"), 1, 12)

# What an adjoint does not read has no tape: the tape of a tape, or of the values that a scan keeps. Else there were a square of the trips.
second = ["--dim", "batch=1", "--model-name", "second"]
check("all, second order", workspace("tape_second.costate", *second, tape="all"), 100, 700)
check("sqrt, second order", workspace("tape_second.costate", *second, tape="sqrt"), 10, 150)
check("none, second order", workspace("tape_second.costate", *second, tape="none"), 1, 20)
scanned = ["--dim", "batch=1", "--model-name", "scanned"]
check("all, scan", workspace("tape_second.costate", *scanned, tape="all"), 200, 500)
check("none, scan", workspace("tape_second.costate", *scanned, tape="none"), 100, 300)
