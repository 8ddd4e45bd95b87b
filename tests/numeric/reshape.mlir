// RUN: costate-values %s

func.func @reshape_values(%x: tensor<?x4xf32> {graph.dims = [#graph.dim<n>, #graph.dim<4>], check.value = dense<[[0.0, 1.0, 2.0, 3.0], [4.0, 5.0, 6.0, 7.0]]> : tensor<2x4xf32>})
    -> (tensor<?x2xf32> {check.close = dense<[[0.0, 1.0], [2.0, 3.0], [4.0, 5.0], [6.0, 7.0]]> : tensor<4x2xf64>}, tensor<?xf32> {check.close = dense<[0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0]> : tensor<8xf64>}, tensor<1x?x1x4xf32> {check.close = dense<[[[[0.0, 1.0, 2.0, 3.0]], [[4.0, 5.0, 6.0, 7.0]]]]> : tensor<1x2x1x4xf64>}) {
  %a = graph.reshape %x shape [2 * n, 2] : tensor<?x4xf32> -> tensor<?x2xf32>
  %b = graph.reshape %x shape [4 * n] : tensor<?x4xf32> -> tensor<?xf32>
  %c = graph.reshape %x shape [1, n, 1, 4] : tensor<?x4xf32> -> tensor<1x?x1x4xf32>
  return %a, %b, %c : tensor<?x2xf32>, tensor<?xf32>, tensor<1x?x1x4xf32>
}

func.func @reshape_smooth(%x: tensor<?x4xf64> {graph.dims = [#graph.dim<n>, #graph.dim<4>], check.random = [-1.0, 1.0], check.shape = array<i64: 3, 4>})
    -> (tensor<2x?xf64>) attributes {check.gradient, check.second, check.map} {
  %a = graph.reshape %x shape [2, 2 * n] : tensor<?x4xf64> -> tensor<2x?xf64>
  return %a : tensor<2x?xf64>
}

func.func @reshape_empty(%x: tensor<?x4xf32> {graph.dims = [#graph.dim<n>, #graph.dim<4>], check.random = [-1.0, 1.0], check.shape = array<i64: 0, 4>})
    -> (tensor<4x?xf32> {check.close = dense<> : tensor<4x0xf64>}) {
  %a = graph.reshape %x shape [4, n] : tensor<?x4xf32> -> tensor<4x?xf32>
  return %a : tensor<4x?xf32>
}
