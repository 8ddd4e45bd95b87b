// RUN: costate-values %s

// d(x^2 w) along x; an integer result has no tangent.
func.func @jvp_values(%x: tensor<2xf64> {check.value = dense<[1.0, 2.0]> : tensor<2xf64>},
                      %w: tensor<2xf64> {check.value = dense<[3.0, -1.0]> : tensor<2xf64>},
                      %t: tensor<2xf64> {check.value = dense<[1.0, 10.0]> : tensor<2xf64>})
    -> (tensor<2xf64> {check.close = dense<[3.0, -4.0]> : tensor<2xf64>}, tensor<i32> {check.close = dense<1> : tensor<i32>}, tensor<2xf64> {check.close = dense<[6.0, -40.0]> : tensor<2xf64>}) attributes {check.gradient, check.second, check.map} {
  %y, %n, %ty = graph.jvp @f(%x, %w) along [0](%t)
      : (tensor<2xf64>, tensor<2xf64>, tensor<2xf64>) -> (tensor<2xf64>, tensor<i32>, tensor<2xf64>)
  return %y, %n, %ty : tensor<2xf64>, tensor<i32>, tensor<2xf64>
}
func.func private @f(%x: tensor<2xf64>, %w: tensor<2xf64>) -> (tensor<2xf64>, tensor<i32>) {
  %s = graph.multiply %x, %x : tensor<2xf64>
  %y = graph.multiply %s, %w : tensor<2xf64>
  %n = graph.argmax %s axis 0 : tensor<2xf64> -> tensor<i32>
  return %y, %n : tensor<2xf64>, tensor<i32>
}
