// RUN: costate-values %s

func.func @cumsum_values(%x: tensor<?x4xf32> {graph.dims = [#graph.dim<n>, #graph.dim<4>], check.value = dense<[[1.0, 2.0, -3.0, 4.0], [0.0, 0x7F800000, 0xFF800000, 1.0]]> : tensor<2x4xf32>})
    -> (tensor<?x4xf32> {check.close = dense<[[1.0, 3.0, 0.0, 4.0], [0.0, 0x7FF0000000000000, 0x7FF8000000000000, 0x7FF8000000000000]]> : tensor<2x4xf64>}, tensor<?x4xf32> {check.close = dense<[[4.0, 3.0, 1.0, 4.0], [0x7FF8000000000000, 0x7FF8000000000000, 0xFFF0000000000000, 1.0]]> : tensor<2x4xf64>}, tensor<?x4xf32> {check.close = dense<[[1.0, 2.0, -3.0, 4.0], [1.0, 0x7FF0000000000000, 0xFFF0000000000000, 5.0]]> : tensor<2x4xf64>}) {
  %y = graph.cumsum %x axis 1 : tensor<?x4xf32>
  %r = graph.cumsum %x axis 1 reverse : tensor<?x4xf32>
  %c = graph.cumsum %x axis 0 : tensor<?x4xf32>
  return %y, %r, %c : tensor<?x4xf32>, tensor<?x4xf32>, tensor<?x4xf32>
}

func.func @cumsum_smooth(%x: tensor<2x?x2xf64> {graph.dims = [#graph.dim<2>, #graph.dim<n>, #graph.dim<2>], check.random = [-2.0, 2.0], check.shape = array<i64: 2, 3, 2>})
    -> (tensor<2x?x2xf64>) attributes {check.gradient, check.second, check.map} {
  %y = graph.cumsum %x axis 1 : tensor<2x?x2xf64>
  return %y : tensor<2x?x2xf64>
}

func.func @cumsum_smooth_reverse(%x: tensor<2x?x2xf64> {graph.dims = [#graph.dim<2>, #graph.dim<n>, #graph.dim<2>], check.random = [-2.0, 2.0], check.shape = array<i64: 2, 3, 2>})
    -> (tensor<2x?x2xf64>) attributes {check.gradient, check.second, check.map} {
  %y = graph.cumsum %x axis 1 reverse : tensor<2x?x2xf64>
  return %y : tensor<2x?x2xf64>
}

func.func @cumsum_i32(%x: tensor<3xi32> {check.value = dense<[2147483647, 1, 5]> : tensor<3xi32>})
    -> (tensor<3xi32> {check.close = dense<[2147483647, -2147483648, -2147483643]> : tensor<3xi32>}) attributes {check.map} {
  %y = graph.cumsum %x axis 0 : tensor<3xi32>
  return %y : tensor<3xi32>
}

func.func @cumsum_empty(%x: tensor<?x2xf32> {graph.dims = [#graph.dim<n>, #graph.dim<2>], check.random = [0.0, 1.0], check.shape = array<i64: 0, 2>})
    -> (tensor<?x2xf32> {check.close = dense<> : tensor<0x2xf64>}) {
  %y = graph.cumsum %x axis 0 : tensor<?x2xf32>
  return %y : tensor<?x2xf32>
}
