// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef COSTATE_DIALECTS_GRAPH_RANDOM_OPS
#define COSTATE_DIALECTS_GRAPH_RANDOM_OPS

include "costate/dialects/graph/ElementwiseOps.td"

def Graph_Distribution : I32EnumAttr<"Distribution", "distribution of random numbers", [
  I32EnumAttrCase<"bits", 0>, I32EnumAttrCase<"uniform", 1>, I32EnumAttrCase<"normal", 2>]> {
  let cppNamespace = "::costate::graph";
}

def Graph_RandomOp : Graph_MapOp<"random"> {
  let summary = "random numbers as a function of a key, a site and the flat index (Philox4x32-10)";
  let description = [{
    For each key and flat index i: w[0..3] = philox(counter = (i mod 2^32, i div 2^32, site mod 2^32, site div 2^32),
    key = (key mod 2^32, key div 2^32)) (Salmon et al. 2011). `bits` is w[0] (i32); `uniform` is (w[0] >> 8) * 2^-24, in [0, 1), the same
    number in f32 and f64; `normal` is sqrt(-2 log(((w[0] >> 8) + 1) * 2^-24)) * cos(2 pi (w[1] >> 8) * 2^-24). No draw depends on tiling,
    threads or evaluation order. The result has the axes of the key, then those of `shape`; i counts within one key.
    C1: the result's type has these extents. C2: `bits` is i32, the others f32 or f64.
    ```mlir
    %u = graph.random uniform %key site 7 shape [batch, 8] : tensor<i64> -> tensor<?x8xf32>
    ```
  }];
  let arguments = (ins Graph_Distribution:$distribution, Graph_Key:$key, I64Attr:$site, Graph_ShapeAttr:$shape);
  let results = (outs Graph_Tensor:$result);
  let assemblyFormat = "$distribution $key `site` $site `shape` custom<Shape>($shape) attr-dict `:` type($key) `->` type($result)";
  let hasVerifier = 1;
}

def Graph_FoldInOp : Graph_ElementwiseOp<"fold_in", [SameOperandsAndResultType]> {
  let summary = "a key made of a key and a number (step, loop index, lane)";
  let description = [{
    Words 0 and 1 (low, high) of philox(counter = (data mod 2^32, data div 2^32, 0x464f4c44, 0), key).
    ```mlir
    %k = graph.fold_in %key, %step : tensor<i64>
    ```
  }];
  let arguments = (ins Graph_Key:$key, Graph_Key:$data);
  let results = (outs Graph_Key:$result);
  let assemblyFormat = "$key `,` $data attr-dict `:` type($result)";
}

#endif
