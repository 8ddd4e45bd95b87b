# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The trace of a training run: after the compilation, for each step its data and then itself with its kernels inside, and evaluations with theirs.

run_trace.py TRACE.json STEPS MORE: of STEPS steps, and MORE after them that are one event.
"""
import json
import sys

events = [event for event in json.load(open(sys.argv[1]))["traceEvents"] if event["ph"] == "X"]
steps, more = map(int, sys.argv[2:])
compiler, run = [[event for event in events if event["tid"] == row] for row in (1, 2)]
end = lambda event: event["ts"] + event["dur"]
slack = 1e-3  # of numbers as text
assert [event["name"] for event in compiler][:2] in (["import", "import"], ["from the cache"]), compiler
assert min(event["ts"] for event in run) >= end(compiler[-1]) - slack
kernels = [event for event in run if "entry" in event["args"]]
spans = [event for event in run if "entry" not in event["args"]]
for before, after in list(zip(spans, spans[1:])) + list(zip(kernels, kernels[1:])):
    assert after["ts"] >= end(before) - slack, (before, after)
names = [event["name"] for event in spans]
assert names[0] == "data file, parameters" and names.count("data") == steps, names
assert [name for name in names if name.startswith("step ")] == [f"step {number}" for number in range(steps)], names
assert (f"{more} more steps" in names) == (more > 0) and "evaluation" in names, names


def inside(span):
    return [kernel for kernel in kernels if span["ts"] - slack <= kernel["ts"] and end(kernel) <= end(span) + slack]


for span in spans:
    found = inside(span)
    if span["name"].startswith("step "):
        assert len(found) == 11 and {kernel["args"]["entry"] for kernel in found} == {"train_step"}, (span, found)
        assert sum(kernel["dur"] for kernel in found) <= span["dur"] + slack
    elif span["name"] == "evaluation":
        assert found and {kernel["args"]["entry"] for kernel in found} == {"evaluate"}, (span, found)
    else:
        assert not found, (span, found)
