// RUN: costate-values %s

func.func @compare_f32(%x: tensor<?xf32> {graph.dims = [#graph.dim<n>], check.value = dense<[1.0, 2.0, 0x7FC00000, 0.0, 0x7F800000, -1.0]> : tensor<6xf32>},
                       %y: tensor<?xf32> {graph.dims = [#graph.dim<n>], check.value = dense<[2.0, 2.0, 0x7FC00000, -0.0, 0x7F800000, -3.0]> : tensor<6xf32>})
    -> (tensor<?xi1> {check.close = dense<[false, true, false, true, true, false]> : tensor<6xi1>}, tensor<?xi1> {check.close = dense<[true, false, true, false, false, true]> : tensor<6xi1>}, tensor<?xi1> {check.close = dense<[false, true, false, true, true, true]> : tensor<6xi1>}, tensor<?xi1> {check.close = dense<[false, false, false, false, false, true]> : tensor<6xi1>}, tensor<?xi1> {check.close = dense<[true, true, false, true, true, false]> : tensor<6xi1>}, tensor<?xi1> {check.close = dense<[true, false, false, false, false, false]> : tensor<6xi1>}) attributes {check.map} {
  %eq = graph.compare EQ, %x, %y : tensor<?xf32>
  %ne = graph.compare NE, %x, %y : tensor<?xf32>
  %ge = graph.compare GE, %x, %y : tensor<?xf32>
  %gt = graph.compare GT, %x, %y : tensor<?xf32>
  %le = graph.compare LE, %x, %y : tensor<?xf32>
  %lt = graph.compare LT, %x, %y : tensor<?xf32>
  return %eq, %ne, %ge, %gt, %le, %lt : tensor<?xi1>, tensor<?xi1>, tensor<?xi1>, tensor<?xi1>, tensor<?xi1>, tensor<?xi1>
}

func.func @compare_i32(%x: tensor<?xi32> {graph.dims = [#graph.dim<n>], check.value = dense<[1, -2, 5, -2147483648]> : tensor<4xi32>},
                       %y: tensor<?xi32> {graph.dims = [#graph.dim<n>], check.value = dense<[1, 3, -5, 2147483647]> : tensor<4xi32>})
    -> (tensor<?xi1> {check.close = dense<[true, false, false, false]> : tensor<4xi1>}, tensor<?xi1> {check.close = dense<[false, true, true, true]> : tensor<4xi1>}, tensor<?xi1> {check.close = dense<[true, false, true, false]> : tensor<4xi1>}, tensor<?xi1> {check.close = dense<[false, false, true, false]> : tensor<4xi1>}, tensor<?xi1> {check.close = dense<[true, true, false, true]> : tensor<4xi1>}, tensor<?xi1> {check.close = dense<[false, true, false, true]> : tensor<4xi1>}) attributes {check.map} {
  %eq = graph.compare EQ, %x, %y : tensor<?xi32>
  %ne = graph.compare NE, %x, %y : tensor<?xi32>
  %ge = graph.compare GE, %x, %y : tensor<?xi32>
  %gt = graph.compare GT, %x, %y : tensor<?xi32>
  %le = graph.compare LE, %x, %y : tensor<?xi32>
  %lt = graph.compare LT, %x, %y : tensor<?xi32>
  return %eq, %ne, %ge, %gt, %le, %lt : tensor<?xi1>, tensor<?xi1>, tensor<?xi1>, tensor<?xi1>, tensor<?xi1>, tensor<?xi1>
}

func.func @compare_ui8(%x: tensor<?xui8> {graph.dims = [#graph.dim<n>], check.value = dense<[200, 3, 7]> : tensor<3xui8>},
                       %y: tensor<?xui8> {graph.dims = [#graph.dim<n>], check.value = dense<[3, 200, 7]> : tensor<3xui8>})
    -> (tensor<?xi1> {check.close = dense<[false, false, true]> : tensor<3xi1>}, tensor<?xi1> {check.close = dense<[true, true, false]> : tensor<3xi1>}, tensor<?xi1> {check.close = dense<[true, false, true]> : tensor<3xi1>}, tensor<?xi1> {check.close = dense<[true, false, false]> : tensor<3xi1>}, tensor<?xi1> {check.close = dense<[false, true, true]> : tensor<3xi1>}, tensor<?xi1> {check.close = dense<[false, true, false]> : tensor<3xi1>}) attributes {check.map} {
  %eq = graph.compare EQ, %x, %y : tensor<?xui8>
  %ne = graph.compare NE, %x, %y : tensor<?xui8>
  %ge = graph.compare GE, %x, %y : tensor<?xui8>
  %gt = graph.compare GT, %x, %y : tensor<?xui8>
  %le = graph.compare LE, %x, %y : tensor<?xui8>
  %lt = graph.compare LT, %x, %y : tensor<?xui8>
  return %eq, %ne, %ge, %gt, %le, %lt : tensor<?xi1>, tensor<?xi1>, tensor<?xi1>, tensor<?xi1>, tensor<?xi1>, tensor<?xi1>
}

func.func @compare_i1(%x: tensor<?xi1> {graph.dims = [#graph.dim<n>], check.value = dense<[false, false, true, true]> : tensor<4xi1>},
                      %y: tensor<?xi1> {graph.dims = [#graph.dim<n>], check.value = dense<[false, true, false, true]> : tensor<4xi1>})
    -> (tensor<?xi1> {check.close = dense<[true, false, false, true]> : tensor<4xi1>}, tensor<?xi1> {check.close = dense<[false, true, true, false]> : tensor<4xi1>}, tensor<?xi1> {check.close = dense<[true, false, true, true]> : tensor<4xi1>}, tensor<?xi1> {check.close = dense<[false, false, true, false]> : tensor<4xi1>}, tensor<?xi1> {check.close = dense<[true, true, false, true]> : tensor<4xi1>}, tensor<?xi1> {check.close = dense<[false, true, false, false]> : tensor<4xi1>}) attributes {check.map} {
  %eq = graph.compare EQ, %x, %y : tensor<?xi1>
  %ne = graph.compare NE, %x, %y : tensor<?xi1>
  %ge = graph.compare GE, %x, %y : tensor<?xi1>
  %gt = graph.compare GT, %x, %y : tensor<?xi1>
  %le = graph.compare LE, %x, %y : tensor<?xi1>
  %lt = graph.compare LT, %x, %y : tensor<?xi1>
  return %eq, %ne, %ge, %gt, %le, %lt : tensor<?xi1>, tensor<?xi1>, tensor<?xi1>, tensor<?xi1>, tensor<?xi1>, tensor<?xi1>
}

func.func @compare_empty(%x: tensor<?x0xf32> {graph.dims = [#graph.dim<n>, #graph.dim<0>], check.random = [0.0, 1.0], check.shape = array<i64: 3, 0>})
    -> (tensor<?x0xi1> {check.close = dense<> : tensor<3x0xi1>}) {
  %p = graph.compare LT, %x, %x : tensor<?x0xf32>
  return %p : tensor<?x0xi1>
}

// A truth value carries no derivative: the factor is constant.
func.func @compare_no_derivative(%x: tensor<3xf64> {check.value = dense<[0.6, 1.9, -1.3]> : tensor<3xf64>},
                                 %z: tensor<3xf64> {check.value = dense<[1.0, 1.0, 1.0]> : tensor<3xf64>})
    -> (tensor<3xf64>) attributes {check.gradient, check.second, check.map, check.constant = array<i64: 1>} {
  %p = graph.compare GT, %x, %z : tensor<3xf64>
  %f = graph.convert %p : tensor<3xi1> -> tensor<3xf64>
  %y = graph.multiply %x, %f : tensor<3xf64>
  return %y : tensor<3xf64>
}
