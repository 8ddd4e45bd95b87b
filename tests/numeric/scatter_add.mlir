// RUN: costate-values %s

// Equal indices add up; an index outside is skipped.
func.func @scatter_add_rows(%t: tensor<3x2xf32> {check.value = dense<[[1.0, 1.0], [2.0, 2.0], [3.0, 3.0]]> : tensor<3x2xf32>},
                            %i: tensor<?xi32> {graph.dims = [#graph.dim<n>], check.value = dense<[2, 0, 2, -1, 3]> : tensor<5xi32>},
                            %u: tensor<?x2xf32> {graph.dims = [#graph.dim<n>, #graph.dim<2>], check.value = dense<[[10.0, 20.0], [1.0, 0x7F800000], [5.0, 6.0], [100.0, 100.0], [0x7FC00000, 0x7FC00000]]> : tensor<5x2xf32>})
    -> (tensor<3x2xf32> {check.close = dense<[[2.0, 0x7FF0000000000000], [2.0, 2.0], [18.0, 29.0]]> : tensor<3x2xf64>}) attributes {check.map} {
  %a = graph.scatter_add %t, %i, %u batch_dims 0 : tensor<3x2xf32>, tensor<?xi32>, tensor<?x2xf32>
  return %a : tensor<3x2xf32>
}

func.func @scatter_add_smooth(%t: tensor<2x3x?xf64> {graph.dims = [#graph.dim<2>, #graph.dim<3>, #graph.dim<m>], check.random = [-1.0, 1.0], check.shape = array<i64: 2, 3, 2>},
                              %i: tensor<2x?xi64> {graph.dims = [#graph.dim<2>, #graph.dim<k>], check.value = dense<[[0, 2, 2], [1, -1, 0]]> : tensor<2x3xi64>},
                              %u: tensor<2x?x?xf64> {graph.dims = [#graph.dim<2>, #graph.dim<k>, #graph.dim<m>], check.random = [-1.0, 1.0], check.shape = array<i64: 2, 3, 2>})
    -> (tensor<2x3x?xf64>) attributes {check.gradient, check.second, check.map} {
  %a = graph.scatter_add %t, %i, %u batch_dims 1 : tensor<2x3x?xf64>, tensor<2x?xi64>, tensor<2x?x?xf64>
  return %a : tensor<2x3x?xf64>
}

func.func @scatter_add_i32(%t: tensor<3xi32> {check.value = dense<[1, 2, 2147483647]> : tensor<3xi32>},
                           %i: tensor<4xi32> {check.value = dense<[2, 1, 1, 0]> : tensor<4xi32>},
                           %u: tensor<4xi32> {check.value = dense<[1, 5, 6, -1]> : tensor<4xi32>})
    -> (tensor<3xi32> {check.close = dense<[0, 13, -2147483648]> : tensor<3xi32>}) attributes {check.map} {
  %a = graph.scatter_add %t, %i, %u batch_dims 0 : tensor<3xi32>, tensor<4xi32>, tensor<4xi32>
  return %a : tensor<3xi32>
}

func.func @scatter_add_empty(%t: tensor<2xf32> {check.value = dense<[-0.0, 1.0]> : tensor<2xf32>},
                             %i: tensor<?xi32> {graph.dims = [#graph.dim<n>], check.random = [0.0, 1.0], check.shape = array<i64: 0>},
                             %u: tensor<?xf32> {graph.dims = [#graph.dim<n>], check.random = [0.0, 1.0], check.shape = array<i64: 0>})
    -> (tensor<2xf32> {check.close = dense<[-0.0, 1.0]> : tensor<2xf64>}) {
  %a = graph.scatter_add %t, %i, %u batch_dims 0 : tensor<2xf32>, tensor<?xi32>, tensor<?xf32>
  return %a : tensor<2xf32>
}
