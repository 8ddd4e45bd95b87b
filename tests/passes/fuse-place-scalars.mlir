// RUN: costate-opt %s --fuse-place-scalars | FileCheck %s

// CHECK-LABEL: func.func @arithmetic
// CHECK:      %[[X:.*]] = tensor.extract %{{.*}}[] : tensor<f32>
// CHECK:      %[[N:.*]] = tensor.dim
// CHECK:      %[[I:.*]] = arith.index_cast %[[N]] : index to i64
// CHECK:      %[[F:.*]] = arith.sitofp %[[I]] : i64 to f32
// CHECK:      %[[D:.*]] = arith.divf %[[X]], %[[F]]
// CHECK:      %[[T:.*]] = tensor.from_elements %[[D]]
// CHECK-NEXT: graph.broadcast_in_dim %[[T]]
// CHECK-NOT:  graph.divide
func.func @arithmetic(%x: tensor<f32>, %y: tensor<?xf32> {graph.dims = [#graph.dim<n>]}) -> tensor<?xf32> {
  %n = graph.extent <n> : tensor<i64>
  %f = graph.convert %n : tensor<i64> -> tensor<f32>
  %d = graph.divide %x, %f : tensor<f32>
  %b = graph.broadcast_in_dim %d dims [] shape [n] : tensor<f32> -> tensor<?xf32>
  %z = graph.multiply %y, %b : tensor<?xf32>
  return %z : tensor<?xf32>
}

// A full sum stays; it is read once.
// CHECK-LABEL: func.func @sum
// CHECK:      %[[S:.*]] = graph.reduce_sum
// CHECK-NEXT: %[[E:.*]] = tensor.extract %[[S]][]
// CHECK-NEXT: %[[R:.*]] = math.sqrt %[[E]]
// CHECK-NOT:  tensor.extract
func.func @sum(%x: tensor<8xf32>) -> (tensor<f32>, tensor<f32>) {
  %s = graph.reduce_sum %x axes [0] : tensor<8xf32> -> tensor<f32>
  %r = graph.sqrt %s : tensor<f32>
  %q = graph.add %r, %s : tensor<f32>
  return %r, %q : tensor<f32>, tensor<f32>
}

// CHECK-LABEL: func.func @carry
// CHECK: scf.for {{.*}} iter_args(%[[C:.*]] = %{{.*}}) -> (f32)
// CHECK-NEXT: %[[D:.*]] = arith.addf %[[C]], %[[C]] : f32
// CHECK-NEXT: scf.yield %[[D]] : f32
func.func @carry(%x: tensor<f32>, %n: index) -> tensor<f32> {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %y = scf.for %k = %zero to %n step %one iter_args(%c = %x) -> tensor<f32> {
    %d = graph.add %c, %c : tensor<f32>
    scf.yield %d : tensor<f32>
  }
  return %y : tensor<f32>
}

// A branch that nothing wants goes with all that is in it. (Whether what is erased is looked at again, valgrind tells, not this test.)
// CHECK-LABEL: func.func @dead
// CHECK-NEXT: return
func.func @dead(%x: tensor<f32>, %c: i1) -> tensor<f32> {
  %y = scf.if %c -> tensor<f32> {
    %d = graph.add %x, %x : tensor<f32>
    %e = graph.exponential %d : tensor<f32>
    scf.yield %e : tensor<f32>
  } else {
    scf.yield %x : tensor<f32>
  }
  return %x : tensor<f32>
}
