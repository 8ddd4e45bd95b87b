// RUN: costate-values %s

// The last of several stays, with its NaN; an index outside is skipped.
func.func @scatter_rows(%t: tensor<3x2xf32> {check.value = dense<[[1.0, 1.0], [2.0, 2.0], [3.0, -0.0]]> : tensor<3x2xf32>},
                        %i: tensor<?xi32> {graph.dims = [#graph.dim<n>], check.value = dense<[2, 0, 2, -1, 3]> : tensor<5xi32>},
                        %u: tensor<?x2xf32> {graph.dims = [#graph.dim<n>, #graph.dim<2>], check.value = dense<[[0x7FC00000, 0.0], [0x7FC00000, 0xFF800000], [5.0, -0.0], [100.0, 100.0], [0x7FC00000, 0x7FC00000]]> : tensor<5x2xf32>})
    -> (tensor<3x2xf32> {check.close = dense<[[0x7FF8000000000000, 0xFFF0000000000000], [2.0, 2.0], [5.0, -0.0]]> : tensor<3x2xf64>}) attributes {check.map} {
  %a = graph.scatter %t, %i, %u batch_dims 0 : tensor<3x2xf32>, tensor<?xi32>, tensor<?x2xf32>
  return %a : tensor<3x2xf32>
}

func.func @scatter_smooth(%t: tensor<2x3x?xf64> {graph.dims = [#graph.dim<2>, #graph.dim<3>, #graph.dim<m>], check.value = dense<[[[0.5, -1.0], [0.25, 0.0], [-0.75, 1.0]], [[-0.5, 0.1], [0.2, 0.3], [1.0, -1.0]]]> : tensor<2x3x2xf64>},
                          %i: tensor<2x?xi64> {graph.dims = [#graph.dim<2>, #graph.dim<k>], check.value = dense<[[0, 2, 2], [1, -1, 0]]> : tensor<2x3xi64>},
                          %u: tensor<2x?x?xf64> {graph.dims = [#graph.dim<2>, #graph.dim<k>, #graph.dim<m>], check.value = dense<[[[0.75, -2.0], [-0.25, 0.5], [-0.5, 1.5]], [[0.4, 0.2], [5.0, 6.0], [-0.25, 0.7]]]> : tensor<2x3x2xf64>})
    -> (tensor<2x3x?xf64>) attributes {check.gradient, check.second, check.map} {
  %a = graph.scatter %t, %i, %u batch_dims 1 : tensor<2x3x?xf64>, tensor<2x?xi64>, tensor<2x?x?xf64>
  return %a : tensor<2x3x?xf64>
}

// Of several updates of a place the last alone has a derivative, what is replaced has none; of indices outside neither.
func.func @scatter_repeats(%x: tensor<3xf64> {check.value = dense<[2.0, 1.0, 7.0]> : tensor<3xf64>}, %u: tensor<5xf64> {check.value = dense<[2.0, 1.0, 2.0, 3.0, 9.0]> : tensor<5xf64>}, %ct: tensor<3xf64> {check.value = dense<[3.0, 5.0, 11.0]> : tensor<3xf64>})
    -> (tensor<3xf64> {check.close = dense<[2.0, 3.0, 7.0]> : tensor<3xf64>}, tensor<3xf64> {check.close = dense<[0.0, 0.0, 11.0]> : tensor<3xf64>}, tensor<5xf64> {check.close = dense<[0.0, 0.0, 3.0, 5.0, 0.0]> : tensor<5xf64>}) {
  %y, %a, %b = graph.vjp @replaced(%x, %u) wrt [0, 1] from(%ct) : (tensor<3xf64>, tensor<5xf64>, tensor<3xf64>) -> (tensor<3xf64>, tensor<3xf64>, tensor<5xf64>)
  return %y, %a, %b : tensor<3xf64>, tensor<3xf64>, tensor<5xf64>
}

func.func private @replaced(%x: tensor<3xf64>, %u: tensor<5xf64>) -> tensor<3xf64> {
  %i = graph.constant dense<[0, 0, 0, 1, 5]> : tensor<5xi32>
  %y = graph.scatter %x, %i, %u batch_dims 0 : tensor<3xf64>, tensor<5xi32>, tensor<5xf64>
  return %y : tensor<3xf64>
}

// One index for each row, and one for all.
func.func @scatter_scalars(%t: tensor<?x3xi32> {graph.dims = [#graph.dim<n>, #graph.dim<3>], check.value = dense<[[1, 2, 3], [4, 5, 6]]> : tensor<2x3xi32>},
                           %i: tensor<?xi32> {graph.dims = [#graph.dim<n>], check.value = dense<[2, 0]> : tensor<2xi32>}, %k: tensor<i64> {check.value = dense<1> : tensor<i64>},
                           %u: tensor<?xi32> {graph.dims = [#graph.dim<n>], check.value = dense<[-7, 5]> : tensor<2xi32>},
                           %r: tensor<3xi32> {check.value = dense<[7, 8, 9]> : tensor<3xi32>})
    -> (tensor<?x3xi32> {check.close = dense<[[1, 2, -7], [7, 8, 9]]> : tensor<2x3xi32>}) attributes {check.map} {
  %a = graph.scatter %t, %i, %u batch_dims 1 : tensor<?x3xi32>, tensor<?xi32>, tensor<?xi32>
  %b = graph.scatter %a, %k, %r batch_dims 0 : tensor<?x3xi32>, tensor<i64>, tensor<3xi32>
  return %b : tensor<?x3xi32>
}

func.func @scatter_i1(%t: tensor<3xi1> {check.value = dense<[true, false, false]> : tensor<3xi1>}, %i: tensor<2xi32> {check.value = dense<[0, 2]> : tensor<2xi32>}, %u: tensor<2xi1> {check.value = dense<[false, true]> : tensor<2xi1>})
    -> (tensor<3xi1> {check.close = dense<[false, false, true]> : tensor<3xi1>}) {
  %a = graph.scatter %t, %i, %u batch_dims 0 : tensor<3xi1>, tensor<2xi32>, tensor<2xi1>
  return %a : tensor<3xi1>
}

func.func @scatter_ui8(%t: tensor<2xui8> {check.value = dense<[100, 0]> : tensor<2xui8>}, %i: tensor<2xi32> {check.value = dense<[0, 1]> : tensor<2xi32>}, %u: tensor<2xui8> {check.value = dense<[200, 3]> : tensor<2xui8>})
    -> (tensor<2xui8> {check.close = dense<[200, 3]> : tensor<2xui8>}) {
  %a = graph.scatter %t, %i, %u batch_dims 0 : tensor<2xui8>, tensor<2xi32>, tensor<2xui8>
  return %a : tensor<2xui8>
}

func.func @scatter_empty(%t: tensor<2xf32> {check.value = dense<[-0.0, 1.0]> : tensor<2xf32>},
                         %i: tensor<?xi32> {graph.dims = [#graph.dim<n>], check.random = [0.0, 1.0], check.shape = array<i64: 0>},
                         %u: tensor<?xf32> {graph.dims = [#graph.dim<n>], check.random = [0.0, 1.0], check.shape = array<i64: 0>})
    -> (tensor<2xf32> {check.close = dense<[-0.0, 1.0]> : tensor<2xf64>}) {
  %a = graph.scatter %t, %i, %u batch_dims 0 : tensor<2xf32>, tensor<?xi32>, tensor<?xf32>
  return %a : tensor<2xf32>
}
