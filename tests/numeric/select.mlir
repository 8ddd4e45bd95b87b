// RUN: costate-values %s

// The value not chosen has no influence.
func.func @select_special(%p: tensor<?xi1> {graph.dims = [#graph.dim<n>], check.value = dense<[true, false, true, false]> : tensor<4xi1>},
                          %x: tensor<?xf32> {graph.dims = [#graph.dim<n>], check.value = dense<[1.0, 0x7FC00000, -0.0, 0x7F800000]> : tensor<4xf32>},
                          %y: tensor<?xf32> {graph.dims = [#graph.dim<n>], check.value = dense<[0x7FC00000, 2.0, 3.0, 0xFF800000]> : tensor<4xf32>})
    -> (tensor<?xf32> {check.close = dense<[1.0, 2.0, -0.0, 0xFFF0000000000000]> : tensor<4xf64>}) {
  %z = graph.select %p, %x, %y : tensor<?xf32>
  return %z : tensor<?xf32>
}

func.func @select_smooth(%p: tensor<2x3xi1> {check.value = dense<[[true, false, true], [false, true, false]]> : tensor<2x3xi1>},
                         %x: tensor<2x3xf64> {check.random = [-2.0, 2.0]},
                         %y: tensor<2x3xf64> {check.random = [-2.0, 2.0]})
    -> (tensor<2x3xf64>) attributes {check.gradient, check.second, check.map} {
  %z = graph.select %p, %x, %y : tensor<2x3xf64>
  return %z : tensor<2x3xf64>
}

func.func @select_i64(%p: tensor<3xi1> {check.value = dense<[true, false, true]> : tensor<3xi1>},
                      %x: tensor<3xi64> {check.value = dense<[1, 2, 3]> : tensor<3xi64>},
                      %y: tensor<3xi64> {check.value = dense<[-1, -2, -3]> : tensor<3xi64>})
    -> (tensor<3xi64> {check.close = dense<[1, -2, 3]> : tensor<3xi64>}) attributes {check.map} {
  %z = graph.select %p, %x, %y : tensor<3xi64>
  return %z : tensor<3xi64>
}

func.func @select_empty(%p: tensor<?xi1> {graph.dims = [#graph.dim<n>], check.random = [0.0, 1.0], check.shape = array<i64: 0>},
                        %x: tensor<?xf32> {graph.dims = [#graph.dim<n>], check.random = [0.0, 1.0], check.shape = array<i64: 0>})
    -> (tensor<?xf32> {check.close = dense<> : tensor<0xf64>}) {
  %z = graph.select %p, %x, %x : tensor<?xf32>
  return %z : tensor<?xf32>
}
