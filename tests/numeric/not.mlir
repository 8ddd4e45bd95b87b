// RUN: costate-values %s

func.func @not_logical(%x: tensor<?xi1> {graph.dims = [#graph.dim<n>], check.value = dense<[false, true, false]> : tensor<3xi1>})
    -> (tensor<?xi1> {check.close = dense<[true, false, true]> : tensor<3xi1>}) attributes {check.map} {
  %y = graph.not %x : tensor<?xi1>
  return %y : tensor<?xi1>
}

func.func @not_i32(%x: tensor<3xi32> {check.value = dense<[0, -1, 5]> : tensor<3xi32>})
    -> (tensor<3xi32> {check.close = dense<[-1, 0, -6]> : tensor<3xi32>}) attributes {check.map} {
  %y = graph.not %x : tensor<3xi32>
  return %y : tensor<3xi32>
}

func.func @not_ui8(%x: tensor<3xui8> {check.value = dense<[0, 255, 5]> : tensor<3xui8>})
    -> (tensor<3xui8> {check.close = dense<[255, 0, 250]> : tensor<3xui8>}) attributes {check.map} {
  %y = graph.not %x : tensor<3xui8>
  return %y : tensor<3xui8>
}

func.func @not_empty(%x: tensor<0xi1> {check.value = dense<> : tensor<0xi1>})
    -> (tensor<0xi1> {check.close = dense<> : tensor<0xi1>}) {
  %y = graph.not %x : tensor<0xi1>
  return %y : tensor<0xi1>
}

// An integer carries no derivative: the factor is constant.
func.func @not_no_derivative(%x: tensor<3xf64> {check.value = dense<[0.6, 1.9, -1.3]> : tensor<3xf64>})
    -> (tensor<3xf64>) attributes {check.gradient, check.second, check.map} {
  %c = graph.constant dense<4.0> : tensor<3xf64>
  %s = graph.multiply %x, %c : tensor<3xf64>
  %i = graph.convert %s : tensor<3xf64> -> tensor<3xi32>
  %r = graph.not %i : tensor<3xi32>
  %f = graph.convert %r : tensor<3xi32> -> tensor<3xf64>
  %y = graph.multiply %x, %f : tensor<3xf64>
  return %y : tensor<3xf64>
}
