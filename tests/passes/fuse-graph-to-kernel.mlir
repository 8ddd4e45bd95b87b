// RUN: costate-opt %s --fuse-graph-to-kernel | FileCheck %s
// RUN: costate-opt %s --fuse-graph-to-kernel -verify-diagnostics -o /dev/null

// Index maps leave nothing behind: the load has the index. Extents are arguments, unless static and small.
// CHECK-LABEL: kernel.define @negate(
// CHECK-SAME: %[[N:.*]]: index, %[[X:.*]]: !kernel.buffer<8x?xf32>) -> (!kernel.buffer<?x3xf32>)
// CHECK: kernel.stage "negate" (%[[I:.*]] < %[[N]], %[[J:.*]] < 3) : f32
// CHECK: %[[P:.*]] = arith.addi %[[J]], %{{.*}} : index
// CHECK: %[[V:.*]] = kernel.load %[[X]][%[[P]], %[[I]]]
// CHECK: arith.negf %[[V]]

// CHECK-LABEL: func.func @maps
// CHECK: %[[D:.*]] = tensor.dim
// CHECK: kernel.call @negate(%[[D]], %{{.*}}) {fuse.extents = [#graph.dim<n>, unit], graph.dims = {{\[\[}}#graph.dim<n>, #graph.dim<3>]]} : (index, tensor<8x?xf32>) -> tensor<?x3xf32>

// Sums along rows: sixteen lanes, then the rest, then the lanes pairwise.
// CHECK-LABEL: kernel.define @reduce_sum(
// CHECK: kernel.stage "reduce_sum_lanes" (%{{.*}} < %{{.*}}, %[[L:.*]] < 16) : f32
// CHECK: kernel.update (%[[I:.*]], %[[L:.*]]) over (%[[R:.*]] < 2) {
// CHECK: %[[M:.*]] = arith.muli %[[R]], %{{.*}}
// CHECK: %[[A:.*]] = arith.addi %[[M]], %[[L]]
// CHECK: kernel.load %{{.*}}[%[[I]], %[[A]]]
// CHECK: kernel.update (%[[I:.*]], %[[L:.*]]) over (%{{.*}} < 1) {
// CHECK: kernel.write %{{.*}} at [%[[I]], %[[L]]] if %{{.*}} : f32
// CHECK: kernel.stage "reduce_sum" (
// CHECK-COUNT-15: arith.addf

// Over several axes: slice by slice of the first one that has more than one element, if there may be many terms.
// CHECK-LABEL: kernel.define @dot_general(
// CHECK: kernel.stage "dot_general_slices" (%[[R:.*]] < %{{.*}}, %[[I:.*]] < 13, %[[J:.*]] < 37) : f32
// CHECK: kernel.update (%[[R:.*]], %[[I:.*]], %[[J:.*]]) over (%[[K:.*]] < 8) contract {
// CHECK: kernel.load %{{.*}}[%[[R]], %[[K]], %[[I]]]
// CHECK: kernel.load %{{.*}}[%[[R]], %[[K]], %[[J]]]
// CHECK: kernel.stage "dot_general" (%{{.*}} < 13, %{{.*}} < 37) : f32
// CHECK: kernel.update (%[[I:.*]], %[[J:.*]]) over (%[[R:.*]] < %{{.*}}) {
// CHECK: kernel.load %dot_general_slices[%[[R]], %[[I]], %[[J]]]
// CHECK-LABEL: kernel.define @reduce_sum_0(
// CHECK: kernel.stage "reduce_sum_slices" (%{{.*}} < 8, %{{.*}} < 3) : f32
// CHECK: kernel.update (%[[R:.*]], %[[I:.*]]) over (%[[Z:.*]] < 1, %[[K:.*]] < 64) {
// CHECK: kernel.load %{{.*}}[%[[Z]], %[[R]], %[[K]], %[[I]]]
// CHECK-LABEL: kernel.define @reduce_sum_1(
// CHECK-NOT: slices
// CHECK: kernel.update (%{{.*}}) over (%{{.*}} < 8, %{{.*}} < 63) {
// CHECK-LABEL: kernel.define @reduce_sum_2(
// CHECK-NOT: slices
// CHECK: kernel.update (%{{.*}}) over (%{{.*}} < %{{.*}}, %{{.*}} < 7) {

// Of all elements of a matrix: parts of the first axis, each with its lanes. A short matrix is one part, and so is each of many sums.
// CHECK-LABEL: kernel.define @reduce_sum_3(
// CHECK: kernel.stage "reduce_sum_lanes" (%{{.*}} < 16, %{{.*}} < 16) : f32
// CHECK: kernel.update (%[[P:.*]], %[[L:.*]]) over (%[[R:.*]] < 7, %[[S:.*]] < 2) {
// CHECK: %[[M:.*]] = arith.muli %[[P]], %{{.*}}
// CHECK: %[[A:.*]] = arith.addi %[[M]], %[[R]]
// CHECK: %[[I:.*]] = arith.cmpi slt, %[[A]], %c100
// CHECK: kernel.write %{{.*}} at [%[[P]], %[[L]]] if %[[I]]
// CHECK: kernel.update (%[[P:.*]], %[[L:.*]]) over (%[[R:.*]] < 7, %{{.*}} < 1) {
// CHECK: %[[M:.*]] = arith.muli %[[P]], %{{.*}}
// CHECK: %[[A:.*]] = arith.addi %[[M]], %[[R]]
// CHECK: %[[I:.*]] = arith.cmpi slt, %[[A]], %c100
// CHECK: arith.select %[[I]], %{{.*}}, %{{.*}} : f32
// CHECK: kernel.write %{{.*}} at [%[[P]], %[[L]]] if
// CHECK: kernel.stage "reduce_sum_parts" (%{{.*}} < 16) : f32
// CHECK-LABEL: kernel.define @reduce_sum_4(
// CHECK: kernel.stage "reduce_sum_lanes" (%{{.*}} < 16) : f32
// CHECK-LABEL: kernel.define @reduce_sum_5(
// CHECK: kernel.stage "reduce_sum_lanes" (%{{.*}} < 17, %{{.*}} < 16) : f32

// Fewer than 32: in order.
// CHECK-LABEL: kernel.define @reduce_max(
// CHECK: kernel.stage "reduce_max" (%{{.*}} < 4) : f32
// CHECK: arith.constant 0xFF800000
// CHECK: kernel.update (%{{.*}}) over (%{{.*}} < 10) {
// CHECK: arith.maximumf

// Places that are known to lie on their axis are not asked for it. One of the second table is not; nothing is known of an argument.
// CHECK-LABEL: kernel.define @gather(
// CHECK-NOT: arith.select
// CHECK-LABEL: kernel.define @gather_6(
// CHECK: arith.select
// CHECK-LABEL: kernel.define @gather_7(
// CHECK: arith.select

func.func @maps(%x: tensor<8x?xf32> {graph.dims = [#graph.dim<8>, #graph.dim<n>]}) -> tensor<?x3xf32> {
  %t = graph.transpose %x permutation [1, 0] : tensor<8x?xf32> -> tensor<?x8xf32>
  %s = graph.slice %t starts [0, 2] sizes [n, 3] strides [1, 1] : tensor<?x8xf32> -> tensor<?x3xf32>
  %y = graph.negate %s {fuse.kernel = 0 : i64} : tensor<?x3xf32>
  return %y : tensor<?x3xf32>
}

func.func @rows(%x: tensor<?x40xf32> {graph.dims = [#graph.dim<n>, #graph.dim<40>]}) -> tensor<?xf32> {
  %s = graph.reduce_sum %x axes [1] {fuse.kernel = 1 : i64} : tensor<?x40xf32> -> tensor<?xf32>
  return %s : tensor<?xf32>
}

func.func @slices(%x: tensor<?x8x13xf32> {graph.dims = [#graph.dim<n>, #graph.dim<8>, #graph.dim<13>]},
                  %y: tensor<?x8x37xf32> {graph.dims = [#graph.dim<n>, #graph.dim<8>, #graph.dim<37>]}, %u: tensor<1x8x64x3xf32>, %v: tensor<8x63x3xf32>,
                  %w: tensor<?x7x3xf32> {graph.dims = [#graph.dim<n>, #graph.dim<7>, #graph.dim<3>]})
    -> (tensor<13x37xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>) {
  %p = graph.dot_general %x, %y contracting [0, 1] x [0, 1] {fuse.kernel = 2 : i64} : tensor<?x8x13xf32>, tensor<?x8x37xf32> -> tensor<13x37xf32>
  %q = graph.reduce_sum %u axes [0, 1, 2] {fuse.kernel = 3 : i64} : tensor<1x8x64x3xf32> -> tensor<3xf32>
  %r = graph.reduce_sum %v axes [0, 1] {fuse.kernel = 4 : i64} : tensor<8x63x3xf32> -> tensor<3xf32>
  %s = graph.reduce_sum %w axes [0, 1] {fuse.kernel = 5 : i64} : tensor<?x7x3xf32> -> tensor<3xf32>
  return %p, %q, %r, %s : tensor<13x37xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>
}

func.func @parts(%x: tensor<100x44xf32>, %y: tensor<100x40xf32>, %z: tensor<17x100x44xf32>) -> (tensor<f32>, tensor<f32>, tensor<17xf32>) {
  %s = graph.reduce_sum %x axes [0, 1] {fuse.kernel = 20 : i64} : tensor<100x44xf32> -> tensor<f32>
  %t = graph.reduce_sum %y axes [0, 1] {fuse.kernel = 21 : i64} : tensor<100x40xf32> -> tensor<f32>
  %u = graph.reduce_sum %z axes [1, 2] {fuse.kernel = 22 : i64} : tensor<17x100x44xf32> -> tensor<17xf32>
  return %s, %t, %u : tensor<f32>, tensor<f32>, tensor<17xf32>
}

func.func @short(%x: tensor<4x10xf32>) -> tensor<4xf32> {
  %s = graph.reduce_max %x axes [1] {fuse.kernel = 6 : i64} : tensor<4x10xf32> -> tensor<4xf32>
  return %s : tensor<4xf32>
}

func.func @places(%x: tensor<8x4xf32>, %i: tensor<3xi32>) -> (tensor<3x4xf32>, tensor<3x4xf32>, tensor<3x4xf32>) {
  %number = graph.iota axis 0 shape [3] : tensor<3xi32>
  %first = graph.constant dense<[0, 5, 2]> : tensor<3xi32>
  %inside = graph.add %first, %number : tensor<3xi32>
  %a = graph.gather %x, %inside batch_dims 0 {fuse.kernel = 7 : i64} : tensor<8x4xf32>, tensor<3xi32> -> tensor<3x4xf32>
  %second = graph.constant dense<[0, 6, 2]> : tensor<3xi32>
  %outside = graph.add %second, %number : tensor<3xi32>
  %b = graph.gather %x, %outside batch_dims 0 {fuse.kernel = 8 : i64} : tensor<8x4xf32>, tensor<3xi32> -> tensor<3x4xf32>
  %c = graph.gather %x, %i batch_dims 0 {fuse.kernel = 9 : i64} : tensor<8x4xf32>, tensor<3xi32> -> tensor<3x4xf32>
  return %a, %b, %c : tensor<3x4xf32>, tensor<3x4xf32>, tensor<3x4xf32>
}

// What reports keeps its order where a value moves down to its kernel.
// CHECK-LABEL: func.func @reports
// CHECK: %[[Y:.*]]:2 = kernel.call
// CHECK: report.print "late" %[[Y]]#0
// CHECK: report.print "early" %{{.*}}
// CHECK: return %[[Y]]#1
func.func @reports(%x: tensor<4xf32>) -> tensor<4xf32> {
  %y = graph.negate %x {fuse.kernel = 3 : i64} : tensor<4xf32>
  report.print "late" %y : tensor<4xf32>
  report.print "early" %x : tensor<4xf32>
  %z = graph.abs %y {fuse.kernel = 3 : i64} : tensor<4xf32>
  return %z : tensor<4xf32>
}

// What reads the same large array runs one after the other, as far as it does not wait for anything else.
// CHECK-LABEL: func.func @readers
// CHECK: %[[Y:.*]] = kernel.call @negate{{.*}}(%{{.*}}, %[[X:.*]]) {{.*}} -> tensor<2000000xf32>
// CHECK-NEXT: kernel.call @cosine{{.*}}(%{{.*}}, %[[X]])
// CHECK-NEXT: kernel.call @abs{{.*}}(%{{.*}}, %[[Y]])
// CHECK-NEXT: kernel.call @exponential
// CHECK-NEXT: kernel.call @add
func.func @readers(%x: tensor<2000000xf32>, %z: tensor<4xf32>) -> (tensor<2000000xf32>, tensor<2000000xf32>, tensor<2000000xf32>) {
  %y = graph.negate %x {fuse.kernel = 10 : i64} : tensor<2000000xf32>
  %e = graph.exponential %z {fuse.kernel = 11 : i64} : tensor<4xf32>
  %c = graph.cosine %x {fuse.kernel = 12 : i64} : tensor<2000000xf32>
  %h = graph.broadcast_in_dim %e dims [1] shape [500000, 4] : tensor<4xf32> -> tensor<500000x4xf32>
  %i = graph.reshape %h shape [2000000] : tensor<500000x4xf32> -> tensor<2000000xf32>
  %s = graph.add %y, %i {fuse.kernel = 13 : i64} : tensor<2000000xf32>
  %a = graph.abs %y {fuse.kernel = 14 : i64} : tensor<2000000xf32>
  return %c, %s, %a : tensor<2000000xf32>, tensor<2000000xf32>, tensor<2000000xf32>
}

// A C function of the program: small integers as C passes them, scalars by value, results and extents as for those of the runtime.
// CHECK-LABEL: func.func @program
// CHECK: %[[N:.*]] = tensor.dim
// CHECK: %[[K:.*]] = tensor.extract %{{.*}}[] : tensor<f64>
// CHECK: %[[S:.*]] = arith.extsi %{{.*}} : i8 to i32
// CHECK: %[[U:.*]] = arith.extui %{{.*}} : i8 to i32
// CHECK: %[[Y:.*]]:2 = kernel.extern @extern.f(%{{.*}}, %[[K]], %[[S]], %[[U]]) extents(%[[N]]) sizes(%[[N]]) prototype "int32_t f()" {graph.dims = {{\[\[}}#graph.dim<n>, #graph.dim<2>], []]} : (tensor<?xf32>, f64, i32, i32) -> tensor<?x2xf32>, tensor<i64>
// CHECK: return %[[Y]]#0, %[[Y]]#1
func.func @program(%x: tensor<?xf32> {graph.dims = [#graph.dim<n>]}, %k: tensor<f64>, %s: tensor<i8>, %u: tensor<ui8>) -> (tensor<?x2xf32>, tensor<i64>) {
  %y:2 = graph.extern "f"(%x, %k, %s, %u) extents [n] shapes [[n, 2], []] prototype "int32_t f()"
      : (tensor<?xf32>, tensor<f64>, tensor<i8>, tensor<ui8>) -> (tensor<?x2xf32>, tensor<i64>)
  return %y#0, %y#1 : tensor<?x2xf32>, tensor<i64>
}
