// RUN: costate-values %s

// IEEE 754 on special values.
func.func @abs_special(%x: tensor<?xf32> {graph.dims = [#graph.dim<n>], check.value = dense<[0.0, -0.0, 1.0, -1.0, 0.5, -2.5, 3.5, 0x7F800000, 0xFF800000, 0x7FC00000, 9.99994610111476e-41]> : tensor<11xf32>})
    -> (tensor<?xf32> {check.close = dense<[0.0, 0.0, 1.0, 1.0, 0.5, 2.5, 3.5, 0x7FF0000000000000, 0x7FF0000000000000, 0x7FF8000000000000, 9.99994610111476e-41]> : tensor<11xf64>}) {
  %y = graph.abs %x : tensor<?xf32>
  return %y : tensor<?xf32>
}

func.func @abs_smooth(%x: tensor<?x1x3xf64> {graph.dims = [#graph.dim<n>, #graph.dim<1>, #graph.dim<3>], check.random = [0.5, 2.0], check.shape = array<i64: 2, 1, 3>})
    -> (tensor<?x1x3xf64>) attributes {check.gradient, check.second, check.map} {
  %y = graph.abs %x : tensor<?x1x3xf64>
  return %y : tensor<?x1x3xf64>
}

func.func @abs_empty(%x: tensor<?x3xf32> {graph.dims = [#graph.dim<n>, #graph.dim<3>], check.random = [0.5, 2.0], check.shape = array<i64: 0, 3>})
    -> (tensor<?x3xf32> {check.close = dense<> : tensor<0x3xf64>}) {
  %y = graph.abs %x : tensor<?x3xf32>
  return %y : tensor<?x3xf32>
}

func.func @abs_i32(%x: tensor<?xi32> {graph.dims = [#graph.dim<n>], check.value = dense<[0, 1, -1, 7, -9, -2147483648]> : tensor<6xi32>})
    -> (tensor<?xi32> {check.close = dense<[0, 1, 1, 7, 9, -2147483648]> : tensor<6xi32>}) {
  %y = graph.abs %x : tensor<?xi32>
  return %y : tensor<?xi32>
}

func.func @abs_i8(%x: tensor<?xi8> {graph.dims = [#graph.dim<n>], check.value = dense<[0, 5, -5, -128]> : tensor<4xi8>})
    -> (tensor<?xi8> {check.close = dense<[0, 5, 5, -128]> : tensor<4xi8>}) {
  %y = graph.abs %x : tensor<?xi8>
  return %y : tensor<?xi8>
}
