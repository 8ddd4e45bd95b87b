// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef COSTATE_DIALECTS_GRAPH_LAYOUT_OPS
#define COSTATE_DIALECTS_GRAPH_LAYOUT_OPS

include "costate/dialects/graph/Graph.td"

def Graph_ConstantOp : Graph_MapOp<"constant", [ConstantLike, AllTypesMatch<["value", "result"]>]> {
  let summary = "a tensor known at compile time";
  let description = [{
    ```mlir
    %c = graph.constant dense<[1.0, 2.0]> : tensor<2xf32>
    ```
  }];
  let arguments = (ins ElementsAttr:$value);
  let results = (outs Graph_Tensor:$result);
  let assemblyFormat = "attr-dict $value";
  let hasFolder = 1;
}

def Graph_ExtentOp : Graph_MapOp<"extent"> {
  let summary = "the value of a dimension, as a scalar";
  let description = [{
    ```mlir
    %n = graph.extent <2 * batch> : tensor<i64>
    ```
  }];
  let arguments = (ins Graph_DimAttr:$dim);
  let results = (outs RankedTensorOf<[I64]>:$result);
  let assemblyFormat = "$dim attr-dict `:` type($result)";
  let hasFolder = 1;
}

def Graph_IotaOp : Graph_MapOp<"iota"> {
  let summary = "0, 1, 2, ... along `axis`, equal along the others";
  let description = [{
    C1: 0 <= axis < rank. C2: the result's type has the extents of `shape`.
    ```mlir
    %i = graph.iota axis 0 shape [batch] : tensor<?xi32>
    ```
  }];
  let arguments = (ins I64Attr:$axis, Graph_ShapeAttr:$shape);
  let results = (outs Graph_Tensor:$result);
  let assemblyFormat = "`axis` $axis `shape` custom<Shape>($shape) attr-dict `:` type($result)";
  let hasVerifier = 1;
}

def Graph_BroadcastInDimOp : Graph_MapOp<"broadcast_in_dim", [AllElementTypesMatch<["operand", "result"]>]> {
  let summary = "repeats a tensor along axes it does not have";
  let description = [{
    Axis i of the operand becomes axis dims[i] of the result. C1: one entry of `dims` per axis, ascending, in [0, rank of the result).
    C2: an axis of the operand has extent 1 or the extent of its place in `shape`. C3: the result's type has the extents of `shape`.
    ```mlir
    %y = graph.broadcast_in_dim %b dims [1] shape [batch, 10] : tensor<10xf32> -> tensor<?x10xf32>
    ```
  }];
  let arguments = (ins Graph_Tensor:$operand, DenseI64ArrayAttr:$dims, Graph_ShapeAttr:$shape);
  let results = (outs Graph_Tensor:$result);
  let assemblyFormat = "$operand `dims` $dims `shape` custom<Shape>($shape) attr-dict `:` type($operand) `->` type($result)";
  let hasVerifier = 1;
  let hasFolder = 1;
}

def Graph_ReshapeOp : Graph_MapOp<"reshape", [AllElementTypesMatch<["operand", "result"]>]> {
  let summary = "the same elements, in row-major order, with another shape";
  let description = [{
    C1: the products of the extents are equal. C2: the result's type has the extents of `shape`.
    ```mlir
    %y = graph.reshape %x shape [2 * batch, 4] : tensor<?x8xf32> -> tensor<?x4xf32>
    ```
  }];
  let arguments = (ins Graph_Tensor:$operand, Graph_ShapeAttr:$shape);
  let results = (outs Graph_Tensor:$result);
  let assemblyFormat = "$operand `shape` custom<Shape>($shape) attr-dict `:` type($operand) `->` type($result)";
  let hasVerifier = 1;
  let hasFolder = 1;
}

def Graph_TransposeOp : Graph_MapOp<"transpose", [AllElementTypesMatch<["operand", "result"]>]> {
  let summary = "axis i of the result is axis permutation[i] of the operand";
  let description = [{
    C1: `permutation` is a permutation of the axes. C2: extents agree.
    ```mlir
    %y = graph.transpose %x permutation [1, 0] : tensor<?x8xf32> -> tensor<8x?xf32>
    ```
  }];
  let arguments = (ins Graph_Tensor:$operand, DenseI64ArrayAttr:$permutation);
  let results = (outs Graph_Tensor:$result);
  let assemblyFormat = "$operand `permutation` $permutation attr-dict `:` type($operand) `->` type($result)";
  let hasVerifier = 1;
  let hasFolder = 1;
}

def Graph_SliceOp : Graph_MapOp<"slice", [AllElementTypesMatch<["operand", "result"]>], ["requirements"]> {
  let summary = "sizes[i] elements of axis i from starts[i], every strides[i]-th";
  let description = [{
    C1: one start, size and stride per axis; strides >= 1. C2: starts + (sizes - 1) * strides lies inside. C3: the result's type has the
    extents of `sizes`.
    ```mlir
    %y = graph.slice %x starts [0, 2] sizes [batch, 3] strides [1, 2] : tensor<?x8xf32> -> tensor<?x3xf32>
    ```
  }];
  let arguments = (ins Graph_Tensor:$operand, Graph_ShapeAttr:$starts, Graph_ShapeAttr:$sizes, DenseI64ArrayAttr:$strides);
  let results = (outs Graph_Tensor:$result);
  let assemblyFormat = [{
    $operand `starts` custom<Shape>($starts) `sizes` custom<Shape>($sizes) `strides` $strides
    attr-dict `:` type($operand) `->` type($result)
  }];
  let hasVerifier = 1;
  let hasFolder = 1;
}

def Graph_PadOp : Graph_MapOp<"pad", [AllElementTypesMatch<["operand", "value", "result"]>]> {
  let summary = "surrounds a tensor with `value` and, with `interior`, puts it between neighbours";
  let description = [{
    Extent of axis i: low + max(0, n + (n - 1) * interior) + high. C1: one low, high and interior per axis, none negative. C2: the result's type agrees.
    ```mlir
    %y = graph.pad %x, %zero low [0, 1] high [0, 1] interior [0, 0] : tensor<?x8xf32>, tensor<f32> -> tensor<?x10xf32>
    ```
  }];
  let arguments = (ins Graph_Tensor:$operand, Graph_Tensor:$value, Graph_ShapeAttr:$low, Graph_ShapeAttr:$high, DenseI64ArrayAttr:$interior);
  let results = (outs Graph_Tensor:$result);
  let assemblyFormat = [{
    $operand `,` $value `low` custom<Shape>($low) `high` custom<Shape>($high) `interior` $interior
    attr-dict `:` type($operand) `,` type($value) `->` type($result)
  }];
  let hasVerifier = 1;
}

def Graph_ConcatenateOp : Graph_MapOp<"concatenate"> {
  let summary = "tensors one after another along `axis`";
  let description = [{
    C1: at least one operand. C2: equal element types and ranks; equal extents but along `axis`, where they sum to the result's.
    ```mlir
    %z = graph.concatenate %x, %y axis 1 : (tensor<?x8xf32>, tensor<?x2xf32>) -> tensor<?x10xf32>
    ```
  }];
  let arguments = (ins Variadic<Graph_Tensor>:$operands, I64Attr:$axis);
  let results = (outs Graph_Tensor:$result);
  let assemblyFormat = "$operands `axis` $axis attr-dict `:` functional-type($operands, $result)";
  let hasVerifier = 1;
  let hasFolder = 1;
}

def Graph_ReverseOp : Graph_MapOp<"reverse", [SameOperandsAndResultType]> {
  let summary = "elements of `axes` in the opposite order";
  let description = [{
    C1: `axes` ascend, differ and lie in [0, rank).
    ```mlir
    %y = graph.reverse %x axes [1] : tensor<?x8xf32>
    ```
  }];
  let arguments = (ins Graph_Tensor:$operand, DenseI64ArrayAttr:$axes);
  let results = (outs Graph_Tensor:$result);
  let assemblyFormat = "$operand `axes` $axes attr-dict `:` type($result)";
  let hasVerifier = 1;
}

#endif
