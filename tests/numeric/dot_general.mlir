// RUN: costate-values %s

func.func @dot_general_matrices(%x: tensor<?x3xf32> {graph.dims = [#graph.dim<n>, #graph.dim<3>], check.value = dense<[[-2.0, -1.0, 0.0], [1.0, 2.0, 3.0]]> : tensor<2x3xf32>},
                                %w: tensor<3x4xf32> {check.value = dense<[[-1.0, -0.5, 0.0, 0.5], [1.0, 1.5, 2.0, 2.5], [3.0, 3.5, 4.0, 4.5]]> : tensor<3x4xf32>})
    -> (tensor<?x4xf32> {check.close = dense<[[1.0, -0.5, -2.0, -3.5], [10.0, 13.0, 16.0, 19.0]]> : tensor<2x4xf64>}) {
  %z = graph.dot_general %x, %w contracting [1] x [0] : tensor<?x3xf32>, tensor<3x4xf32> -> tensor<?x4xf32>
  return %z : tensor<?x4xf32>
}

// NaN and infinities pass through.
func.func @dot_general_special(%x: tensor<4x2xf32> {check.value = dense<[[0x7FC00000, 1.0], [0x7F800000, 1.0], [0x7F800000, 0xFF800000], [0x7F800000, 0.0]]> : tensor<4x2xf32>},
                               %w: tensor<2xf32> {check.value = dense<[1.0, 0.5]> : tensor<2xf32>})
    -> (tensor<4xf32> {check.close = dense<[0x7FF8000000000000, 0x7FF0000000000000, 0x7FF8000000000000, 0x7FF0000000000000]> : tensor<4xf64>}) {
  %z = graph.dot_general %x, %w contracting [1] x [0] : tensor<4x2xf32>, tensor<2xf32> -> tensor<4xf32>
  return %z : tensor<4xf32>
}

func.func @dot_general_batch(%q: tensor<2x?x3xf64> {graph.dims = [#graph.dim<2>, #graph.dim<m>, #graph.dim<3>], check.random = [-1.0, 1.0], check.shape = array<i64: 2, 2, 3>},
                             %k: tensor<?x3x2xf64> {graph.dims = [#graph.dim<l>, #graph.dim<3>, #graph.dim<2>], check.random = [-1.0, 1.0], check.shape = array<i64: 2, 3, 2>})
    -> (tensor<2x?x?xf64>) attributes {check.gradient, check.second, check.map} {
  %s = graph.dot_general %q, %k batching [0] x [2] contracting [2] x [1] : tensor<2x?x3xf64>, tensor<?x3x2xf64> -> tensor<2x?x?xf64>
  return %s : tensor<2x?x?xf64>
}

func.func @dot_general_two_axes(%x: tensor<2x3x?xf64> {graph.dims = [#graph.dim<2>, #graph.dim<3>, #graph.dim<n>], check.random = [-1.0, 1.0], check.shape = array<i64: 2, 3, 1>},
                                %y: tensor<3x4x2xf64> {check.random = [-1.0, 1.0]})
    -> (tensor<?x4xf64>) attributes {check.gradient, check.second, check.map} {
  %z = graph.dot_general %x, %y contracting [0, 1] x [2, 0] : tensor<2x3x?xf64>, tensor<3x4x2xf64> -> tensor<?x4xf64>
  return %z : tensor<?x4xf64>
}

func.func @dot_general_outer(%x: tensor<?xf64> {graph.dims = [#graph.dim<n>], check.random = [-1.0, 1.0], check.shape = array<i64: 3>},
                             %y: tensor<2xf64> {check.random = [-1.0, 1.0]})
    -> (tensor<?x2xf64>) attributes {check.gradient, check.second, check.map} {
  %z = graph.dot_general %x, %y contracting [] x [] : tensor<?xf64>, tensor<2xf64> -> tensor<?x2xf64>
  return %z : tensor<?x2xf64>
}

// A sum of nothing is 0.
func.func @dot_general_of_nothing(%x: tensor<2x?xf32> {graph.dims = [#graph.dim<2>, #graph.dim<n>], check.random = [0.0, 1.0], check.shape = array<i64: 2, 0>},
                                  %y: tensor<?x3xf32> {graph.dims = [#graph.dim<n>, #graph.dim<3>], check.random = [0.0, 1.0], check.shape = array<i64: 0, 3>})
    -> (tensor<2x3xf32> {check.close = dense<[[0.0, 0.0, 0.0], [0.0, 0.0, 0.0]]> : tensor<2x3xf64>}) {
  %z = graph.dot_general %x, %y contracting [1] x [0] : tensor<2x?xf32>, tensor<?x3xf32> -> tensor<2x3xf32>
  return %z : tensor<2x3xf32>
}

// Where a choice by place reads a part of the product only.
func.func @dot_general_strict_triangle(%x: tensor<?x3x3xf64> {graph.dims = [#graph.dim<n>, #graph.dim<3>, #graph.dim<3>], check.random = [-1.0, 1.0], check.shape = array<i64: 2, 3, 3>},
                                       %y: tensor<?x3x3xf64> {graph.dims = [#graph.dim<n>, #graph.dim<3>, #graph.dim<3>], check.random = [-1.0, 1.0], check.shape = array<i64: 2, 3, 3>})
    -> (tensor<?x3x3xf64>) attributes {check.map} {
  %zero = graph.constant dense<0.0> : tensor<f64>
  %rows = graph.iota axis 1 shape [n, 3, 3] : tensor<?x3x3xi32>
  %columns = graph.iota axis 2 shape [n, 3, 3] : tensor<?x3x3xi32>
  %below = graph.compare GT, %rows, %columns : tensor<?x3x3xi32>
  %zeros = graph.broadcast_in_dim %zero dims [] shape [n, 3, 3] : tensor<f64> -> tensor<?x3x3xf64>
  %z = graph.dot_general %x, %y batching [0] x [0] contracting [1] x [1] : tensor<?x3x3xf64>, tensor<?x3x3xf64> -> tensor<?x3x3xf64>
  %s = graph.select %below, %z, %zeros : tensor<?x3x3xf64>
  return %s : tensor<?x3x3xf64>
}

// Slice by slice: over two axes of which one has a name, or which are long. Tiles of registers, narrow ones, a batch of them, and a vector.
func.func @dot_general_slices(%x: tensor<?x7x13xf32> {graph.dims = [#graph.dim<n>, #graph.dim<7>, #graph.dim<13>], check.random = [-1.0, 1.0], check.shape = array<i64: 5, 7, 13>},
                              %y: tensor<?x7x37xf32> {graph.dims = [#graph.dim<n>, #graph.dim<7>, #graph.dim<37>], check.random = [-1.0, 1.0], check.shape = array<i64: 5, 7, 37>},
                              %u: tensor<?x9x5xf32> {graph.dims = [#graph.dim<k>, #graph.dim<9>, #graph.dim<5>], check.random = [-1.0, 1.0], check.shape = array<i64: 3, 9, 5>},
                              %v: tensor<?x?x9xf32> {graph.dims = [#graph.dim<m>, #graph.dim<k>, #graph.dim<9>], check.random = [-1.0, 1.0], check.shape = array<i64: 10, 3, 9>},
                              %w: tensor<2x12x50x6xf32> {check.random = [-1.0, 1.0]}, %z: tensor<2x12x50x70xf32> {check.random = [-1.0, 1.0]},
                              %h: tensor<?x9xf32> {graph.dims = [#graph.dim<k>, #graph.dim<9>], check.random = [-1.0, 1.0], check.shape = array<i64: 3, 9>})
    -> (tensor<13x37xf32>, tensor<5x?xf32>, tensor<2x6x70xf32>, tensor<5xf32>) attributes {check.map} {
  %p = graph.dot_general %x, %y contracting [0, 1] x [0, 1] : tensor<?x7x13xf32>, tensor<?x7x37xf32> -> tensor<13x37xf32>
  %q = graph.dot_general %u, %v contracting [0, 1] x [1, 2] : tensor<?x9x5xf32>, tensor<?x?x9xf32> -> tensor<5x?xf32>
  %r = graph.dot_general %w, %z batching [0] x [0] contracting [1, 2] x [1, 2] : tensor<2x12x50x6xf32>, tensor<2x12x50x70xf32> -> tensor<2x6x70xf32>
  %s = graph.dot_general %u, %h contracting [0, 1] x [0, 1] : tensor<?x9x5xf32>, tensor<?x9xf32> -> tensor<5xf32>
  return %p, %q, %r, %s : tensor<13x37xf32>, tensor<5x?xf32>, tensor<2x6x70xf32>, tensor<5xf32>
}

func.func @dot_general_slices_gradient(%x: tensor<?x9x2xf64> {graph.dims = [#graph.dim<n>, #graph.dim<9>, #graph.dim<2>], check.random = [-1.0, 1.0], check.shape = array<i64: 2, 9, 2>},
                                       %y: tensor<?x9x3xf64> {graph.dims = [#graph.dim<n>, #graph.dim<9>, #graph.dim<3>], check.random = [-1.0, 1.0], check.shape = array<i64: 2, 9, 3>})
    -> (tensor<2x3xf64>) attributes {check.gradient, check.map} {
  %z = graph.dot_general %x, %y contracting [0, 1] x [0, 1] : tensor<?x9x2xf64>, tensor<?x9x3xf64> -> tensor<2x3xf64>
  return %z : tensor<2x3xf64>
}

func.func @dot_general_no_slices(%x: tensor<?x?x4xf32> {graph.dims = [#graph.dim<n>, #graph.dim<m>, #graph.dim<4>], check.random = [0.0, 1.0], check.shape = array<i64: 0, 3, 4>},
                                 %y: tensor<?x?x2xf32> {graph.dims = [#graph.dim<n>, #graph.dim<m>, #graph.dim<2>], check.random = [0.0, 1.0], check.shape = array<i64: 0, 3, 2>})
    -> (tensor<4x2xf32> {check.close = dense<0.0> : tensor<4x2xf64>}) {
  %z = graph.dot_general %x, %y contracting [0, 1] x [0, 1] : tensor<?x?x4xf32>, tensor<?x?x2xf32> -> tensor<4x2xf32>
  return %z : tensor<4x2xf32>
}

func.func @dot_general_empty_slices(%x: tensor<?x?x4xf32> {graph.dims = [#graph.dim<n>, #graph.dim<m>, #graph.dim<4>], check.random = [0.0, 1.0], check.shape = array<i64: 3, 0, 4>},
                                    %y: tensor<?x?x2xf32> {graph.dims = [#graph.dim<n>, #graph.dim<m>, #graph.dim<2>], check.random = [0.0, 1.0], check.shape = array<i64: 3, 0, 2>})
    -> (tensor<4x2xf32> {check.close = dense<0.0> : tensor<4x2xf64>}) {
  %z = graph.dot_general %x, %y contracting [0, 1] x [0, 1] : tensor<?x?x4xf32>, tensor<?x?x2xf32> -> tensor<4x2xf32>
  return %z : tensor<4x2xf32>
}

func.func @dot_general_of_slices_to_nothing(%x: tensor<?x?x4xf32> {graph.dims = [#graph.dim<n>, #graph.dim<m>, #graph.dim<4>], check.random = [0.0, 1.0], check.shape = array<i64: 3, 2, 4>},
                                            %y: tensor<?x?x?xf32> {graph.dims = [#graph.dim<n>, #graph.dim<m>, #graph.dim<k>], check.random = [0.0, 1.0], check.shape = array<i64: 3, 2, 0>})
    -> (tensor<4x?xf32> {check.close = dense<> : tensor<4x0xf64>}) {
  %z = graph.dot_general %x, %y contracting [0, 1] x [0, 1] : tensor<?x?x4xf32>, tensor<?x?x?xf32> -> tensor<4x?xf32>
  return %z : tensor<4x?xf32>
}

func.func @dot_general_special_slices(%x: tensor<?x?x2xf32> {graph.dims = [#graph.dim<n>, #graph.dim<m>, #graph.dim<2>], check.value = dense<[[[1.0, -0.0], [0x7F800000, -0.0]], [[2.0, -0.0], [3.0, -0.0]]]> : tensor<2x2x2xf32>},
                                      %y: tensor<?x?x4xf32> {graph.dims = [#graph.dim<n>, #graph.dim<m>, #graph.dim<4>], check.value = dense<[[[1.0, 2.0, 0x7FC00000, 0x7F800000], [1.0, 0.0, 1.0, 2.0]], [[1.0, 2.0, 3.0, 0x7F800000], [-1.0, 4.0, 1.0, 0.0]]]> : tensor<2x2x4xf32>})
    -> (tensor<2x4xf32> {check.close = dense<[[0x7FF0000000000000, 0x7FF8000000000000, 0x7FF8000000000000, 0x7FF0000000000000], [0.0, 0.0, 0x7FF8000000000000, 0x7FF8000000000000]]> : tensor<2x4xf64>}) {
  %z = graph.dot_general %x, %y contracting [0, 1] x [0, 1] : tensor<?x?x2xf32>, tensor<?x?x4xf32> -> tensor<2x4xf32>
  return %z : tensor<2x4xf32>
}
