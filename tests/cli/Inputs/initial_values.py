# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Writes a model of parameters of two kinds, NUMBER of each, of which it predicts those called 1.  usage: initial_values.py NUMBER MODEL.costate
import sys

number = int(sys.argv[1])
with open(sys.argv[2], "w") as file:
    file.write("model values {\n")
    for i in range(number) if number > 1 else [1]:
        file.write(f"  param a{i} : f32[37, 11] = he_normal()\n  param b{i} : f32[70, 600] = uniform([70, 600], -1, 1) + normal()\n")
    file.write("  predict a = a1\n  predict b = b1\n}\n")
