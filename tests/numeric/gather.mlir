// RUN: costate-values %s

// An index outside gives 0.
func.func @gather_rows(%t: tensor<4x3xf32> {check.value = dense<[[0.0, 1.0, 2.0], [3.0, 4.0, 5.0], [6.0, 7.0, 8.0], [9.0, 10.0, 11.0]]> : tensor<4x3xf32>},
                       %i: tensor<?xi32> {graph.dims = [#graph.dim<n>], check.value = dense<[3, 0, -1, 4, 3]> : tensor<5xi32>})
    -> (tensor<?x3xf32> {check.close = dense<[[9.0, 10.0, 11.0], [0.0, 1.0, 2.0], [0.0, 0.0, 0.0], [0.0, 0.0, 0.0], [9.0, 10.0, 11.0]]> : tensor<5x3xf64>}) attributes {check.map} {
  %a = graph.gather %t, %i batch_dims 0 : tensor<4x3xf32>, tensor<?xi32> -> tensor<?x3xf32>
  return %a : tensor<?x3xf32>
}

func.func @gather_batch(%z: tensor<?x3xf32> {graph.dims = [#graph.dim<n>, #graph.dim<3>], check.value = dense<[[1.0, 0x7FC00000, 3.0], [4.0, 5.0, 0x7F800000]]> : tensor<2x3xf32>},
                        %i: tensor<?xi64> {graph.dims = [#graph.dim<n>], check.value = dense<[1, 2]> : tensor<2xi64>})
    -> (tensor<?xf32> {check.close = dense<[0x7FF8000000000000, 0x7FF0000000000000]> : tensor<2xf64>}) {
  %a = graph.gather %z, %i batch_dims 1 : tensor<?x3xf32>, tensor<?xi64> -> tensor<?xf32>
  return %a : tensor<?xf32>
}

func.func @gather_smooth(%z: tensor<2x3x?xf64> {graph.dims = [#graph.dim<2>, #graph.dim<3>, #graph.dim<m>], check.random = [-1.0, 1.0], check.shape = array<i64: 2, 3, 2>},
                         %i: tensor<2x?xi32> {graph.dims = [#graph.dim<2>, #graph.dim<k>], check.value = dense<[[0, 2, 2], [1, -1, 0]]> : tensor<2x3xi32>})
    -> (tensor<2x?x?xf64>) attributes {check.gradient, check.second, check.map} {
  %a = graph.gather %z, %i batch_dims 1 : tensor<2x3x?xf64>, tensor<2x?xi32> -> tensor<2x?x?xf64>
  return %a : tensor<2x?x?xf64>
}

func.func @gather_scalar_index(%z: tensor<3xi64> {check.value = dense<[7, 8, 9]> : tensor<3xi64>},
                               %i: tensor<i32> {check.value = dense<2> : tensor<i32>})
    -> (tensor<i64> {check.close = dense<9> : tensor<i64>}) attributes {check.map} {
  %a = graph.gather %z, %i batch_dims 0 : tensor<3xi64>, tensor<i32> -> tensor<i64>
  return %a : tensor<i64>
}

func.func @gather_empty(%z: tensor<?x2xf32> {graph.dims = [#graph.dim<n>, #graph.dim<2>], check.random = [0.0, 1.0], check.shape = array<i64: 0, 2>},
                        %i: tensor<2xi32> {check.value = dense<[0, 1]> : tensor<2xi32>})
    -> (tensor<2x2xf32> {check.close = dense<[[0.0, 0.0], [0.0, 0.0]]> : tensor<2x2xf64>}) {
  %a = graph.gather %z, %i batch_dims 0 : tensor<?x2xf32>, tensor<2xi32> -> tensor<2x2xf32>
  return %a : tensor<2x2xf32>
}
