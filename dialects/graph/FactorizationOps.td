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
  let summary = "X with A X = B or, if `transpose`, A^T X = B; A is lower or, if `upper`, upper triangular";
  let description = [{
    Reads this triangle of A only and, if `unit`, takes its diagonal for 1. C1: equal leading axes; a is [..., n, n], b is [..., n, m].
    ```mlir
    %x = graph.triangular_solve %l, %b transpose : tensor<?x4x4xf64>, tensor<?x4x2xf64>
    ```
  }];
  let arguments = (ins Graph_FloatTensor:$a, Graph_FloatTensor:$b, UnitAttr:$transpose, UnitAttr:$upper, UnitAttr:$unit);
  let results = (outs Graph_FloatTensor:$result);
  let assemblyFormat = "$a `,` $b (`transpose` $transpose^)? (`upper` $upper^)? (`unit` $unit^)? attr-dict `:` type($a) `,` type($b)";
  let hasVerifier = 1;
}

def Graph_LuOp : Graph_MapOp<"lu", [AllTypesMatch<["operand", "packed"]>]> {
  let summary = "L U = A[permutation] with partial pivoting, for each matrix of the last two axes";
  let description = [{
    `packed` holds U and, below it, L without its diagonal, which is 1; row i of L U is row permutation[i] of A. The pivot of a column is the first of
    largest magnitude; where all are 0, L has zeros. A matrix that is not finite gives NaN and the identity. The derivative is that at a fixed permutation.
    C1: rank >= 2, the last two extents equal. C2: `permutation` has the shape of A without its last axis.
    ```mlir
    %lu, %p = graph.lu %a : tensor<?x4x4xf64>, tensor<?x4xi32>
    ```
  }];
  let arguments = (ins Graph_FloatTensor:$operand);
  let results = (outs Graph_FloatTensor:$packed, RankedTensorOf<[I32]>:$permutation);
  let assemblyFormat = "$operand attr-dict `:` type($operand) `,` type($permutation)";
  let hasVerifier = 1;
}

def Graph_SolveOp : Graph_MapOp<"solve", [AllTypesMatch<["b", "result"]>, AllElementTypesMatch<["a", "b"]>,
    DeclareOpInterfaceMethods<Costate_Expandable>]> {
  let summary = "X with A X = B or, if `transpose`, A^T X = B";
  let description = [{
    Kept whole so that its derivatives are solves with the same A, and all share one `lu` when they are expanded. A singular A gives infinities or NaN.
    C1: equal leading axes; a is [..., n, n], b is [..., n, m].
    ```mlir
    %x = graph.solve %a, %b transpose : tensor<?x4x4xf64>, tensor<?x4x2xf64>
    ```
  }];
  let arguments = (ins Graph_FloatTensor:$a, Graph_FloatTensor:$b, UnitAttr:$transpose);
  let results = (outs Graph_FloatTensor:$result);
  let assemblyFormat = "$a `,` $b (`transpose` $transpose^)? attr-dict `:` type($a) `,` type($b)";
  let hasVerifier = 1;
}

def Graph_QrOp : Graph_MapOp<"qr", [AllTypesMatch<["operand", "q"]>, AllElementTypesMatch<["operand", "r"]>]> {
  let summary = "Q R = A with Q^T Q = I and R upper triangular, for each matrix of the last two axes";
  let description = [{
    A is [..., m, n] with m >= n, Q too, R is [..., n, n]. The diagonal of R is not negative, so that the factors of a matrix of full rank are unique;
    for others they have no derivative. A matrix that is not finite gives NaN. C1: rank >= 2, m >= n; an extent that is not known is checked at run
    time. C2: the shape of R.
    ```mlir
    %q, %r = graph.qr %a : tensor<?x6x4xf64>, tensor<?x4x4xf64>
    ```
  }];
  let arguments = (ins Graph_FloatTensor:$operand);
  let results = (outs Graph_FloatTensor:$q, Graph_FloatTensor:$r);
  let assemblyFormat = "$operand attr-dict `:` type($operand) `,` type($r)";
  let hasVerifier = 1;
}

def Graph_EighOp : Graph_MapOp<"eigh", [AllTypesMatch<["operand", "vectors"]>, AllElementTypesMatch<["operand", "values"]>]> {
  let summary = "V diag(values) V^T = A with V^T V = I, A symmetric, for each matrix of the last two axes";
  let description = [{
    Reads the lower triangle; the derivative is that of a function of it. Values ascend; column j of `vectors` belongs to value j. The first component
    of a vector that is not small beside its largest one is positive (runtime/costate.h has the bound). A matrix that is not finite gives NaN.
    dV = V (F * V^T dA V) with F[i, j] = 1 / (values[j] - values[i]) off the diagonal: where two values are equal, the vectors have no derivative, and it
    is NaN or infinite; that of the values is right (Giles 2008, An extended collection of matrix derivative results, 3.1).
    C1: rank >= 2, the last two extents equal. C2: `values` has the shape of A without its last axis.
    ```mlir
    %w, %v = graph.eigh %a : tensor<?x4xf64>, tensor<?x4x4xf64>
    ```
  }];
  let arguments = (ins Graph_FloatTensor:$operand);
  let results = (outs Graph_FloatTensor:$values, Graph_FloatTensor:$vectors);
  let assemblyFormat = "$operand attr-dict `:` type($values) `,` type($vectors)";
  let hasVerifier = 1;
}

def Graph_SvdOp : Graph_MapOp<"svd", [AllTypesMatch<["operand", "u"]>, AllElementTypesMatch<["operand", "s", "vh"]>]> {
  let summary = "U diag(S) Vh = A with U^T U = Vh Vh^T = I, for each matrix of the last two axes";
  let description = [{
    A is [..., m, n] with m >= n, U too, S is [..., n] and descends, Vh is [..., n, n]. Signs as in `eigh`, of the rows of Vh. A matrix that is not finite
    gives NaN. Where two values are equal or one is 0, U and Vh have no derivative, and it is NaN or infinite; that of the values is right where they
    are not 0 (Giles 2008, 3.2). C1: rank >= 2, m >= n; an extent that is not known is checked at run time. C2: the shapes of S and Vh.
    ```mlir
    %u, %s, %vh = graph.svd %a : tensor<?x6x4xf64>, tensor<?x4xf64>, tensor<?x4x4xf64>
    ```
  }];
  let arguments = (ins Graph_FloatTensor:$operand);
  let results = (outs Graph_FloatTensor:$u, Graph_FloatTensor:$s, Graph_FloatTensor:$vh);
  let assemblyFormat = "$operand attr-dict `:` type($operand) `,` type($s) `,` type($vh)";
  let hasVerifier = 1;
}

#endif
