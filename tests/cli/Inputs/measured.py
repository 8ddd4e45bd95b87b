# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The tables of `costate explain --measure` agree with themselves and with the rates of the machine that they name.

measured.py PRINTED: on one thread, where the bound of operations follows from the peak. The kernels that lose the most time stand first.
"""
import re
import sys
from pathlib import Path

text = Path(sys.argv[1]).read_text()
peak, cost = map(float, re.search(r"machine: 1 threads, multiply-add peak ([0-9.]+) GFLOP/s, a call ([0-9.]+) us$", text, re.M).groups())
tables = re.findall(r"  measured +predicted.*\n((?:  .* us .*\n)+)", text)
assert len(tables) == 3, tables  # evaluate, train_step, predict
row = re.compile(r" *([0-9.]+) us +([0-9.]+) us +([0-9.]+)x +([0-9.]+)% +([0-9.]+) +([0-9.]+) +([0-9]+)% (.{6}) +([0-9.]+[kMG]?) +([0-9.]+) ([kMG]?)B  (.*)")
scale = {"": 1, "k": 1e3, "M": 1e6, "G": 1e9}
near = lambda a, b, within: abs(a - b) <= within
for table in tables:
    lines = table.splitlines()
    whole = float(re.fullmatch(r" *([0-9.]+) us +a call at batch=32", lines.pop())[1])
    rows = []
    for line in lines:
        us, predicted, ratio, share, flops, bandwidth, wall, bound, operations, size, unit, what = row.fullmatch(line).groups()
        us, predicted = float(us), float(predicted)
        operations = float(operations.rstrip("kMG")) * scale[operations.lstrip("0123456789.")]
        size = float(size) * scale[unit]
        assert near(float(share), 100 * us / whole, 1 + 0.6 / whole), line
        if us > 0.5:  # of less, two decimals are too few
            assert near(float(ratio), us / predicted, 0.06 + us / predicted * (0.05 + 0.005 / predicted)), line  # both are rounded
            assert near(float(flops), operations / us * 1e-3, 0.06 + 0.055 * float(flops)), line  # of 1.0M, half of a tenth is 5 %
            assert near(float(bandwidth), size / us * 1e-3, 0.06 + 0.02 * float(bandwidth)), line
        if bound.strip() == "flops":
            assert near(predicted, operations / peak * 1e-3 + cost, 0.02 + 0.02 * predicted), line
        rows.append((us, predicted, what))
    us, predicted, what = rows.pop()
    assert what == "all kernels" and near(us, sum(row[0] for row in rows), 0.1) and near(predicted, sum(row[1] for row in rows), 0.1), table
    lost = [us - predicted for us, predicted, _ in rows]
    assert all(before >= after - 0.02 for before, after in zip(lost, lost[1:])), table
assert any(bound in text for bound in (" flops ", " bytes ", " calls "))
