// RUN: costate-opt %s --differentiate-expand-requests --canonicalize --cse -split-input-file | FileCheck %s

// The value, then the adjoint; the private function is gone.
// CHECK-LABEL: func.func @product
// CHECK-SAME:    (%[[X:.*]]: tensor<?x4xf32> {{.*}}, %[[W:.*]]: tensor<4x2xf32>, %[[CT:.*]]: tensor<?x2xf32>
// CHECK-NEXT:    %[[Y:.*]] = graph.dot_general %[[X]], %[[W]] contracting [1] x [0]
// CHECK-NEXT:    %[[D:.*]] = graph.dot_general %[[CT]], %[[X]] contracting [0] x [0] : tensor<?x2xf32>, tensor<?x4xf32> -> tensor<2x4xf32>
// CHECK-NEXT:    %[[DW:.*]] = graph.transpose %[[D]] permutation [1, 0]
// CHECK-NEXT:    return %[[Y]], %[[DW]]
// CHECK-NOT:   func.func
func.func @product(%x: tensor<?x4xf32> {graph.dims = [#graph.dim<batch>, #graph.dim<4>]}, %w: tensor<4x2xf32>,
                   %ct: tensor<?x2xf32> {graph.dims = [#graph.dim<batch>, #graph.dim<2>]}) -> (tensor<?x2xf32>, tensor<4x2xf32>) {
  %y, %dw = graph.vjp @f(%x, %w) wrt [1] from(%ct)
      : (tensor<?x4xf32>, tensor<4x2xf32>, tensor<?x2xf32>) -> (tensor<?x2xf32>, tensor<4x2xf32>)
  return %y, %dw : tensor<?x2xf32>, tensor<4x2xf32>
}
func.func private @f(%x: tensor<?x4xf32> {graph.dims = [#graph.dim<n>, #graph.dim<4>]}, %w: tensor<4x2xf32>) -> tensor<?x2xf32> {
  %y = graph.dot_general %x, %w contracting [1] x [0] : tensor<?x4xf32>, tensor<4x2xf32> -> tensor<?x2xf32>
  return %y : tensor<?x2xf32>
}

// -----

// The derivative of a derivative: d2/dx2 x^3 = 6 x, by reverse over reverse and by forward over reverse.
// CHECK-LABEL: func.func @second
// CHECK-NOT:     graph.vjp
// CHECK-NOT:     call
// CHECK:         return
func.func @second(%x: tensor<f64>) -> (tensor<f64>, tensor<f64>) {
  %one = graph.constant dense<1.0> : tensor<f64>
  %d, %dd = graph.vjp @slope(%x) wrt [0] from(%one) : (tensor<f64>, tensor<f64>) -> (tensor<f64>, tensor<f64>)
  %e, %ee = graph.jvp @slope(%x) along [0](%one) : (tensor<f64>, tensor<f64>) -> (tensor<f64>, tensor<f64>)
  return %dd, %ee : tensor<f64>, tensor<f64>
}
func.func private @slope(%x: tensor<f64>) -> tensor<f64> {
  %one = graph.constant dense<1.0> : tensor<f64>
  %y, %d = graph.vjp @cube(%x) wrt [0] from(%one) : (tensor<f64>, tensor<f64>) -> (tensor<f64>, tensor<f64>)
  return %d : tensor<f64>
}
func.func private @cube(%x: tensor<f64>) -> tensor<f64> {
  %s = graph.multiply %x, %x : tensor<f64>
  %y = graph.multiply %s, %x : tensor<f64>
  return %y : tensor<f64>
}

// -----

// All leaves of a parameter set are packed once; a tied leaf adds to the leaf it shares.
// CHECK-LABEL: func.func @leaves
// CHECK:         %[[SUM:.*]] = graph.add
// CHECK:         graph.pack @p leaves ["a"](%[[SUM]])
// CHECK-NOT:     graph.pack
optim.arena @p : f32 {
  optim.leaf "a" [3]
  optim.leaf "b" [2]
  optim.leaf "c" [3] tied "a"
}
func.func @leaves(%p: tensor<32xf32>, %u: tensor<3xf32>, %v: tensor<3xf32>) -> tensor<32xf32> {
  %one = graph.constant dense<1.0> : tensor<f32>
  %y, %d = graph.vjp @f(%p, %u, %v) wrt [0] from(%one)
      : (tensor<32xf32>, tensor<3xf32>, tensor<3xf32>, tensor<f32>) -> (tensor<f32>, tensor<32xf32>)
  return %d : tensor<32xf32>
}
func.func private @f(%p: tensor<32xf32>, %u: tensor<3xf32>, %v: tensor<3xf32>) -> tensor<f32> {
  %a = graph.leaf %p[@p::@a] : tensor<32xf32> -> tensor<3xf32>
  %c = graph.leaf %p[@p::@c] : tensor<32xf32> -> tensor<3xf32>
  %au = graph.multiply %a, %u : tensor<3xf32>
  %cv = graph.multiply %c, %v : tensor<3xf32>
  %s = graph.add %au, %cv : tensor<3xf32>
  %y = graph.reduce_sum %s axes [0] : tensor<3xf32> -> tensor<f32>
  return %y : tensor<f32>
}

// -----

// A loop records its carry; the adjoint runs backward. The captured %w gets its sum.
// CHECK-LABEL: func.func @loop
// CHECK:         scf.for {{.*}} iter_args(%{{.*}} = %{{.*}}, %{{.*}} = %{{.*}}) -> (tensor<4xf64>, tensor<5x4xf64>)
// CHECK:           graph.dynamic_update_slice
// CHECK:         scf.for {{.*}} iter_args(%{{.*}} = %{{.*}}, %{{.*}} = %{{.*}}) -> (tensor<4xf64>, tensor<4xf64>)
// CHECK:           graph.dynamic_slice
func.func @loop(%x: tensor<4xf64>, %w: tensor<4xf64>, %ct: tensor<4xf64>) -> (tensor<4xf64>, tensor<4xf64>, tensor<4xf64>) {
  %y, %dx, %dw = graph.vjp @f(%x, %w) wrt [0, 1] from(%ct)
      : (tensor<4xf64>, tensor<4xf64>, tensor<4xf64>) -> (tensor<4xf64>, tensor<4xf64>, tensor<4xf64>)
  return %y, %dx, %dw : tensor<4xf64>, tensor<4xf64>, tensor<4xf64>
}
func.func private @f(%x: tensor<4xf64>, %w: tensor<4xf64>) -> tensor<4xf64> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c5 = arith.constant 5 : index
  %y = scf.for %i = %c0 to %c5 step %c1 iter_args(%h = %x) -> tensor<4xf64> {
    %a = graph.multiply %h, %w : tensor<4xf64>
    %t = graph.sine %a : tensor<4xf64>
    scf.yield %t : tensor<4xf64>
  }
  return %y : tensor<4xf64>
}

// -----

// A while loop with a bound, and a branch inside. It counts its trips in a tensor, which may differ from lane to lane; so does the adjoint.
// CHECK-LABEL: func.func @bounded
// CHECK:         %[[FORWARD:.*]]:3 = scf.while {{.*}} : (tensor<f64>, tensor<i64>, tensor<20xf64>)
// CHECK:         graph.max_trips = 20
// CHECK:         %[[LAST:.*]] = graph.subtract %[[FORWARD]]#1,
// CHECK:         scf.while
// CHECK:           graph.compare LT, %{{.*}}, %[[FORWARD]]#1
// CHECK:           graph.subtract %[[LAST]],
// CHECK:           graph.dynamic_slice %[[FORWARD]]#2
// CHECK:           scf.if
// CHECK:         graph.max_trips = 20
func.func @bounded(%x: tensor<f64>, %ct: tensor<f64>) -> (tensor<f64>, tensor<f64>) {
  %y, %dx = graph.vjp @f(%x) wrt [0] from(%ct) : (tensor<f64>, tensor<f64>) -> (tensor<f64>, tensor<f64>)
  return %y, %dx : tensor<f64>, tensor<f64>
}
func.func private @f(%x: tensor<f64>) -> tensor<f64> {
  %ten = graph.constant dense<10.0> : tensor<f64>
  %two = graph.constant dense<2.0> : tensor<f64>
  %y = scf.while (%h = %x) : (tensor<f64>) -> tensor<f64> {
    %p = graph.compare LT, %h, %ten : tensor<f64>
    %c = tensor.extract %p[] : tensor<i1>
    scf.condition(%c) %h : tensor<f64>
  } do {
  ^bb0(%h: tensor<f64>):
    %p = graph.compare LT, %h, %two : tensor<f64>
    %c = tensor.extract %p[] : tensor<i1>
    %n = scf.if %c -> tensor<f64> {
      %a = graph.multiply %h, %two : tensor<f64>
      scf.yield %a : tensor<f64>
    } else {
      %a = graph.multiply %h, %h : tensor<f64>
      scf.yield %a : tensor<f64>
    }
    scf.yield %n : tensor<f64>
  } attributes {graph.max_trips = 20 : i64}
  return %y : tensor<f64>
}

// -----

// A function with a rule is not looked into; forward mode is the transpose of the rule.
// CHECK-LABEL: func.func @rule
// CHECK-DAG:     graph.sign
// CHECK-NOT:     graph.exponential
// CHECK:         return
func.func @rule(%x: tensor<4xf32>, %t: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) {
  %y, %dx = graph.vjp @g(%x) wrt [0] from(%t) : (tensor<4xf32>, tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>)
  %z, %ty = graph.jvp @g(%x) along [0](%t) : (tensor<4xf32>, tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>)
  return %y, %dx, %ty : tensor<4xf32>, tensor<4xf32>, tensor<4xf32>
}
func.func private @g(%x: tensor<4xf32>) -> tensor<4xf32> {
  %y = func.call @ste(%x) : (tensor<4xf32>) -> tensor<4xf32>
  return %y : tensor<4xf32>
}
func.func private @ste(%x: tensor<4xf32>) -> tensor<4xf32> attributes {graph.vjp = @ste_rule} {
  %y = graph.sign %x : tensor<4xf32>
  return %y : tensor<4xf32>
}
func.func private @ste_rule(%x: tensor<4xf32>, %ct: tensor<4xf32>) -> tensor<4xf32> {
  %d = graph.multiply %ct, %x : tensor<4xf32>
  return %d : tensor<4xf32>
}

// -----

// Lanes: a shared matrix stays shared, the loop runs once for all.
// CHECK-LABEL: func.func @lanes
// CHECK:         graph.dot_general %{{.*}}, %{{.*}} contracting [1] x [0] : tensor<?x4xf32>, tensor<4x2xf32> -> tensor<?x2xf32>
// CHECK-NOT:     scf.for
func.func @lanes(%x: tensor<?x4xf32> {graph.dims = [#graph.dim<n>, #graph.dim<4>]}, %w: tensor<4x2xf32>) -> tensor<?x2xf32> {
  %y = graph.map @f(%x, %w) over [true, false] size [n] axis "rows" : (tensor<?x4xf32>, tensor<4x2xf32>) -> tensor<?x2xf32>
  return %y : tensor<?x2xf32>
}
func.func private @f(%x: tensor<4xf32>, %w: tensor<4x2xf32>) -> tensor<2xf32> {
  %y = graph.dot_general %x, %w contracting [0] x [0] : tensor<4xf32>, tensor<4x2xf32> -> tensor<2xf32>
  return %y : tensor<2xf32>
}

// -----

// Per-sample gradients: map of a vjp.
// CHECK-LABEL: func.func @per_sample
// CHECK-NOT:     graph.map
// CHECK:         return
func.func @per_sample(%x: tensor<?x4xf32> {graph.dims = [#graph.dim<n>, #graph.dim<4>]}, %w: tensor<4xf32>) -> tensor<?x4xf32> {
  %y = graph.map @g(%x, %w) over [true, false] size [n] : (tensor<?x4xf32>, tensor<4xf32>) -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}
func.func private @g(%x: tensor<4xf32>, %w: tensor<4xf32>) -> tensor<4xf32> {
  %one = graph.constant dense<1.0> : tensor<f32>
  %l, %d = graph.vjp @loss(%x, %w) wrt [1] from(%one) : (tensor<4xf32>, tensor<4xf32>, tensor<f32>) -> (tensor<f32>, tensor<4xf32>)
  return %d : tensor<4xf32>
}
func.func private @loss(%x: tensor<4xf32>, %w: tensor<4xf32>) -> tensor<f32> {
  %s = graph.dot_general %x, %w contracting [0] x [0] : tensor<4xf32>, tensor<4xf32> -> tensor<f32>
  %y = graph.tanh %s : tensor<f32>
  return %y : tensor<f32>
}

// -----

// An entry that a request names is an entry, too, and comes before it here: its stop_gradient holds for both.
// CHECK-LABEL: func.func @named
// CHECK-NOT:     stop_gradient
// CHECK-LABEL: func.func @names
// CHECK-SAME:    (%[[X:.*]]: tensor<f64>, %[[CT:.*]]: tensor<f64>)
// CHECK:         %[[D:.*]] = graph.multiply %[[CT]], %[[X]]
// CHECK-NEXT:    return %[[D]]
func.func @named(%x: tensor<f64>) -> tensor<f64> {
  %s = graph.stop_gradient %x : tensor<f64>
  %y = graph.multiply %x, %s : tensor<f64>
  return %y : tensor<f64>
}
func.func @names(%x: tensor<f64>, %ct: tensor<f64>) -> tensor<f64> {
  %y, %dx = graph.vjp @named(%x) wrt [0] from(%ct) : (tensor<f64>, tensor<f64>) -> (tensor<f64>, tensor<f64>)
  return %dx : tensor<f64>
}

// -----

// A loop reads a row of %a a trip: its adjoint adds a row to the cotangent of %a, in place, and no array of zeros.
// CHECK-LABEL: func.func @rows
// CHECK:         scf.for {{.*}} iter_args(%{{.*}} = %{{.*}}, %{{.*}} = %{{.*}}) -> (tensor<4xf64>, tensor<3x4xf64>)
// CHECK:         scf.for {{.*}} iter_args(%{{.*}} = %{{.*}}, %[[SUM:.*]] = %{{.*}}) -> (tensor<4xf64>, tensor<3x4xf64>)
// CHECK:           %[[ROW:.*]] = graph.dynamic_slice %[[SUM]]
// CHECK:           %[[MORE:.*]] = graph.add %[[ROW]], %{{.*}} : tensor<1x4xf64>
// CHECK:           %[[NEXT:.*]] = graph.dynamic_update_slice %[[SUM]], %[[MORE]]
// CHECK-NEXT:      scf.yield %{{.*}}, %[[NEXT]]
func.func @rows(%x: tensor<4xf64>, %a: tensor<3x4xf64>, %ct: tensor<4xf64>) -> tensor<3x4xf64> {
  %y, %da = graph.vjp @f(%x, %a) wrt [1] from(%ct) : (tensor<4xf64>, tensor<3x4xf64>, tensor<4xf64>) -> (tensor<4xf64>, tensor<3x4xf64>)
  return %da : tensor<3x4xf64>
}
func.func private @f(%x: tensor<4xf64>, %a: tensor<3x4xf64>) -> tensor<4xf64> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c3 = arith.constant 3 : index
  %zero = graph.constant dense<0> : tensor<i64>
  %y = scf.for %i = %c0 to %c3 step %c1 iter_args(%h = %x) -> tensor<4xf64> {
    %n = arith.index_cast %i : index to i64
    %k = tensor.from_elements %n : tensor<i64>
    %b = graph.dynamic_slice %a[%k, %zero] sizes [1, 4] : tensor<3x4xf64>, tensor<i64>, tensor<i64> -> tensor<1x4xf64>
    %r = graph.reshape %b shape [4] : tensor<1x4xf64> -> tensor<4xf64>
    %t = graph.multiply %h, %r : tensor<4xf64>
    scf.yield %t : tensor<4xf64>
  }
  return %y : tensor<4xf64>
}

// -----

// What a function reports it reports once, when its values are computed: not in the sweep backward, which computes trips again.
// CHECK-LABEL: func.func @reports
// CHECK:         scf.for
// CHECK:           report.print "h"
// CHECK:           report.require
// CHECK:         scf.for
// CHECK-NOT:     report
// CHECK:         return
func.func @reports(%x: tensor<4xf64>, %holds: tensor<i1>, %ct: tensor<4xf64>) -> tensor<4xf64> {
  %y, %dx = graph.vjp @f(%x, %holds) wrt [0] from(%ct) : (tensor<4xf64>, tensor<i1>, tensor<4xf64>) -> (tensor<4xf64>, tensor<4xf64>)
  return %dx : tensor<4xf64>
}
func.func private @f(%x: tensor<4xf64>, %holds: tensor<i1>) -> tensor<4xf64> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c3 = arith.constant 3 : index
  %y = scf.for %i = %c0 to %c3 step %c1 iter_args(%h = %x) -> tensor<4xf64> {
    report.print "h" %h : tensor<4xf64>
    report.require %holds, "no" : tensor<i1>
    %t = graph.multiply %h, %h : tensor<4xf64>
    scf.yield %t : tensor<4xf64>
  }
  return %y : tensor<4xf64>
}

// -----

// In a function that is mapped, a requirement is one of all lanes, and what is shown are all lanes.
// CHECK-LABEL: func.func @lanes
// CHECK:         report.print "x" %{{.*}} : tensor<5x4xf64>
// CHECK:         %[[ALL:.*]] = graph.reduce_min %{{.*}} axes [0] : tensor<5xi1> -> tensor<i1>
// CHECK:         report.require %[[ALL]], "no" : tensor<i1>
func.func @lanes(%x: tensor<5x4xf64>, %limit: tensor<f64>) -> tensor<5xf64> {
  %y = graph.map @f(%x, %limit) over [true, false] size [5] : (tensor<5x4xf64>, tensor<f64>) -> tensor<5xf64>
  return %y : tensor<5xf64>
}
func.func private @f(%x: tensor<4xf64>, %limit: tensor<f64>) -> tensor<f64> {
  report.print "x" %x : tensor<4xf64>
  %s = graph.reduce_sum %x axes [0] : tensor<4xf64> -> tensor<f64>
  %holds = graph.compare LT, %s, %limit : tensor<f64>
  report.require %holds, "no" got %s, %limit : tensor<i1>, tensor<f64>, tensor<f64>
  return %s : tensor<f64>
}

// -----

// Ten trips, of which every fourth leaves its carry (isqrt(10) + 1), and one more place for what comes behind the last one. The adjoint goes
// through three segments: it records one in a tape of four, then goes back through it.
// CHECK-LABEL: func.func @segments
// CHECK:         %[[FORWARD:.*]]:2 = scf.for {{.*}} -> (tensor<4xf64>, tensor<4x4xf64>)
// CHECK:           graph.dynamic_update_slice
// CHECK:         {graph.tape = #graph.tape<sqrt>}
// CHECK:         scf.for %{{.*}} = %{{.*}} to %c3 step
// CHECK:           graph.dynamic_slice %[[FORWARD]]#1
// CHECK:           scf.for {{.*}} -> (tensor<4xf64>, tensor<4x4xf64>)
// CHECK:             graph.dynamic_update_slice
// CHECK:           {graph.max_trips = #graph.dim<4>}
// CHECK:           scf.for {{.*}} -> (tensor<4xf64>, tensor<4xf64>)
// CHECK:             graph.dynamic_slice
// CHECK:           {graph.max_trips = #graph.dim<4>}
func.func @segments(%x: tensor<4xf64>, %w: tensor<4xf64>, %ct: tensor<4xf64>) -> (tensor<4xf64>, tensor<4xf64>) {
  %y, %dx, %dw = graph.vjp @f(%x, %w) wrt [0, 1] from(%ct)
      : (tensor<4xf64>, tensor<4xf64>, tensor<4xf64>) -> (tensor<4xf64>, tensor<4xf64>, tensor<4xf64>)
  return %dx, %dw : tensor<4xf64>, tensor<4xf64>
}
func.func private @f(%x: tensor<4xf64>, %w: tensor<4xf64>) -> tensor<4xf64> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c10 = arith.constant 10 : index
  %y = scf.for %i = %c0 to %c10 step %c1 iter_args(%h = %x) -> tensor<4xf64> {
    %a = graph.multiply %h, %w : tensor<4xf64>
    %t = graph.sine %a : tensor<4xf64>
    scf.yield %t : tensor<4xf64>
  } {graph.tape = #graph.tape<sqrt>}
  return %y : tensor<4xf64>
}

// -----

// As many trips as an axis has elements: the tape has an extent made of its name.
// CHECK-LABEL: func.func @named_segments
// CHECK:         graph.broadcast_in_dim %{{.*}} dims [] shape [floordiv(max(0, n) + isqrt(max(0, n)) - 1, isqrt(max(0, n)) + 1) + 1, 4]
func.func @named_segments(%x: tensor<4xf64>, %w: tensor<?xf64> {graph.dims = [#graph.dim<n>]}, %ct: tensor<4xf64>) -> tensor<4xf64> {
  %y, %dx = graph.vjp @f(%x, %w) wrt [0] from(%ct) : (tensor<4xf64>, tensor<?xf64>, tensor<4xf64>) -> (tensor<4xf64>, tensor<4xf64>)
  return %dx : tensor<4xf64>
}
func.func private @f(%x: tensor<4xf64>, %w: tensor<?xf64> {graph.dims = [#graph.dim<n>]}) -> tensor<4xf64> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %n = graph.extent <n> : tensor<i64>
  %e = tensor.extract %n[] : tensor<i64>
  %high = arith.index_cast %e : i64 to index
  %y = scf.for %i = %c0 to %high step %c1 iter_args(%h = %x) -> tensor<4xf64> {
    %t = graph.sine %h : tensor<4xf64>
    scf.yield %t : tensor<4xf64>
  } {graph.tape = #graph.tape<sqrt>}
  return %y : tensor<4xf64>
}

// -----

// Without a tape nothing is recorded: each trip of the adjoint begins at the start of the loop, whose trips need not be known.
// CHECK-LABEL: func.func @again
// CHECK:         scf.for {{.*}} iter_args(%{{.*}} = %{{.*}}) -> (tensor<4xf64>)
// CHECK:           %[[START:.*]] = scf.for {{.*}} iter_args(%{{.*}} = %arg0) -> (tensor<4xf64>)
// CHECK:           {graph.tape = #graph.tape<none>}
// CHECK:           graph.cosine %[[START]]
// CHECK:         {graph.tape = #graph.tape<none>}
// CHECK-NOT:     graph.dynamic_slice
func.func @again(%x: tensor<4xf64>, %n: tensor<i64>, %ct: tensor<4xf64>) -> tensor<4xf64> {
  %y, %dx = graph.vjp @f(%x, %n) wrt [0] from(%ct) : (tensor<4xf64>, tensor<i64>, tensor<4xf64>) -> (tensor<4xf64>, tensor<4xf64>)
  return %dx : tensor<4xf64>
}
func.func private @f(%x: tensor<4xf64>, %n: tensor<i64>) -> tensor<4xf64> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %e = tensor.extract %n[] : tensor<i64>
  %high = arith.index_cast %e : i64 to index
  %y = scf.for %i = %c0 to %high step %c1 iter_args(%h = %x) -> tensor<4xf64> {
    %t = graph.sine %h : tensor<4xf64>
    scf.yield %t : tensor<4xf64>
  } {graph.tape = #graph.tape<none>}
  return %y : tensor<4xf64>
}

// -----

// A map that names its lanes answers what they ask of each other: a sum is one for all, and so is what is made of it; the counter of the loop is
// one, too.
// CHECK-LABEL: func.func @lanes
// CHECK:         scf.for {{.*}} -> (tensor<3x4xf64>, tensor<i64>)
// CHECK:           %[[SUM:.*]] = graph.reduce_sum %{{.*}} axes [0] : tensor<3x4xf64> -> tensor<4xf64>
// CHECK:           graph.sine %[[SUM]] : tensor<4xf64>
// CHECK:           graph.add %{{.*}}, %{{.*}} : tensor<i64>
// CHECK-NOT:     all_reduce
func.func @lanes(%x: tensor<3x4xf64>) -> (tensor<3x4xf64>, tensor<i64>) {
  %y, %n = graph.map @f(%x) over [true] size [3] axis "dp" replicated [false, true] : (tensor<3x4xf64>) -> (tensor<3x4xf64>, tensor<i64>)
  return %y, %n : tensor<3x4xf64>, tensor<i64>
}
func.func private @f(%x: tensor<4xf64>) -> (tensor<4xf64>, tensor<i64>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c10 = arith.constant 10 : index
  %one = graph.constant dense<1> : tensor<i64>
  %y:2 = scf.for %i = %c0 to %c10 step %c1 iter_args(%h = %x, %n = %one) -> (tensor<4xf64>, tensor<i64>) {
    %s = graph.all_reduce add %h over "dp" : tensor<4xf64>
    %t = graph.sine %s : tensor<4xf64>
    %a = graph.multiply %t, %h : tensor<4xf64>
    %m = graph.add %n, %one : tensor<i64>
    scf.yield %a, %m : tensor<4xf64>, tensor<i64>
  }
  return %y#0, %y#1 : tensor<4xf64>, tensor<i64>
}
