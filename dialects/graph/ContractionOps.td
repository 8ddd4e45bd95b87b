// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef COSTATE_DIALECTS_GRAPH_CONTRACTION_OPS
#define COSTATE_DIALECTS_GRAPH_CONTRACTION_OPS

include "costate/dialects/graph/Graph.td"

def Graph_DotGeneralOp : Graph_MapOp<"dot_general", [AllElementTypesMatch<["lhs", "rhs", "result"]>]> {
  let summary = "sum of products over contracted axes, for each index of the batch axes";
  let description = [{
    result[b..., m..., n...] = sum over k of lhs[b, m, k] * rhs[b, n, k]: batch axes first, then the free axes of lhs, then those of
    rhs, each in their order. k runs in order; a product may be fused into its sum (FMA).
    C1: batching and contracting axes of each operand differ and lie in [0, rank). C2: paired axes have equal extents. C3: the result's
    shape is as above. C4: one element type, f32 or f64.
    ```mlir
    %z = graph.dot_general %x, %w contracting [1] x [0] : tensor<?x64xf32>, tensor<64x10xf32> -> tensor<?x10xf32>
    %s = graph.dot_general %q, %k batching [0] x [0] contracting [2] x [2] : tensor<4x?x8xf32>, tensor<4x?x8xf32> -> tensor<4x?x?xf32>
    ```
  }];
  let arguments = (ins Graph_FloatTensor:$lhs, Graph_FloatTensor:$rhs, DenseI64ArrayAttr:$lhs_batching, DenseI64ArrayAttr:$rhs_batching,
                       DenseI64ArrayAttr:$lhs_contracting, DenseI64ArrayAttr:$rhs_contracting);
  let results = (outs Graph_FloatTensor:$result);
  let assemblyFormat = [{
    $lhs `,` $rhs custom<DotAxes>($lhs_batching, $rhs_batching, $lhs_contracting, $rhs_contracting)
    attr-dict `:` type($lhs) `,` type($rhs) `->` type($result)
  }];
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    /// Axes of an operand that are neither batched nor contracted, ascending.
    ::llvm::SmallVector<int64_t> lhsFree();
    ::llvm::SmallVector<int64_t> rhsFree();
  }];
}

def Graph_ConvolutionOp : Graph_MapOp<"convolution", [AllElementTypesMatch<["lhs", "rhs", "result"]>]> {
  let summary = "cross-correlation of images [n, spatial..., c_in] with kernels [spatial..., c_in, c_out]";
  let description = [{
    result[n, p..., o] = sum over r..., c of X[n, p*strides + r*rhs_dilation - low, c] * rhs[r..., c, o], where X is lhs with
    lhs_dilation - 1 zeros between neighbours and zeros outside. The axes have one fixed order; others are a `transpose` away.
    C1: one stride, low, high (may be negative: cropping), lhs_dilation and rhs_dilation per spatial axis; strides and dilations >= 1. C2: lhs' channels equal rhs'
    input channels. C3: spatial extents are floor((dilate(in) + low + high - dilate(kernel)) / stride) + 1, dilate(x) = (x - 1) * d + 1.
    Spatial extents are static; n and the channels may be names.
    ```mlir
    %y = graph.convolution %x, %w strides [2, 2] low [1, 1] high [1, 1] lhs_dilation [1, 1] rhs_dilation [1, 1]
        : tensor<?x8x8x3xf32>, tensor<3x3x3x16xf32> -> tensor<?x4x4x16xf32>
    ```
  }];
  let arguments = (ins Graph_FloatTensor:$lhs, Graph_FloatTensor:$rhs, DenseI64ArrayAttr:$strides, DenseI64ArrayAttr:$low,
                       DenseI64ArrayAttr:$high, DenseI64ArrayAttr:$lhs_dilation, DenseI64ArrayAttr:$rhs_dilation);
  let results = (outs Graph_FloatTensor:$result);
  let assemblyFormat = [{
    $lhs `,` $rhs `strides` $strides `low` $low `high` $high `lhs_dilation` $lhs_dilation `rhs_dilation` $rhs_dilation
    attr-dict `:` type($lhs) `,` type($rhs) `->` type($result)
  }];
  let hasVerifier = 1;
}

def Graph_FftOp : Graph_MapOp<"fft", [SameOperandsAndResultType]> {
  let summary = "discrete Fourier transform along the last axis, of real and imaginary parts";
  let description = [{
    Of x = re + i im, with n the last extent: y[..., k] = sum over j of x[..., j] exp(-2 pi i j k / n), or exp(2 pi i j k / n) if `inverse`. Neither is
    scaled: one after the other is n times x. The derivative is the other direction. Kept whole for its n log n operations, which hold for every n.
    A row that is not finite gives NaN. C1: rank >= 1. C2: all parts have one type.
    ```mlir
    %yr, %yi = graph.fft %xr, %xi : tensor<?x100xf32>
    %zr, %zi = graph.fft %yr, %yi inverse : tensor<?x100xf32>
    ```
  }];
  let arguments = (ins Graph_FloatTensor:$re, Graph_FloatTensor:$im, UnitAttr:$inverse);
  let results = (outs Graph_FloatTensor:$result_re, Graph_FloatTensor:$result_im);
  let assemblyFormat = "$re `,` $im (`inverse` $inverse^)? attr-dict `:` type($re)";
  let hasVerifier = 1;
}

#endif
