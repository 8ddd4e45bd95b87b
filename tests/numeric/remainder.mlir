// RUN: costate-values %s

// IEEE 754 on special values.
func.func @remainder_special(%x: tensor<?xf32> {graph.dims = [#graph.dim<n>], check.value = dense<[0.0, -0.0, 1.0, -1.5, 2.0, 0x7F800000, 0xFF800000, 0x7FC00000, 1.0, 0x7F800000, -2.0, -8.0, 0.0, 5.5, 9.99994610111476e-41, -0.0]> : tensor<16xf32>},
                             %y: tensor<?xf32> {graph.dims = [#graph.dim<n>], check.value = dense<[-0.0, 0.0, 3.0, 0.5, 0.0, 0x7F800000, 2.0, 1.0, 0x7FC00000, 0xFF800000, 3.0, 0.5, 0.0, -2.0, 1.0, -1.0]> : tensor<16xf32>})
    -> (tensor<?xf32> {check.close = dense<[0x7FF8000000000000, 0x7FF8000000000000, 1.0, -0.0, 0x7FF8000000000000, 0x7FF8000000000000, 0x7FF8000000000000, 0x7FF8000000000000, 0x7FF8000000000000, 0x7FF8000000000000, -2.0, -0.0, 0x7FF8000000000000, 1.5, 9.99994610111476e-41, -0.0]> : tensor<16xf64>}) {
  %z = graph.remainder %x, %y : tensor<?xf32>
  return %z : tensor<?xf32>
}

func.func @remainder_smooth(%x: tensor<2x?x3xf64> {graph.dims = [#graph.dim<2>, #graph.dim<n>, #graph.dim<3>], check.random = [2.2, 2.8], check.shape = array<i64: 2, 1, 3>},
                            %y: tensor<2x?x3xf64> {graph.dims = [#graph.dim<2>, #graph.dim<n>, #graph.dim<3>], check.random = [0.9, 1.05], check.shape = array<i64: 2, 1, 3>})
    -> (tensor<2x?x3xf64>) attributes {check.gradient, check.second, check.map} {
  %z = graph.remainder %x, %y : tensor<2x?x3xf64>
  return %z : tensor<2x?x3xf64>
}

func.func @remainder_empty(%x: tensor<?x0xf32> {graph.dims = [#graph.dim<n>, #graph.dim<0>], check.random = [2.2, 2.8], check.shape = array<i64: 2, 0>},
                           %y: tensor<?x0xf32> {graph.dims = [#graph.dim<n>, #graph.dim<0>], check.random = [0.9, 1.05], check.shape = array<i64: 2, 0>})
    -> (tensor<?x0xf32> {check.close = dense<> : tensor<2x0xf64>}) {
  %z = graph.remainder %x, %y : tensor<?x0xf32>
  return %z : tensor<?x0xf32>
}

func.func @remainder_i32(%x: tensor<?xi32> {graph.dims = [#graph.dim<n>], check.value = dense<[7, -7, 2147483647, -2147483648, 5, -6, 0, 100]> : tensor<8xi32>},
                         %y: tensor<?xi32> {graph.dims = [#graph.dim<n>], check.value = dense<[2, 2, 1, -1, 0, 4, 3, -100]> : tensor<8xi32>})
    -> (tensor<?xi32> {check.close = dense<[1, -1, 0, 0, 5, -2, 0, 0]> : tensor<8xi32>}) attributes {check.map} {
  %z = graph.remainder %x, %y : tensor<?xi32>
  return %z : tensor<?xi32>
}

func.func @remainder_i8(%x: tensor<?xi8> {graph.dims = [#graph.dim<n>], check.value = dense<[127, -128, 100, -7, 5]> : tensor<5xi8>},
                        %y: tensor<?xi8> {graph.dims = [#graph.dim<n>], check.value = dense<[1, -1, 100, 3, 0]> : tensor<5xi8>})
    -> (tensor<?xi8> {check.close = dense<[0, 0, 0, -1, 5]> : tensor<5xi8>}) attributes {check.map} {
  %z = graph.remainder %x, %y : tensor<?xi8>
  return %z : tensor<?xi8>
}

func.func @remainder_ui8(%x: tensor<?xui8> {graph.dims = [#graph.dim<n>], check.value = dense<[255, 200, 3, 9]> : tensor<4xui8>},
                         %y: tensor<?xui8> {graph.dims = [#graph.dim<n>], check.value = dense<[1, 100, 5, 0]> : tensor<4xui8>})
    -> (tensor<?xui8> {check.close = dense<[0, 0, 3, 9]> : tensor<4xui8>}) attributes {check.map} {
  %z = graph.remainder %x, %y : tensor<?xui8>
  return %z : tensor<?xui8>
}

func.func @remainder_i64(%x: tensor<?xi64> {graph.dims = [#graph.dim<n>], check.value = dense<[4611686018427387904, -9223372036854775808, 9, -9]> : tensor<4xi64>},
                         %y: tensor<?xi64> {graph.dims = [#graph.dim<n>], check.value = dense<[2, -1, 0, 2]> : tensor<4xi64>})
    -> (tensor<?xi64> {check.close = dense<[0, 0, 9, -1]> : tensor<4xi64>}) attributes {check.map} {
  %z = graph.remainder %x, %y : tensor<?xi64>
  return %z : tensor<?xi64>
}
