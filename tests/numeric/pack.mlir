// RUN: costate-values %s

optim.arena @f : f64 {
  optim.leaf "w" [2, 3]
  optim.leaf "b" [3]
}
// Gaps and leaves that are not given are zero.
func.func @pack_values(%w: tensor<2x3xf64> {check.value = dense<[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]> : tensor<2x3xf64>},
                       %b: tensor<3xf64> {check.value = dense<[7.0, 8.0, 9.0]> : tensor<3xf64>})
    -> (tensor<16xf64> {check.close = dense<[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 0.0, 0.0, 7.0, 8.0, 9.0, 0.0, 0.0, 0.0, 0.0, 0.0]> : tensor<16xf64>}, tensor<16xf64> {check.close = dense<[0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 7.0, 8.0, 9.0, 0.0, 0.0, 0.0, 0.0, 0.0]> : tensor<16xf64>}) attributes {check.gradient, check.second, check.map} {
  %t = graph.pack @f leaves ["b", "w"](%b, %w) : (tensor<3xf64>, tensor<2x3xf64>) -> tensor<16xf64>
  %u = graph.pack @f leaves ["b"](%b) : (tensor<3xf64>) -> tensor<16xf64>
  return %t, %u : tensor<16xf64>, tensor<16xf64>
}
