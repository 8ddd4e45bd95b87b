// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef COSTATE_DIALECTS_GRAPH_COLLECTIVE_OPS
#define COSTATE_DIALECTS_GRAPH_COLLECTIVE_OPS

include "costate/dialects/graph/Graph.td"

// Ops of a function under `graph.map ... axis "dp"` that see what all lanes have. The map that names their axis answers them: they become sums,
// layout and gathers along the axis of the lanes. Under any other map they are ops with one more axis. As functions of the values of all lanes they
// are linear but for the largest and the least, and their derivatives are the transposes of these: reverse mode inside of a lane is that of all.

def Graph_Combination : I32EnumAttr<"Combination", "how values of lanes are combined", [
  I32EnumAttrCase<"add", 0>, I32EnumAttrCase<"max", 1>, I32EnumAttrCase<"min", 2>]> {
  let cppNamespace = "::costate::graph";
}

class Graph_CollectiveOp<string mnemonic, list<Trait> traits = [], list<string> dimensionMethods = []>
    : Graph_Op<mnemonic, !listconcat([DeclareOpInterfaceMethods<Costate_Batchable>, Costate_Collective], traits), dimensionMethods>;

def Graph_AllReduceOp : Graph_CollectiveOp<"all_reduce", [DeclareOpInterfaceMethods<Costate_Differentiable>, SameOperandsAndResultType]> {
  let summary = "the sum, the largest or the least of the operands of all lanes";
  let description = [{
    result[lane] = the sum over all lanes l of operand[l], in their order as `reduce_sum` adds; or their maximum or minimum, which propagate NaN
    and share a cotangent as `reduce_max` does. C1: a number; of i1, no sum.
    ```mlir
    %s = graph.all_reduce add %g over "dp" : tensor<?x8xf32>
    ```
  }];
  let arguments = (ins Graph_Combination:$combination, Graph_Tensor:$operand, StrAttr:$axis_name);
  let results = (outs Graph_Tensor:$result);
  let assemblyFormat = "$combination $operand `over` $axis_name attr-dict `:` type($result)";
  let hasVerifier = 1;
  let extraClassDeclaration = "bool isReplicated() { return true; }";
}

def Graph_AllGatherOp : Graph_CollectiveOp<"all_gather", [DeclareOpInterfaceMethods<Costate_Differentiable>, AllElementTypesMatch<["operand", "result"]>]> {
  let summary = "the operands of all lanes, one behind the other along `axis`";
  let description = [{
    The transpose of reduce_scatter. `size` is the number of lanes. C1: `axis` lies in [0, rank). C2: the extent of `axis` is `size` times that of the operand.
    ```mlir
    %all = graph.all_gather %x axis 0 over "dp" size [n] : tensor<2x8xf32> -> tensor<?x8xf32>
    ```
  }];
  let arguments = (ins Graph_Tensor:$operand, I64Attr:$axis, StrAttr:$axis_name, Graph_DimAttr:$size);
  let results = (outs Graph_Tensor:$result);
  let assemblyFormat = "$operand `axis` $axis `over` $axis_name `size` custom<Dim>($size) attr-dict `:` type($operand) `->` type($result)";
  let hasVerifier = 1;
  let extraClassDeclaration = "bool isReplicated() { return true; }";
}

def Graph_ReduceScatterOp : Graph_CollectiveOp<"reduce_scatter", [DeclareOpInterfaceMethods<Costate_Differentiable>, AllElementTypesMatch<["operand", "result"]>],
                                               ["requirements"]> {
  let summary = "the sum of the operands of all lanes, of which each lane gets its block along `axis`";
  let description = [{
    result[lane] = block `lane` of `size` equal ones of sum_l operand[l]. C1: `axis` lies in [0, rank). C2: the extent of `axis` is that of the operand
    divided by `size`, without a remainder.
    ```mlir
    %part = graph.reduce_scatter %x axis 0 over "dp" size [4] : tensor<8x3xf32> -> tensor<2x3xf32>
    ```
  }];
  let arguments = (ins Graph_Tensor:$operand, I64Attr:$axis, StrAttr:$axis_name, Graph_DimAttr:$size);
  let results = (outs Graph_Tensor:$result);
  let assemblyFormat = "$operand `axis` $axis `over` $axis_name `size` custom<Dim>($size) attr-dict `:` type($operand) `->` type($result)";
  let hasVerifier = 1;
}

def Graph_CollectivePermuteOp : Graph_CollectiveOp<"collective_permute", [DeclareOpInterfaceMethods<Costate_Differentiable>, SameOperandsAndResultType]> {
  let summary = "lane `targets[i]` gets the operand of lane `sources[i]`; a lane that is no target gets zeros";
  let description = [{
    A number that no lane has is skipped. C1: as many sources as targets. C2: sources differ, so do targets; none is negative.
    ```mlir
    %left = graph.collective_permute %x from [1, 2, 0] to [0, 1, 2] over "dp" : tensor<?x8xf32>
    ```
  }];
  let arguments = (ins Graph_Tensor:$operand, DenseI64ArrayAttr:$sources, DenseI64ArrayAttr:$targets, StrAttr:$axis_name);
  let results = (outs Graph_Tensor:$result);
  let assemblyFormat = "$operand `from` $sources `to` $targets `over` $axis_name attr-dict `:` type($result)";
  let hasVerifier = 1;
}

def Graph_AxisIndexOp : Graph_CollectiveOp<"axis_index"> {
  let summary = "the number of the lane, from 0";
  let description = [{
    C1: a scalar.
    ```mlir
    %i = graph.axis_index over "dp" : tensor<i32>
    ```
  }];
  let arguments = (ins StrAttr:$axis_name);
  let results = (outs Graph_IndexTensor:$result);
  let assemblyFormat = "`over` $axis_name attr-dict `:` type($result)";
  let hasVerifier = 1;
}

#endif
