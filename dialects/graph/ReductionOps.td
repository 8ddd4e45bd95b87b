// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef COSTATE_DIALECTS_GRAPH_REDUCTION_OPS
#define COSTATE_DIALECTS_GRAPH_REDUCTION_OPS

include "costate/dialects/graph/Graph.td"

// C1: `axes` ascend, differ and lie in [0, rank). C2: the result's shape is the operand's without `axes`. C3: one element type.
class Graph_ReductionOp<string mnemonic, Type type, string formula, list<Trait> traits = []>
    : Graph_MapOp<mnemonic, !listconcat([AllElementTypesMatch<["operand", "result"]>], traits)> {
  let summary = formula;
  let description = [{
    C1: `axes` ascend, differ and lie in [0, rank). C2: the result's shape is the operand's without `axes`. C3: one element type.
    }] # "```mlir\n%y = graph." # mnemonic # " %x axes [1] : tensor<?x8xf32> -> tensor<?xf32>\n```\n";
  let arguments = (ins type:$operand, DenseI64ArrayAttr:$axes);
  let results = (outs type:$result);
  let assemblyFormat = "$operand `axes` $axes attr-dict `:` type($operand) `->` type($result)";
  let hasVerifier = 1;
}

def Graph_ReduceSumOp : Graph_ReductionOp<"reduce_sum", Graph_Tensor, "sum over `axes`; of nothing, 0; the order is a tree fixed by the shape">;
def Graph_ReduceProdOp : Graph_ReductionOp<"reduce_prod", Graph_Tensor, "product over `axes`; of nothing, 1">;
def Graph_ReduceMaxOp : Graph_ReductionOp<"reduce_max", Graph_Tensor,
    "maximum over `axes`; NaN if any is NaN; of nothing, -inf or the least integer; equal maxima share the cotangent evenly">;
def Graph_ReduceMinOp : Graph_ReductionOp<"reduce_min", Graph_Tensor,
    "minimum over `axes`; NaN if any is NaN; of nothing, +inf or the largest integer; equal minima share the cotangent evenly">;

def Graph_LogSumExpOp : Graph_ReductionOp<"logsumexp", Graph_FloatTensor,
    "m + log(sum(exp(x - m))) over `axes`, m the maximum; kept whole until `fuse`, since exp(x) alone overflows; a row of -inf gives -inf",
    [DeclareOpInterfaceMethods<Costate_Expandable>]>;

def Graph_SoftmaxOp : Graph_MapOp<"softmax", [SameOperandsAndResultType, DeclareOpInterfaceMethods<Costate_Expandable>]> {
  let summary = "exp(x - logsumexp(x)) along `axes`";
  let description = [{
    C1: as for reductions. A row of -inf gives NaN, as 0/0 does.
    ```mlir
    %y = graph.softmax %x axes [1] : tensor<?x8xf32>
    ```
  }];
  let arguments = (ins Graph_FloatTensor:$operand, DenseI64ArrayAttr:$axes);
  let results = (outs Graph_FloatTensor:$result);
  let assemblyFormat = "$operand `axes` $axes attr-dict `:` type($result)";
  let hasVerifier = 1;
}

// C1: 0 <= axis < rank. C2: the result's shape is the operand's without `axis`.
class Graph_ArgReductionOp<string mnemonic, string formula> : Graph_MapOp<mnemonic> {
  let summary = formula;
  let description = [{
    The least index among equals; a NaN wins over every number. C1: 0 <= axis < rank. C2: the result's shape is the operand's without
    `axis`. The extent must not be 0.
    }] # "```mlir\n%i = graph." # mnemonic # " %x axis 1 : tensor<?x8xf32> -> tensor<?xi32>\n```\n";
  let arguments = (ins Graph_Tensor:$operand, I64Attr:$axis);
  let results = (outs Graph_IndexTensor:$result);
  let assemblyFormat = "$operand `axis` $axis attr-dict `:` type($operand) `->` type($result)";
  let hasVerifier = 1;
}

def Graph_ArgmaxOp : Graph_ArgReductionOp<"argmax", "index of the largest along `axis`">;
def Graph_ArgminOp : Graph_ArgReductionOp<"argmin", "index of the smallest along `axis`">;

//===----------------------------------------------------------------------===//
// Running along one axis
//===----------------------------------------------------------------------===//

class Graph_CumulativeOp<string mnemonic, string formula> : Graph_MapOp<mnemonic, [SameOperandsAndResultType]> {
  let summary = formula # " along `axis`, from the front or, if `reverse`, from the back";
  let description = [{
    C1: 0 <= axis < rank.
    }] # "```mlir\n%y = graph." # mnemonic # " %x axis 1 : tensor<?x8xf32>\n```\n";
  let arguments = (ins Graph_Tensor:$operand, I64Attr:$axis, UnitAttr:$reverse);
  let results = (outs Graph_Tensor:$result);
  let assemblyFormat = "$operand `axis` $axis (`reverse` $reverse^)? attr-dict `:` type($result)";
  let hasVerifier = 1;
}

def Graph_CumsumOp : Graph_CumulativeOp<"cumsum", "running sums y[i] = x[0] + ... + x[i]">;
def Graph_CummaxOp : Graph_CumulativeOp<"cummax",
    "running maxima y[i] = max(x[0], ..., x[i]), NaN from the first NaN on; equal maxima up to i share the cotangent of y[i] evenly">;

def Graph_LinearRecurrenceOp : Graph_MapOp<"linear_recurrence", [SameOperandsAndResultType]> {
  let summary = "y[i] = a[i] * y[i-1] + b[i] along `axis`, from the front or, if `reverse`, from the back";
  let description = [{
    The first element is that of b; that of a is not read. Its derivatives are recurrences the other way, whatever is zero: so running products are made of
    it, and what decays as it runs. C1: 0 <= axis < rank.
    ```mlir
    %y = graph.linear_recurrence %a, %b axis 1 : tensor<?x8xf32>
    ```
  }];
  let arguments = (ins Graph_Tensor:$factor, Graph_Tensor:$term, I64Attr:$axis, UnitAttr:$reverse);
  let results = (outs Graph_Tensor:$result);
  let assemblyFormat = "$factor `,` $term `axis` $axis (`reverse` $reverse^)? attr-dict `:` type($result)";
  let hasVerifier = 1;
}

#endif
