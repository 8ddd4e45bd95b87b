// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef COSTATE_DIALECTS_GRAPH_REQUEST_OPS
#define COSTATE_DIALECTS_GRAPH_REQUEST_OPS

include "costate/dialects/graph/ElementwiseOps.td"

// Requests name a private function without captures; the differentiate phase answers them, innermost first, and leaves none.
// A function with the attribute `graph.vjp = @rule` is differentiated by that rule: @rule takes the function's arguments, then a
// cotangent per float result, and returns a cotangent per float argument; it is linear in the cotangents.

def Graph_VjpOp : Graph_Op<"vjp", [AttrSizedOperandSegments, DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "values of a function, and the cotangents of chosen arguments";
  let description = [{
    results = (values of @f, one gradient per entry of `wrt`). `from` holds a cotangent per float result of @f.
    C1: @f is a function whose types match. C2: `wrt` ascends and names float arguments. C3: one cotangent per float result.
    C4: result types are those of the values, then of the arguments in `wrt`.
    ```mlir
    %loss, %dw = graph.vjp @loss(%w, %x) wrt [0] from(%one) : (tensor<8x4xf32>, tensor<?x8xf32>, tensor<f32>) -> (tensor<f32>, tensor<8x4xf32>)
    ```
  }];
  let arguments = (ins FlatSymbolRefAttr:$callee, Variadic<Graph_Tensor>:$inputs, DenseI64ArrayAttr:$wrt, Variadic<Graph_Tensor>:$cotangents);
  let results = (outs Variadic<Graph_Tensor>:$outputs);
  let hasCustomAssemblyFormat = 1;
}

def Graph_JvpOp : Graph_Op<"jvp", [AttrSizedOperandSegments, DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "values of a function, and their tangents along tangents of chosen arguments";
  let description = [{
    results = (values of @f, a tangent per float result). C1: as for vjp. C2: `along` ascends and names float arguments. C3: one tangent per
    entry of `along`, of that argument's type. C4: result types are those of the values, then those of the float ones again.
    ```mlir
    %y, %ty = graph.jvp @f(%w, %x) along [1](%tx) : (tensor<8x4xf32>, tensor<?x8xf32>, tensor<?x8xf32>) -> (tensor<?x4xf32>, tensor<?x4xf32>)
    ```
  }];
  let arguments = (ins FlatSymbolRefAttr:$callee, Variadic<Graph_Tensor>:$inputs, DenseI64ArrayAttr:$along, Variadic<Graph_Tensor>:$tangents);
  let results = (outs Variadic<Graph_Tensor>:$outputs);
  let hasCustomAssemblyFormat = 1;
}

def Graph_MapRequestOp : Graph_Op<"map", [DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "a function over the leading axis of some of its arguments, all lanes at once";
  let description = [{
    Argument i varies with the lane if over[i]; it then has one more axis, in front, of extent `size`. Every result has it, but those that are
    `replicated`: they are the same in all lanes, as what collectives give is. `axis` names the lanes, for collectives. C1: @f is a function; types match but
    for the axis. C2: one entry of `over` per argument. C3: the leading extents are `size`. C4: one entry of `replicated` per result. C5: an argument varies, or
    `size` is a number.
    ```mlir
    %r = graph.map @f(%a, %b) over [true, false] size [n] axis "probe" : (tensor<?x8xf32>, tensor<8xf32>) -> tensor<?xf32>
    ```
  }];
  let arguments = (ins FlatSymbolRefAttr:$callee, Variadic<Graph_Tensor>:$inputs, DenseBoolArrayAttr:$over, Graph_DimAttr:$size,
                       OptionalAttr<StrAttr>:$axis, OptionalAttr<DenseBoolArrayAttr>:$replicated);
  let results = (outs Variadic<Graph_Tensor>:$outputs);
  let assemblyFormat = [{
    $callee `(` $inputs `)` `over` $over `size` custom<Dim>($size) (`axis` $axis^)? (`replicated` $replicated^)? attr-dict
    `:` functional-type($inputs, $outputs)
  }];
  let extraClassDeclaration = "bool isReplicated(unsigned result) { return getReplicated() && (*getReplicated())[result]; }";
}

def Graph_StopGradientOp : Graph_ElementwiseOp<"stop_gradient", [SameOperandsAndResultType]> {
  let summary = "the value, without derivative";
  let description = [{
    ```mlir
    %y = graph.stop_gradient %x : tensor<?x8xf32>
    ```
  }];
  let arguments = (ins Graph_Tensor:$operand);
  let results = (outs Graph_Tensor:$result);
  let assemblyFormat = "$operand attr-dict `:` type($result)";
}

//===----------------------------------------------------------------------===//
// Parameter sets
//===----------------------------------------------------------------------===//

def Graph_LeafOp : Graph_MapOp<"leaf", [DeclareOpInterfaceMethods<SymbolUserOpInterface>, AllElementTypesMatch<["arena", "result"]>]> {
  let summary = "one tensor of a parameter set: a view, no copy";
  let description = [{
    C1: the symbol names a leaf of an arena (optim.arena). C2: the operand is rank 1 with the arena's size. C3: the result has the leaf's shape.
    ```mlir
    %w = graph.leaf %theta[@f::@w] : tensor<8208xf32> -> tensor<64x128xf32>
    ```
  }];
  let arguments = (ins Graph_FloatTensor:$arena, SymbolRefAttr:$leaf);
  let results = (outs Graph_FloatTensor:$result);
  let assemblyFormat = "$arena `[` $leaf `]` attr-dict `:` type($arena) `->` type($result)";
}

def Graph_PackOp : Graph_MapOp<"pack", [DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "a parameter set made of its leaves: the inverse of leaf; leaves that are not given and the gaps are zero";
  let description = [{
    C1: the symbol is an arena; the names are leaves of it, each once. C2: operands have the leaves' shapes. C3: the result is rank 1 with
    the arena's size.
    ```mlir
    %theta = graph.pack @f leaves ["w", "b"](%w, %b) : (tensor<64x128xf32>, tensor<128xf32>) -> tensor<8320xf32>
    ```
  }];
  let arguments = (ins FlatSymbolRefAttr:$arena, StrArrayAttr:$names, Variadic<Graph_FloatTensor>:$leaves);
  let results = (outs Graph_FloatTensor:$result);
  let assemblyFormat = "$arena `leaves` $names `(` $leaves `)` attr-dict `:` functional-type($leaves, $result)";
}

#endif
