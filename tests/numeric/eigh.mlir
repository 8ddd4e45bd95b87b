// RUN: costate-values %s

// Only the lower triangle is read.
func.func @eigh_values(%a: tensor<?x3x3xf64> {graph.dims = [#graph.dim<n>, #graph.dim<3>, #graph.dim<3>], check.value = dense<[[[4.0, 99.0, -7.0], [2.0, 5.0, 55.0], [1.0, 3.0, -6.0]], [[2.0, 0.0, 0.0], [-1.0, 3.0, 0.0], [0.0, 0.5, 1.0]]]> : tensor<2x3x3xf64>})
    -> (tensor<?x3xf64> {check.close = dense<[[-6.786647127275644, 2.5425588186096304, 7.244088308666013], [0.8138593383654928, 1.5000000000000002, 3.686140661634507]]> : tensor<2x3xf64>}, tensor<?x3x3xf64> {check.close = dense<[[[-0.045579303305012364, 0.8269263724746805, 0.5604599018806751], [-0.23913415595054124, -0.5537626905197375, 0.7975974787110123], [0.9699161729593191, -0.09767116818287601, 0.22298645774517434]], [[0.28218405108867817, 0.8164965809277261, 0.5036918647789695], [0.3347099770610304, 0.4082482904638631, -0.8492953341383301], [-0.8990780792383869, 0.40824829046386313, -0.15808839541960867]]]> : tensor<2x3x3xf64>}) attributes {check.gradient, check.second, check.map} {
  %w, %v = graph.eigh %a : tensor<?x3xf64>, tensor<?x3x3xf64>
  return %w, %v : tensor<?x3xf64>, tensor<?x3x3xf64>
}

func.func @eigh_f32(%a: tensor<1x3x3xf32> {check.value = dense<[[[4.0, 99.0, -7.0], [2.0, 5.0, 55.0], [1.0, 3.0, -6.0]]]> : tensor<1x3x3xf32>})
    -> (tensor<1x3xf32> {check.close = dense<[[-6.786647127275644, 2.5425588186096304, 7.244088308666013]]> : tensor<1x3xf64>}, tensor<1x3x3xf32> {check.close = dense<[[[-0.045579303305012364, 0.8269263724746805, 0.5604599018806751], [-0.23913415595054124, -0.5537626905197375, 0.7975974787110123], [0.9699161729593191, -0.09767116818287601, 0.22298645774517434]]]> : tensor<1x3x3xf64>}) attributes {check.gradient} {
  %w, %v = graph.eigh %a : tensor<1x3xf32>, tensor<1x3x3xf32>
  return %w, %v : tensor<1x3xf32>, tensor<1x3x3xf32>
}

// Equal values: vectors are a basis of their space; values have a derivative.
func.func @eigh_equal(%a: tensor<2x3x3xf64> {check.value = dense<[[[2.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 2.0]], [[1.0, 1.0, 1.0], [1.0, 1.0, 1.0], [1.0, 1.0, 1.0]]]> : tensor<2x3x3xf64>})
    -> (tensor<2x3xf64> {check.close = dense<[[1.0, 2.0, 2.0], [0.0, 0.0, 3.0]]> : tensor<2x3xf64>}, tensor<2x3x3xf64> {check.close = dense<[[[2.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 2.0]], [[1.0, 1.0, 1.0], [1.0, 1.0, 1.0], [1.0, 1.0, 1.0]]]> : tensor<2x3x3xf64>}) {
  %w, %v = graph.eigh %a : tensor<2x3xf64>, tensor<2x3x3xf64>
  %columns = graph.broadcast_in_dim %w dims [0, 2] shape [2, 3, 3] : tensor<2x3xf64> -> tensor<2x3x3xf64>
  %scaled = graph.multiply %v, %columns : tensor<2x3x3xf64>
  %back = graph.dot_general %scaled, %v batching [0] x [0] contracting [2] x [2] : tensor<2x3x3xf64>, tensor<2x3x3xf64> -> tensor<2x3x3xf64>
  return %w, %back : tensor<2x3xf64>, tensor<2x3x3xf64>
}

// The sum of the values is the trace, whatever they are.
func.func @eigh_trace(%a: tensor<3x3xf64> {check.value = dense<[[2.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 2.0]]> : tensor<3x3xf64>})
    -> (tensor<3x3xf64> {check.close = dense<[[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]> : tensor<3x3xf64>}) {
  %one = graph.constant dense<1.0> : tensor<f64>
  %s, %d = graph.vjp @sum_of_values(%a) wrt [0] from(%one) : (tensor<3x3xf64>, tensor<f64>) -> (tensor<f64>, tensor<3x3xf64>)
  return %d : tensor<3x3xf64>
}
func.func private @sum_of_values(%a: tensor<3x3xf64>) -> tensor<f64> {
  %w, %v = graph.eigh %a : tensor<3xf64>, tensor<3x3xf64>
  %s = graph.reduce_sum %w axes [0] : tensor<3xf64> -> tensor<f64>
  return %s : tensor<f64>
}

func.func @eigh_not_finite(%a: tensor<2x2x2xf32> {check.value = dense<[[[1.0, 2.0], [0x7FC00000, 4.0]], [[1.0, 2.0], [0xFF800000, 4.0]]]> : tensor<2x2x2xf32>})
    -> (tensor<2x2xf32> {check.close = dense<[[0x7FF8000000000000, 0x7FF8000000000000], [0x7FF8000000000000, 0x7FF8000000000000]]> : tensor<2x2xf64>}, tensor<2x2x2xf32> {check.close = dense<[[[0x7FF8000000000000, 0x7FF8000000000000], [0x7FF8000000000000, 0x7FF8000000000000]], [[0x7FF8000000000000, 0x7FF8000000000000], [0x7FF8000000000000, 0x7FF8000000000000]]]> : tensor<2x2x2xf64>}) {
  %w, %v = graph.eigh %a : tensor<2x2xf32>, tensor<2x2x2xf32>
  return %w, %v : tensor<2x2xf32>, tensor<2x2x2xf32>
}

func.func @eigh_one(%a: tensor<2x1x1xf64> {check.value = dense<[[[-3.0]], [[2.0]]]> : tensor<2x1x1xf64>})
    -> (tensor<2x1xf64> {check.close = dense<[[-3.0], [2.0]]> : tensor<2x1xf64>}, tensor<2x1x1xf64> {check.close = dense<1.0> : tensor<2x1x1xf64>}) attributes {check.map} {
  %w, %v = graph.eigh %a : tensor<2x1xf64>, tensor<2x1x1xf64>
  return %w, %v : tensor<2x1xf64>, tensor<2x1x1xf64>
}

func.func @eigh_empty(%a: tensor<?x2x2xf32> {graph.dims = [#graph.dim<n>, #graph.dim<2>, #graph.dim<2>], check.random = [0.0, 1.0], check.shape = array<i64: 0, 2, 2>})
    -> (tensor<?x2xf32> {check.close = dense<> : tensor<0x2xf64>}, tensor<?x2x2xf32> {check.close = dense<> : tensor<0x2x2xf64>}) {
  %w, %v = graph.eigh %a : tensor<?x2xf32>, tensor<?x2x2xf32>
  return %w, %v : tensor<?x2xf32>, tensor<?x2x2xf32>
}

func.func @eigh_nothing(%a: tensor<2x0x0xf32> {check.value = dense<> : tensor<2x0x0xf32>})
    -> (tensor<2x0xf32> {check.close = dense<> : tensor<2x0xf64>}, tensor<2x0x0xf32> {check.close = dense<> : tensor<2x0x0xf64>}) {
  %w, %v = graph.eigh %a : tensor<2x0xf32>, tensor<2x0x0xf32>
  return %w, %v : tensor<2x0xf32>, tensor<2x0x0xf32>
}
