// RUN: costate-values %s

func.func @slice_values(%x: tensor<?x6xf32> {graph.dims = [#graph.dim<n>, #graph.dim<6>], check.value = dense<[[0.0, 1.0, 2.0, 3.0, 4.0, 5.0], [6.0, 7.0, 8.0, 9.0, 10.0, 11.0]]> : tensor<2x6xf32>})
    -> (tensor<?x3xf32> {check.close = dense<[[1.0, 3.0, 5.0], [7.0, 9.0, 11.0]]> : tensor<2x3xf64>}, tensor<1x6xf32> {check.close = dense<[[6.0, 7.0, 8.0, 9.0, 10.0, 11.0]]> : tensor<1x6xf64>}, tensor<?x0xf32> {check.close = dense<> : tensor<2x0xf64>}) {
  %a = graph.slice %x starts [0, 1] sizes [n, 3] strides [1, 2] : tensor<?x6xf32> -> tensor<?x3xf32>
  %b = graph.slice %x starts [n - 1, 0] sizes [1, 6] strides [1, 1] : tensor<?x6xf32> -> tensor<1x6xf32>
  %c = graph.slice %x starts [0, 6] sizes [n, 0] strides [1, 1] : tensor<?x6xf32> -> tensor<?x0xf32>
  return %a, %b, %c : tensor<?x3xf32>, tensor<1x6xf32>, tensor<?x0xf32>
}

func.func @slice_smooth(%x: tensor<?x6xf64> {graph.dims = [#graph.dim<n>, #graph.dim<6>], check.random = [-1.0, 1.0], check.shape = array<i64: 3, 6>})
    -> (tensor<?x2xf64>) attributes {check.gradient, check.second, check.map} {
  %a = graph.slice %x starts [1, 1] sizes [n - 1, 2] strides [1, 3] : tensor<?x6xf64> -> tensor<?x2xf64>
  return %a : tensor<?x2xf64>
}
