// RUN: costate-values %s

// Each axis, both, none.
func.func @logsumexp_axes(%x: tensor<?x3xf32> {graph.dims = [#graph.dim<n>, #graph.dim<3>], check.value = dense<[[1.5, -2.0, 0.25], [-0.5, 4.0, 3.0]]> : tensor<2x3xf32>})
    -> (tensor<3xf32> {check.close = dense<[1.6269280110429725, 4.00247568513773, 3.0619675890031988]> : tensor<3xf64>}, tensor<?xf32> {check.close = dense<[1.775130262247635, 4.321350214229013]> : tensor<2xf64>}, tensor<f32> {check.close = dense<4.396807696880699> : tensor<f64>}, tensor<?x3xf32> {check.close = dense<[[1.5, -2.0, 0.25], [-0.5, 4.0, 3.0]]> : tensor<2x3xf64>}) {
  %a = graph.logsumexp %x axes [0] : tensor<?x3xf32> -> tensor<3xf32>
  %b = graph.logsumexp %x axes [1] : tensor<?x3xf32> -> tensor<?xf32>
  %c = graph.logsumexp %x axes [0, 1] : tensor<?x3xf32> -> tensor<f32>
  %d = graph.logsumexp %x axes [] : tensor<?x3xf32> -> tensor<?x3xf32>
  return %a, %b, %c, %d : tensor<3xf32>, tensor<?xf32>, tensor<f32>, tensor<?x3xf32>
}

func.func @logsumexp_smooth(%x: tensor<2x?x3x1xf64> {graph.dims = [#graph.dim<2>, #graph.dim<n>, #graph.dim<3>, #graph.dim<1>], check.random = [0.5, 2.0], check.shape = array<i64: 2, 2, 3, 1>})
    -> (tensor<?x1xf64>) attributes {check.gradient, check.second, check.map} {
  %y = graph.logsumexp %x axes [0, 2] : tensor<2x?x3x1xf64> -> tensor<?x1xf64>
  return %y : tensor<?x1xf64>
}

func.func @logsumexp_special(%x: tensor<?x3xf32> {graph.dims = [#graph.dim<n>, #graph.dim<3>], check.value = dense<[[0x7FC00000, 1.0, 0x7F800000], [0xFF800000, 0xFF800000, 0xFF800000], [0x7F800000, 0xFF800000, 0.0], [-0.0, 0.0, -0.0], [0x7F800000, 0x7F800000, 1.0]]> : tensor<5x3xf32>})
    -> (tensor<?xf32> {check.close = dense<[0x7FF8000000000000, 0xFFF0000000000000, 0x7FF0000000000000, 1.0986122886681098, 0x7FF0000000000000]> : tensor<5xf64>}) {
  %y = graph.logsumexp %x axes [1] : tensor<?x3xf32> -> tensor<?xf32>
  return %y : tensor<?xf32>
}

func.func @logsumexp_of_nothing(%x: tensor<2x?xf32> {graph.dims = [#graph.dim<2>, #graph.dim<n>], check.random = [0.0, 1.0], check.shape = array<i64: 2, 0>})
    -> (tensor<2xf32> {check.close = dense<[0xFFF0000000000000, 0xFFF0000000000000]> : tensor<2xf64>}) {
  %y = graph.logsumexp %x axes [1] : tensor<2x?xf32> -> tensor<2xf32>
  return %y : tensor<2xf32>
}

func.func @logsumexp_to_nothing(%x: tensor<2x?xf32> {graph.dims = [#graph.dim<2>, #graph.dim<n>], check.random = [0.0, 1.0], check.shape = array<i64: 2, 0>})
    -> (tensor<?xf32> {check.close = dense<> : tensor<0xf64>}) {
  %y = graph.logsumexp %x axes [0] : tensor<2x?xf32> -> tensor<?xf32>
  return %y : tensor<?xf32>
}

func.func @logsumexp_no_overflow(%x: tensor<2x2xf32> {check.value = dense<[[1000.0, 1000.0], [0.0, -1000.0]]> : tensor<2x2xf32>})
    -> (tensor<2xf32> {check.close = dense<[1000.6931471805599, 0.0]> : tensor<2xf64>}) {
  %y = graph.logsumexp %x axes [1] : tensor<2x2xf32> -> tensor<2xf32>
  return %y : tensor<2xf32>
}
