// RUN: costate-values %s

func.func @lu_values(%a: tensor<?x3x3xf64> {graph.dims = [#graph.dim<n>, #graph.dim<3>, #graph.dim<3>], check.value = dense<[[[1.0, 2.0, 4.0], [4.0, 2.0, 1.0], [2.0, 5.0, 3.0]], [[2.0, -1.0, 0.0], [-1.0, 3.0, 0.5], [0.0, 4.0, 1.0]]]> : tensor<2x3x3xf64>})
    -> (tensor<?x3x3xf64> {check.close = dense<[[[4.0, 2.0, 1.0], [0.5, 4.0, 2.5], [0.25, 0.375, 2.8125]], [[2.0, -1.0, 0.0], [0.0, 4.0, 1.0], [-0.5, 0.625, -0.125]]]> : tensor<2x3x3xf64>}, tensor<?x3xi32> {check.close = dense<[[1, 2, 0], [0, 2, 1]]> : tensor<2x3xi32>}) attributes {check.gradient, check.second, check.map} {
  %lu, %p = graph.lu %a : tensor<?x3x3xf64>, tensor<?x3xi32>
  return %lu, %p : tensor<?x3x3xf64>, tensor<?x3xi32>
}

// The first of equal pivots; a column of zeros stays; an element that is not finite spoils its matrix alone.
func.func @lu_special(%a: tensor<4x2x2xf32> {check.value = dense<[[[-2.0, 1.0], [2.0, 3.0]], [[0.0, 1.0], [0.0, 3.0]], [[0x7FC00000, 1.0], [2.0, 3.0]], [[1.0, 2.0], [0x7F800000, 3.0]]]> : tensor<4x2x2xf32>})
    -> (tensor<4x2x2xf32> {check.close = dense<[[[-2.0, 1.0], [-1.0, 4.0]], [[0.0, 1.0], [0.0, 3.0]], [[0x7FF8000000000000, 0x7FF8000000000000], [0x7FF8000000000000, 0x7FF8000000000000]], [[0x7FF8000000000000, 0x7FF8000000000000], [0x7FF8000000000000, 0x7FF8000000000000]]]> : tensor<4x2x2xf64>}, tensor<4x2xi32> {check.close = dense<[[0, 1], [0, 1], [0, 1], [0, 1]]> : tensor<4x2xi32>}) {
  %lu, %p = graph.lu %a : tensor<4x2x2xf32>, tensor<4x2xi32>
  return %lu, %p : tensor<4x2x2xf32>, tensor<4x2xi32>
}

func.func @lu_one(%a: tensor<2x1x1xf64> {check.value = dense<[[[9.0]], [[-4.0]]]> : tensor<2x1x1xf64>})
    -> (tensor<2x1x1xf64> {check.close = dense<[[[9.0]], [[-4.0]]]> : tensor<2x1x1xf64>}, tensor<2x1xi32> {check.close = dense<0> : tensor<2x1xi32>}) attributes {check.gradient} {
  %lu, %p = graph.lu %a : tensor<2x1x1xf64>, tensor<2x1xi32>
  return %lu, %p : tensor<2x1x1xf64>, tensor<2x1xi32>
}

func.func @lu_empty(%a: tensor<?x2x2xf32> {graph.dims = [#graph.dim<n>, #graph.dim<2>, #graph.dim<2>], check.random = [0.0, 1.0], check.shape = array<i64: 0, 2, 2>})
    -> (tensor<?x2x2xf32> {check.close = dense<> : tensor<0x2x2xf64>}, tensor<?x2xi32> {check.close = dense<> : tensor<0x2xi32>}) {
  %lu, %p = graph.lu %a : tensor<?x2x2xf32>, tensor<?x2xi32>
  return %lu, %p : tensor<?x2x2xf32>, tensor<?x2xi32>
}

func.func @lu_nothing(%a: tensor<2x0x0xf32> {check.value = dense<> : tensor<2x0x0xf32>})
    -> (tensor<2x0x0xf32> {check.close = dense<> : tensor<2x0x0xf64>}, tensor<2x0xi32> {check.close = dense<> : tensor<2x0xi32>}) {
  %lu, %p = graph.lu %a : tensor<2x0x0xf32>, tensor<2x0xi32>
  return %lu, %p : tensor<2x0x0xf32>, tensor<2x0xi32>
}
