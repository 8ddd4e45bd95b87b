// RUN: costate-opt %s | costate-opt | FileCheck %s
// RUN: costate-opt %s -mlir-print-op-generic | costate-opt | FileCheck %s

// CHECK-LABEL: func.func @abs(
// CHECK:         %{{.*}} = graph.abs %{{.*}} : tensor<?x8xf32>
func.func @abs(%x: tensor<?x8xf32>) {
  %y = graph.abs %x : tensor<?x8xf32>
  return
}

// CHECK-LABEL: func.func @add(
// CHECK:         %{{.*}} = graph.add %{{.*}}, %{{.*}} : tensor<?x8xf32>
func.func @add(%x: tensor<?x8xf32>, %y: tensor<?x8xf32>) {
  %z = graph.add %x, %y : tensor<?x8xf32>
  return
}

// CHECK-LABEL: func.func @all_gather(
// CHECK:         %{{.*}} = graph.all_gather %{{.*}} axis 0 over "dp" size [n] : tensor<2x8xf32> -> tensor<?x8xf32>
func.func @all_gather(%x: tensor<2x8xf32>) {
  %y = graph.all_gather %x axis 0 over "dp" size [n] : tensor<2x8xf32> -> tensor<?x8xf32>
  return
}

// CHECK-LABEL: func.func @all_reduce(
// CHECK:         %{{.*}} = graph.all_reduce add %{{.*}} over "dp" : tensor<?x8xf32>
// CHECK:         %{{.*}} = graph.all_reduce max %{{.*}} over "dp" : tensor<?x8xf32>
// CHECK:         %{{.*}} = graph.all_reduce min %{{.*}} over "dp" : tensor<?x8xf32>
func.func @all_reduce(%x: tensor<?x8xf32>) {
  %s = graph.all_reduce add %x over "dp" : tensor<?x8xf32>
  %l = graph.all_reduce max %x over "dp" : tensor<?x8xf32>
  %m = graph.all_reduce min %x over "dp" : tensor<?x8xf32>
  return
}

// CHECK-LABEL: func.func @and(
// CHECK:         %{{.*}} = graph.and %{{.*}}, %{{.*}} : tensor<?x8xi32>
func.func @and(%x: tensor<?x8xi32>, %y: tensor<?x8xi32>) {
  %z = graph.and %x, %y : tensor<?x8xi32>
  return
}

// CHECK-LABEL: func.func @argmax(
// CHECK:         %{{.*}} = graph.argmax %{{.*}} axis 1 : tensor<?x8xf32> -> tensor<?xi32>
func.func @argmax(%x: tensor<?x8xf32>) {
  %i = graph.argmax %x axis 1 : tensor<?x8xf32> -> tensor<?xi32>
  return
}

// CHECK-LABEL: func.func @argmin(
// CHECK:         %{{.*}} = graph.argmin %{{.*}} axis 1 : tensor<?x8xf32> -> tensor<?xi32>
func.func @argmin(%x: tensor<?x8xf32>) {
  %i = graph.argmin %x axis 1 : tensor<?x8xf32> -> tensor<?xi32>
  return
}

// CHECK-LABEL: func.func @atan2(
// CHECK:         %{{.*}} = graph.atan2 %{{.*}}, %{{.*}} : tensor<?x8xf32>
func.func @atan2(%x: tensor<?x8xf32>, %y: tensor<?x8xf32>) {
  %z = graph.atan2 %x, %y : tensor<?x8xf32>
  return
}

// CHECK-LABEL: func.func @axis_index(
// CHECK:         %{{.*}} = graph.axis_index over "dp" : tensor<i32>
func.func @axis_index() {
  %i = graph.axis_index over "dp" : tensor<i32>
  return
}

// CHECK-LABEL: func.func @broadcast_in_dim(
// CHECK:         %{{.*}} = graph.broadcast_in_dim %{{.*}} dims [1] shape [batch, 10] : tensor<10xf32> -> tensor<?x10xf32>
func.func @broadcast_in_dim(%b: tensor<10xf32>) {
  %y = graph.broadcast_in_dim %b dims [1] shape [batch, 10] : tensor<10xf32> -> tensor<?x10xf32>
  return
}

// CHECK-LABEL: func.func @ceil(
// CHECK:         %{{.*}} = graph.ceil %{{.*}} : tensor<?x8xf32>
func.func @ceil(%x: tensor<?x8xf32>) {
  %y = graph.ceil %x : tensor<?x8xf32>
  return
}

// CHECK-LABEL: func.func @cholesky(
// CHECK:         %{{.*}} = graph.cholesky %{{.*}} : tensor<?x4x4xf64>
func.func @cholesky(%a: tensor<?x4x4xf64>) {
  %l = graph.cholesky %a : tensor<?x4x4xf64>
  return
}

// CHECK-LABEL: func.func @collective_permute(
// CHECK:         %{{.*}} = graph.collective_permute %{{.*}} from [0, 1] to [1, 0] over "dp" : tensor<?x8xf32>
func.func @collective_permute(%x: tensor<?x8xf32>) {
  %y = graph.collective_permute %x from [0, 1] to [1, 0] over "dp" : tensor<?x8xf32>
  return
}

// CHECK-LABEL: func.func @compare(
// CHECK:         %{{.*}} = graph.compare LT, %{{.*}}, %{{.*}} : tensor<?x8xf32>
func.func @compare(%x: tensor<?x8xf32>, %y: tensor<?x8xf32>) {
  %p = graph.compare LT, %x, %y : tensor<?x8xf32>
  return
}

// CHECK-LABEL: func.func @compare_1(
// CHECK:         %{{.*}} = graph.compare EQ, %{{.*}}, %{{.*}} : tensor<?x8xi32>
func.func @compare_1(%x: tensor<?x8xi32>, %y: tensor<?x8xi32>) {
  %p = graph.compare EQ, %x, %y : tensor<?x8xi32>
  return
}

// CHECK-LABEL: func.func @compare_2(
// CHECK:         %{{.*}} = graph.compare NE, %{{.*}}, %{{.*}} : tensor<?x8xi32>
func.func @compare_2(%x: tensor<?x8xi32>, %y: tensor<?x8xi32>) {
  %p = graph.compare NE, %x, %y : tensor<?x8xi32>
  return
}

// CHECK-LABEL: func.func @compare_3(
// CHECK:         %{{.*}} = graph.compare GE, %{{.*}}, %{{.*}} : tensor<?x8xi32>
func.func @compare_3(%x: tensor<?x8xi32>, %y: tensor<?x8xi32>) {
  %p = graph.compare GE, %x, %y : tensor<?x8xi32>
  return
}

// CHECK-LABEL: func.func @compare_4(
// CHECK:         %{{.*}} = graph.compare GT, %{{.*}}, %{{.*}} : tensor<?x8xi32>
func.func @compare_4(%x: tensor<?x8xi32>, %y: tensor<?x8xi32>) {
  %p = graph.compare GT, %x, %y : tensor<?x8xi32>
  return
}

// CHECK-LABEL: func.func @compare_5(
// CHECK:         %{{.*}} = graph.compare LE, %{{.*}}, %{{.*}} : tensor<?x8xi32>
func.func @compare_5(%x: tensor<?x8xi32>, %y: tensor<?x8xi32>) {
  %p = graph.compare LE, %x, %y : tensor<?x8xi32>
  return
}

// CHECK-LABEL: func.func @concatenate(
// CHECK:         %{{.*}} = graph.concatenate %{{.*}}, %{{.*}} axis 1 : (tensor<?x8xf32>, tensor<?x2xf32>) -> tensor<?x10xf32>
func.func @concatenate(%x: tensor<?x8xf32>, %y: tensor<?x2xf32>) {
  %z = graph.concatenate %x, %y axis 1 : (tensor<?x8xf32>, tensor<?x2xf32>) -> tensor<?x10xf32>
  return
}

// CHECK-LABEL: func.func @constant(
// CHECK:         %{{.*}} = graph.constant dense<[1.000000e+00, 2.000000e+00]> : tensor<2xf32>
func.func @constant() {
  %c = graph.constant dense<[1.0, 2.0]> : tensor<2xf32>
  return
}

// CHECK-LABEL: func.func @convert(
// CHECK:         %{{.*}} = graph.convert %{{.*}} : tensor<?xi32> -> tensor<?xf32>
func.func @convert(%x: tensor<?xi32>) {
  %y = graph.convert %x : tensor<?xi32> -> tensor<?xf32>
  return
}

// CHECK-LABEL: func.func @convolution(
// CHECK:         %{{.*}} = graph.convolution %{{.*}}, %{{.*}} strides [2, 2] low [1, 1] high [1, 1] lhs_dilation [1, 1] rhs_dilation [1, 1] : tensor<?x8x8x3xf32>, tensor<3x3x3x16xf32> -> tensor<?x4x4x16xf32>
func.func @convolution(%x: tensor<?x8x8x3xf32>, %w: tensor<3x3x3x16xf32>) {
  %y = graph.convolution %x, %w strides [2, 2] low [1, 1] high [1, 1] lhs_dilation [1, 1] rhs_dilation [1, 1]
      : tensor<?x8x8x3xf32>, tensor<3x3x3x16xf32> -> tensor<?x4x4x16xf32>
  return
}

// CHECK-LABEL: func.func @cosine(
// CHECK:         %{{.*}} = graph.cosine %{{.*}} : tensor<?x8xf32>
func.func @cosine(%x: tensor<?x8xf32>) {
  %y = graph.cosine %x : tensor<?x8xf32>
  return
}

// CHECK-LABEL: func.func @cumsum(
// CHECK:         %{{.*}} = graph.cumsum %{{.*}} axis 1 : tensor<?x8xf32>
func.func @cumsum(%x: tensor<?x8xf32>) {
  %y = graph.cumsum %x axis 1 : tensor<?x8xf32>
  return
}

// CHECK-LABEL: func.func @cumsum_1(
// CHECK:         %{{.*}} = graph.cumsum %{{.*}} axis 1 reverse : tensor<?x8xf32>
func.func @cumsum_1(%x: tensor<?x8xf32>) {
  %y = graph.cumsum %x axis 1 reverse : tensor<?x8xf32>
  return
}

// CHECK-LABEL: func.func @cummax(
// CHECK:         %{{.*}} = graph.cummax %{{.*}} axis 1 : tensor<?x8xf32>
// CHECK:         %{{.*}} = graph.cummax %{{.*}} axis 0 reverse : tensor<?x8xf32>
func.func @cummax(%x: tensor<?x8xf32>) {
  %y = graph.cummax %x axis 1 : tensor<?x8xf32>
  %z = graph.cummax %x axis 0 reverse : tensor<?x8xf32>
  return
}

// CHECK-LABEL: func.func @linear_recurrence(
// CHECK:         %{{.*}} = graph.linear_recurrence %{{.*}}, %{{.*}} axis 1 : tensor<?x8xf32>
// CHECK:         %{{.*}} = graph.linear_recurrence %{{.*}}, %{{.*}} axis 0 reverse : tensor<?x8xf32>
func.func @linear_recurrence(%a: tensor<?x8xf32>, %b: tensor<?x8xf32>) {
  %y = graph.linear_recurrence %a, %b axis 1 : tensor<?x8xf32>
  %z = graph.linear_recurrence %a, %b axis 0 reverse : tensor<?x8xf32>
  return
}

// CHECK-LABEL: func.func @scatter(
// CHECK:         %{{.*}} = graph.scatter %{{.*}}, %{{.*}}, %{{.*}} batch_dims 0 : tensor<100x8xf32>, tensor<?xi32>, tensor<?x8xf32>
func.func @scatter(%table: tensor<100x8xf32>, %ids: tensor<?xi32>, %d: tensor<?x8xf32>) {
  %t = graph.scatter %table, %ids, %d batch_dims 0 : tensor<100x8xf32>, tensor<?xi32>, tensor<?x8xf32>
  return
}

// CHECK-LABEL: func.func @scatter_max(
// CHECK:         %{{.*}} = graph.scatter_max %{{.*}}, %{{.*}}, %{{.*}} batch_dims 0 : tensor<100x8xf32>, tensor<?xi32>, tensor<?x8xf32>
func.func @scatter_max(%table: tensor<100x8xf32>, %ids: tensor<?xi32>, %d: tensor<?x8xf32>) {
  %t = graph.scatter_max %table, %ids, %d batch_dims 0 : tensor<100x8xf32>, tensor<?xi32>, tensor<?x8xf32>
  return
}

// CHECK-LABEL: func.func @divide(
// CHECK:         %{{.*}} = graph.divide %{{.*}}, %{{.*}} : tensor<?x8xf32>
func.func @divide(%x: tensor<?x8xf32>, %y: tensor<?x8xf32>) {
  %z = graph.divide %x, %y : tensor<?x8xf32>
  return
}

// CHECK-LABEL: func.func @dot_general(
// CHECK:         %{{.*}} = graph.dot_general %{{.*}}, %{{.*}} contracting [1] x [0] : tensor<?x64xf32>, tensor<64x10xf32> -> tensor<?x10xf32>
func.func @dot_general(%x: tensor<?x64xf32>, %w: tensor<64x10xf32>) {
  %z = graph.dot_general %x, %w contracting [1] x [0] : tensor<?x64xf32>, tensor<64x10xf32> -> tensor<?x10xf32>
  return
}

// CHECK-LABEL: func.func @dot_general_1(
// CHECK:         %{{.*}} = graph.dot_general %{{.*}}, %{{.*}} batching [0] x [0] contracting [2] x [2] : tensor<4x?x8xf32>, tensor<4x?x8xf32> -> tensor<4x?x?xf32>
func.func @dot_general_1(%q: tensor<4x?x8xf32>, %k: tensor<4x?x8xf32>) {
  %s = graph.dot_general %q, %k batching [0] x [0] contracting [2] x [2] : tensor<4x?x8xf32>, tensor<4x?x8xf32> -> tensor<4x?x?xf32>
  return
}

// CHECK-LABEL: func.func @dynamic_slice(
// CHECK:         %{{.*}} = graph.dynamic_slice %{{.*}}[%{{.*}}, %{{.*}}] sizes [1, 8] : tensor<?x8xf32>, tensor<i32>, tensor<i32> -> tensor<1x8xf32>
func.func @dynamic_slice(%x: tensor<?x8xf32>, %i: tensor<i32>, %j: tensor<i32>) {
  %y = graph.dynamic_slice %x[%i, %j] sizes [1, 8] : tensor<?x8xf32>, tensor<i32>, tensor<i32> -> tensor<1x8xf32>
  return
}

// CHECK-LABEL: func.func @dynamic_update_slice(
// CHECK:         %{{.*}} = graph.dynamic_update_slice %{{.*}}, %{{.*}}[%{{.*}}, %{{.*}}] : tensor<?x8xf32>, tensor<1x8xf32>, tensor<i32>, tensor<i32>
func.func @dynamic_update_slice(%x: tensor<?x8xf32>, %row: tensor<1x8xf32>, %i: tensor<i32>, %j: tensor<i32>) {
  %y = graph.dynamic_update_slice %x, %row[%i, %j] : tensor<?x8xf32>, tensor<1x8xf32>, tensor<i32>, tensor<i32>
  return
}

// CHECK-LABEL: func.func @eigh(
// CHECK:         %{{.*}}, %{{.*}} = graph.eigh %{{.*}} : tensor<?x4xf64>, tensor<?x4x4xf64>
func.func @eigh(%a: tensor<?x4x4xf64>) {
  %w, %v = graph.eigh %a : tensor<?x4xf64>, tensor<?x4x4xf64>
  return
}

// CHECK-LABEL: func.func @erf(
// CHECK:         %{{.*}} = graph.erf %{{.*}} : tensor<?x8xf32>
func.func @erf(%x: tensor<?x8xf32>) {
  %y = graph.erf %x : tensor<?x8xf32>
  return
}

// CHECK-LABEL: func.func @exponential(
// CHECK:         %{{.*}} = graph.exponential %{{.*}} : tensor<?x8xf32>
func.func @exponential(%x: tensor<?x8xf32>) {
  %y = graph.exponential %x : tensor<?x8xf32>
  return
}

// CHECK-LABEL: func.func @exponential_minus_one(
// CHECK:         %{{.*}} = graph.exponential_minus_one %{{.*}} : tensor<?x8xf32>
func.func @exponential_minus_one(%x: tensor<?x8xf32>) {
  %y = graph.exponential_minus_one %x : tensor<?x8xf32>
  return
}

// CHECK-LABEL: func.func @extent(
// CHECK:         %{{.*}} = graph.extent <2 * batch> : tensor<i64>
func.func @extent() {
  %n = graph.extent <2 * batch> : tensor<i64>
  return
}

// CHECK-LABEL: func.func @fft(
// CHECK:         %[[A:.*]], %[[B:.*]] = graph.fft %{{.*}}, %{{.*}} : tensor<?x8xf32>
// CHECK:         graph.fft %[[A]], %[[B]] inverse : tensor<?x8xf32>
func.func @fft(%re: tensor<?x8xf32>, %im: tensor<?x8xf32>) {
  %a, %b = graph.fft %re, %im : tensor<?x8xf32>
  %c, %d = graph.fft %a, %b inverse : tensor<?x8xf32>
  return
}

// CHECK-LABEL: func.func @floor(
// CHECK:         %{{.*}} = graph.floor %{{.*}} : tensor<?x8xf32>
func.func @floor(%x: tensor<?x8xf32>) {
  %y = graph.floor %x : tensor<?x8xf32>
  return
}

// CHECK-LABEL: func.func @fold_in(
// CHECK:         %{{.*}} = graph.fold_in %{{.*}}, %{{.*}} : tensor<i64>
func.func @fold_in(%key: tensor<i64>, %step: tensor<i64>) {
  %k = graph.fold_in %key, %step : tensor<i64>
  return
}

// CHECK-LABEL: func.func @gather(
// CHECK:         %{{.*}} = graph.gather %{{.*}}, %{{.*}} batch_dims 1 : tensor<?x8xf32>, tensor<?xi32> -> tensor<?xf32>
func.func @gather(%z: tensor<?x8xf32>, %y: tensor<?xi32>) {
  %p = graph.gather %z, %y batch_dims 1 : tensor<?x8xf32>, tensor<?xi32> -> tensor<?xf32>
  return
}

// CHECK-LABEL: func.func @gather_1(
// CHECK:         %{{.*}} = graph.gather %{{.*}}, %{{.*}} batch_dims 0 : tensor<100x8xf32>, tensor<?xi32> -> tensor<?x8xf32>
func.func @gather_1(%table: tensor<100x8xf32>, %ids: tensor<?xi32>) {
  %e = graph.gather %table, %ids batch_dims 0 : tensor<100x8xf32>, tensor<?xi32> -> tensor<?x8xf32>
  return
}

// CHECK-LABEL: func.func @iota(
// CHECK:         %{{.*}} = graph.iota axis 0 shape [batch] : tensor<?xi32>
func.func @iota() {
  %i = graph.iota axis 0 shape [batch] : tensor<?xi32>
  return
}

// CHECK-LABEL: func.func @iota_1(
// CHECK:         %{{.*}} = graph.iota axis 1 shape [2 * m * n - 1, 3] : tensor<?x3xf64>
func.func @iota_1() {
  %i = graph.iota axis 1 shape [2 * n * m - 1, 3] : tensor<?x3xf64>
  return
}

func.func private @jvp_of(%w: tensor<8x4xf32>, %x: tensor<?x8xf32> {graph.dims = [#graph.dim<n>, #graph.dim<8>]}) -> tensor<?x4xf32> {
  %y = graph.dot_general %x, %w contracting [1] x [0] : tensor<?x8xf32>, tensor<8x4xf32> -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// CHECK-LABEL: func.func @jvp(
// CHECK:         %{{.*}} = graph.jvp @jvp_of(%{{.*}}, %{{.*}}) along [1](%{{.*}}) : (tensor<8x4xf32>, tensor<?x8xf32>, tensor<?x8xf32>) -> (tensor<?x4xf32>, tensor<?x4xf32>)
func.func @jvp(%w: tensor<8x4xf32>, %x: tensor<?x8xf32>, %tx: tensor<?x8xf32>) {
  %y, %ty = graph.jvp @jvp_of(%w, %x) along [1](%tx) : (tensor<8x4xf32>, tensor<?x8xf32>, tensor<?x8xf32>) -> (tensor<?x4xf32>, tensor<?x4xf32>)
  return
}

optim.arena @leaf_of : f32 {
  optim.leaf "w" [64, 128]
  optim.leaf "b" [16]
}

// CHECK-LABEL: func.func @leaf(
// CHECK:         %{{.*}} = graph.leaf %{{.*}}[@leaf_of::@w] : tensor<8208xf32> -> tensor<64x128xf32>
func.func @leaf(%theta: tensor<8208xf32>) {
  %w = graph.leaf %theta[@leaf_of::@w] : tensor<8208xf32> -> tensor<64x128xf32>
  return
}

// CHECK-LABEL: func.func @log(
// CHECK:         %{{.*}} = graph.log %{{.*}} : tensor<?x8xf32>
func.func @log(%x: tensor<?x8xf32>) {
  %y = graph.log %x : tensor<?x8xf32>
  return
}

// CHECK-LABEL: func.func @log_plus_one(
// CHECK:         %{{.*}} = graph.log_plus_one %{{.*}} : tensor<?x8xf32>
func.func @log_plus_one(%x: tensor<?x8xf32>) {
  %y = graph.log_plus_one %x : tensor<?x8xf32>
  return
}

// CHECK-LABEL: func.func @logistic(
// CHECK:         %{{.*}} = graph.logistic %{{.*}} : tensor<?x8xf32>
func.func @logistic(%x: tensor<?x8xf32>) {
  %y = graph.logistic %x : tensor<?x8xf32>
  return
}

// CHECK-LABEL: func.func @logsumexp(
// CHECK:         %{{.*}} = graph.logsumexp %{{.*}} axes [1] : tensor<?x8xf32> -> tensor<?xf32>
func.func @logsumexp(%x: tensor<?x8xf32>) {
  %y = graph.logsumexp %x axes [1] : tensor<?x8xf32> -> tensor<?xf32>
  return
}

func.func private @map_of(%a: tensor<8xf32>, %b: tensor<8xf32>) -> tensor<f32> {
  %y = graph.dot_general %a, %b contracting [0] x [0] : tensor<8xf32>, tensor<8xf32> -> tensor<f32>
  return %y : tensor<f32>
}

// CHECK-LABEL: func.func @lu(
// CHECK:         %{{.*}}, %{{.*}} = graph.lu %{{.*}} : tensor<?x4x4xf64>, tensor<?x4xi32>
func.func @lu(%a: tensor<?x4x4xf64>) {
  %lu, %p = graph.lu %a : tensor<?x4x4xf64>, tensor<?x4xi32>
  return
}

// CHECK-LABEL: func.func @map(
// CHECK:         %{{.*}} = graph.map @map_of(%{{.*}}, %{{.*}}) over [true, false] size [n] axis "probe" : (tensor<?x8xf32>, tensor<8xf32>) -> tensor<?xf32>
func.func @map(%a: tensor<?x8xf32>, %b: tensor<8xf32>) {
  %r = graph.map @map_of(%a, %b) over [true, false] size [n] axis "probe" : (tensor<?x8xf32>, tensor<8xf32>) -> tensor<?xf32>
  return
}

// CHECK-LABEL: func.func @map_1(
// CHECK:         %{{.*}} = graph.map @map_of(%{{.*}}, %{{.*}}) over [true, true] size [4] : (tensor<4x8xf32>, tensor<4x8xf32>) -> tensor<4xf32>
func.func @map_1(%a: tensor<4x8xf32>, %b: tensor<4x8xf32>) {
  %r = graph.map @map_of(%a, %b) over [true, true] size [4] : (tensor<4x8xf32>, tensor<4x8xf32>) -> tensor<4xf32>
  return
}

// CHECK-LABEL: func.func @map_2(
// CHECK:         %{{.*}} = graph.map @map_of(%{{.*}}, %{{.*}}) over [false, false] size [4] axis "probe" replicated [true] : (tensor<8xf32>, tensor<8xf32>) -> tensor<f32>
func.func @map_2(%a: tensor<8xf32>, %b: tensor<8xf32>) {
  %r = graph.map @map_of(%a, %b) over [false, false] size [4] axis "probe" replicated [true] : (tensor<8xf32>, tensor<8xf32>) -> tensor<f32>
  return
}

// CHECK-LABEL: func.func @maximum(
// CHECK:         %{{.*}} = graph.maximum %{{.*}}, %{{.*}} : tensor<?x8xf32>
func.func @maximum(%x: tensor<?x8xf32>, %y: tensor<?x8xf32>) {
  %z = graph.maximum %x, %y : tensor<?x8xf32>
  return
}

// CHECK-LABEL: func.func @minimum(
// CHECK:         %{{.*}} = graph.minimum %{{.*}}, %{{.*}} : tensor<?x8xf32>
func.func @minimum(%x: tensor<?x8xf32>, %y: tensor<?x8xf32>) {
  %z = graph.minimum %x, %y : tensor<?x8xf32>
  return
}

// CHECK-LABEL: func.func @multiply(
// CHECK:         %{{.*}} = graph.multiply %{{.*}}, %{{.*}} : tensor<?x8xf32>
func.func @multiply(%x: tensor<?x8xf32>, %y: tensor<?x8xf32>) {
  %z = graph.multiply %x, %y : tensor<?x8xf32>
  return
}

// CHECK-LABEL: func.func @negate(
// CHECK:         %{{.*}} = graph.negate %{{.*}} : tensor<?x8xf32>
func.func @negate(%x: tensor<?x8xf32>) {
  %y = graph.negate %x : tensor<?x8xf32>
  return
}

// CHECK-LABEL: func.func @not(
// CHECK:         %{{.*}} = graph.not %{{.*}} : tensor<?x8xi1>
func.func @not(%x: tensor<?x8xi1>) {
  %y = graph.not %x : tensor<?x8xi1>
  return
}

// CHECK-LABEL: func.func @or(
// CHECK:         %{{.*}} = graph.or %{{.*}}, %{{.*}} : tensor<?x8xi32>
func.func @or(%x: tensor<?x8xi32>, %y: tensor<?x8xi32>) {
  %z = graph.or %x, %y : tensor<?x8xi32>
  return
}

optim.arena @pack_of : f32 {
  optim.leaf "w" [64, 128]
  optim.leaf "b" [128]
}

// CHECK-LABEL: func.func @pack(
// CHECK:         %{{.*}} = graph.pack @pack_of leaves ["w", "b"](%{{.*}}, %{{.*}}) : (tensor<64x128xf32>, tensor<128xf32>) -> tensor<8320xf32>
func.func @pack(%w: tensor<64x128xf32>, %b: tensor<128xf32>) {
  %theta = graph.pack @pack_of leaves ["w", "b"](%w, %b) : (tensor<64x128xf32>, tensor<128xf32>) -> tensor<8320xf32>
  return
}

// CHECK-LABEL: func.func @pad(
// CHECK:         %{{.*}} = graph.pad %{{.*}}, %{{.*}} low [0, 1] high [0, 1] interior [0, 0] : tensor<?x8xf32>, tensor<f32> -> tensor<?x10xf32>
func.func @pad(%x: tensor<?x8xf32>, %zero: tensor<f32>) {
  %y = graph.pad %x, %zero low [0, 1] high [0, 1] interior [0, 0] : tensor<?x8xf32>, tensor<f32> -> tensor<?x10xf32>
  return
}

// CHECK-LABEL: func.func @power(
// CHECK:         %{{.*}} = graph.power %{{.*}}, %{{.*}} : tensor<?x8xf32>
func.func @power(%x: tensor<?x8xf32>, %y: tensor<?x8xf32>) {
  %z = graph.power %x, %y : tensor<?x8xf32>
  return
}

// CHECK-LABEL: func.func @qr(
// CHECK:         %{{.*}}, %{{.*}} = graph.qr %{{.*}} : tensor<?x6x4xf64>, tensor<?x4x4xf64>
func.func @qr(%a: tensor<?x6x4xf64>) {
  %q, %r = graph.qr %a : tensor<?x6x4xf64>, tensor<?x4x4xf64>
  return
}

// CHECK-LABEL: func.func @extern(
// CHECK:         %{{.*}}:2 = graph.extern "smooth"(%{{.*}}, %{{.*}}) extents [n] shapes {{\[\[}}n], []] prototype "int32_t smooth()"
// CHECK-SAME:      : (tensor<?xf32>, tensor<f32>) -> (tensor<?xf32>, tensor<f32>)
func.func @extern(%x: tensor<?xf32>, %k: tensor<f32>) {
  %y, %s = graph.extern "smooth"(%x, %k) extents [n] shapes [[n], []] prototype "int32_t smooth()" : (tensor<?xf32>, tensor<f32>) -> (tensor<?xf32>, tensor<f32>)
  return
}

// CHECK-LABEL: func.func @extern_1(
// CHECK:         %{{.*}} = graph.extern "clock_of"() extents [] shapes {{\[\[}}2 * n + 1, 3]] prototype "" : () -> tensor<?x3xi64>
func.func @extern_1() {
  %y = graph.extern "clock_of"() extents [] shapes [[2 * n + 1, 3]] prototype "" : () -> tensor<?x3xi64>
  return
}

// CHECK-LABEL: func.func @random(
// CHECK:         %{{.*}} = graph.random uniform %{{.*}} site 7 shape [batch, 8] : tensor<i64> -> tensor<?x8xf32>
func.func @random(%key: tensor<i64>) {
  %u = graph.random uniform %key site 7 shape [batch, 8] : tensor<i64> -> tensor<?x8xf32>
  return
}

// CHECK-LABEL: func.func @random_1(
// CHECK:         %{{.*}} = graph.random bits %{{.*}} site 7 shape [] : tensor<i64> -> tensor<i32>
func.func @random_1(%key: tensor<i64>) {
  %u = graph.random bits %key site 7 shape [] : tensor<i64> -> tensor<i32>
  return
}

// CHECK-LABEL: func.func @random_2(
// CHECK:         %{{.*}} = graph.random normal %{{.*}} site -1 shape [max(m, n), floordiv(n + 1, 2)] : tensor<2xi64> -> tensor<2x?x?xf64>
func.func @random_2(%key: tensor<2xi64>) {
  %u = graph.random normal %key site -1 shape [max(m, n), floordiv(n + 1, 2)] : tensor<2xi64> -> tensor<2x?x?xf64>
  return
}

// CHECK-LABEL: func.func @random_3(
// CHECK:         %{{.*}} = graph.random normal %{{.*}} site 0 shape [isqrt(n), 2 * isqrt(m + 3) + 1, 4, floordiv(n + 1, m), m] : tensor<i64> -> tensor<?x?x4x?x?xf64>
func.func @random_3(%key: tensor<i64>) {
  %u = graph.random normal %key site 0 shape [isqrt(n), 2 * isqrt(m + 3) + 1, isqrt(24), floordiv(n + 1, m), floordiv(2 * m * n, 2 * n)] : tensor<i64> -> tensor<?x?x4x?x?xf64>
  return
}

// CHECK-LABEL: func.func @reduce_max(
// CHECK:         %{{.*}} = graph.reduce_max %{{.*}} axes [1] : tensor<?x8xf32> -> tensor<?xf32>
func.func @reduce_max(%x: tensor<?x8xf32>) {
  %y = graph.reduce_max %x axes [1] : tensor<?x8xf32> -> tensor<?xf32>
  return
}

// CHECK-LABEL: func.func @reduce_min(
// CHECK:         %{{.*}} = graph.reduce_min %{{.*}} axes [1] : tensor<?x8xf32> -> tensor<?xf32>
func.func @reduce_min(%x: tensor<?x8xf32>) {
  %y = graph.reduce_min %x axes [1] : tensor<?x8xf32> -> tensor<?xf32>
  return
}

// CHECK-LABEL: func.func @reduce_prod(
// CHECK:         %{{.*}} = graph.reduce_prod %{{.*}} axes [1] : tensor<?x8xf32> -> tensor<?xf32>
func.func @reduce_prod(%x: tensor<?x8xf32>) {
  %y = graph.reduce_prod %x axes [1] : tensor<?x8xf32> -> tensor<?xf32>
  return
}

// CHECK-LABEL: func.func @reduce_sum(
// CHECK:         %{{.*}} = graph.reduce_sum %{{.*}} axes [1] : tensor<?x8xf32> -> tensor<?xf32>
func.func @reduce_sum(%x: tensor<?x8xf32>) {
  %y = graph.reduce_sum %x axes [1] : tensor<?x8xf32> -> tensor<?xf32>
  return
}

// CHECK-LABEL: func.func @remainder(
// CHECK:         %{{.*}} = graph.remainder %{{.*}}, %{{.*}} : tensor<?x8xf32>
func.func @remainder(%x: tensor<?x8xf32>, %y: tensor<?x8xf32>) {
  %z = graph.remainder %x, %y : tensor<?x8xf32>
  return
}

// CHECK-LABEL: func.func @reduce_scatter(
// CHECK:         %{{.*}} = graph.reduce_scatter %{{.*}} axis 1 over "dp" size [4] : tensor<?x8xf32> -> tensor<?x2xf32>
func.func @reduce_scatter(%x: tensor<?x8xf32>) {
  %y = graph.reduce_scatter %x axis 1 over "dp" size [4] : tensor<?x8xf32> -> tensor<?x2xf32>
  return
}

// CHECK-LABEL: func.func @reshape(
// CHECK:         %{{.*}} = graph.reshape %{{.*}} shape [2 * batch, 4] : tensor<?x8xf32> -> tensor<?x4xf32>
func.func @reshape(%x: tensor<?x8xf32>) {
  %y = graph.reshape %x shape [2 * batch, 4] : tensor<?x8xf32> -> tensor<?x4xf32>
  return
}

// CHECK-LABEL: func.func @reverse(
// CHECK:         %{{.*}} = graph.reverse %{{.*}} axes [1] : tensor<?x8xf32>
func.func @reverse(%x: tensor<?x8xf32>) {
  %y = graph.reverse %x axes [1] : tensor<?x8xf32>
  return
}

// CHECK-LABEL: func.func @round_nearest_even(
// CHECK:         %{{.*}} = graph.round_nearest_even %{{.*}} : tensor<?x8xf32>
func.func @round_nearest_even(%x: tensor<?x8xf32>) {
  %y = graph.round_nearest_even %x : tensor<?x8xf32>
  return
}

// CHECK-LABEL: func.func @rsqrt(
// CHECK:         %{{.*}} = graph.rsqrt %{{.*}} : tensor<?x8xf32>
func.func @rsqrt(%x: tensor<?x8xf32>) {
  %y = graph.rsqrt %x : tensor<?x8xf32>
  return
}

// CHECK-LABEL: func.func @scatter_add(
// CHECK:         %{{.*}} = graph.scatter_add %{{.*}}, %{{.*}}, %{{.*}} batch_dims 0 : tensor<100x8xf32>, tensor<?xi32>, tensor<?x8xf32>
func.func @scatter_add(%table: tensor<100x8xf32>, %ids: tensor<?xi32>, %d: tensor<?x8xf32>) {
  %t = graph.scatter_add %table, %ids, %d batch_dims 0 : tensor<100x8xf32>, tensor<?xi32>, tensor<?x8xf32>
  return
}

// CHECK-LABEL: func.func @select(
// CHECK:         %{{.*}} = graph.select %{{.*}}, %{{.*}}, %{{.*}} : tensor<?x8xf32>
func.func @select(%p: tensor<?x8xi1>, %x: tensor<?x8xf32>, %y: tensor<?x8xf32>) {
  %z = graph.select %p, %x, %y : tensor<?x8xf32>
  return
}

// CHECK-LABEL: func.func @sign(
// CHECK:         %{{.*}} = graph.sign %{{.*}} : tensor<?x8xf32>
func.func @sign(%x: tensor<?x8xf32>) {
  %y = graph.sign %x : tensor<?x8xf32>
  return
}

// CHECK-LABEL: func.func @sine(
// CHECK:         %{{.*}} = graph.sine %{{.*}} : tensor<?x8xf32>
func.func @sine(%x: tensor<?x8xf32>) {
  %y = graph.sine %x : tensor<?x8xf32>
  return
}

// CHECK-LABEL: func.func @slice(
// CHECK:         %{{.*}} = graph.slice %{{.*}} starts [0, 2] sizes [batch, 3] strides [1, 2] : tensor<?x8xf32> -> tensor<?x3xf32>
func.func @slice(%x: tensor<?x8xf32>) {
  %y = graph.slice %x starts [0, 2] sizes [batch, 3] strides [1, 2] : tensor<?x8xf32> -> tensor<?x3xf32>
  return
}

// CHECK-LABEL: func.func @softmax(
// CHECK:         %{{.*}} = graph.softmax %{{.*}} axes [1] : tensor<?x8xf32>
func.func @softmax(%x: tensor<?x8xf32>) {
  %y = graph.softmax %x axes [1] : tensor<?x8xf32>
  return
}

// CHECK-LABEL: func.func @solve(
// CHECK:         %{{.*}} = graph.solve %{{.*}}, %{{.*}} transpose : tensor<?x4x4xf64>, tensor<?x4x2xf64>
func.func @solve(%a: tensor<?x4x4xf64>, %b: tensor<?x4x2xf64>) {
  %x = graph.solve %a, %b transpose : tensor<?x4x4xf64>, tensor<?x4x2xf64>
  return
}

// CHECK-LABEL: func.func @sort(
// CHECK:         %{{.*}} = graph.sort %{{.*}}, %{{.*}} axis 1 : (tensor<?x8xf32>, tensor<?x8xi32>) -> (tensor<?x8xf32>, tensor<?x8xi32>)
func.func @sort(%x: tensor<?x8xf32>, %i: tensor<?x8xi32>) {
  %k, %v = graph.sort %x, %i axis 1 : (tensor<?x8xf32>, tensor<?x8xi32>) -> (tensor<?x8xf32>, tensor<?x8xi32>)
  return
}

// CHECK-LABEL: func.func @sqrt(
// CHECK:         %{{.*}} = graph.sqrt %{{.*}} : tensor<?x8xf32>
func.func @sqrt(%x: tensor<?x8xf32>) {
  %y = graph.sqrt %x : tensor<?x8xf32>
  return
}

// CHECK-LABEL: func.func @stop_gradient(
// CHECK:         %{{.*}} = graph.stop_gradient %{{.*}} : tensor<?x8xf32>
func.func @stop_gradient(%x: tensor<?x8xf32>) {
  %y = graph.stop_gradient %x : tensor<?x8xf32>
  return
}

// CHECK-LABEL: func.func @subtract(
// CHECK:         %{{.*}} = graph.subtract %{{.*}}, %{{.*}} : tensor<?x8xf32>
func.func @subtract(%x: tensor<?x8xf32>, %y: tensor<?x8xf32>) {
  %z = graph.subtract %x, %y : tensor<?x8xf32>
  return
}

// CHECK-LABEL: func.func @svd(
// CHECK:         %{{.*}}, %{{.*}}, %{{.*}} = graph.svd %{{.*}} : tensor<?x6x4xf64>, tensor<?x4xf64>, tensor<?x4x4xf64>
func.func @svd(%a: tensor<?x6x4xf64>) {
  %u, %s, %vh = graph.svd %a : tensor<?x6x4xf64>, tensor<?x4xf64>, tensor<?x4x4xf64>
  return
}

// CHECK-LABEL: func.func @tape(
// CHECK:         scf.for
// CHECK:         {graph.tape = #graph.tape<none>}
func.func @tape(%n: index, %x: tensor<4xf32>) -> tensor<4xf32> {
  %y = scf.for %i = %n to %n step %n iter_args(%h = %x) -> tensor<4xf32> {
    scf.yield %h : tensor<4xf32>
  } {graph.tape = #graph.tape<none>}
  return %y : tensor<4xf32>
}

// CHECK-LABEL: func.func @tanh(
// CHECK:         %{{.*}} = graph.tanh %{{.*}} : tensor<?x8xf32>
func.func @tanh(%x: tensor<?x8xf32>) {
  %y = graph.tanh %x : tensor<?x8xf32>
  return
}

// CHECK-LABEL: func.func @top_k(
// CHECK:         %{{.*}}, %{{.*}} = graph.top_k %{{.*}} k 3 : tensor<?x8xf32> -> tensor<?x3xf32>, tensor<?x3xi32>
func.func @top_k(%x: tensor<?x8xf32>) {
  %v, %i = graph.top_k %x k 3 : tensor<?x8xf32> -> tensor<?x3xf32>, tensor<?x3xi32>
  return
}

// CHECK-LABEL: func.func @transpose(
// CHECK:         %{{.*}} = graph.transpose %{{.*}} permutation [1, 0] : tensor<?x8xf32> -> tensor<8x?xf32>
func.func @transpose(%x: tensor<?x8xf32>) {
  %y = graph.transpose %x permutation [1, 0] : tensor<?x8xf32> -> tensor<8x?xf32>
  return
}

// CHECK-LABEL: func.func @triangular_solve(
// CHECK:         %{{.*}} = graph.triangular_solve %{{.*}}, %{{.*}} transpose : tensor<?x4x4xf64>, tensor<?x4x2xf64>
func.func @triangular_solve(%l: tensor<?x4x4xf64>, %b: tensor<?x4x2xf64>) {
  %x = graph.triangular_solve %l, %b transpose : tensor<?x4x4xf64>, tensor<?x4x2xf64>
  return
}

// CHECK-LABEL: func.func @triangular_solve_1(
// CHECK:         %{{.*}} = graph.triangular_solve %{{.*}}, %{{.*}} : tensor<?x4x4xf64>, tensor<?x4x2xf64>
func.func @triangular_solve_1(%l: tensor<?x4x4xf64>, %b: tensor<?x4x2xf64>) {
  %x = graph.triangular_solve %l, %b : tensor<?x4x4xf64>, tensor<?x4x2xf64>
  return
}

func.func private @vjp_of(%w: tensor<8x4xf32>, %x: tensor<?x8xf32> {graph.dims = [#graph.dim<n>, #graph.dim<8>]}) -> tensor<f32> {
  %y = graph.dot_general %x, %w contracting [1] x [0] : tensor<?x8xf32>, tensor<8x4xf32> -> tensor<?x4xf32>
  %s = graph.reduce_sum %y axes [0, 1] : tensor<?x4xf32> -> tensor<f32>
  return %s : tensor<f32>
}

// CHECK-LABEL: func.func @triangular_solve_2(
// CHECK:         %{{.*}} = graph.triangular_solve %{{.*}}, %{{.*}} transpose upper unit : tensor<?x4x4xf64>, tensor<?x4x2xf64>
func.func @triangular_solve_2(%l: tensor<?x4x4xf64>, %b: tensor<?x4x2xf64>) {
  %x = graph.triangular_solve %l, %b transpose upper unit : tensor<?x4x4xf64>, tensor<?x4x2xf64>
  return
}

// CHECK-LABEL: func.func @vjp(
// CHECK:         %{{.*}} = graph.vjp @vjp_of(%{{.*}}, %{{.*}}) wrt [0] from(%{{.*}}) : (tensor<8x4xf32>, tensor<?x8xf32>, tensor<f32>) -> (tensor<f32>, tensor<8x4xf32>)
func.func @vjp(%w: tensor<8x4xf32>, %x: tensor<?x8xf32>, %one: tensor<f32>) {
  %loss, %dw = graph.vjp @vjp_of(%w, %x) wrt [0] from(%one) : (tensor<8x4xf32>, tensor<?x8xf32>, tensor<f32>) -> (tensor<f32>, tensor<8x4xf32>)
  return
}

// CHECK-LABEL: func.func @xor(
// CHECK:         %{{.*}} = graph.xor %{{.*}}, %{{.*}} : tensor<?x8xi32>
func.func @xor(%x: tensor<?x8xi32>, %y: tensor<?x8xi32>) {
  %z = graph.xor %x, %y : tensor<?x8xi32>
  return
}
