// RUN: costate-values --plugin=%plugin --dialect=simplex %s

func.func @sparsemax_values(%x: tensor<?x3xf32> {graph.dims = [#graph.dim<n>, #graph.dim<3>], check.value = dense<[[0.5, 1.0, -3.0], [2.0, 0.0, 0.0], [1.0, 1.0, 1.0]]> : tensor<3x3xf32>})
    -> (tensor<?x3xf32> {check.close = dense<[[0.25, 0.75, 0.0], [1.0, 0.0, 0.0], [0.33333333333333333, 0.33333333333333333, 0.33333333333333333]]> : tensor<3x3xf64>}, tensor<?x3xf32> {check.close = dense<[[0.0, 0.5, 0.0], [1.0, 0.0, 0.0], [0.0, 0.5, 1.0]]> : tensor<3x3xf64>}) {
  %p = simplex.sparsemax %x axis 1 : tensor<?x3xf32>
  %q = simplex.sparsemax %x axis 0 : tensor<?x3xf32>
  return %p, %q : tensor<?x3xf32>, tensor<?x3xf32>
}

// Rows that keep two elements, three, one, and two others; no point lies near a kink.
func.func @sparsemax_smooth(%x: tensor<2x?x2xf64> {graph.dims = [#graph.dim<2>, #graph.dim<n>, #graph.dim<2>], check.value = dense<[[[0.5, 0.3], [0.1, -0.1], [-2.0, 0.2]], [[2.0, -1.0], [0.4, 0.6], [-0.5, 0.1]]]> : tensor<2x3x2xf64>})
    -> (tensor<2x?x2xf64>) attributes {check.gradient, check.second, check.map} {
  %p = simplex.sparsemax %x axis 1 : tensor<2x?x2xf64>
  return %p : tensor<2x?x2xf64>
}

func.func @sparsemax_special(%x: tensor<4x3xf32> {check.value = dense<[[0x7FC00000, 1.0, 2.0], [0x7F800000, 0.0, 1.0], [0xFF800000, 0.0, 0.5], [0xFF800000, 0xFF800000, 0xFF800000]]> : tensor<4x3xf32>})
    -> (tensor<4x3xf32> {check.close = dense<[[0x7FF8000000000000, 0x7FF8000000000000, 0x7FF8000000000000], [0x7FF8000000000000, 0x7FF8000000000000, 0x7FF8000000000000], [0.0, 0.25, 0.75], [0x7FF8000000000000, 0x7FF8000000000000, 0x7FF8000000000000]]> : tensor<4x3xf64>}) {
  %p = simplex.sparsemax %x axis 1 : tensor<4x3xf32>
  return %p : tensor<4x3xf32>
}

// In f32, 1e8 and 1e8 - 1 are one number: rows are shifted first.
func.func @sparsemax_large(%x: tensor<3xf32> {check.value = dense<[1.0e8, 1.0e8, -1.0e8]> : tensor<3xf32>})
    -> (tensor<3xf32> {check.close = dense<[0.5, 0.5, 0.0]> : tensor<3xf64>}) {
  %p = simplex.sparsemax %x axis 0 : tensor<3xf32>
  return %p : tensor<3xf32>
}

func.func @sparsemax_of_one(%x: tensor<?x1xf32> {graph.dims = [#graph.dim<n>, #graph.dim<1>], check.value = dense<[[-7.0], [3.0]]> : tensor<2x1xf32>})
    -> (tensor<?x1xf32> {check.close = dense<1.0> : tensor<2x1xf64>}) {
  %p = simplex.sparsemax %x axis 1 : tensor<?x1xf32>
  return %p : tensor<?x1xf32>
}

func.func @sparsemax_empty(%x: tensor<?x2xf32> {graph.dims = [#graph.dim<n>, #graph.dim<2>], check.random = [0.0, 1.0], check.shape = array<i64: 0, 2>})
    -> (tensor<?x2xf32> {check.close = dense<> : tensor<0x2xf64>}, tensor<?x2xf32> {check.close = dense<> : tensor<0x2xf64>}) {
  %p = simplex.sparsemax %x axis 1 : tensor<?x2xf32>
  %q = simplex.sparsemax %x axis 0 : tensor<?x2xf32>
  return %p, %q : tensor<?x2xf32>, tensor<?x2xf32>
}
