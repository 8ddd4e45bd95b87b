// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef COSTATE_DIALECTS_GRAPH_FACTORIZATION_OPS
#define COSTATE_DIALECTS_GRAPH_FACTORIZATION_OPS

include "costate/dialects/graph/Graph.td"

def Graph_CholeskyOp : Graph_MapOp<"cholesky", [SameOperandsAndResultType]> {
  let summary = "lower L with L L^T = A, for each matrix of the last two axes";
  let description = [{
    Reads the lower triangle; the strict upper triangle of L is 0. A matrix that is not positive definite gives NaN. The derivative is that of a
    function of the lower triangle (Murray 2016, arXiv:1602.07527). C1: rank >= 2, the last two extents equal.
    ```mlir
    %l = graph.cholesky %a : tensor<?x4x4xf64>
    ```
  }];
  let arguments = (ins Graph_FloatTensor:$operand);
  let results = (outs Graph_FloatTensor:$result);
  let assemblyFormat = "$operand attr-dict `:` type($result)";
  let hasVerifier = 1;
}

def Graph_TriangularSolveOp : Graph_MapOp<"triangular_solve", [AllTypesMatch<["b", "result"]>, AllElementTypesMatch<["a", "b"]>]> {
  let summary = "X with A X = B or, if `transpose`, A^T X = B; A is lower triangular";
  let description = [{
    Reads the lower triangle of A only. C1: equal leading axes; a is [..., n, n], b is [..., n, m].
    ```mlir
    %x = graph.triangular_solve %l, %b transpose : tensor<?x4x4xf64>, tensor<?x4x2xf64>
    ```
  }];
  let arguments = (ins Graph_FloatTensor:$a, Graph_FloatTensor:$b, UnitAttr:$transpose);
  let results = (outs Graph_FloatTensor:$result);
  let assemblyFormat = "$a `,` $b (`transpose` $transpose^)? attr-dict `:` type($a) `,` type($b)";
  let hasVerifier = 1;
}

#endif
