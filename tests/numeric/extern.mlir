// RUN: clang -std=c11 -Wall -Wextra -Werror -shared -fPIC %S/Inputs/extern.c -o %t.so
// RUN: costate-values --extern %t.so %s

// A C function has no derivative of its own: rules give it.
func.func private @scaled_cube(%x: tensor<?xf64> {graph.dims = [#graph.dim<n>]}, %k: tensor<f64>)
    -> (tensor<?xf64> {graph.dims = [#graph.dim<n>]}, tensor<f64>) attributes {graph.vjp = @scaled_cube.vjp} {
  %y, %total = graph.extern "cube"(%x, %k) extents [n] shapes [[n], []] prototype "int32_t cube(costate_context *context, const double *x, double k, double *y, double *total, int64_t n, void *data)"
      : (tensor<?xf64>, tensor<f64>) -> (tensor<?xf64>, tensor<f64>)
  return %y, %total : tensor<?xf64>, tensor<f64>
}
func.func private @scaled_cube.vjp(%x: tensor<?xf64> {graph.dims = [#graph.dim<n>]}, %k: tensor<f64>, %dy: tensor<?xf64> {graph.dims = [#graph.dim<n>]}, %dtotal: tensor<f64>)
    -> (tensor<?xf64> {graph.dims = [#graph.dim<n>]}, tensor<f64>) {
  %spread = graph.broadcast_in_dim %dtotal dims [] shape [n] : tensor<f64> -> tensor<?xf64>
  %ct = graph.add %dy, %spread : tensor<?xf64>
  %dx = func.call @slope(%x, %k, %ct) : (tensor<?xf64>, tensor<f64>, tensor<?xf64>) -> tensor<?xf64>
  %xx = graph.multiply %x, %x : tensor<?xf64>
  %xxx = graph.multiply %xx, %x : tensor<?xf64>
  %terms = graph.multiply %ct, %xxx : tensor<?xf64>
  %dk = graph.reduce_sum %terms axes [0] : tensor<?xf64> -> tensor<f64>
  return %dx, %dk : tensor<?xf64>, tensor<f64>
}
func.func private @slope(%x: tensor<?xf64> {graph.dims = [#graph.dim<n>]}, %k: tensor<f64>, %dy: tensor<?xf64> {graph.dims = [#graph.dim<n>]})
    -> (tensor<?xf64> {graph.dims = [#graph.dim<n>]}) attributes {graph.vjp = @slope.vjp} {
  %dx = graph.extern "cube_slope"(%x, %k, %dy) extents [n] shapes [[n]] prototype "int32_t cube_slope(costate_context *context, const double *x, double k, const double *dy, double *dx, int64_t n, void *data)"
      : (tensor<?xf64>, tensor<f64>, tensor<?xf64>) -> tensor<?xf64>
  return %dx : tensor<?xf64>
}
func.func private @slope.vjp(%x: tensor<?xf64> {graph.dims = [#graph.dim<n>]}, %k: tensor<f64>, %dy: tensor<?xf64> {graph.dims = [#graph.dim<n>]}, %dz: tensor<?xf64> {graph.dims = [#graph.dim<n>]})
    -> (tensor<?xf64> {graph.dims = [#graph.dim<n>]}, tensor<f64>, tensor<?xf64> {graph.dims = [#graph.dim<n>]}) {
  %three = graph.constant dense<3.0> : tensor<f64>
  %threes = graph.broadcast_in_dim %three dims [] shape [n] : tensor<f64> -> tensor<?xf64>
  %ks = graph.broadcast_in_dim %k dims [] shape [n] : tensor<f64> -> tensor<?xf64>
  %both = graph.multiply %dy, %dz : tensor<?xf64>
  %scaled = graph.multiply %both, %threes : tensor<?xf64>
  %once = graph.multiply %scaled, %x : tensor<?xf64>
  %twice = graph.add %once, %once : tensor<?xf64>
  %dx = graph.multiply %twice, %ks : tensor<?xf64>
  %terms = graph.multiply %once, %x : tensor<?xf64>
  %dk = graph.reduce_sum %terms axes [0] : tensor<?xf64> -> tensor<f64>
  %ddy = func.call @slope(%x, %k, %dz) : (tensor<?xf64>, tensor<f64>, tensor<?xf64>) -> tensor<?xf64>
  return %dx, %dk, %ddy : tensor<?xf64>, tensor<f64>, tensor<?xf64>
}
func.func @extern_with_rules(%x: tensor<?xf64> {graph.dims = [#graph.dim<n>], check.value = dense<[1.0, -2.0, 0.5]> : tensor<3xf64>}, %k: tensor<f64> {check.value = dense<0.5> : tensor<f64>})
    -> (tensor<?xf64> {check.close = dense<[0.5, -4.0, 0.0625]> : tensor<3xf64>}, tensor<f64> {check.close = dense<-3.4375> : tensor<f64>}) attributes {check.gradient, check.second, check.map} {
  %y, %total = func.call @scaled_cube(%x, %k) : (tensor<?xf64>, tensor<f64>) -> (tensor<?xf64>, tensor<f64>)
  return %y, %total : tensor<?xf64>, tensor<f64>
}

// Small integers are passed as C does; sizes may be expressions.
func.func @extern_integers(%x: tensor<?xui8> {graph.dims = [#graph.dim<n>], check.value = dense<[1, 250]> : tensor<2xui8>}, %low: tensor<i8> {check.value = dense<-100> : tensor<i8>},
                           %high: tensor<ui8> {check.value = dense<200> : tensor<ui8>}, %on: tensor<i1> {check.value = dense<true> : tensor<i1>},
                           %places: tensor<?xi32> {graph.dims = [#graph.dim<n>], check.value = dense<[7, 9]> : tensor<2xi32>})
    -> (tensor<?xi64> {check.close = dense<[1101, 1350]> : tensor<2xi64>}, tensor<?xui8> {check.close = dense<[1, 7, 250, 9]> : tensor<4xui8>}) attributes {check.map} {
  %out, %parts = graph.extern "widen"(%x, %low, %high, %on, %places) extents [n] shapes [[n], [2 * n]] prototype "int32_t widen(costate_context *context, const uint8_t *x, int8_t low, uint8_t high, uint8_t on, const int32_t *places, int64_t *out, uint8_t *parts, int64_t n, void *data)"
      : (tensor<?xui8>, tensor<i8>, tensor<ui8>, tensor<i1>, tensor<?xi32>) -> (tensor<?xi64>, tensor<?xui8>)
  return %out, %parts : tensor<?xi64>, tensor<?xui8>
}

// Nothing is computed of nothing.
func.func @extern_empty(%x: tensor<?xf64> {graph.dims = [#graph.dim<n>], check.random = [0.0, 1.0], check.shape = array<i64: 0>}, %k: tensor<f64> {check.value = dense<0.5> : tensor<f64>})
    -> (tensor<?xf64> {check.close = dense<> : tensor<0xf64>}, tensor<f64> {check.close = dense<0.0> : tensor<f64>}) {
  %y, %total = func.call @scaled_cube(%x, %k) : (tensor<?xf64>, tensor<f64>) -> (tensor<?xf64>, tensor<f64>)
  return %y, %total : tensor<?xf64>, tensor<f64>
}
