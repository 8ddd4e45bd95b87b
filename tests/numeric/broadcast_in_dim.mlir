// RUN: costate-values %s

func.func @broadcast_in_dim_values(%x: tensor<2xf32> {check.value = dense<[1.0, 0x7FC00000]> : tensor<2xf32>},
                                   %y: tensor<?xf32> {graph.dims = [#graph.dim<n>], check.value = dense<[5.0, 6.0, 7.0]> : tensor<3xf32>},
                                   %z: tensor<2x1xi32> {check.value = dense<[[3], [4]]> : tensor<2x1xi32>})
    -> (tensor<?x2xf32> {check.close = dense<[[1.0, 0x7FF8000000000000], [1.0, 0x7FF8000000000000], [1.0, 0x7FF8000000000000]]> : tensor<3x2xf64>}, tensor<?x2xf32> {check.close = dense<[[5.0, 5.0], [6.0, 6.0], [7.0, 7.0]]> : tensor<3x2xf64>}, tensor<2x?xi32> {check.close = dense<[[3, 3, 3], [4, 4, 4]]> : tensor<2x3xi32>}) attributes {check.map} {
  %a = graph.broadcast_in_dim %x dims [1] shape [n, 2] : tensor<2xf32> -> tensor<?x2xf32>
  %b = graph.broadcast_in_dim %y dims [0] shape [n, 2] : tensor<?xf32> -> tensor<?x2xf32>
  %c = graph.broadcast_in_dim %z dims [0, 1] shape [2, n] : tensor<2x1xi32> -> tensor<2x?xi32>
  return %a, %b, %c : tensor<?x2xf32>, tensor<?x2xf32>, tensor<2x?xi32>
}

func.func @broadcast_in_dim_smooth(%x: tensor<?x1xf64> {graph.dims = [#graph.dim<n>, #graph.dim<1>], check.random = [-1.0, 1.0], check.shape = array<i64: 2, 1>})
    -> (tensor<3x?x2xf64>) attributes {check.gradient, check.second, check.map} {
  %a = graph.broadcast_in_dim %x dims [1, 2] shape [3, n, 2] : tensor<?x1xf64> -> tensor<3x?x2xf64>
  return %a : tensor<3x?x2xf64>
}

func.func @broadcast_in_dim_scalar(%x: tensor<f64> {check.value = dense<2.5> : tensor<f64>},
                                   %y: tensor<?xf64> {graph.dims = [#graph.dim<n>], check.random = [0.0, 1.0], check.shape = array<i64: 0>})
    -> (tensor<?x2xf64> {check.close = dense<> : tensor<0x2xf64>}) {
  %a = graph.broadcast_in_dim %x dims [] shape [n, 2] : tensor<f64> -> tensor<?x2xf64>
  return %a : tensor<?x2xf64>
}
