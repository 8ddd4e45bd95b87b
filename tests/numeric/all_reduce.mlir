// RUN: costate-values %s

// Sums, maxima and minima over three lanes, which keep one value or have it once each.
func.func @all_reduce_lanes(%x: tensor<3x2xf64> {check.value = dense<[[1.0, 2.0], [5.0, -1.0], [3.0, 2.5]]> : tensor<3x2xf64>})
    -> (tensor<3x2xf64> {check.close = dense<[[9.0, 3.5], [9.0, 3.5], [9.0, 3.5]]> : tensor<3x2xf64>}, tensor<2xf64> {check.close = dense<[5.0, 2.5]> : tensor<2xf64>},
        tensor<2xf64> {check.close = dense<[1.0, -1.0]> : tensor<2xf64>}) attributes {check.gradient, check.second, check.map} {
  %y:3 = graph.map @combine(%x) over [true] size [3] axis "dp" replicated [false, true, true] : (tensor<3x2xf64>) -> (tensor<3x2xf64>, tensor<2xf64>, tensor<2xf64>)
  return %y#0, %y#1, %y#2 : tensor<3x2xf64>, tensor<2xf64>, tensor<2xf64>
}
func.func private @combine(%x: tensor<2xf64>) -> (tensor<2xf64>, tensor<2xf64>, tensor<2xf64>) {
  %s = graph.all_reduce add %x over "dp" : tensor<2xf64>
  %l = graph.all_reduce max %x over "dp" : tensor<2xf64>
  %m = graph.all_reduce min %x over "dp" : tensor<2xf64>
  return %s, %l, %m : tensor<2xf64>, tensor<2xf64>, tensor<2xf64>
}

// Inside of the lanes: d(s x) = s u + sum(x u); and back, u s + sum(u x).
func.func @all_reduce_derivatives(%x: tensor<3x2xf64> {check.value = dense<[[1.0, 2.0], [5.0, -1.0], [3.0, 1.0]]> : tensor<3x2xf64>},
                                  %u: tensor<3x2xf64> {check.value = dense<[[1.0, 0.0], [0.0, 2.0], [-1.0, 1.0]]> : tensor<3x2xf64>})
    -> (tensor<3x2xf64> {check.close = dense<[[9.0, 6.0], [0.0, 1.0], [-9.0, 5.0]]> : tensor<3x2xf64>},
        tensor<3x2xf64> {check.close = dense<[[0.0, 0.0], [0.0, 0.0], [0.0, 0.0]]> : tensor<3x2xf64>},
        tensor<3x2xf64> {check.close = dense<[[7.0, -1.0], [-2.0, 3.0], [-11.0, 1.0]]> : tensor<3x2xf64>},
        tensor<3x2xf64> {check.close = dense<[[0.0, 3.0], [0.0, 0.0], [0.0, 0.0]]> : tensor<3x2xf64>}) attributes {check.gradient, check.map} {
  %y:4 = graph.map @derive(%x, %u) over [true, true] size [3] axis "dp"
      : (tensor<3x2xf64>, tensor<3x2xf64>) -> (tensor<3x2xf64>, tensor<3x2xf64>, tensor<3x2xf64>, tensor<3x2xf64>)
  return %y#0, %y#1, %y#2, %y#3 : tensor<3x2xf64>, tensor<3x2xf64>, tensor<3x2xf64>, tensor<3x2xf64>
}
// Of equal maxima each has its share.
func.func @all_reduce_ties(%x: tensor<3x2xf64> {check.value = dense<[[1.0, 2.0], [5.0, -1.0], [3.0, 2.0]]> : tensor<3x2xf64>},
                                  %u: tensor<3x2xf64> {check.value = dense<[[1.0, 0.0], [0.0, 2.0], [-1.0, 1.0]]> : tensor<3x2xf64>})
    -> (tensor<3x2xf64> {check.close = dense<[[9.0, 6.0], [0.0, 3.0], [-9.0, 9.0]]> : tensor<3x2xf64>},
        tensor<3x2xf64> {check.close = dense<[[0.0, 0.5], [0.0, 0.5], [0.0, 0.5]]> : tensor<3x2xf64>},
        tensor<3x2xf64> {check.close = dense<[[7.0, 0.0], [-2.0, 6.0], [-11.0, 3.0]]> : tensor<3x2xf64>},
        tensor<3x2xf64> {check.close = dense<[[0.0, 1.5], [0.0, 0.0], [0.0, 1.5]]> : tensor<3x2xf64>}) attributes {check.map} {
  %y:4 = graph.map @derive(%x, %u) over [true, true] size [3] axis "dp"
      : (tensor<3x2xf64>, tensor<3x2xf64>) -> (tensor<3x2xf64>, tensor<3x2xf64>, tensor<3x2xf64>, tensor<3x2xf64>)
  return %y#0, %y#1, %y#2, %y#3 : tensor<3x2xf64>, tensor<3x2xf64>, tensor<3x2xf64>, tensor<3x2xf64>
}
func.func private @derive(%x: tensor<2xf64>, %u: tensor<2xf64>) -> (tensor<2xf64>, tensor<2xf64>, tensor<2xf64>, tensor<2xf64>) {
  %a, %ta = graph.jvp @scaled(%x) along [0](%u) : (tensor<2xf64>, tensor<2xf64>) -> (tensor<2xf64>, tensor<2xf64>)
  %b, %tb = graph.jvp @largest(%x) along [0](%u) : (tensor<2xf64>, tensor<2xf64>) -> (tensor<2xf64>, tensor<2xf64>)
  %c, %dc = graph.vjp @scaled(%x) wrt [0] from(%u) : (tensor<2xf64>, tensor<2xf64>) -> (tensor<2xf64>, tensor<2xf64>)
  %d, %dd = graph.vjp @largest(%x) wrt [0] from(%u) : (tensor<2xf64>, tensor<2xf64>) -> (tensor<2xf64>, tensor<2xf64>)
  return %ta, %tb, %dc, %dd : tensor<2xf64>, tensor<2xf64>, tensor<2xf64>, tensor<2xf64>
}
func.func private @scaled(%x: tensor<2xf64>) -> tensor<2xf64> {
  %s = graph.all_reduce add %x over "dp" : tensor<2xf64>
  %y = graph.multiply %s, %x : tensor<2xf64>
  return %y : tensor<2xf64>
}
func.func private @largest(%x: tensor<2xf64>) -> tensor<2xf64> {
  %y = graph.all_reduce max %x over "dp" : tensor<2xf64>
  return %y : tensor<2xf64>
}

// A value that does not vary counts once a lane, of however many there are; integers, too.
func.func @all_reduce_uniform(%x: tensor<?xf32> {graph.dims = [#graph.dim<n>], check.value = dense<[0.5, 1.0, -2.0, 4.0]> : tensor<4xf32>},
                              %c: tensor<f32> {check.value = dense<3.0> : tensor<f32>})
    -> (tensor<f32> {check.close = dense<12.0> : tensor<f32>}, tensor<i32> {check.close = dense<8> : tensor<i32>},
        tensor<f32> {check.close = dense<3.5> : tensor<f32>}, tensor<f32> {check.close = dense<4.0> : tensor<f32>}) attributes {check.gradient, check.map} {
  %y:4 = graph.map @counted(%x, %c) over [true, false] size [n] axis "dp" replicated [true, true, true, true]
      : (tensor<?xf32>, tensor<f32>) -> (tensor<f32>, tensor<i32>, tensor<f32>, tensor<f32>)
  return %y#0, %y#1, %y#2, %y#3 : tensor<f32>, tensor<i32>, tensor<f32>, tensor<f32>
}
func.func private @counted(%x: tensor<f32>, %c: tensor<f32>) -> (tensor<f32>, tensor<i32>, tensor<f32>, tensor<f32>) {
  %two = graph.constant dense<2> : tensor<i32>
  %a = graph.all_reduce add %c over "dp" : tensor<f32>
  %b = graph.all_reduce add %two over "dp" : tensor<i32>
  %d = graph.all_reduce add %x over "dp" : tensor<f32>
  %e = graph.all_reduce max %x over "dp" : tensor<f32>
  return %a, %b, %d, %e : tensor<f32>, tensor<i32>, tensor<f32>, tensor<f32>
}

// NaN stays; the lanes of another map keep their own.
func.func @all_reduce_nan(%x: tensor<2x2xf64> {check.value = dense<[[1.0, 0x7FF8000000000000], [0xFFF0000000000000, 2.0]]> : tensor<2x2xf64>})
    -> (tensor<2xf64> {check.close = dense<[0xFFF0000000000000, 0x7FF8000000000000]> : tensor<2xf64>},
        tensor<2xf64> {check.close = dense<[1.0, 0x7FF8000000000000]> : tensor<2xf64>}) {
  %y:2 = graph.map @rows(%x) over [true] size [2] axis "dp" replicated [true, true] : (tensor<2x2xf64>) -> (tensor<2xf64>, tensor<2xf64>)
  return %y#0, %y#1 : tensor<2xf64>, tensor<2xf64>
}
func.func private @rows(%x: tensor<2xf64>) -> (tensor<2xf64>, tensor<2xf64>) {
  %y:2 = graph.map @ends(%x) over [true] size [2] : (tensor<2xf64>) -> (tensor<2xf64>, tensor<2xf64>)
  return %y#0, %y#1 : tensor<2xf64>, tensor<2xf64>
}
func.func private @ends(%x: tensor<f64>) -> (tensor<f64>, tensor<f64>) {
  %s = graph.all_reduce add %x over "dp" : tensor<f64>
  %l = graph.all_reduce max %x over "dp" : tensor<f64>
  return %s, %l : tensor<f64>, tensor<f64>
}
