// RUN: costate-values %s

// IEEE 754 on special values.
func.func @floor_special(%x: tensor<?xf32> {graph.dims = [#graph.dim<n>], check.value = dense<[0.0, -0.0, 1.0, -1.0, 0.5, -2.5, 3.5, 0x7F800000, 0xFF800000, 0x7FC00000, 9.99994610111476e-41, 2.5, -3.5, 0.75]> : tensor<14xf32>})
    -> (tensor<?xf32> {check.close = dense<[0.0, -0.0, 1.0, -1.0, 0.0, -3.0, 3.0, 0x7FF0000000000000, 0xFFF0000000000000, 0x7FF8000000000000, 0.0, 2.0, -4.0, 0.0]> : tensor<14xf64>}) {
  %y = graph.floor %x : tensor<?xf32>
  return %y : tensor<?xf32>
}

func.func @floor_smooth(%x: tensor<?x1x3xf64> {graph.dims = [#graph.dim<n>, #graph.dim<1>, #graph.dim<3>], check.random = [1.1, 1.9], check.shape = array<i64: 2, 1, 3>})
    -> (tensor<?x1x3xf64>) attributes {check.gradient, check.second, check.map, check.constant = array<i64: 0>} {
  %y = graph.floor %x : tensor<?x1x3xf64>
  return %y : tensor<?x1x3xf64>
}

func.func @floor_empty(%x: tensor<?x3xf32> {graph.dims = [#graph.dim<n>, #graph.dim<3>], check.random = [0.1, 0.9], check.shape = array<i64: 0, 3>})
    -> (tensor<?x3xf32> {check.close = dense<> : tensor<0x3xf64>}) {
  %y = graph.floor %x : tensor<?x3xf32>
  return %y : tensor<?x3xf32>
}
