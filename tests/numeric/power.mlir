// RUN: costate-values %s

// IEEE 754 on special values.
func.func @power_special(%x: tensor<?xf32> {graph.dims = [#graph.dim<n>], check.value = dense<[0.0, -0.0, 1.0, -1.5, 2.0, 0x7F800000, 0xFF800000, 0x7FC00000, 1.0, 0x7F800000, -2.0, -8.0, 0.0, 5.5, 9.99994610111476e-41, -0.0]> : tensor<16xf32>},
                         %y: tensor<?xf32> {graph.dims = [#graph.dim<n>], check.value = dense<[-0.0, 0.0, 3.0, 0.5, 0.0, 0x7F800000, 2.0, 1.0, 0x7FC00000, 0xFF800000, 3.0, 0.5, 0.0, -2.0, 1.0, -1.0]> : tensor<16xf32>})
    -> (tensor<?xf32> {check.close = dense<[1.0, 1.0, 1.0, 0x7FF8000000000000, 1.0, 0x7FF0000000000000, 0x7FF0000000000000, 0x7FF8000000000000, 1.0, 0.0, -8.0, 0x7FF8000000000000, 1.0, 0.03305785123966942, 9.99994610111476e-41, 0xFFF0000000000000]> : tensor<16xf64>}) {
  %z = graph.power %x, %y : tensor<?xf32>
  return %z : tensor<?xf32>
}

func.func @power_smooth(%x: tensor<2x?x3xf64> {graph.dims = [#graph.dim<2>, #graph.dim<n>, #graph.dim<3>], check.random = [0.5, 2.0], check.shape = array<i64: 2, 1, 3>},
                        %y: tensor<2x?x3xf64> {graph.dims = [#graph.dim<2>, #graph.dim<n>, #graph.dim<3>], check.random = [-2.0, 2.0], check.shape = array<i64: 2, 1, 3>})
    -> (tensor<2x?x3xf64>) attributes {check.gradient, check.second, check.map} {
  %z = graph.power %x, %y : tensor<2x?x3xf64>
  return %z : tensor<2x?x3xf64>
}

func.func @power_empty(%x: tensor<?x0xf32> {graph.dims = [#graph.dim<n>, #graph.dim<0>], check.random = [0.5, 2.0], check.shape = array<i64: 2, 0>},
                       %y: tensor<?x0xf32> {graph.dims = [#graph.dim<n>, #graph.dim<0>], check.random = [-2.0, 2.0], check.shape = array<i64: 2, 0>})
    -> (tensor<?x0xf32> {check.close = dense<> : tensor<2x0xf64>}) {
  %z = graph.power %x, %y : tensor<?x0xf32>
  return %z : tensor<?x0xf32>
}

// A negative base takes an integer exponent.
func.func @power_integer(%x: tensor<5xf32> {check.value = dense<[-2.0, -2.0, -0.5, 3.0, -1.0]> : tensor<5xf32>},
                         %y: tensor<5xf32> {check.value = dense<[2.0, 3.0, -1.0, 0.0, 5.0]> : tensor<5xf32>})
    -> (tensor<5xf32> {check.close = dense<[4.0, -8.0, -2.0, 1.0, -1.0]> : tensor<5xf64>}) {
  %z = graph.power %x, %y : tensor<5xf32>
  return %z : tensor<5xf32>
}
