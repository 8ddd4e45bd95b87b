// RUN: costate-values %s

func.func @or_i32(%x: tensor<?xi32> {graph.dims = [#graph.dim<n>], check.value = dense<[7, -7, 2147483647, -2147483648, 5, -6, 0, 100]> : tensor<8xi32>},
                  %y: tensor<?xi32> {graph.dims = [#graph.dim<n>], check.value = dense<[2, 2, 1, -1, 0, 4, 3, -100]> : tensor<8xi32>})
    -> (tensor<?xi32> {check.close = dense<[7, -5, 2147483647, -1, 5, -2, 3, -4]> : tensor<8xi32>}) attributes {check.map} {
  %z = graph.or %x, %y : tensor<?xi32>
  return %z : tensor<?xi32>
}

func.func @or_i8(%x: tensor<?xi8> {graph.dims = [#graph.dim<n>], check.value = dense<[127, -128, 100, -7, 5]> : tensor<5xi8>},
                 %y: tensor<?xi8> {graph.dims = [#graph.dim<n>], check.value = dense<[1, -1, 100, 3, 0]> : tensor<5xi8>})
    -> (tensor<?xi8> {check.close = dense<[127, -1, 100, -5, 5]> : tensor<5xi8>}) attributes {check.map} {
  %z = graph.or %x, %y : tensor<?xi8>
  return %z : tensor<?xi8>
}

func.func @or_ui8(%x: tensor<?xui8> {graph.dims = [#graph.dim<n>], check.value = dense<[255, 200, 3, 9]> : tensor<4xui8>},
                  %y: tensor<?xui8> {graph.dims = [#graph.dim<n>], check.value = dense<[1, 100, 5, 0]> : tensor<4xui8>})
    -> (tensor<?xui8> {check.close = dense<[255, 236, 7, 9]> : tensor<4xui8>}) attributes {check.map} {
  %z = graph.or %x, %y : tensor<?xui8>
  return %z : tensor<?xui8>
}

func.func @or_i64(%x: tensor<?xi64> {graph.dims = [#graph.dim<n>], check.value = dense<[4611686018427387904, -9223372036854775808, 9, -9]> : tensor<4xi64>},
                  %y: tensor<?xi64> {graph.dims = [#graph.dim<n>], check.value = dense<[2, -1, 0, 2]> : tensor<4xi64>})
    -> (tensor<?xi64> {check.close = dense<[4611686018427387906, -1, 9, -9]> : tensor<4xi64>}) attributes {check.map} {
  %z = graph.or %x, %y : tensor<?xi64>
  return %z : tensor<?xi64>
}

func.func @or_logical(%x: tensor<2x2xi1> {check.value = dense<[[false, false], [true, true]]> : tensor<2x2xi1>},
                      %y: tensor<2x2xi1> {check.value = dense<[[false, true], [false, true]]> : tensor<2x2xi1>})
    -> (tensor<2x2xi1> {check.close = dense<[[false, true], [true, true]]> : tensor<2x2xi1>}) attributes {check.map} {
  %z = graph.or %x, %y : tensor<2x2xi1>
  return %z : tensor<2x2xi1>
}

// An integer carries no derivative: the factor is constant.
func.func @or_no_derivative(%x: tensor<3xf64> {check.value = dense<[0.6, 1.9, -1.3]> : tensor<3xf64>})
    -> (tensor<3xf64>) attributes {check.gradient, check.second, check.map} {
  %c = graph.constant dense<4.0> : tensor<3xf64>
  %s = graph.multiply %x, %c : tensor<3xf64>
  %i = graph.convert %s : tensor<3xf64> -> tensor<3xi32>
  %k = graph.constant dense<6> : tensor<3xi32>
  %r = graph.or %i, %k : tensor<3xi32>
  %f = graph.convert %r : tensor<3xi32> -> tensor<3xf64>
  %y = graph.multiply %x, %f : tensor<3xf64>
  return %y : tensor<3xf64>
}
