// RUN: costate-values %s

// An index outside is skipped, with its NaN; a NaN inside stays.
func.func @scatter_max_rows(%t: tensor<3x2xf32> {check.value = dense<[[1.0, 1.0], [2.0, 2.0], [3.0, -0.0]]> : tensor<3x2xf32>},
                            %i: tensor<?xi32> {graph.dims = [#graph.dim<n>], check.value = dense<[2, 0, 2, -1, 3]> : tensor<5xi32>},
                            %u: tensor<?x2xf32> {graph.dims = [#graph.dim<n>, #graph.dim<2>], check.value = dense<[[10.0, 0.0], [0x7FC00000, 0xFF800000], [5.0, -6.0], [100.0, 100.0], [0x7FC00000, 0x7FC00000]]> : tensor<5x2xf32>})
    -> (tensor<3x2xf32> {check.close = dense<[[0x7FF8000000000000, 1.0], [2.0, 2.0], [10.0, 0.0]]> : tensor<3x2xf64>}) attributes {check.map} {
  %a = graph.scatter_max %t, %i, %u batch_dims 0 : tensor<3x2xf32>, tensor<?xi32>, tensor<?x2xf32>
  return %a : tensor<3x2xf32>
}

func.func @scatter_max_smooth(%t: tensor<2x3x?xf64> {graph.dims = [#graph.dim<2>, #graph.dim<3>, #graph.dim<m>], check.value = dense<[[[0.5, -1.0], [0.25, 0.0], [-0.75, 1.0]], [[-0.5, 0.1], [0.2, 0.3], [1.0, -1.0]]]> : tensor<2x3x2xf64>},
                              %i: tensor<2x?xi64> {graph.dims = [#graph.dim<2>, #graph.dim<k>], check.value = dense<[[0, 2, 2], [1, -1, 0]]> : tensor<2x3xi64>},
                              %u: tensor<2x?x?xf64> {graph.dims = [#graph.dim<2>, #graph.dim<k>, #graph.dim<m>], check.value = dense<[[[0.75, -2.0], [-0.25, 0.5], [-0.5, 1.5]], [[0.4, 0.2], [5.0, 6.0], [-0.25, 0.7]]]> : tensor<2x3x2xf64>})
    -> (tensor<2x3x?xf64>) attributes {check.gradient, check.second, check.map} {
  %a = graph.scatter_max %t, %i, %u batch_dims 1 : tensor<2x3x?xf64>, tensor<2x?xi64>, tensor<2x?x?xf64>
  return %a : tensor<2x3x?xf64>
}

// Equal maxima share what their place gets: here the operand and two updates.
func.func @scatter_max_ties(%x: tensor<2xf64> {check.value = dense<[2.0, 1.0]> : tensor<2xf64>}, %u: tensor<4xf64> {check.value = dense<[2.0, 1.0, 2.0, 3.0]> : tensor<4xf64>}, %ct: tensor<2xf64> {check.value = dense<[3.0, 5.0]> : tensor<2xf64>})
    -> (tensor<2xf64> {check.close = dense<[1.0, 0.0]> : tensor<2xf64>}, tensor<4xf64> {check.close = dense<[1.0, 0.0, 1.0, 5.0]> : tensor<4xf64>}) {
  %y, %a, %b = graph.vjp @largest(%x, %u) wrt [0, 1] from(%ct) : (tensor<2xf64>, tensor<4xf64>, tensor<2xf64>) -> (tensor<2xf64>, tensor<2xf64>, tensor<4xf64>)
  return %a, %b : tensor<2xf64>, tensor<4xf64>
}

func.func private @largest(%x: tensor<2xf64>, %u: tensor<4xf64>) -> tensor<2xf64> {
  %i = graph.constant dense<[0, 0, 0, 1]> : tensor<4xi32>
  %y = graph.scatter_max %x, %i, %u batch_dims 0 : tensor<2xf64>, tensor<4xi32>, tensor<4xf64>
  return %y : tensor<2xf64>
}

func.func @scatter_max_i32(%t: tensor<3xi32> {check.value = dense<[1, 2, -2147483648]> : tensor<3xi32>},
                           %i: tensor<4xi32> {check.value = dense<[2, 1, 1, 0]> : tensor<4xi32>},
                           %u: tensor<4xi32> {check.value = dense<[-7, 5, 6, -1]> : tensor<4xi32>})
    -> (tensor<3xi32> {check.close = dense<[1, 6, -7]> : tensor<3xi32>}) attributes {check.map} {
  %a = graph.scatter_max %t, %i, %u batch_dims 0 : tensor<3xi32>, tensor<4xi32>, tensor<4xi32>
  return %a : tensor<3xi32>
}

func.func @scatter_max_ui8(%t: tensor<2xui8> {check.value = dense<[100, 0]> : tensor<2xui8>}, %i: tensor<2xi32> {check.value = dense<[0, 1]> : tensor<2xi32>}, %u: tensor<2xui8> {check.value = dense<[200, 3]> : tensor<2xui8>})
    -> (tensor<2xui8> {check.close = dense<[200, 3]> : tensor<2xui8>}) {
  %a = graph.scatter_max %t, %i, %u batch_dims 0 : tensor<2xui8>, tensor<2xi32>, tensor<2xui8>
  return %a : tensor<2xui8>
}

func.func @scatter_max_empty(%t: tensor<2xf32> {check.value = dense<[-0.0, 1.0]> : tensor<2xf32>},
                             %i: tensor<?xi32> {graph.dims = [#graph.dim<n>], check.random = [0.0, 1.0], check.shape = array<i64: 0>},
                             %u: tensor<?xf32> {graph.dims = [#graph.dim<n>], check.random = [0.0, 1.0], check.shape = array<i64: 0>})
    -> (tensor<2xf32> {check.close = dense<[-0.0, 1.0]> : tensor<2xf64>}) {
  %a = graph.scatter_max %t, %i, %u batch_dims 0 : tensor<2xf32>, tensor<?xi32>, tensor<?xf32>
  return %a : tensor<2xf32>
}
