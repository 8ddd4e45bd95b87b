// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A dialect of one op. costate_plugin() makes SimplexDialect.{h,cpp}.inc and SimplexOps.{h,cpp}.inc of this file.

#ifndef SIMPLEX
#define SIMPLEX

include "costate/dialects/graph/Graph.td"

def Simplex_Dialect : Dialect {
  let name = "simplex";
  let cppNamespace = "::simplex";
  let summary = "projections onto the simplex of probabilities";
  let dependentDialects = ["::costate::graph::GraphDialect"];
}

def Simplex_SparsemaxOp : Op<Simplex_Dialect, "sparsemax", [Pure, SameOperandsAndResultType,
    DeclareOpInterfaceMethods<Costate_Dimensioned>, DeclareOpInterfaceMethods<Costate_Differentiable>,
    DeclareOpInterfaceMethods<Costate_Batchable>, DeclareOpInterfaceMethods<Costate_Expandable>]> {
  let summary = "the probabilities nearest to x along `axis`: argmin |p - x| over p >= 0, sum(p) = 1";
  let description = [{
    p = max(x - t, 0) with t = max_k (x_1 + ... + x_k - 1)/k, x_1 >= x_2 >= ... the row in order (Martins & Astudillo 2016, arXiv:1602.02068). An op, for
    its derivative is a projection that neither sorts nor reads x: t -> t - mean(t) where p > 0, else 0. An element of -inf gets 0; a row with a NaN or an
    infinity, and one of -inf alone, gives NaN. C1: 0 <= axis < rank.
    ```mlir
    %p = simplex.sparsemax %x axis 1 : tensor<?x8xf32>
    ```
  }];
  let arguments = (ins Graph_FloatTensor:$operand, I64Attr:$axis);
  let results = (outs Graph_FloatTensor:$result);
  let assemblyFormat = "$operand `axis` $axis attr-dict `:` type($result)";
  let hasVerifier = 1;
}

#endif
