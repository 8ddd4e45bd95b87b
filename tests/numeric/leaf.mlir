// RUN: costate-values %s

optim.arena @f : f64 {
  optim.leaf "w" [2, 3]
  optim.leaf "b" [3]
  optim.leaf "tied" [2, 3] tied "w"
}
// Leaves start at multiples of 64 bytes; a tied leaf shares the place of another.
func.func @leaf_values(%t: tensor<16xf64> {check.value = dense<[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 0.0, 0.0, 7.0, 8.0, 9.0, 0.0, 0.0, 0.0, 0.0, 0.0]> : tensor<16xf64>})
    -> (tensor<2x3xf64> {check.close = dense<[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]> : tensor<2x3xf64>}, tensor<3xf64> {check.close = dense<[7.0, 8.0, 9.0]> : tensor<3xf64>}, tensor<2x3xf64> {check.close = dense<[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]> : tensor<2x3xf64>}) attributes {check.gradient, check.second, check.map} {
  %w = graph.leaf %t[@f::@w] : tensor<16xf64> -> tensor<2x3xf64>
  %b = graph.leaf %t[@f::@b] : tensor<16xf64> -> tensor<3xf64>
  %c = graph.leaf %t[@f::@tied] : tensor<16xf64> -> tensor<2x3xf64>
  return %w, %b, %c : tensor<2x3xf64>, tensor<3xf64>, tensor<2x3xf64>
}
