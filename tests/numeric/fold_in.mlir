// RUN: costate-values %s

func.func @fold_in_values(%k: tensor<?xi64> {graph.dims = [#graph.dim<n>], check.value = dense<[0, -1, 1099511627776, 7]> : tensor<4xi64>},
                          %d: tensor<?xi64> {graph.dims = [#graph.dim<n>], check.value = dense<[0, 1, -3, 34359738368]> : tensor<4xi64>})
    -> (tensor<?xi64> {check.close = dense<[-8907848483147437005, 2828767438472259732, -2564724353070526713, -3486853587358347871]> : tensor<4xi64>}) attributes {check.map} {
  %y = graph.fold_in %k, %d : tensor<?xi64>
  return %y : tensor<?xi64>
}

func.func @fold_in_empty(%k: tensor<0xi64> {check.value = dense<> : tensor<0xi64>})
    -> (tensor<0xi64> {check.close = dense<> : tensor<0xi64>}) {
  %y = graph.fold_in %k, %k : tensor<0xi64>
  return %y : tensor<0xi64>
}

// A key carries no derivative.
func.func @fold_in_no_derivative(%k: tensor<i64> {check.value = dense<5> : tensor<i64>},
                                 %d: tensor<i64> {check.value = dense<2> : tensor<i64>},
                                 %x: tensor<2xf64> {check.random = [-1.0, 1.0]})
    -> (tensor<2xf64>) attributes {check.gradient, check.second, check.map} {
  %q = graph.fold_in %k, %d : tensor<i64>
  %u = graph.random uniform %q site 1 shape [2] : tensor<i64> -> tensor<2xf64>
  %y = graph.multiply %x, %u : tensor<2xf64>
  return %y : tensor<2xf64>
}
