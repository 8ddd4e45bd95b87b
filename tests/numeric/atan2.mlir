// RUN: costate-values %s

// IEEE 754 on special values.
func.func @atan2_special(%x: tensor<?xf32> {graph.dims = [#graph.dim<n>], check.value = dense<[0.0, -0.0, 1.0, -1.5, 2.0, 0x7F800000, 0xFF800000, 0x7FC00000, 1.0, 0x7F800000, -2.0, -8.0, 0.0, 5.5, 9.99994610111476e-41, -0.0]> : tensor<16xf32>},
                         %y: tensor<?xf32> {graph.dims = [#graph.dim<n>], check.value = dense<[-0.0, 0.0, 3.0, 0.5, 0.0, 0x7F800000, 2.0, 1.0, 0x7FC00000, 0xFF800000, 3.0, 0.5, 0.0, -2.0, 1.0, -1.0]> : tensor<16xf32>})
    -> (tensor<?xf32> {check.close = dense<[3.141592653589793, -0.0, 0.3217505543966422, -1.2490457723982544, 1.5707963267948966, 0.7853981633974483, -1.5707963267948966, 0x7FF8000000000000, 0x7FF8000000000000, 2.356194490192345, -0.5880026035475675, -1.5083775167989393, 0.0, 1.9195673303788037, 9.99994610111476e-41, -3.141592653589793]> : tensor<16xf64>}) {
  %z = graph.atan2 %x, %y : tensor<?xf32>
  return %z : tensor<?xf32>
}

func.func @atan2_smooth(%x: tensor<2x?x3xf64> {graph.dims = [#graph.dim<2>, #graph.dim<n>, #graph.dim<3>], check.random = [0.5, 2.0], check.shape = array<i64: 2, 1, 3>},
                        %y: tensor<2x?x3xf64> {graph.dims = [#graph.dim<2>, #graph.dim<n>, #graph.dim<3>], check.random = [-2.0, 2.0], check.shape = array<i64: 2, 1, 3>})
    -> (tensor<2x?x3xf64>) attributes {check.gradient, check.second, check.map} {
  %z = graph.atan2 %x, %y : tensor<2x?x3xf64>
  return %z : tensor<2x?x3xf64>
}

func.func @atan2_empty(%x: tensor<?x0xf32> {graph.dims = [#graph.dim<n>, #graph.dim<0>], check.random = [0.5, 2.0], check.shape = array<i64: 2, 0>},
                       %y: tensor<?x0xf32> {graph.dims = [#graph.dim<n>, #graph.dim<0>], check.random = [-2.0, 2.0], check.shape = array<i64: 2, 0>})
    -> (tensor<?x0xf32> {check.close = dense<> : tensor<2x0xf64>}) {
  %z = graph.atan2 %x, %y : tensor<?x0xf32>
  return %z : tensor<?x0xf32>
}
