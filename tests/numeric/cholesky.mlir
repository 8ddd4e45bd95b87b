// RUN: costate-values %s

func.func @cholesky_values(%a: tensor<?x3x3xf64> {graph.dims = [#graph.dim<n>, #graph.dim<3>, #graph.dim<3>], check.value = dense<[[[4.0, 2.0, 1.0], [2.0, 5.0, 3.0], [1.0, 3.0, 6.0]], [[2.0, -1.0, 0.0], [-1.0, 3.0, 0.5], [0.0, 0.5, 1.0]]]> : tensor<2x3x3xf64>})
    -> (tensor<?x3x3xf64> {check.close = dense<[[[2.0, 0.0, 0.0], [1.0, 2.0, 0.0], [0.5, 1.25, 2.0463381929681126]], [[1.4142135623730951, 0.0, 0.0], [-0.7071067811865475, 1.5811388300841898, 0.0], [0.0, 0.31622776601683794, 0.9486832980505138]]]> : tensor<2x3x3xf64>}) attributes {check.gradient, check.second, check.map} {
  %l = graph.cholesky %a : tensor<?x3x3xf64>
  return %l : tensor<?x3x3xf64>
}

// Only the lower triangle is read.
func.func @cholesky_lower(%a: tensor<3x3xf32> {check.value = dense<[[4.0, 99.0, 0x7FC00000], [2.0, 5.0, -7.0], [1.0, 3.0, 6.0]]> : tensor<3x3xf32>})
    -> (tensor<3x3xf32> {check.close = dense<[[2.0, 0.0, 0.0], [1.0, 2.0, 0.0], [0.5, 1.25, 2.0463381929681126]]> : tensor<3x3xf64>}) {
  %l = graph.cholesky %a : tensor<3x3xf32>
  return %l : tensor<3x3xf32>
}

func.func @cholesky_one(%a: tensor<?x1x1xf64> {graph.dims = [#graph.dim<n>, #graph.dim<1>, #graph.dim<1>], check.value = dense<[[[9.0]], [[4.0]]]> : tensor<2x1x1xf64>})
    -> (tensor<?x1x1xf64> {check.close = dense<[[[3.0]], [[2.0]]]> : tensor<2x1x1xf64>}) attributes {check.gradient, check.second, check.map} {
  %l = graph.cholesky %a : tensor<?x1x1xf64>
  return %l : tensor<?x1x1xf64>
}

func.func @cholesky_empty(%a: tensor<?x2x2xf32> {graph.dims = [#graph.dim<n>, #graph.dim<2>, #graph.dim<2>], check.random = [0.0, 1.0], check.shape = array<i64: 0, 2, 2>})
    -> (tensor<?x2x2xf32> {check.close = dense<> : tensor<0x2x2xf64>}) {
  %l = graph.cholesky %a : tensor<?x2x2xf32>
  return %l : tensor<?x2x2xf32>
}

// A matrix that is not positive definite has no factor: neither its first columns, which would have one, nor a NaN behind them.
func.func @cholesky_not_definite(%a: tensor<3x2x2xf32> {check.value = dense<[[[4.0, 0.0], [2.0, 1.0]], [[4.0, 0.0], [2.0, 0x7FC00000]], [[4.0, 0.0], [2.0, 5.0]]]> : tensor<3x2x2xf32>})
    -> (tensor<3x2x2xf32> {check.close = dense<[[[0x7FF8000000000000, 0.0], [0x7FF8000000000000, 0x7FF8000000000000]], [[0x7FF8000000000000, 0.0], [0x7FF8000000000000, 0x7FF8000000000000]], [[2.0, 0.0], [1.0, 2.0]]]> : tensor<3x2x2xf64>}) {
  %l = graph.cholesky %a : tensor<3x2x2xf32>
  return %l : tensor<3x2x2xf32>
}
