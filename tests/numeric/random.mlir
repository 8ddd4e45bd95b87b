// RUN: costate-values %s

func.func @random_bits(%k: tensor<2xi64> {check.value = dense<[-5, 1099511627779]> : tensor<2xi64>},
                       %x: tensor<?xf32> {graph.dims = [#graph.dim<n>], check.random = [0.0, 1.0], check.shape = array<i64: 2>})
    -> (tensor<2x?x3xi32> {check.close = dense<[[[-1805803892, 1902254076, 2106342433], [386294779, -1159060277, 629429395]], [[-1687724835, -1258877289, 1435608266], [1307706070, 2143356849, -930791873]]]> : tensor<2x2x3xi32>}) attributes {check.map} {
  %y = graph.random bits %k site 4294967303 shape [n, 3] : tensor<2xi64> -> tensor<2x?x3xi32>
  return %y : tensor<2x?x3xi32>
}

func.func @random_uniform(%k: tensor<2xi64> {check.value = dense<[-5, 1099511627779]> : tensor<2xi64>},
                          %x: tensor<?xf32> {graph.dims = [#graph.dim<n>], check.random = [0.0, 1.0], check.shape = array<i64: 2>})
    -> (tensor<2x?x3xf32> {check.close = dense<[[[0.579553484916687, 0.44290298223495483, 0.4904210567474365], [0.08994120359420776, 0.7301352024078369, 0.14655041694641113]], [[0.6070458889007568, 0.7068947553634644, 0.33425354957580566], [0.30447399616241455, 0.4990391135215759, 0.7832831144332886]]]> : tensor<2x2x3xf64>}) attributes {check.map} {
  %y = graph.random uniform %k site 4294967303 shape [n, 3] : tensor<2xi64> -> tensor<2x?x3xf32>
  return %y : tensor<2x?x3xf32>
}

func.func @random_normal(%k: tensor<2xi64> {check.value = dense<[-5, 1099511627779]> : tensor<2xi64>},
                         %x: tensor<?xf32> {graph.dims = [#graph.dim<n>], check.random = [0.0, 1.0], check.shape = array<i64: 2>})
    -> (tensor<2x?x3xf64> {check.close = dense<[[[-0.2117569665896542, 0.7792628975339232, 0.8471950129996408], [0.9215584369602097, -0.003633576748955188, -1.6879668234181255]], [[0.9054556379650992, -0.7685886296458392, -1.3770097784146873], [-1.100382530401862, 0.3479638730640359, -0.34671627170708164]]]> : tensor<2x2x3xf64>}) attributes {check.map} {
  %y = graph.random normal %k site 4294967303 shape [n, 3] : tensor<2xi64> -> tensor<2x?x3xf64>
  return %y : tensor<2x?x3xf64>
}

// The known answer of Philox4x32-10 for zeros.
func.func @random_scalar(%k: tensor<i64> {check.value = dense<0> : tensor<i64>})
    -> (tensor<i32> {check.close = dense<1713891541> : tensor<i32>}, tensor<0x2xf32> {check.close = dense<> : tensor<0x2xf64>}) attributes {check.map} {
  %y = graph.random bits %k site 0 shape [] : tensor<i64> -> tensor<i32>
  %z = graph.random uniform %k site 0 shape [0, 2] : tensor<i64> -> tensor<0x2xf32>
  return %y, %z : tensor<i32>, tensor<0x2xf32>
}

// A draw has no derivative.
func.func @random_constant(%k: tensor<i64> {check.value = dense<11> : tensor<i64>},
                           %x: tensor<3xf64> {check.random = [-1.0, 1.0]})
    -> (tensor<3xf64>) attributes {check.gradient, check.second, check.map} {
  %u = graph.random normal %k site 3 shape [3] : tensor<i64> -> tensor<3xf64>
  %y = graph.multiply %u, %x : tensor<3xf64>
  return %y : tensor<3xf64>
}
