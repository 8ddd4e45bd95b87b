// RUN: costate-values %s

func.func @iota_axes(%x: tensor<?xf32> {graph.dims = [#graph.dim<n>], check.random = [0.0, 1.0], check.shape = array<i64: 3>})
    -> (tensor<?x2xi32> {check.close = dense<[[0, 0], [1, 1], [2, 2]]> : tensor<3x2xi32>}, tensor<?x2xf32> {check.close = dense<[[0.0, 1.0], [0.0, 1.0], [0.0, 1.0]]> : tensor<3x2xf64>}, tensor<0xi64> {check.close = dense<> : tensor<0xi64>}, tensor<3xui8> {check.close = dense<[255, 0, 1]> : tensor<3xui8>}, tensor<?xf32>) attributes {check.map} {
  %a = graph.iota axis 0 shape [n, 2] : tensor<?x2xi32>
  %b = graph.iota axis 1 shape [n, 2] : tensor<?x2xf32>
  %c = graph.iota axis 0 shape [0] : tensor<0xi64>
  %d = graph.iota axis 0 shape [300] : tensor<300xui8>
  %e = graph.slice %d starts [255] sizes [3] strides [1] : tensor<300xui8> -> tensor<3xui8>
  %y = graph.negate %x : tensor<?xf32>
  return %a, %b, %c, %e, %y : tensor<?x2xi32>, tensor<?x2xf32>, tensor<0xi64>, tensor<3xui8>, tensor<?xf32>
}

// Constants carry no derivative.
func.func @iota_no_derivative(%x: tensor<?xf64> {graph.dims = [#graph.dim<n>], check.random = [-1.0, 1.0], check.shape = array<i64: 3>})
    -> (tensor<?xf64>) attributes {check.gradient, check.second, check.map} {
  %i = graph.iota axis 0 shape [n] : tensor<?xf64>
  %y = graph.multiply %x, %i : tensor<?xf64>
  return %y : tensor<?xf64>
}
