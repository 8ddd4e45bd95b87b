# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A table of 90 plants with their kind in words: two measures tell the kinds apart, one says nothing."""
import sys

import numpy as np

random = np.random.default_rng(0)
with open(sys.argv[1], "w") as file:
    print("kind,length,noise,width", file=file)
    for i in range(90):
        kind = ("rose", "iris", "lily")[i % 3]
        length, width = {"rose": (1, 1), "iris": (3, 1), "lily": (2, 4)}[kind] + random.normal(0, 0.2, 2)
        print(f"{kind},{length:.3f},{random.normal():.3f},{width:.3f}", file=file)
