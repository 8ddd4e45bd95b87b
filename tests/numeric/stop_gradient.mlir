// RUN: costate-values %s

func.func @stop_gradient_value(%x: tensor<3xf64> {check.value = dense<[1.0, 0x7FF8000000000000, -0.0]> : tensor<3xf64>})
    -> (tensor<3xf64> {check.close = dense<[1.0, 0x7FF8000000000000, -0.0]> : tensor<3xf64>}) attributes {check.map} {
  %y = graph.stop_gradient %x : tensor<3xf64>
  return %y : tensor<3xf64>
}

// The derivative of stop_gradient(x) * x is x.
func.func @stop_gradient_factor(%x: tensor<3xf64> {check.value = dense<[1.0, 2.0, 3.0]> : tensor<3xf64>},
                                %ct: tensor<3xf64> {check.value = dense<[1.0, 1.0, 1.0]> : tensor<3xf64>})
    -> (tensor<3xf64> {check.close = dense<[1.0, 4.0, 9.0]> : tensor<3xf64>}, tensor<3xf64> {check.close = dense<[1.0, 2.0, 3.0]> : tensor<3xf64>}, tensor<3xf64> {check.close = dense<[1.0, 2.0, 3.0]> : tensor<3xf64>}) attributes {check.map} {
  %y, %d = graph.vjp @square_half(%x) wrt [0] from(%ct) : (tensor<3xf64>, tensor<3xf64>) -> (tensor<3xf64>, tensor<3xf64>)
  %z, %t = graph.jvp @square_half(%x) along [0](%ct) : (tensor<3xf64>, tensor<3xf64>) -> (tensor<3xf64>, tensor<3xf64>)
  return %y, %d, %t : tensor<3xf64>, tensor<3xf64>, tensor<3xf64>
}
func.func private @square_half(%x: tensor<3xf64>) -> tensor<3xf64> {
  %s = graph.stop_gradient %x : tensor<3xf64>
  %y = graph.multiply %s, %x : tensor<3xf64>
  return %y : tensor<3xf64>
}
