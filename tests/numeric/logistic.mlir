// RUN: costate-values %s

// IEEE 754 on special values.
func.func @logistic_special(%x: tensor<?xf32> {graph.dims = [#graph.dim<n>], check.value = dense<[0.0, -0.0, 1.0, -1.0, 0.5, -2.5, 3.5, 0x7F800000, 0xFF800000, 0x7FC00000, 9.99994610111476e-41]> : tensor<11xf32>})
    -> (tensor<?xf32> {check.close = dense<[0.5, 0.5, 0.7310585786300049, 0.2689414213699951, 0.6224593312018546, 0.07585818002124355, 0.9706877692486436, 1.0, 0.0, 0x7FF8000000000000, 0.5]> : tensor<11xf64>}) {
  %y = graph.logistic %x : tensor<?xf32>
  return %y : tensor<?xf32>
}

func.func @logistic_smooth(%x: tensor<?x1x3xf64> {graph.dims = [#graph.dim<n>, #graph.dim<1>, #graph.dim<3>], check.random = [-3.0, 3.0], check.shape = array<i64: 2, 1, 3>})
    -> (tensor<?x1x3xf64>) attributes {check.gradient, check.second, check.map} {
  %y = graph.logistic %x : tensor<?x1x3xf64>
  return %y : tensor<?x1x3xf64>
}

func.func @logistic_empty(%x: tensor<?x3xf32> {graph.dims = [#graph.dim<n>, #graph.dim<3>], check.random = [-3.0, 3.0], check.shape = array<i64: 0, 3>})
    -> (tensor<?x3xf32> {check.close = dense<> : tensor<0x3xf64>}) {
  %y = graph.logistic %x : tensor<?x3xf32>
  return %y : tensor<?x3xf32>
}
