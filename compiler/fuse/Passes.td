// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Fuse. Takes entries of `graph` and `scf` ops on tensors; afterwards only `kernel` and host control flow on buffers are left.

#ifndef COSTATE_COMPILER_FUSE_PASSES
#define COSTATE_COMPILER_FUSE_PASSES

include "mlir/Pass/PassBase.td"

def ExpandMath : Pass<"fuse-expand-math"> {
  let summary = "writes elementary functions out in arithmetic";
  let description = [{
    Before: `math` operations on f32 or f64, scalars or vectors, in any region (f16 and bf16 compute in f32). After: `arith` operations that
    give the same bits in every executor, on every target, scalar or vector: no branch, loop, memory access or fused multiply-add.

    Expanded are exp, expm1, log, log1p, powf, tanh, erf, sin, cos, atan, atan2, rsqrt, isnan, isinf and isfinite; README.md has the
    largest errors. What every executor rounds correctly or computes exactly stays: sqrt, floor, ceil, trunc, roundeven, absf, copysign, and
    `arith.maximumf` and `arith.minimumf`, which propagate NaN. So do operations on integers.

    Fails on every other `math` operation on floats, among them `math.fma`.

    ```mlir
    %y = math.exp %x : f32
    ```
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::math::MathDialect"];
}

#endif
