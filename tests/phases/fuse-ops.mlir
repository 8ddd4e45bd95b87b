// RUN: costate-opt %s --fuse | FileCheck %s
// RUN: costate-opt %s --fuse=executor=halide | FileCheck %s --check-prefix=HALIDE

// Every op of graph comes through the phase: afterwards there are no tensors and no graph ops, and nothing allocates.
// CHECK-NOT: tensor<
// CHECK-NOT: {{= graph[.]}}
// CHECK-NOT: memref.alloc
// HALIDE-NOT: on loops

func.func @elementwise(%x: tensor<?x8xf32> {graph.dims = [#graph.dim<n>, #graph.dim<8>]}, %y: tensor<?x8xf32> {graph.dims = [#graph.dim<n>, #graph.dim<8>]}) -> tensor<?x8xf32> {
  %a = graph.add %x, %y : tensor<?x8xf32>
  %b = graph.subtract %a, %y : tensor<?x8xf32>
  %c = graph.multiply %b, %y : tensor<?x8xf32>
  %d = graph.divide %c, %y : tensor<?x8xf32>
  %e = graph.remainder %d, %y : tensor<?x8xf32>
  %f = graph.maximum %e, %y : tensor<?x8xf32>
  %g = graph.minimum %f, %x : tensor<?x8xf32>
  %h = graph.power %g, %y : tensor<?x8xf32>
  %i = graph.atan2 %h, %y : tensor<?x8xf32>
  %j = graph.negate %i : tensor<?x8xf32>
  %k = graph.abs %j : tensor<?x8xf32>
  %l = graph.sign %k : tensor<?x8xf32>
  %m = graph.exponential %l : tensor<?x8xf32>
  %n = graph.exponential_minus_one %m : tensor<?x8xf32>
  %o = graph.log %n : tensor<?x8xf32>
  %p = graph.log_plus_one %o : tensor<?x8xf32>
  %q = graph.sqrt %p : tensor<?x8xf32>
  %r = graph.rsqrt %q : tensor<?x8xf32>
  %s = graph.tanh %r : tensor<?x8xf32>
  %t = graph.logistic %s : tensor<?x8xf32>
  %u = graph.erf %t : tensor<?x8xf32>
  %v = graph.sine %u : tensor<?x8xf32>
  %w = graph.cosine %v : tensor<?x8xf32>
  %xx = graph.floor %w : tensor<?x8xf32>
  %yy = graph.ceil %xx : tensor<?x8xf32>
  %z = graph.round_nearest_even %yy : tensor<?x8xf32>
  %less = graph.compare LT, %z, %y : tensor<?x8xf32>
  %not = graph.not %less : tensor<?x8xi1>
  %and = graph.and %less, %not : tensor<?x8xi1>
  %or = graph.or %and, %not : tensor<?x8xi1>
  %xor = graph.xor %or, %less : tensor<?x8xi1>
  %sel = graph.select %xor, %x, %z : tensor<?x8xf32>
  return %sel : tensor<?x8xf32>
}

func.func @integers(%x: tensor<?xi32> {graph.dims = [#graph.dim<n>]}, %y: tensor<?xi32> {graph.dims = [#graph.dim<n>]}) -> (tensor<?xi32>, tensor<?xi1>) {
  %a = graph.divide %x, %y : tensor<?xi32>
  %b = graph.remainder %a, %y : tensor<?xi32>
  %c = graph.convert %b : tensor<?xi32> -> tensor<?xf32>
  %d = graph.convert %c : tensor<?xf32> -> tensor<?xi64>
  %e = graph.convert %d : tensor<?xi64> -> tensor<?xi32>
  %f = graph.sign %e : tensor<?xi32>
  %g = graph.convert %f : tensor<?xi32> -> tensor<?xi1>
  return %f, %g : tensor<?xi32>, tensor<?xi1>
}

func.func @reductions(%x: tensor<?x40xf32> {graph.dims = [#graph.dim<n>, #graph.dim<40>]})
    -> (tensor<?xf32>, tensor<40xf32>, tensor<f32>, tensor<?xf32>, tensor<?xf32>, tensor<?x40xf32>, tensor<?xi32>, tensor<?xi64>, tensor<?x40xf32>, tensor<?x40xf32>, tensor<?x40xf32>) {
  %rows = graph.reduce_sum %x axes [1] : tensor<?x40xf32> -> tensor<?xf32>
  %columns = graph.reduce_max %x axes [0] : tensor<?x40xf32> -> tensor<40xf32>
  %all = graph.reduce_min %x axes [0, 1] : tensor<?x40xf32> -> tensor<f32>
  %product = graph.reduce_prod %x axes [1] : tensor<?x40xf32> -> tensor<?xf32>
  %lse = graph.logsumexp %x axes [1] : tensor<?x40xf32> -> tensor<?xf32>
  %softmax = graph.softmax %x axes [1] : tensor<?x40xf32>
  %largest = graph.argmax %x axis 1 : tensor<?x40xf32> -> tensor<?xi32>
  %smallest = graph.argmin %x axis 1 : tensor<?x40xf32> -> tensor<?xi64>
  %cumsum = graph.cumsum %x axis 1 reverse : tensor<?x40xf32>
  %cummax = graph.cummax %x axis 0 : tensor<?x40xf32>
  %recurrence = graph.linear_recurrence %x, %softmax axis 1 : tensor<?x40xf32>
  return %rows, %columns, %all, %product, %lse, %softmax, %largest, %smallest, %cumsum, %cummax, %recurrence
      : tensor<?xf32>, tensor<40xf32>, tensor<f32>, tensor<?xf32>, tensor<?xf32>, tensor<?x40xf32>, tensor<?xi32>, tensor<?xi64>, tensor<?x40xf32>, tensor<?x40xf32>, tensor<?x40xf32>
}

func.func @long_sum(%x: tensor<100003xf32>) -> tensor<f32> {
  %s = graph.reduce_sum %x axes [0] : tensor<100003xf32> -> tensor<f32>
  return %s : tensor<f32>
}

func.func @layout(%x: tensor<?x8xf32> {graph.dims = [#graph.dim<n>, #graph.dim<8>]}, %zero: tensor<f32>)
    -> (tensor<8x?xf32>, tensor<?x4xf32>, tensor<?x3xf32>, tensor<?x19xf32>, tensor<?x16xf32>, tensor<?x8xf32>, tensor<?xi32>) {
  %t = graph.transpose %x permutation [1, 0] : tensor<?x8xf32> -> tensor<8x?xf32>
  %n = graph.negate %x : tensor<?x8xf32>
  %r = graph.reshape %n shape [2 * n, 4] : tensor<?x8xf32> -> tensor<?x4xf32>
  %s = graph.slice %n starts [0, 2] sizes [n, 3] strides [1, 2] : tensor<?x8xf32> -> tensor<?x3xf32>
  %p = graph.pad %n, %zero low [0, 1] high [0, 3] interior [0, 1] : tensor<?x8xf32>, tensor<f32> -> tensor<?x19xf32>
  %c = graph.concatenate %n, %x axis 1 : (tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<?x16xf32>
  %v = graph.reverse %n axes [0] : tensor<?x8xf32>
  %i = graph.iota axis 0 shape [n] : tensor<?xi32>
  return %t, %r, %s, %p, %c, %v, %i : tensor<8x?xf32>, tensor<?x4xf32>, tensor<?x3xf32>, tensor<?x19xf32>, tensor<?x16xf32>, tensor<?x8xf32>, tensor<?xi32>
}

func.func @contractions(%q: tensor<4x?x8xf32> {graph.dims = [#graph.dim<4>, #graph.dim<n>, #graph.dim<8>]}, %k: tensor<4x?x8xf32> {graph.dims = [#graph.dim<4>, #graph.dim<n>, #graph.dim<8>]},
                        %x: tensor<?x8x8x3xf32> {graph.dims = [#graph.dim<n>, #graph.dim<8>, #graph.dim<8>, #graph.dim<3>]}, %w: tensor<3x3x3x16xf32>)
    -> (tensor<4x?x?xf32>, tensor<?x4x4x16xf32>) {
  %s = graph.dot_general %q, %k batching [0] x [0] contracting [2] x [2] : tensor<4x?x8xf32>, tensor<4x?x8xf32> -> tensor<4x?x?xf32>
  %y = graph.convolution %x, %w strides [2, 2] low [1, 1] high [1, 1] lhs_dilation [1, 1] rhs_dilation [1, 1]
      : tensor<?x8x8x3xf32>, tensor<3x3x3x16xf32> -> tensor<?x4x4x16xf32>
  return %s, %y : tensor<4x?x?xf32>, tensor<?x4x4x16xf32>
}

func.func @indexing(%z: tensor<?x8xf32> {graph.dims = [#graph.dim<n>, #graph.dim<8>]}, %y: tensor<?xi32> {graph.dims = [#graph.dim<n>]},
                    %table: tensor<100x8xf32>, %i: tensor<i32>, %row: tensor<1x8xf32>)
    -> (tensor<?xf32>, tensor<?x8xf32>, tensor<100x8xf32>, tensor<100x8xf32>, tensor<100x8xf32>, tensor<1x8xf32>, tensor<100x8xf32>, tensor<f32>) {
  %p = graph.gather %z, %y batch_dims 1 : tensor<?x8xf32>, tensor<?xi32> -> tensor<?xf32>
  %e = graph.gather %table, %y batch_dims 0 : tensor<100x8xf32>, tensor<?xi32> -> tensor<?x8xf32>
  %t = graph.scatter_add %table, %y, %z batch_dims 0 : tensor<100x8xf32>, tensor<?xi32>, tensor<?x8xf32>
  %w = graph.scatter %table, %y, %z batch_dims 0 : tensor<100x8xf32>, tensor<?xi32>, tensor<?x8xf32>
  %m = graph.scatter_max %table, %y, %z batch_dims 0 : tensor<100x8xf32>, tensor<?xi32>, tensor<?x8xf32>
  %c = graph.constant dense<0> : tensor<i32>
  %s = graph.dynamic_slice %z[%i, %c] sizes [1, 8] : tensor<?x8xf32>, tensor<i32>, tensor<i32> -> tensor<1x8xf32>
  %u = graph.dynamic_update_slice %table, %row[%i, %c] : tensor<100x8xf32>, tensor<1x8xf32>, tensor<i32>, tensor<i32>
  %g = graph.gather %p, %i batch_dims 0 : tensor<?xf32>, tensor<i32> -> tensor<f32>
  return %p, %e, %t, %w, %m, %s, %u, %g : tensor<?xf32>, tensor<?x8xf32>, tensor<100x8xf32>, tensor<100x8xf32>, tensor<100x8xf32>, tensor<1x8xf32>, tensor<100x8xf32>, tensor<f32>
}

// CHECK-LABEL: func.func @externs
// CHECK: kernel.extern @costate_cholesky_f64
// CHECK: kernel.extern @costate_triangular_solve_f64
// CHECK: kernel.extern @costate_argsort_f64
// CHECK: kernel.extern @costate_take_along_b8
// CHECK: kernel.extern @costate_take_along_b4
// CHECK: kernel.extern @costate_top_k_f64
func.func @externs(%a: tensor<?x4x4xf64> {graph.dims = [#graph.dim<n>, #graph.dim<4>, #graph.dim<4>]}, %b: tensor<?x4x2xf64> {graph.dims = [#graph.dim<n>, #graph.dim<4>, #graph.dim<2>]},
                   %k: tensor<?x8xf64> {graph.dims = [#graph.dim<n>, #graph.dim<8>]}, %v: tensor<?x8xi32> {graph.dims = [#graph.dim<n>, #graph.dim<8>]})
    -> (tensor<?x4x2xf64>, tensor<?x8xf64>, tensor<?x8xi32>, tensor<?x3xf64>, tensor<?x3xi64>) {
  %l = graph.cholesky %a : tensor<?x4x4xf64>
  %x = graph.triangular_solve %l, %b transpose : tensor<?x4x4xf64>, tensor<?x4x2xf64>
  %sk, %sv = graph.sort %k, %v axis 1 : (tensor<?x8xf64>, tensor<?x8xi32>) -> (tensor<?x8xf64>, tensor<?x8xi32>)
  %tv, %ti = graph.top_k %k k 3 : tensor<?x8xf64> -> tensor<?x3xf64>, tensor<?x3xi64>
  return %x, %sk, %sv, %tv, %ti : tensor<?x4x2xf64>, tensor<?x8xf64>, tensor<?x8xi32>, tensor<?x3xf64>, tensor<?x3xi64>
}

// Outer axes are rows; the last number is the direction.
// CHECK-LABEL: func.func @transforms
// CHECK: kernel.extern @costate_fft_f32
// CHECK: kernel.extern @costate_fft_f32
func.func @transforms(%re: tensor<?x3x8xf32> {graph.dims = [#graph.dim<n>, #graph.dim<3>, #graph.dim<8>]}, %im: tensor<?x3x8xf32> {graph.dims = [#graph.dim<n>, #graph.dim<3>, #graph.dim<8>]})
    -> (tensor<?x3x8xf32>, tensor<?x3x8xf32>) {
  %a, %b = graph.fft %re, %im : tensor<?x3x8xf32>
  %c, %d = graph.fft %a, %b inverse : tensor<?x3x8xf32>
  return %c, %d : tensor<?x3x8xf32>, tensor<?x3x8xf32>
}

// Two right sides, one of them transposed, and one factorization.
// CHECK-LABEL: func.func @factorizations
// CHECK-COUNT-1: kernel.extern @costate_lu_f32
// CHECK-NOT: costate_lu_f32
// CHECK-DAG: kernel.extern @costate_qr_f32
// CHECK-DAG: kernel.extern @costate_eigh_f32
// CHECK-DAG: kernel.extern @costate_svd_f32
func.func @factorizations(%a: tensor<?x4x4xf32> {graph.dims = [#graph.dim<n>, #graph.dim<4>, #graph.dim<4>]}, %b: tensor<?x4x2xf32> {graph.dims = [#graph.dim<n>, #graph.dim<4>, #graph.dim<2>]},
                          %c: tensor<?x8xf32> {graph.dims = [#graph.dim<m>, #graph.dim<8>]})
    -> (tensor<?x4x2xf32>, tensor<?x4x2xf32>, tensor<8x8xf32>, tensor<?x4xf32>, tensor<8xf32>) {
  %x = graph.solve %a, %b : tensor<?x4x4xf32>, tensor<?x4x2xf32>
  %y = graph.solve %a, %b transpose : tensor<?x4x4xf32>, tensor<?x4x2xf32>
  %q, %r = graph.qr %c : tensor<?x8xf32>, tensor<8x8xf32>
  %w, %v = graph.eigh %a : tensor<?x4xf32>, tensor<?x4x4xf32>
  %u, %s, %vh = graph.svd %c : tensor<?x8xf32>, tensor<8xf32>, tensor<8x8xf32>
  return %x, %y, %r, %w, %s : tensor<?x4x2xf32>, tensor<?x4x2xf32>, tensor<8x8xf32>, tensor<?x4xf32>, tensor<8xf32>
}

func.func @random(%key: tensor<i64>, %x: tensor<?xf32> {graph.dims = [#graph.dim<n>]}) -> (tensor<?x8xf32>, tensor<8xf32>, tensor<?xi32>) {
  %u = graph.random uniform %key site 7 shape [n, 8] : tensor<i64> -> tensor<?x8xf32>
  %step = graph.constant dense<3> : tensor<i64>
  %k = graph.fold_in %key, %step : tensor<i64>
  %g = graph.random normal %k site 8 shape [8] : tensor<i64> -> tensor<8xf32>
  %b = graph.random bits %k site 9 shape [n] : tensor<i64> -> tensor<?xi32>
  return %u, %g, %b : tensor<?x8xf32>, tensor<8xf32>, tensor<?xi32>
}

func.func @constant() -> tensor<3xf32> {
  %c = graph.constant dense<[1.0, 2.0, 3.0]> : tensor<3xf32>
  return %c : tensor<3xf32>
}

func.func @loops(%x: tensor<8xf32>, %n: tensor<i64>) -> (tensor<8xf32>, tensor<f32>, tensor<8xf32>, tensor<8xf32>) {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %i = tensor.extract %n[] : tensor<i64>
  %last = arith.index_cast %i : i64 to index
  %start = graph.constant dense<0.0> : tensor<f32>
  %a, %s = scf.for %k = %zero to %last step %one iter_args(%c = %x, %t = %start) -> (tensor<8xf32>, tensor<f32>) {
    %d = graph.multiply %c, %x : tensor<8xf32>
    %r = graph.reduce_sum %d axes [0] : tensor<8xf32> -> tensor<f32>
    %u = graph.add %t, %r : tensor<f32>
    scf.yield %d, %u : tensor<8xf32>, tensor<f32>
  }
  %limit = graph.constant dense<1.0e3> : tensor<f32>
  %w:2 = scf.while (%c = %a, %t = %start) : (tensor<8xf32>, tensor<f32>) -> (tensor<8xf32>, tensor<f32>) {
    %p = graph.compare LT, %t, %limit : tensor<f32>
    %q = tensor.extract %p[] : tensor<i1>
    scf.condition(%q) %c, %t : tensor<8xf32>, tensor<f32>
  } do {
  ^bb0(%c: tensor<8xf32>, %t: tensor<f32>):
    %d = graph.exponential %c : tensor<8xf32>
    %u = graph.add %t, %limit : tensor<f32>
    scf.yield %d, %u : tensor<8xf32>, tensor<f32>
  }
  %p = graph.compare LT, %s, %limit : tensor<f32>
  %q = tensor.extract %p[] : tensor<i1>
  %b = scf.if %q -> tensor<8xf32> {
    %d = graph.negate %a : tensor<8xf32>
    scf.yield %d : tensor<8xf32>
  } else {
    scf.yield %a : tensor<8xf32>
  }
  return %a, %s, %w#0, %b : tensor<8xf32>, tensor<f32>, tensor<8xf32>, tensor<8xf32>
}
