# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Do the log of `costate train` and the output of examples/aot hold the same f32 losses, bit for bit?  usage: same_losses.py LOG.csv OUTPUT.txt STEPS
import sys

import numpy as np


def bits(pairs):
    return {int(step): np.float32(loss).view(np.uint32) for step, loss in pairs}


log = bits(line.split(",")[:2] for line in open(sys.argv[1]).read().splitlines()[1:])
output = bits(line.split() for line in open(sys.argv[2]) if line[0].isdigit())
assert len(log) == int(sys.argv[3]), f"requires {sys.argv[3]} steps, but got {len(log)}"
assert log == output, next((step, log[step], output.get(step)) for step in log if log[step] != output.get(step))
print("same losses")
