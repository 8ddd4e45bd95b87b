// RUN: costate-values %s

// Each axis, both, none.
func.func @reduce_sum_axes(%x: tensor<?x3xf32> {graph.dims = [#graph.dim<n>, #graph.dim<3>], check.value = dense<[[1.5, -2.0, 0.25], [-0.5, 4.0, 3.0]]> : tensor<2x3xf32>})
    -> (tensor<3xf32> {check.close = dense<[1.0, 2.0, 3.25]> : tensor<3xf64>}, tensor<?xf32> {check.close = dense<[-0.25, 6.5]> : tensor<2xf64>}, tensor<f32> {check.close = dense<6.25> : tensor<f64>}, tensor<?x3xf32> {check.close = dense<[[1.5, -2.0, 0.25], [-0.5, 4.0, 3.0]]> : tensor<2x3xf64>}) {
  %a = graph.reduce_sum %x axes [0] : tensor<?x3xf32> -> tensor<3xf32>
  %b = graph.reduce_sum %x axes [1] : tensor<?x3xf32> -> tensor<?xf32>
  %c = graph.reduce_sum %x axes [0, 1] : tensor<?x3xf32> -> tensor<f32>
  %d = graph.reduce_sum %x axes [] : tensor<?x3xf32> -> tensor<?x3xf32>
  return %a, %b, %c, %d : tensor<3xf32>, tensor<?xf32>, tensor<f32>, tensor<?x3xf32>
}

func.func @reduce_sum_smooth(%x: tensor<2x?x3x1xf64> {graph.dims = [#graph.dim<2>, #graph.dim<n>, #graph.dim<3>, #graph.dim<1>], check.random = [0.5, 2.0], check.shape = array<i64: 2, 2, 3, 1>})
    -> (tensor<?x1xf64>) attributes {check.gradient, check.second, check.map} {
  %y = graph.reduce_sum %x axes [0, 2] : tensor<2x?x3x1xf64> -> tensor<?x1xf64>
  return %y : tensor<?x1xf64>
}

func.func @reduce_sum_special(%x: tensor<?x3xf32> {graph.dims = [#graph.dim<n>, #graph.dim<3>], check.value = dense<[[0x7FC00000, 1.0, 0x7F800000], [0xFF800000, 0xFF800000, 0xFF800000], [0x7F800000, 0xFF800000, 0.0], [-0.0, 0.0, -0.0], [0x7F800000, 0x7F800000, 1.0]]> : tensor<5x3xf32>})
    -> (tensor<?xf32> {check.close = dense<[0x7FF8000000000000, 0xFFF0000000000000, 0x7FF8000000000000, 0.0, 0x7FF0000000000000]> : tensor<5xf64>}) {
  %y = graph.reduce_sum %x axes [1] : tensor<?x3xf32> -> tensor<?xf32>
  return %y : tensor<?xf32>
}

func.func @reduce_sum_of_nothing(%x: tensor<2x?xf32> {graph.dims = [#graph.dim<2>, #graph.dim<n>], check.random = [0.0, 1.0], check.shape = array<i64: 2, 0>})
    -> (tensor<2xf32> {check.close = dense<[0.0, 0.0]> : tensor<2xf64>}) {
  %y = graph.reduce_sum %x axes [1] : tensor<2x?xf32> -> tensor<2xf32>
  return %y : tensor<2xf32>
}

func.func @reduce_sum_to_nothing(%x: tensor<2x?xf32> {graph.dims = [#graph.dim<2>, #graph.dim<n>], check.random = [0.0, 1.0], check.shape = array<i64: 2, 0>})
    -> (tensor<?xf32> {check.close = dense<> : tensor<0xf64>}) {
  %y = graph.reduce_sum %x axes [0] : tensor<2x?xf32> -> tensor<?xf32>
  return %y : tensor<?xf32>
}

func.func @reduce_sum_i32(%x: tensor<?x2xi32> {graph.dims = [#graph.dim<n>, #graph.dim<2>], check.value = dense<[[7, -3], [2147483647, 5], [2, -2147483648]]> : tensor<3x2xi32>})
    -> (tensor<?xi32> {check.close = dense<[4, -2147483644, -2147483646]> : tensor<3xi32>}) attributes {check.map} {
  %y = graph.reduce_sum %x axes [1] : tensor<?x2xi32> -> tensor<?xi32>
  return %y : tensor<?xi32>
}

func.func @reduce_sum_i32_of_nothing(%x: tensor<0x2xi32> {check.value = dense<> : tensor<0x2xi32>})
    -> (tensor<2xi32> {check.close = dense<[0, 0]> : tensor<2xi32>}) {
  %y = graph.reduce_sum %x axes [0] : tensor<0x2xi32> -> tensor<2xi32>
  return %y : tensor<2xi32>
}

// In lanes, in more of them, and in parts; no row fills its lanes.
func.func @reduce_sum_of_45() -> (tensor<2xf32> {check.close = dense<990.0> : tensor<2xf64>}) {
  %i = graph.iota axis 1 shape [2, 45] : tensor<2x45xi32>
  %f = graph.convert %i : tensor<2x45xi32> -> tensor<2x45xf32>
  %y = graph.reduce_sum %f axes [1] : tensor<2x45xf32> -> tensor<2xf32>
  return %y : tensor<2xf32>
}
func.func @reduce_sum_of_530() -> (tensor<2xf32> {check.close = dense<140185.0> : tensor<2xf64>}) {
  %i = graph.iota axis 1 shape [2, 530] : tensor<2x530xi32>
  %f = graph.convert %i : tensor<2x530xi32> -> tensor<2x530xf32>
  %y = graph.reduce_sum %f axes [1] : tensor<2x530xf32> -> tensor<2xf32>
  return %y : tensor<2xf32>
}
func.func @reduce_sum_of_5003() -> (tensor<2xf32> {check.close = dense<12512503.0> : tensor<2xf64>}) {
  %i = graph.iota axis 1 shape [2, 5003] : tensor<2x5003xi32>
  %f = graph.convert %i : tensor<2x5003xi32> -> tensor<2x5003xf32>
  %y = graph.reduce_sum %f axes [1] : tensor<2x5003xf32> -> tensor<2xf32>
  return %y : tensor<2xf32>
}

// Slice by slice: over several axes, where the last axis stays.
func.func @reduce_sum_slices(%x: tensor<?x?x19xf32> {graph.dims = [#graph.dim<n>, #graph.dim<m>, #graph.dim<19>], check.random = [-1.0, 1.0], check.shape = array<i64: 5, 11, 19>},
                             %y: tensor<4x3x50x3xf32> {check.random = [-1.0, 1.0]}, %z: tensor<?x9x2x1xf64> {graph.dims = [#graph.dim<k>, #graph.dim<9>, #graph.dim<2>, #graph.dim<1>], check.random = [-1.0, 1.0], check.shape = array<i64: 3, 9, 2, 1>})
    -> (tensor<19xf32>, tensor<3xf32>, tensor<2xf64>) attributes {check.map} {
  %a = graph.reduce_sum %x axes [0, 1] : tensor<?x?x19xf32> -> tensor<19xf32>
  %b = graph.reduce_sum %y axes [0, 1, 2] : tensor<4x3x50x3xf32> -> tensor<3xf32>
  %c = graph.reduce_sum %z axes [0, 1, 3] : tensor<?x9x2x1xf64> -> tensor<2xf64>
  return %a, %b, %c : tensor<19xf32>, tensor<3xf32>, tensor<2xf64>
}

func.func @reduce_sum_no_slices(%x: tensor<?x?x3xf32> {graph.dims = [#graph.dim<n>, #graph.dim<m>, #graph.dim<3>], check.random = [0.0, 1.0], check.shape = array<i64: 0, 4, 3>})
    -> (tensor<3xf32> {check.close = dense<[0.0, 0.0, 0.0]> : tensor<3xf64>}) {
  %y = graph.reduce_sum %x axes [0, 1] : tensor<?x?x3xf32> -> tensor<3xf32>
  return %y : tensor<3xf32>
}

func.func @reduce_sum_empty_slices(%x: tensor<?x?x3xf32> {graph.dims = [#graph.dim<n>, #graph.dim<m>, #graph.dim<3>], check.random = [0.0, 1.0], check.shape = array<i64: 4, 0, 3>})
    -> (tensor<3xf32> {check.close = dense<[0.0, 0.0, 0.0]> : tensor<3xf64>}) {
  %y = graph.reduce_sum %x axes [0, 1] : tensor<?x?x3xf32> -> tensor<3xf32>
  return %y : tensor<3xf32>
}

func.func @reduce_sum_of_slices_to_nothing(%x: tensor<?x?x?xf32> {graph.dims = [#graph.dim<n>, #graph.dim<m>, #graph.dim<k>], check.random = [0.0, 1.0], check.shape = array<i64: 4, 2, 0>})
    -> (tensor<?xf32> {check.close = dense<> : tensor<0xf64>}) {
  %y = graph.reduce_sum %x axes [0, 1] : tensor<?x?x?xf32> -> tensor<?xf32>
  return %y : tensor<?xf32>
}

func.func @reduce_sum_special_slices(%x: tensor<?x?x6xf32> {graph.dims = [#graph.dim<n>, #graph.dim<m>, #graph.dim<6>], check.value = dense<[[[1.0, 0x7F800000, 0x7F800000, -0.0, 1.0e-40, 0xFF800000], [0x7FC00000, 1.0, 2.0, -0.0, 1.0e-40, 3.0]], [[2.0, 0xFF800000, 4.0, -0.0, 2.0e-40, 0xFF800000], [3.0, 5.0, 0x7F800000, -0.0, 1.5, 1.0]]]> : tensor<2x2x6xf32>})
    -> (tensor<6xf32> {check.close = dense<[0x7FF8000000000000, 0x7FF8000000000000, 0x7FF0000000000000, 0.0, 1.5, 0xFFF0000000000000]> : tensor<6xf64>}) {
  %y = graph.reduce_sum %x axes [0, 1] : tensor<?x?x6xf32> -> tensor<6xf32>
  return %y : tensor<6xf32>
}
