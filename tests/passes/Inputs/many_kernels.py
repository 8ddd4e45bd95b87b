# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Prints a function that calls as many kernels, each once, as the argument says."""
import sys

count = int(sys.argv[1])
for i in range(count):
    print(f"""kernel.define @k{i}(%x: !kernel.buffer<4xf32>) -> (!kernel.buffer<4xf32>) stages {{
  %y = kernel.stage "y" (%i < 4) : f32 {{
    %a = kernel.load %x[%i] : !kernel.buffer<4xf32>
    %c = arith.constant {i}.0 : f32
    %v = arith.addf %a, %c : f32
    kernel.yield %v : f32
  }}
  kernel.output %y : !kernel.buffer<4xf32>
}}""")
print("func.func @many(%x: memref<4xf32>, %y: memref<4xf32>) {")
for i in range(count):
    print(f"  kernel.call @k{i}(%x) outs(%y) on loops : (memref<4xf32>) outs(memref<4xf32>)")
print("  return\n}")
