// RUN: costate-values %s

func.func @transpose_values(%x: tensor<?x1x3xf32> {graph.dims = [#graph.dim<n>, #graph.dim<1>, #graph.dim<3>], check.value = dense<[[[0.0, 1.0, 2.0]], [[3.0, 4.0, 5.0]]]> : tensor<2x1x3xf32>})
    -> (tensor<3x?x1xf32> {check.close = dense<[[[0.0], [3.0]], [[1.0], [4.0]], [[2.0], [5.0]]]> : tensor<3x2x1xf64>}) {
  %a = graph.transpose %x permutation [2, 0, 1] : tensor<?x1x3xf32> -> tensor<3x?x1xf32>
  return %a : tensor<3x?x1xf32>
}

func.func @transpose_smooth(%x: tensor<?x2x3xf64> {graph.dims = [#graph.dim<n>, #graph.dim<2>, #graph.dim<3>], check.random = [-1.0, 1.0], check.shape = array<i64: 2, 2, 3>})
    -> (tensor<2x3x?xf64>) attributes {check.gradient, check.second, check.map} {
  %a = graph.transpose %x permutation [1, 2, 0] : tensor<?x2x3xf64> -> tensor<2x3x?xf64>
  return %a : tensor<2x3x?xf64>
}

func.func @transpose_i1(%x: tensor<2x2xi1> {check.value = dense<[[true, false], [true, true]]> : tensor<2x2xi1>})
    -> (tensor<2x2xi1> {check.close = dense<[[true, true], [false, true]]> : tensor<2x2xi1>}) attributes {check.map} {
  %a = graph.transpose %x permutation [1, 0] : tensor<2x2xi1> -> tensor<2x2xi1>
  return %a : tensor<2x2xi1>
}

func.func @transpose_empty(%x: tensor<?x2xf32> {graph.dims = [#graph.dim<n>, #graph.dim<2>], check.random = [0.0, 1.0], check.shape = array<i64: 0, 2>})
    -> (tensor<2x?xf32> {check.close = dense<> : tensor<2x0xf64>}) {
  %a = graph.transpose %x permutation [1, 0] : tensor<?x2xf32> -> tensor<2x?xf32>
  return %a : tensor<2x?xf32>
}
