// RUN: costate-values %s

// Among equals the lower index first; NaN above all.
func.func @top_k_ties(%x: tensor<?x5xf32> {graph.dims = [#graph.dim<n>, #graph.dim<5>], check.value = dense<[[1.0, 3.0, 0x7FC00000, 3.0, 2.0], [0xFF800000, 0xFF800000, 0xFF800000, 0xFF800000, 0xFF800000], [0.0, -0.0, 0x7F800000, 0.0, -1.0]]> : tensor<3x5xf32>})
    -> (tensor<?x3xf32> {check.close = dense<[[0x7FF8000000000000, 3.0, 3.0], [0xFFF0000000000000, 0xFFF0000000000000, 0xFFF0000000000000], [0x7FF0000000000000, 0.0, -0.0]]> : tensor<3x3xf64>}, tensor<?x3xi32> {check.close = dense<[[2, 1, 3], [0, 1, 2], [2, 0, 1]]> : tensor<3x3xi32>}) attributes {check.map} {
  %v, %i = graph.top_k %x k 3 : tensor<?x5xf32> -> tensor<?x3xf32>, tensor<?x3xi32>
  return %v, %i : tensor<?x3xf32>, tensor<?x3xi32>
}

func.func @top_k_i32(%x: tensor<4xi32> {check.value = dense<[3, -2, 7, 3]> : tensor<4xi32>})
    -> (tensor<2xi32> {check.close = dense<[7, 3]> : tensor<2xi32>}, tensor<2xi64> {check.close = dense<[2, 0]> : tensor<2xi64>}) attributes {check.map} {
  %v, %i = graph.top_k %x k 2 : tensor<4xi32> -> tensor<2xi32>, tensor<2xi64>
  return %v, %i : tensor<2xi32>, tensor<2xi64>
}

func.func @top_k_smooth(%x: tensor<2x?xf64> {graph.dims = [#graph.dim<2>, #graph.dim<n>], check.value = dense<[[0.5, -0.25, 1.5, 0.0], [2.0, 1.0, -1.0, 3.0]]> : tensor<2x4xf64>})
    -> (tensor<2x2xf64>, tensor<2x2xi32>) attributes {check.gradient, check.second, check.map} {
  %v, %i = graph.top_k %x k 2 : tensor<2x?xf64> -> tensor<2x2xf64>, tensor<2x2xi32>
  return %v, %i : tensor<2x2xf64>, tensor<2x2xi32>
}

func.func @top_k_none(%x: tensor<?x0xf32> {graph.dims = [#graph.dim<n>, #graph.dim<0>], check.random = [0.0, 1.0], check.shape = array<i64: 2, 0>})
    -> (tensor<?x0xf32> {check.close = dense<> : tensor<2x0xf64>}, tensor<?x0xi32> {check.close = dense<> : tensor<2x0xi32>}) {
  %v, %i = graph.top_k %x k 0 : tensor<?x0xf32> -> tensor<?x0xf32>, tensor<?x0xi32>
  return %v, %i : tensor<?x0xf32>, tensor<?x0xi32>
}

// As many as a size says.
func.func @top_k_half(%x: tensor<2x?xf64> {graph.dims = [#graph.dim<2>, #graph.dim<n>], check.value = dense<[[0.5, -0.25, 1.5, 0.0, 1.0], [2.0, 1.0, -1.0, 3.0, 0.5]]> : tensor<2x5xf64>})
    -> (tensor<2x?xf64> {check.close = dense<[[1.5, 1.0], [3.0, 2.0]]> : tensor<2x2xf64>}, tensor<2x?xi32> {check.close = dense<[[2, 4], [3, 0]]> : tensor<2x2xi32>}) attributes {check.gradient, check.second, check.map} {
  %v, %i = graph.top_k %x k floordiv(n, 2) : tensor<2x?xf64> -> tensor<2x?xf64>, tensor<2x?xi32>
  return %v, %i : tensor<2x?xf64>, tensor<2x?xi32>
}
