# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A model of N dense layers on the digits with LAMB: whole.py N"""
import sys

sizes = ", ".join(["64"] + ["16"] * int(sys.argv[1]))
print(f"""model m {{
  input x : f32[batch, 64]
  net f = mlp([{sizes}])
  group biases = "*.b"
  minimize sumsq(f(x)) with lamb(lr=1e-2, weight_decay=1e-2), biases(weight_decay=0)
}}""")
