# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A trace has the phases of the compiler, then the kernels of each entry, none inside another."""
import json
import sys

events = [event for event in json.load(open(sys.argv[1]))["traceEvents"] if event["ph"] == "X"]
compiler, model = [[event for event in events if event["tid"] == row] for row in (1, 2)]
names = [event["name"] for event in compiler]
assert names == ["import", "import", "solve", "differentiate", "fuse", "schedule", "code", "link"], names
assert {event["args"]["entry"] for event in model} == {"evaluate", "train_step", "predict"}
assert sum(event["args"]["entry"] == "train_step" for event in model) == 11, model
for before, after in zip(events, events[1:]):
    assert after["ts"] >= before["ts"] + before["dur"] - 1e-3, (before, after)
