// RUN: costate-values %s

// The least index among equals; NaN wins.
func.func @argmin_ties(%x: tensor<?x4xf32> {graph.dims = [#graph.dim<n>, #graph.dim<4>], check.value = dense<[[-1.0, -3.0, -3.0, -2.0], [0x7FC00000, -9.0, 0x7FC00000, -9.0], [0x7F800000, 0x7F800000, 0x7F800000, 0x7F800000], [-0.0, 0.0, -0.0, 1.0]]> : tensor<4x4xf32>})
    -> (tensor<?xi32> {check.close = dense<[1, 0, 0, 0]> : tensor<4xi32>}) attributes {check.map} {
  %y = graph.argmin %x axis 1 : tensor<?x4xf32> -> tensor<?xi32>
  return %y : tensor<?xi32>
}

func.func @argmin_first_axis(%x: tensor<3x?xi64> {graph.dims = [#graph.dim<3>, #graph.dim<n>], check.value = dense<[[-5, 1], [-7, 4], [-7, 0]]> : tensor<3x2xi64>})
    -> (tensor<?xi64> {check.close = dense<[1, 2]> : tensor<2xi64>}) attributes {check.map} {
  %y = graph.argmin %x axis 0 : tensor<3x?xi64> -> tensor<?xi64>
  return %y : tensor<?xi64>
}

func.func @argmin_empty(%x: tensor<?x2xf32> {graph.dims = [#graph.dim<n>, #graph.dim<2>], check.random = [0.0, 1.0], check.shape = array<i64: 0, 2>})
    -> (tensor<?xi32> {check.close = dense<> : tensor<0xi32>}) {
  %y = graph.argmin %x axis 1 : tensor<?x2xf32> -> tensor<?xi32>
  return %y : tensor<?xi32>
}

func.func @argmin_ui8(%x: tensor<3xui8> {check.value = dense<[200, 3, 250]> : tensor<3xui8>})
    -> (tensor<i32> {check.close = dense<1> : tensor<i32>}) {
  %y = graph.argmin %x axis 0 : tensor<3xui8> -> tensor<i32>
  return %y : tensor<i32>
}

// An index carries no derivative: it chooses whose does.
func.func @argmin_no_derivative(%x: tensor<2x3xf64> {check.value = dense<[[0.6, 1.9, -1.3], [2.0, 1.0, 3.0]]> : tensor<2x3xf64>})
    -> (tensor<2xf64> {check.close = dense<[-1.3, 1.0]> : tensor<2xf64>}) attributes {check.gradient, check.second, check.map} {
  %i = graph.argmin %x axis 1 : tensor<2x3xf64> -> tensor<2xi32>
  %y = graph.gather %x, %i batch_dims 1 : tensor<2x3xf64>, tensor<2xi32> -> tensor<2xf64>
  return %y : tensor<2xf64>
}
