// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Attributes by which a function is its own test. They stand on arguments, results and functions, where every phase ignores them.

#ifndef COSTATE_TESTS_ORACLE_CHECK
#define COSTATE_TESTS_ORACLE_CHECK

include "mlir/IR/DialectBase.td"

def Check_Dialect : Dialect {
  let name = "check";
  let cppNamespace = "::costate::check";
  let summary = "inputs and expected results of a function";
  let description = [{
    On an argument: `check.value = dense<...>` is its value; or `check.random = [low, high]` (f64) with `check.shape = array<i64: ...>` (default: the
    type's static extents) draws it uniformly, integers too.
    On a result: `check.close = dense<...>` is what must come out, within 1e-10 in f64 and `check.f32` (of the function, default 2e-6) in f32,
    relative to the largest magnitude of the result; NaN, infinities and the sign of zeros exactly.
    On a function: `check.gradient` asks for its derivatives, with <u, Jv> = <J'u, v> to 1e-10 and, where all arguments are random and some
    dimension has a name, also at extents that are drawn; `check.second` for those of its derivatives too; `check.map` for its batches, each lane of
    which must be what the function makes of one lane, bit for bit.
    `check.constant = array<i64: ...>` names the arguments whose derivative is zero by definition.
    ```mlir
    func.func @log(%x: tensor<?xf32> {graph.dims = [#graph.dim<n>], check.value = dense<[1.0, 0.0, -1.0]> : tensor<3xf32>})
        -> (tensor<?xf32> {check.close = dense<[0.0, 0xFF800000, 0x7FC00000]> : tensor<3xf32>}) {
      %y = graph.log %x : tensor<?xf32>
      return %y : tensor<?xf32>
    }
    ```
  }];
  let hasRegionArgAttrVerify = 1;
  let hasRegionResultAttrVerify = 1;
  let hasOperationAttrVerify = 1;
}

#endif
