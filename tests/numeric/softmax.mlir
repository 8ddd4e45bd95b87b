// RUN: costate-values %s

// Without overflow.
func.func @softmax_values(%x: tensor<?x3xf32> {graph.dims = [#graph.dim<n>, #graph.dim<3>], check.value = dense<[[1.0, 2.0, 3.0], [1000.0, 0.0, 1000.0]]> : tensor<2x3xf32>})
    -> (tensor<?x3xf32> {check.close = dense<[[0.09003057317038046, 0.24472847105479764, 0.6652409557748218], [0.5, 0.0, 0.5]]> : tensor<2x3xf64>}) {
  %y = graph.softmax %x axes [1] : tensor<?x3xf32>
  return %y : tensor<?x3xf32>
}

// A row of -inf is 0/0.
func.func @softmax_special(%x: tensor<?x2xf32> {graph.dims = [#graph.dim<n>, #graph.dim<2>], check.value = dense<[[0xFF800000, 0xFF800000], [0x7FC00000, 0.0], [0xFF800000, 3.0], [0x7F800000, 0.0]]> : tensor<4x2xf32>})
    -> (tensor<?x2xf32> {check.close = dense<[[0x7FF8000000000000, 0x7FF8000000000000], [0x7FF8000000000000, 0x7FF8000000000000], [0.0, 1.0], [0x7FF8000000000000, 0x7FF8000000000000]]> : tensor<4x2xf64>}) {
  %y = graph.softmax %x axes [1] : tensor<?x2xf32>
  return %y : tensor<?x2xf32>
}

func.func @softmax_smooth(%x: tensor<2x?x3xf64> {graph.dims = [#graph.dim<2>, #graph.dim<n>, #graph.dim<3>], check.random = [-2.0, 2.0], check.shape = array<i64: 2, 2, 3>})
    -> (tensor<2x?x3xf64>) attributes {check.gradient, check.second, check.map} {
  %y = graph.softmax %x axes [0, 2] : tensor<2x?x3xf64>
  return %y : tensor<2x?x3xf64>
}

// Along an axis of extent 1 it is 1.
func.func @softmax_one(%x: tensor<?x1xf32> {graph.dims = [#graph.dim<n>, #graph.dim<1>], check.value = dense<[[5.0], [-3.0]]> : tensor<2x1xf32>})
    -> (tensor<?x1xf32> {check.close = dense<[[1.0], [1.0]]> : tensor<2x1xf64>}) {
  %y = graph.softmax %x axes [1] : tensor<?x1xf32>
  return %y : tensor<?x1xf32>
}

func.func @softmax_empty(%x: tensor<?x0xf32> {graph.dims = [#graph.dim<n>, #graph.dim<0>], check.random = [0.0, 1.0], check.shape = array<i64: 2, 0>})
    -> (tensor<?x0xf32> {check.close = dense<> : tensor<2x0xf64>}) {
  %y = graph.softmax %x axes [1] : tensor<?x0xf32>
  return %y : tensor<?x0xf32>
}
