// RUN: costate-values %s

func.func @reverse_values(%x: tensor<?x3xf32> {graph.dims = [#graph.dim<n>, #graph.dim<3>], check.value = dense<[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]> : tensor<2x3xf32>})
    -> (tensor<?x3xf32> {check.close = dense<[[4.0, 5.0, 6.0], [1.0, 2.0, 3.0]]> : tensor<2x3xf64>}, tensor<?x3xf32> {check.close = dense<[[6.0, 5.0, 4.0], [3.0, 2.0, 1.0]]> : tensor<2x3xf64>}) {
  %a = graph.reverse %x axes [0] : tensor<?x3xf32>
  %b = graph.reverse %x axes [0, 1] : tensor<?x3xf32>
  return %a, %b : tensor<?x3xf32>, tensor<?x3xf32>
}

func.func @reverse_smooth(%x: tensor<?x3xf64> {graph.dims = [#graph.dim<n>, #graph.dim<3>], check.random = [-1.0, 1.0], check.shape = array<i64: 2, 3>})
    -> (tensor<?x3xf64>) attributes {check.gradient, check.second, check.map} {
  %a = graph.reverse %x axes [1] : tensor<?x3xf64>
  return %a : tensor<?x3xf64>
}

func.func @reverse_empty(%x: tensor<?x3xi32> {graph.dims = [#graph.dim<n>, #graph.dim<3>], check.random = [0.0, 1.0], check.shape = array<i64: 0, 3>})
    -> (tensor<?x3xi32> {check.close = dense<> : tensor<0x3xi32>}) {
  %a = graph.reverse %x axes [0, 1] : tensor<?x3xi32>
  return %a : tensor<?x3xi32>
}
