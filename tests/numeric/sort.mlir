// RUN: costate-values %s

// Stable, NaN last; the two zeros are equal.
func.func @sort_stable(%k: tensor<?x6xf32> {graph.dims = [#graph.dim<n>, #graph.dim<6>], check.value = dense<[[3.0, 0x7FC00000, 1.0, 3.0, 0xFF800000, 1.0], [0.0, -0.0, 0x7F800000, 0x7FC00000, -1.0, 0.0]]> : tensor<2x6xf32>},
                       %v: tensor<?x6xi32> {graph.dims = [#graph.dim<n>, #graph.dim<6>], check.value = dense<[[0, 1, 2, 3, 4, 5], [0, 1, 2, 3, 4, 5]]> : tensor<2x6xi32>})
    -> (tensor<?x6xf32> {check.close = dense<[[0xFFF0000000000000, 1.0, 1.0, 3.0, 3.0, 0x7FF8000000000000], [-1.0, 0.0, -0.0, 0.0, 0x7FF0000000000000, 0x7FF8000000000000]]> : tensor<2x6xf64>}, tensor<?x6xi32> {check.close = dense<[[4, 2, 5, 0, 3, 1], [4, 0, 1, 5, 2, 3]]> : tensor<2x6xi32>}) attributes {check.map} {
  %a, %b = graph.sort %k, %v axis 1 : (tensor<?x6xf32>, tensor<?x6xi32>) -> (tensor<?x6xf32>, tensor<?x6xi32>)
  return %a, %b : tensor<?x6xf32>, tensor<?x6xi32>
}

func.func @sort_first_axis(%k: tensor<3x2xi64> {check.value = dense<[[5, -1], [-7, 9], [5, -9]]> : tensor<3x2xi64>})
    -> (tensor<3x2xi64> {check.close = dense<[[-7, -9], [5, -1], [5, 9]]> : tensor<3x2xi64>}) attributes {check.map} {
  %a = graph.sort %k axis 0 : (tensor<3x2xi64>) -> (tensor<3x2xi64>)
  return %a : tensor<3x2xi64>
}

func.func @sort_ui8(%k: tensor<3xui8> {check.value = dense<[200, 3, 100]> : tensor<3xui8>})
    -> (tensor<3xui8> {check.close = dense<[3, 100, 200]> : tensor<3xui8>}) {
  %a = graph.sort %k axis 0 : (tensor<3xui8>) -> (tensor<3xui8>)
  return %a : tensor<3xui8>
}

func.func @sort_smooth(%k: tensor<2x?xf64> {graph.dims = [#graph.dim<2>, #graph.dim<n>], check.value = dense<[[0.5, -0.25, 1.5, 0.0], [2.0, 1.0, -1.0, 3.0]]> : tensor<2x4xf64>},
                       %v: tensor<2x?xf64> {graph.dims = [#graph.dim<2>, #graph.dim<n>], check.random = [-1.0, 1.0], check.shape = array<i64: 2, 4>})
    -> (tensor<2x?xf64>, tensor<2x?xf64>) attributes {check.gradient, check.second, check.map} {
  %a, %b = graph.sort %k, %v axis 1 : (tensor<2x?xf64>, tensor<2x?xf64>) -> (tensor<2x?xf64>, tensor<2x?xf64>)
  return %a, %b : tensor<2x?xf64>, tensor<2x?xf64>
}

func.func @sort_empty(%k: tensor<?x0xf32> {graph.dims = [#graph.dim<n>, #graph.dim<0>], check.random = [0.0, 1.0], check.shape = array<i64: 2, 0>})
    -> (tensor<?x0xf32> {check.close = dense<> : tensor<2x0xf64>}) {
  %a = graph.sort %k axis 1 : (tensor<?x0xf32>) -> (tensor<?x0xf32>)
  return %a : tensor<?x0xf32>
}
