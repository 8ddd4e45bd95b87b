// RUN: costate-values %s

// A NaN stays; +0 is larger than -0.
func.func @cummax_values(%x: tensor<?x4xf32> {graph.dims = [#graph.dim<n>, #graph.dim<4>], check.value = dense<[[1.0, 3.0, -3.0, 4.0], [-0.0, 0.0, 0x7FC00000, 1.0]]> : tensor<2x4xf32>})
    -> (tensor<?x4xf32> {check.close = dense<[[1.0, 3.0, 3.0, 4.0], [-0.0, 0.0, 0x7FF8000000000000, 0x7FF8000000000000]]> : tensor<2x4xf64>}, tensor<?x4xf32> {check.close = dense<[[4.0, 4.0, 4.0, 4.0], [0x7FF8000000000000, 0x7FF8000000000000, 0x7FF8000000000000, 1.0]]> : tensor<2x4xf64>}, tensor<?x4xf32> {check.close = dense<[[1.0, 3.0, -3.0, 4.0], [1.0, 3.0, 0x7FF8000000000000, 4.0]]> : tensor<2x4xf64>}) {
  %y = graph.cummax %x axis 1 : tensor<?x4xf32>
  %r = graph.cummax %x axis 1 reverse : tensor<?x4xf32>
  %c = graph.cummax %x axis 0 : tensor<?x4xf32>
  return %y, %r, %c : tensor<?x4xf32>, tensor<?x4xf32>, tensor<?x4xf32>
}

func.func @cummax_smooth(%x: tensor<2x?x2xf64> {graph.dims = [#graph.dim<2>, #graph.dim<n>, #graph.dim<2>], check.value = dense<[[[0.5, 2.0], [-0.25, 1.0], [1.5, -1.0], [0.75, 3.0]], [[1.0, 0.0], [2.0, -1.0], [3.0, -2.0], [4.0, -3.0]]]> : tensor<2x4x2xf64>})
    -> (tensor<2x?x2xf64>, tensor<2x?x2xf64>) attributes {check.gradient, check.second, check.map} {
  %y = graph.cummax %x axis 1 : tensor<2x?x2xf64>
  %r = graph.cummax %x axis 1 reverse : tensor<2x?x2xf64>
  return %y, %r : tensor<2x?x2xf64>, tensor<2x?x2xf64>
}

// Equal maxima up to a place share what it gets: of places 0 to 3 with one maximum, the first gets 1 + 1/2 + 1/2 + 1/3.
func.func @cummax_ties(%x: tensor<4xf64> {check.value = dense<[2.0, 2.0, 1.0, 2.0]> : tensor<4xf64>}, %ct: tensor<4xf64> {check.value = dense<1.0> : tensor<4xf64>})
    -> (tensor<4xf64> {check.close = dense<[2.3333333333333333, 1.3333333333333333, 0.0, 0.3333333333333333]> : tensor<4xf64>}) {
  %y, %d = graph.vjp @running(%x) wrt [0] from(%ct) : (tensor<4xf64>, tensor<4xf64>) -> (tensor<4xf64>, tensor<4xf64>)
  return %d : tensor<4xf64>
}

func.func private @running(%x: tensor<4xf64>) -> tensor<4xf64> {
  %y = graph.cummax %x axis 0 : tensor<4xf64>
  return %y : tensor<4xf64>
}

func.func @cummax_i32(%x: tensor<3xi32> {check.value = dense<[-5, -2147483648, 5]> : tensor<3xi32>})
    -> (tensor<3xi32> {check.close = dense<[-5, -5, 5]> : tensor<3xi32>}) attributes {check.map} {
  %y = graph.cummax %x axis 0 : tensor<3xi32>
  return %y : tensor<3xi32>
}

func.func @cummax_ui8(%x: tensor<3xui8> {check.value = dense<[3, 200, 100]> : tensor<3xui8>})
    -> (tensor<3xui8> {check.close = dense<[3, 200, 200]> : tensor<3xui8>}) {
  %y = graph.cummax %x axis 0 : tensor<3xui8>
  return %y : tensor<3xui8>
}

func.func @cummax_empty(%x: tensor<?x2xf32> {graph.dims = [#graph.dim<n>, #graph.dim<2>], check.random = [0.0, 1.0], check.shape = array<i64: 0, 2>})
    -> (tensor<?x2xf32> {check.close = dense<> : tensor<0x2xf64>}) {
  %y = graph.cummax %x axis 0 : tensor<?x2xf32>
  return %y : tensor<?x2xf32>
}
