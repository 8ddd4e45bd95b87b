// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef COSTATE_DIALECTS_GRAPH_EXTERN_OPS
#define COSTATE_DIALECTS_GRAPH_EXTERN_OPS

include "costate/dialects/graph/Graph.td"

def Graph_ExternOp : Graph_Op<"extern", [DeclareOpInterfaceMethods<Costate_Batchable>]> {
  let summary = "a C function of the program around the model";
  let description = [{
    results = symbol(inputs), as any op pure: equal calls may become one, and a call whose results nobody reads is none. The function takes the context, the
    inputs (pointers, scalars by value), a pointer for each result, `extents` as int64_t, and a pointer of whoever gave the function; it returns 0, or a
    number that ends the call of the entry. `prototype` is that in C, for headers and messages. There is no derivative: the function around the op has a rule.
    C1: `symbol` is a name of C that neither its library nor the runtime has. C2: `shapes` has the extents of each result.
    ```mlir
    %y, %s = graph.extern "smooth"(%x, %k) extents [n] shapes [[n], []] prototype "int32_t smooth(costate_context *context, const float *x, float k, float *result_1, float *result_2, int64_t n, void *data)"
        : (tensor<?xf32>, tensor<f32>) -> (tensor<?xf32>, tensor<f32>)
    ```
  }];
  let arguments = (ins StrAttr:$symbol, Variadic<Graph_Tensor>:$inputs, Graph_ShapeAttr:$extents,
                       TypedArrayAttrBase<Graph_ShapeAttr, "array of shapes">:$shapes, StrAttr:$prototype);
  let results = (outs Variadic<Graph_Tensor>:$outputs);
  let assemblyFormat = [{
    $symbol `(` $inputs `)` `extents` custom<Shape>($extents) `shapes` custom<Shapes>($shapes) `prototype` $prototype attr-dict
    `:` functional-type($inputs, $outputs)
  }];
  let hasVerifier = 1;
}

#endif
