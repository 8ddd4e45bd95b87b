// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef COSTATE_DIALECTS_GRAPH_INDEXING_OPS
#define COSTATE_DIALECTS_GRAPH_INDEXING_OPS

include "costate/dialects/graph/Graph.td"

def Graph_GatherOp : Graph_MapOp<"gather", [AllElementTypesMatch<["operand", "result"]>]> {
  let summary = "rows of the operand at `indices` (NumPy's take), for each index of the batch axes";
  let description = [{
    operand[b..., a, r...], indices[b..., i...] give result[b..., i..., r...] = operand[b, indices[b, i], r]: the first `batch_dims` axes
    are shared, the next axis of the operand is indexed. An index outside [0, a) gives 0, so that gather and scatter_add are each
    other's transpose. C1: 0 <= batch_dims < rank of the operand, <= rank of the indices. C2: extents agree.
    ```mlir
    %p = graph.gather %z, %y batch_dims 1 : tensor<?x8xf32>, tensor<?xi32> -> tensor<?xf32>
    %e = graph.gather %table, %ids batch_dims 0 : tensor<100x8xf32>, tensor<?xi32> -> tensor<?x8xf32>
    ```
  }];
  let arguments = (ins Graph_Tensor:$operand, Graph_IndexTensor:$indices, I64Attr:$batch_dims);
  let results = (outs Graph_Tensor:$result);
  let assemblyFormat = "$operand `,` $indices `batch_dims` $batch_dims attr-dict `:` type($operand) `,` type($indices) `->` type($result)";
  let hasVerifier = 1;
}

def Graph_ScatterOp : Graph_MapOp<"scatter", [AllElementTypesMatch<["operand", "updates", "result"]>, AllTypesMatch<["operand", "result"]>]> {
  let summary = "the operand with rows replaced by `updates`";
  let description = [{
    result = operand, then for i in row-major order result[b, indices[b, i], r] = updates[b, i, r]; an index outside is skipped. Of several updates of one
    place the last stays, and it alone has a derivative. C1, C2: as for gather.
    ```mlir
    %t = graph.scatter %table, %ids, %d batch_dims 0 : tensor<100x8xf32>, tensor<?xi32>, tensor<?x8xf32>
    ```
  }];
  let arguments = (ins Graph_Tensor:$operand, Graph_IndexTensor:$indices, Graph_Tensor:$updates, I64Attr:$batch_dims);
  let results = (outs Graph_Tensor:$result);
  let assemblyFormat = [{
    $operand `,` $indices `,` $updates `batch_dims` $batch_dims attr-dict `:` type($operand) `,` type($indices) `,` type($updates)
  }];
  let hasVerifier = 1;
}

def Graph_ScatterAddOp : Graph_MapOp<"scatter_add", [AllElementTypesMatch<["operand", "updates", "result"]>, AllTypesMatch<["operand", "result"]>]> {
  let summary = "the operand with `updates` added at `indices`: the transpose of gather";
  let description = [{
    result = operand, then for i in row-major order result[b, indices[b, i], r] += updates[b, i, r]; an index outside is skipped. C1, C2: as
    for gather.
    ```mlir
    %t = graph.scatter_add %table, %ids, %d batch_dims 0 : tensor<100x8xf32>, tensor<?xi32>, tensor<?x8xf32>
    ```
  }];
  let arguments = (ins Graph_Tensor:$operand, Graph_IndexTensor:$indices, Graph_Tensor:$updates, I64Attr:$batch_dims);
  let results = (outs Graph_Tensor:$result);
  let assemblyFormat = [{
    $operand `,` $indices `,` $updates `batch_dims` $batch_dims attr-dict `:` type($operand) `,` type($indices) `,` type($updates)
  }];
  let hasVerifier = 1;
}

def Graph_ScatterMaxOp : Graph_MapOp<"scatter_max", [AllElementTypesMatch<["operand", "updates", "result"]>, AllTypesMatch<["operand", "result"]>]> {
  let summary = "the operand, or the largest of what `updates` has for the same place";
  let description = [{
    result = operand, then result[b, indices[b, i], r] = maximum(.., updates[b, i, r]); an index outside is skipped. NaN if any is NaN; equal maxima share
    the cotangent evenly. C1, C2: as for gather.
    ```mlir
    %t = graph.scatter_max %table, %ids, %d batch_dims 0 : tensor<100x8xf32>, tensor<?xi32>, tensor<?x8xf32>
    ```
  }];
  let arguments = (ins Graph_Tensor:$operand, Graph_IndexTensor:$indices, Graph_Tensor:$updates, I64Attr:$batch_dims);
  let results = (outs Graph_Tensor:$result);
  let assemblyFormat = [{
    $operand `,` $indices `,` $updates `batch_dims` $batch_dims attr-dict `:` type($operand) `,` type($indices) `,` type($updates)
  }];
  let hasVerifier = 1;
}

def Graph_DynamicSliceOp : Graph_MapOp<"dynamic_slice", [AllElementTypesMatch<["operand", "result"]>], ["requirements"]> {
  let summary = "a block of `sizes` whose first element is known at run time";
  let description = [{
    A start is clamped into [0, extent - size]. C1: one scalar start and one size per axis. C2: the result's type has the extents of `sizes`.
    ```mlir
    %y = graph.dynamic_slice %x[%i, %j] sizes [1, 8] : tensor<?x8xf32>, tensor<i32>, tensor<i32> -> tensor<1x8xf32>
    ```
  }];
  let arguments = (ins Graph_Tensor:$operand, Variadic<Graph_IndexTensor>:$starts, Graph_ShapeAttr:$sizes);
  let results = (outs Graph_Tensor:$result);
  let assemblyFormat = [{
    $operand `[` $starts `]` `sizes` custom<Shape>($sizes) attr-dict `:` type($operand) `,` type($starts) `->` type($result)
  }];
  let hasVerifier = 1;
}

def Graph_DynamicUpdateSliceOp : Graph_MapOp<"dynamic_update_slice", [AllElementTypesMatch<["operand", "update", "result"]>, AllTypesMatch<["operand", "result"]>], ["requirements"]> {
  let summary = "the operand with a block replaced";
  let description = [{
    A start is clamped as in dynamic_slice. C1: one scalar start per axis. C2: the update has the operand's rank and fits into it.
    ```mlir
    %y = graph.dynamic_update_slice %x, %row[%i, %j] : tensor<?x8xf32>, tensor<1x8xf32>, tensor<i32>, tensor<i32>
    ```
  }];
  let arguments = (ins Graph_Tensor:$operand, Graph_Tensor:$update, Variadic<Graph_IndexTensor>:$starts);
  let results = (outs Graph_Tensor:$result);
  let assemblyFormat = "$operand `,` $update `[` $starts `]` attr-dict `:` type($operand) `,` type($update) `,` type($starts)";
  let hasVerifier = 1;
}

def Graph_SortOp : Graph_MapOp<"sort"> {
  let summary = "sorts along `axis` by the first operand, ascending and stable, and permutes the others alike";
  let description = [{
    NaN comes last. C1: at least one operand, equal shapes. C2: 0 <= axis < rank. C3: each result has its operand's type.
    ```mlir
    %k, %v = graph.sort %x, %i axis 1 : (tensor<?x8xf32>, tensor<?x8xi32>) -> (tensor<?x8xf32>, tensor<?x8xi32>)
    ```
  }];
  let arguments = (ins Variadic<Graph_Tensor>:$operands, I64Attr:$axis);
  let results = (outs Variadic<Graph_Tensor>:$outputs);
  let assemblyFormat = "$operands `axis` $axis attr-dict `:` functional-type($operands, $outputs)";
  let hasVerifier = 1;
}

def Graph_TopKOp : Graph_MapOp<"top_k", [AllElementTypesMatch<["operand", "values"]>], ["requirements"]> {
  let summary = "the k largest of each row (last axis), descending, and their indices";
  let description = [{
    Among equals the lower index comes first; a NaN counts as larger than every number. C1: 0 <= k <= last extent. C2: shapes agree.
    ```mlir
    %v, %i = graph.top_k %x k 3 : tensor<?x8xf32> -> tensor<?x3xf32>, tensor<?x3xi32>
    ```
  }];
  let arguments = (ins Graph_Tensor:$operand, Graph_DimAttr:$k);
  let results = (outs Graph_Tensor:$values, Graph_IndexTensor:$indices);
  let assemblyFormat = "$operand `k` custom<Extent>($k) attr-dict `:` type($operand) `->` type($values) `,` type($indices)";
  let hasVerifier = 1;
}

#endif
