// RUN: costate-values %s

func.func @convolution_plain(%x: tensor<?x4x4x1xf32> {graph.dims = [#graph.dim<n>, #graph.dim<4>, #graph.dim<4>, #graph.dim<1>], check.value = dense<[[[[-1.25], [0.5], [-0.5], [1.25]], [[0.25], [-0.75], [1.0], [0.0]], [[-1.0], [0.75], [-0.25], [-1.25]], [[0.5], [-0.5], [1.25], [0.25]]]]> : tensor<1x4x4x1xf32>},
                             %w: tensor<3x3x1x2xf32> {check.value = dense<[[[[-1.5, 1.0]], [[0.0, -1.0]], [[1.5, 0.5]]], [[[-0.5, -1.5]], [[1.0, 0.0]], [[-1.0, 1.5]]], [[[0.5, -0.5]], [[-1.5, 1.0]], [[0.0, -1.0]]]]> : tensor<3x3x1x2xf32>})
    -> (tensor<?x2x2x2xf32> {check.close = dense<[[[[-2.375, 0.625], [3.25, 3.375]], [[3.625, 0.625], [-0.375, -3.5]]]]> : tensor<1x2x2x2xf64>}) {
  %y = graph.convolution %x, %w strides [1, 1] low [0, 0] high [0, 0] lhs_dilation [1, 1] rhs_dilation [1, 1] : tensor<?x4x4x1xf32>, tensor<3x3x1x2xf32> -> tensor<?x2x2x2xf32>
  return %y : tensor<?x2x2x2xf32>
}

func.func @convolution_same(%x: tensor<?x3x4x2xf64> {graph.dims = [#graph.dim<n>, #graph.dim<3>, #graph.dim<4>, #graph.dim<2>], check.value = dense<[[[[-1.25, 0.5], [-0.5, 1.25], [0.25, -0.75], [1.0, 0.0]], [[-1.0, 0.75], [-0.25, -1.25], [0.5, -0.5], [1.25, 0.25]], [[-0.75, 1.0], [0.0, -1.0], [0.75, -0.25], [-1.25, 0.5]]], [[[-0.5, 1.25], [0.25, -0.75], [1.0, 0.0], [-1.0, 0.75]], [[-0.25, -1.25], [0.5, -0.5], [1.25, 0.25], [-0.75, 1.0]], [[0.0, -1.0], [0.75, -0.25], [-1.25, 0.5], [-0.5, 1.25]]]]> : tensor<2x3x4x2xf64>},
                            %w: tensor<3x3x2x2xf64> {check.value = dense<[[[[-1.5, 1.0], [0.0, -1.0]], [[1.5, 0.5], [-0.5, -1.5]], [[1.0, 0.0], [-1.0, 1.5]]], [[[0.5, -0.5], [-1.5, 1.0]], [[0.0, -1.0], [1.5, 0.5]], [[-0.5, -1.5], [1.0, 0.0]]], [[[-1.0, 1.5], [0.5, -0.5]], [[-1.5, 1.0], [0.0, -1.0]], [[1.5, 0.5], [-0.5, -1.5]]]]> : tensor<3x3x2x2xf64>})
    -> (tensor<?x3x4x2xf64> {check.close = dense<[[[[4.0, 2.25], [2.375, 2.0], [-3.125, 0.875], [-1.375, 0.125]], [[-2.25, 2.0], [-0.25, -4.75], [-0.625, -4.125], [3.5, -0.875]], [[-0.375, -2.25], [-1.25, -1.0], [4.625, 2.375], [2.5, 2.125]]], [[[2.375, 2.75], [-3.125, 0.875], [-1.75, -0.25], [1.625, 0.875]], [[-1.75, -2.625], [-0.625, -4.125], [1.75, -0.75], [0.625, -3.625]], [[-0.875, -0.625], [4.625, 2.375], [2.25, 4.375], [-3.0, 1.375]]]]> : tensor<2x3x4x2xf64>}) attributes {check.gradient, check.map} {
  %y = graph.convolution %x, %w strides [1, 1] low [1, 1] high [1, 1] lhs_dilation [1, 1] rhs_dilation [1, 1] : tensor<?x3x4x2xf64>, tensor<3x3x2x2xf64> -> tensor<?x3x4x2xf64>
  return %y : tensor<?x3x4x2xf64>
}

func.func @convolution_strided(%x: tensor<?x5x4x1xf64> {graph.dims = [#graph.dim<n>, #graph.dim<5>, #graph.dim<4>, #graph.dim<1>], check.value = dense<[[[[-1.25], [0.5], [-0.5], [1.25]], [[0.25], [-0.75], [1.0], [0.0]], [[-1.0], [0.75], [-0.25], [-1.25]], [[0.5], [-0.5], [1.25], [0.25]], [[-0.75], [1.0], [0.0], [-1.0]]]]> : tensor<1x5x4x1xf64>},
                               %w: tensor<3x2x1x2xf64> {check.value = dense<[[[[-1.5, 1.0]], [[0.0, -1.0]]], [[[1.5, 0.5]], [[-0.5, -1.5]]], [[[1.0, 0.0]], [[-1.0, 1.5]]]]> : tensor<3x2x1x2xf64>})
    -> (tensor<?x3x2x2xf64> {check.close = dense<[[[[-1.125, -2.5], [1.875, 0.625]], [[-1.25, -1.375], [-1.625, -0.625]], [[-2.375, -0.875], [-1.875, -0.25]]]]> : tensor<1x3x2x2xf64>}) attributes {check.gradient, check.second, check.map} {
  %y = graph.convolution %x, %w strides [2, 3] low [1, 0] high [1, 2] lhs_dilation [1, 1] rhs_dilation [1, 1] : tensor<?x5x4x1xf64>, tensor<3x2x1x2xf64> -> tensor<?x3x2x2xf64>
  return %y : tensor<?x3x2x2xf64>
}

func.func @convolution_dilated(%x: tensor<?x5x5x1xf64> {graph.dims = [#graph.dim<n>, #graph.dim<5>, #graph.dim<5>, #graph.dim<1>], check.value = dense<[[[[-1.25], [0.5], [-0.5], [1.25], [0.25]], [[-0.75], [1.0], [0.0], [-1.0], [0.75]], [[-0.25], [-1.25], [0.5], [-0.5], [1.25]], [[0.25], [-0.75], [1.0], [0.0], [-1.0]], [[0.75], [-0.25], [-1.25], [0.5], [-0.5]]]]> : tensor<1x5x5x1xf64>},
                               %w: tensor<2x2x1x1xf64> {check.value = dense<[[[[-1.5]], [[1.0]]], [[[0.0]], [[-1.0]]]]> : tensor<2x2x1x1xf64>})
    -> (tensor<?x4x2x1xf64> {check.close = dense<[[[[-1.0], [-1.75]], [[-1.0], [0.25]], [[1.75], [3.625]], [[1.0], [0.125]]]]> : tensor<1x4x2x1xf64>}) attributes {check.gradient, check.second, check.map} {
  %y = graph.convolution %x, %w strides [1, 2] low [0, 1] high [1, 0] lhs_dilation [1, 1] rhs_dilation [2, 3] : tensor<?x5x5x1xf64>, tensor<2x2x1x1xf64> -> tensor<?x4x2x1xf64>
  return %y : tensor<?x4x2x1xf64>
}

func.func @convolution_transposed(%x: tensor<?x3x3x2xf64> {graph.dims = [#graph.dim<n>, #graph.dim<3>, #graph.dim<3>, #graph.dim<2>], check.value = dense<[[[[-1.25, 0.5], [-0.5, 1.25], [0.25, -0.75]], [[1.0, 0.0], [-1.0, 0.75], [-0.25, -1.25]], [[0.5, -0.5], [1.25, 0.25], [-0.75, 1.0]]]]> : tensor<1x3x3x2xf64>},
                                  %w: tensor<3x3x2x1xf64> {check.value = dense<[[[[-1.5], [1.0]], [[0.0], [-1.0]], [[1.5], [0.5]]], [[[-0.5], [-1.5]], [[1.0], [0.0]], [[-1.0], [1.5]]], [[[0.5], [-0.5]], [[-1.5], [1.0]], [[0.0], [-1.0]]]]> : tensor<3x3x2x1xf64>})
    -> (tensor<?x7x6x1xf64> {check.close = dense<[[[[2.375], [-2.125], [2.0], [-0.125], [-1.125], [0.5]], [[-1.25], [2.25], [-0.5], [-3.0], [0.25], [1.0]], [[-2.0], [2.0], [1.0], [2.375], [-0.125], [-0.625]], [[1.0], [1.625], [-1.0], [-2.25], [-0.25], [2.0]], [[-1.25], [-2.375], [-2.375], [0.75], [3.375], [-1.75]], [[0.5], [-0.375], [1.25], [1.25], [-0.75], [-1.125]], [[0.5], [0.75], [-0.25], [-2.25], [-1.0], [2.125]]]]> : tensor<1x7x6x1xf64>}) attributes {check.gradient, check.second, check.map} {
  %y = graph.convolution %x, %w strides [1, 1] low [2, 1] high [2, 2] lhs_dilation [2, 2] rhs_dilation [1, 1] : tensor<?x3x3x2xf64>, tensor<3x3x2x1xf64> -> tensor<?x7x6x1xf64>
  return %y : tensor<?x7x6x1xf64>
}

func.func @convolution_cropped(%x: tensor<?x5x5x1xf64> {graph.dims = [#graph.dim<n>, #graph.dim<5>, #graph.dim<5>, #graph.dim<1>], check.value = dense<[[[[-1.25], [0.5], [-0.5], [1.25], [0.25]], [[-0.75], [1.0], [0.0], [-1.0], [0.75]], [[-0.25], [-1.25], [0.5], [-0.5], [1.25]], [[0.25], [-0.75], [1.0], [0.0], [-1.0]], [[0.75], [-0.25], [-1.25], [0.5], [-0.5]]]]> : tensor<1x5x5x1xf64>},
                               %w: tensor<2x2x1x1xf64> {check.value = dense<[[[[-1.5]], [[1.0]]], [[[0.0]], [[-1.0]]]]> : tensor<2x2x1x1xf64>})
    -> (tensor<?x3x2x1xf64> {check.close = dense<[[[[3.375], [-2.0]], [[-0.125], [1.375]], [[-0.875], [3.375]]]]> : tensor<1x3x2x1xf64>}) attributes {check.gradient, check.map} {
  %y = graph.convolution %x, %w strides [1, 1] low [-1, 0] high [0, -2] lhs_dilation [1, 1] rhs_dilation [1, 1] : tensor<?x5x5x1xf64>, tensor<2x2x1x1xf64> -> tensor<?x3x2x1xf64>
  return %y : tensor<?x3x2x1xf64>
}

func.func @convolution_line(%x: tensor<?x6x2xf64> {graph.dims = [#graph.dim<n>, #graph.dim<6>, #graph.dim<2>], check.value = dense<[[[-1.25, 0.5], [-0.5, 1.25], [0.25, -0.75], [1.0, 0.0], [-1.0, 0.75], [-0.25, -1.25]], [[0.5, -0.5], [1.25, 0.25], [-0.75, 1.0], [0.0, -1.0], [0.75, -0.25], [-1.25, 0.5]]]> : tensor<2x6x2xf64>},
                            %w: tensor<3x2x3xf64> {check.value = dense<[[[-1.5, 1.0, 0.0], [-1.0, 1.5, 0.5]], [[-0.5, -1.5, 1.0], [0.0, -1.0, 1.5]], [[0.5, -0.5, -1.5], [1.0, 0.0, -1.0]]]> : tensor<3x2x3xf64>})
    -> (tensor<?x3x3xf64> {check.close = dense<[[[1.625, 1.625, -1.0], [-0.125, 1.25, -1.75], [-2.375, 1.875, 1.75]], [[0.625, -0.875, -2.375], [-2.75, 1.75, 1.875], [0.5, -1.75, 1.25]]]> : tensor<2x3x3xf64>}) attributes {check.gradient, check.second, check.map} {
  %y = graph.convolution %x, %w strides [2] low [1] high [1] lhs_dilation [1] rhs_dilation [1] : tensor<?x6x2xf64>, tensor<3x2x3xf64> -> tensor<?x3x3xf64>
  return %y : tensor<?x3x3xf64>
}

func.func @convolution_volume(%x: tensor<?x3x2x3x1xf64> {graph.dims = [#graph.dim<n>, #graph.dim<3>, #graph.dim<2>, #graph.dim<3>, #graph.dim<1>], check.value = dense<[[[[[-1.25], [0.5], [-0.5]], [[1.25], [0.25], [-0.75]]], [[[1.0], [0.0], [-1.0]], [[0.75], [-0.25], [-1.25]]], [[[0.5], [-0.5], [1.25]], [[0.25], [-0.75], [1.0]]]]]> : tensor<1x3x2x3x1xf64>},
                              %w: tensor<2x2x2x1x2xf64> {check.value = dense<[[[[[-1.5, 1.0]], [[0.0, -1.0]]], [[[1.5, 0.5]], [[-0.5, -1.5]]]], [[[[1.0, 0.0]], [[-1.0, 1.5]]], [[[0.5, -0.5]], [[-1.5, 1.0]]]]]> : tensor<2x2x2x1x2xf64>})
    -> (tensor<?x3x2x2x2xf64> {check.close = dense<[[[[[-1.625, -1.875], [2.5, 0.0]], [[5.375, -2.125], [2.75, -0.375]]], [[[2.5, -0.25], [-1.625, 3.0]], [[2.0, 0.125], [-3.375, 6.0]]], [[[1.0, 1.0], [-1.375, -2.125]], [[0.0, 2.25], [-0.875, -3.625]]]]]> : tensor<1x3x2x2x2xf64>}) attributes {check.gradient, check.map} {
  %y = graph.convolution %x, %w strides [1, 1, 1] low [0, 1, 0] high [1, 0, 0] lhs_dilation [1, 1, 1] rhs_dilation [1, 1, 1] : tensor<?x3x2x3x1xf64>, tensor<2x2x2x1x2xf64> -> tensor<?x3x2x2x2xf64>
  return %y : tensor<?x3x2x2x2xf64>
}

func.func @convolution_empty(%x: tensor<?x4x4x1xf32> {graph.dims = [#graph.dim<n>, #graph.dim<4>, #graph.dim<4>, #graph.dim<1>], check.value = dense<> : tensor<0x4x4x1xf32>},
                             %w: tensor<3x3x1x2xf32> {check.value = dense<[[[[-1.5, 1.0]], [[0.0, -1.0]], [[1.5, 0.5]]], [[[-0.5, -1.5]], [[1.0, 0.0]], [[-1.0, 1.5]]], [[[0.5, -0.5]], [[-1.5, 1.0]], [[0.0, -1.0]]]]> : tensor<3x3x1x2xf32>})
    -> (tensor<?x2x2x2xf32> {check.close = dense<> : tensor<0x2x2x2xf64>}) {
  %y = graph.convolution %x, %w strides [1, 1] low [0, 0] high [0, 0] lhs_dilation [1, 1] rhs_dilation [1, 1] : tensor<?x4x4x1xf32>, tensor<3x3x1x2xf32> -> tensor<?x2x2x2xf32>
  return %y : tensor<?x2x2x2xf32>
}

// Slice by slice: a deep window, along its rows, and the gradient of a kernel, along those of the image.
func.func @convolution_slices(%x: tensor<?x5x9x61xf32> {graph.dims = [#graph.dim<n>, #graph.dim<5>, #graph.dim<9>, #graph.dim<61>], check.random = [0.0, 1.0], check.shape = array<i64: 2, 5, 9, 61>},
                              %w: tensor<3x3x61x19xf32> {check.random = [0.0, 1.0]},
                              %images: tensor<3x6x7x?xf32> {graph.dims = [#graph.dim<3>, #graph.dim<6>, #graph.dim<7>, #graph.dim<m>], check.random = [-1.0, 1.0], check.shape = array<i64: 3, 6, 7, 5>},
                              %cotangent: tensor<6x7x?x18xf32> {graph.dims = [#graph.dim<6>, #graph.dim<7>, #graph.dim<m>, #graph.dim<18>], check.random = [-1.0, 1.0], check.shape = array<i64: 6, 7, 5, 18>})
    -> (tensor<?x5x9x19xf32>, tensor<3x3x3x18xf32>) attributes {check.map} {
  %y = graph.convolution %x, %w strides [1, 1] low [1, 1] high [1, 1] lhs_dilation [1, 1] rhs_dilation [1, 1] : tensor<?x5x9x61xf32>, tensor<3x3x61x19xf32> -> tensor<?x5x9x19xf32>
  %d = graph.convolution %images, %cotangent strides [1, 1] low [1, 1] high [1, 1] lhs_dilation [1, 1] rhs_dilation [1, 1] : tensor<3x6x7x?xf32>, tensor<6x7x?x18xf32> -> tensor<3x3x3x18xf32>
  return %y, %d : tensor<?x5x9x19xf32>, tensor<3x3x3x18xf32>
}

func.func @convolution_empty_slices(%images: tensor<3x6x7x?xf32> {graph.dims = [#graph.dim<3>, #graph.dim<6>, #graph.dim<7>, #graph.dim<m>], check.random = [-1.0, 1.0], check.shape = array<i64: 3, 6, 7, 0>},
                                    %cotangent: tensor<6x7x?x2xf32> {graph.dims = [#graph.dim<6>, #graph.dim<7>, #graph.dim<m>, #graph.dim<2>], check.random = [-1.0, 1.0], check.shape = array<i64: 6, 7, 0, 2>})
    -> (tensor<3x3x3x2xf32> {check.close = dense<0.0> : tensor<3x3x3x2xf64>}) {
  %d = graph.convolution %images, %cotangent strides [1, 1] low [1, 1] high [1, 1] lhs_dilation [1, 1] rhs_dilation [1, 1] : tensor<3x6x7x?xf32>, tensor<6x7x?x2xf32> -> tensor<3x3x3x2xf32>
  return %d : tensor<3x3x3x2xf32>
}
