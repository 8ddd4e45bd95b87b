// RUN: costate-opt %s --fuse-bufferize 2>%t | FileCheck %s
// RUN: FileCheck %s --check-prefix=REMARK < %t

kernel.define @add(%n: index, %x: !kernel.buffer<?xf32>, %y: !kernel.buffer<?xf32>) -> (!kernel.buffer<?xf32>) stages {
  %z = kernel.stage "z" (%i0 < %n) : f32 {
    %a = kernel.load %x[%i0] : !kernel.buffer<?xf32>
    %b = kernel.load %y[%i0] : !kernel.buffer<?xf32>
    %v = arith.addf %a, %b : f32
    kernel.yield %v : f32
  }
  kernel.output %z : !kernel.buffer<?xf32>
}
kernel.define @reverse(%n: index, %x: !kernel.buffer<?xf32>) -> (!kernel.buffer<?xf32>) stages {
  %one = arith.constant 1 : index
  %last = arith.subi %n, %one : index
  %z = kernel.stage "z" (%i0 < %n) : f32 {
    %j = arith.subi %last, %i0 : index
    %a = kernel.load %x[%j] : !kernel.buffer<?xf32>
    kernel.yield %a : f32
  }
  kernel.output %z : !kernel.buffer<?xf32>
}
// A kernel that replaces an input is one of its own.
// CHECK: kernel.define @add_{{[0-9]+}}({{.*}}) -> (!kernel.buffer<?xf32> tied %{{.*}})

// The new state is computed in place, after the other reads of the old one; the temporary has its place in the workspace.
// CHECK-LABEL: func.func @step
// CHECK-SAME: (%[[S:.*]]: memref<?xf32> {{{.*}}}, %[[OUT:.*]]: memref<?xf32> {{{.*}}optim.role = "output"}, %[[WS:.*]]: memref<?xi8> {optim.role = "workspace"})
// CHECK: %[[T:.*]] = memref.view %[[WS]]
// CHECK: kernel.call @reverse(%{{.*}}, %[[S]]) outs(%[[T]])
// CHECK-NEXT: kernel.call @add(%{{.*}}, %[[T]], %[[S]]) outs(%[[OUT]])
// CHECK-NEXT: kernel.call @add_{{[0-9]+}}(%{{.*}}, %[[S]], %[[T]]) outs(%[[S]])
// CHECK-NEXT: return
// CHECK: func.func private @step.workspace_size(%[[N:.*]]: index {graph.dim_name = "n"}) -> index
func.func @step(%s: tensor<?xf32> {optim.role = "state", optim.name = "s", graph.dims = [#graph.dim<n>]})
    -> (tensor<?xf32> {optim.tied = 0 : i64}, tensor<?xf32> {optim.role = "output", optim.name = "o"}) attributes {optim.entry} {
  %zero = arith.constant 0 : index
  %n = tensor.dim %s, %zero : tensor<?xf32>
  %t = kernel.call @reverse(%n, %s) on loops {graph.dims = [[#graph.dim<n>]]} : (index, tensor<?xf32>) -> tensor<?xf32>
  %s1 = kernel.call @add(%n, %s, %t) on loops {graph.dims = [[#graph.dim<n>]]} : (index, tensor<?xf32>, tensor<?xf32>) -> tensor<?xf32>
  %o = kernel.call @add(%n, %t, %s) on loops {graph.dims = [[#graph.dim<n>]]} : (index, tensor<?xf32>, tensor<?xf32>) -> tensor<?xf32>
  return %s1, %o : tensor<?xf32>, tensor<?xf32>
}

// A kernel that reads other indices than it writes cannot be in place.
// REMARK: remark: copies 'tensor<?xf32>', because the kernel reads more of the old value than what it replaces
// CHECK-LABEL: func.func @reversed
// CHECK: kernel.call @reverse(%{{.*}}, %[[S:.*]]) outs(%[[T:.*]]) on
// CHECK-NEXT: memref.copy %[[T]], %[[S]]
func.func @reversed(%s: tensor<?xf32> {graph.dims = [#graph.dim<n>]}) -> (tensor<?xf32> {optim.tied = 0 : i64}) {
  %zero = arith.constant 0 : index
  %n = tensor.dim %s, %zero : tensor<?xf32>
  %t = kernel.call @reverse(%n, %s) on loops {graph.dims = [[#graph.dim<n>]]} : (index, tensor<?xf32>) -> tensor<?xf32>
  return %t : tensor<?xf32>
}

// Swapped states are set aside first.
// CHECK-LABEL: func.func @swap
// CHECK-SAME: (%[[A:.*]]: memref<4xf32>, %[[B:.*]]: memref<4xf32>, %[[WS:.*]]: memref<?xi8>
// CHECK-DAG: memref.copy %[[A]], %[[X:.*]] :
// CHECK-DAG: memref.copy %[[B]], %[[Y:.*]] :
// CHECK: memref.copy %[[Y]], %[[A]]
// CHECK: memref.copy %[[X]], %[[B]]
func.func @swap(%a: tensor<4xf32>, %b: tensor<4xf32>) -> (tensor<4xf32> {optim.tied = 0 : i64}, tensor<4xf32> {optim.tied = 1 : i64}) {
  return %b, %a : tensor<4xf32>, tensor<4xf32>
}

optim.arena @p : f32 {
  optim.leaf "a" [16]
  optim.leaf "b" [3]
}
// Packed leaves are computed in their place; what no leaf is given for is cleared, by a table of ranges.
// CHECK-LABEL: func.func @pack
// CHECK-SAME: (%[[X:.*]]: memref<16xf32>, %[[OUT:.*]]: memref<32xf32> {{.*}})
// CHECK: %[[A:.*]] = memref.reinterpret_cast %[[OUT]] to offset: [0], sizes: [16]
// CHECK: kernel.call @add(%{{.*}}, %[[X]], %[[X]]) outs(%[[A]])
// CHECK: %[[GAPS:.*]] = memref.get_global @[[TABLE:gaps.*]] : memref<1x2xi64>
// CHECK: scf.for
// CHECK: memref.load %[[GAPS]]
// CHECK: scf.for
// CHECK-NEXT: memref.store %{{.*}}, %[[OUT]]
// CHECK-NOT: memref.copy
// CHECK: return
func.func @pack(%x: tensor<16xf32>) -> (tensor<32xf32> {optim.role = "param", optim.name = "p"}) {
  %n = arith.constant 16 : index
  %t = kernel.call @add(%n, %x, %x) on loops {graph.dims = [[#graph.dim<16>]]} : (index, tensor<16xf32>, tensor<16xf32>) -> tensor<16xf32>
  %p = graph.pack @p leaves ["a"](%t) : (tensor<16xf32>) -> tensor<32xf32>
  return %p : tensor<32xf32>
}

// Values that are needed at once lie side by side in the workspace.
// CHECK-LABEL: func.func @workspace
// CHECK-SAME: (%[[A:[^:]*]]: memref<16xf32>, %[[OUT:[^:]*]]: memref<16xf32> {{.*}}, %[[WS:[^:]*]]: memref<?xi8>
// CHECK-DAG: %[[ZERO:.*]] = arith.constant 0 : index
// CHECK-DAG: %[[SECOND:.*]] = arith.constant 64 : index
// CHECK-DAG: %[[X:.*]] = memref.view %[[WS]][%[[SECOND]]]
// CHECK-DAG: %[[Y:.*]] = memref.view %[[WS]][%[[ZERO]]]
// CHECK: kernel.call @reverse(%{{.*}}, %[[A]]) outs(%[[X]])
// CHECK: kernel.call @add(%{{.*}}, %[[X]], %[[A]]) outs(%[[Y]])
// CHECK: kernel.call @add(%{{.*}}, %[[X]], %[[Y]]) outs(%[[OUT]])
// CHECK: func.func private @workspace.workspace_size
// CHECK-NEXT: %[[BYTES:.*]] = arith.constant 128 : index
func.func @workspace(%a: tensor<16xf32>) -> (tensor<16xf32> {optim.role = "output", optim.name = "o"}) attributes {optim.entry} {
  %n = arith.constant 16 : index
  %x = kernel.call @reverse(%n, %a) on loops {graph.dims = [[#graph.dim<16>]]} : (index, tensor<16xf32>) -> tensor<16xf32>
  %y = kernel.call @add(%n, %x, %a) on loops {graph.dims = [[#graph.dim<16>]]} : (index, tensor<16xf32>, tensor<16xf32>) -> tensor<16xf32>
  %z = kernel.call @add(%n, %x, %y) on loops {graph.dims = [[#graph.dim<16>]]} : (index, tensor<16xf32>, tensor<16xf32>) -> tensor<16xf32>
  return %z : tensor<16xf32>
}

optim.arena @layout : f32 {
  optim.leaf "late" [3] {group = 1 : i64}
  optim.leaf "still" [16] {frozen}
  optim.leaf "first" [16]
  optim.leaf "same" [16] tied "first"
  optim.leaf "last" [16] {frozen, group = 1 : i64}
}
// A group is one range of an arena, frozen leaves last in theirs; a tied leaf lies where the other one does. Leaves are aligned to 64 bytes.
// CHECK-LABEL: func.func @layout_of_leaves
// CHECK-DAG: %[[STILL:.*]] = memref.reinterpret_cast %{{.*}} to offset: [16], sizes: [16]
// CHECK-DAG: %[[FIRST:.*]] = memref.reinterpret_cast %{{.*}} to offset: [0], sizes: [16]
// CHECK-DAG: %[[LAST:.*]] = memref.reinterpret_cast %{{.*}} to offset: [48], sizes: [16]
// CHECK-DAG: %[[LATE:.*]] = memref.reinterpret_cast %{{.*}} to offset: [32], sizes: [3]
// CHECK: kernel.call @add(%{{.*}}, %[[STILL]], %[[FIRST]])
// CHECK: kernel.call @add(%{{.*}}, %[[FIRST]], %[[LAST]])
// CHECK: kernel.call @add(%{{.*}}, %[[LATE]], %[[LATE]])
func.func @layout_of_leaves(%p: tensor<64xf32> {optim.role = "param", optim.name = "p"}) -> (tensor<16xf32>, tensor<16xf32>, tensor<3xf32>) {
  %n = arith.constant 16 : index
  %three = arith.constant 3 : index
  %a = graph.leaf %p[@layout::@still] : tensor<64xf32> -> tensor<16xf32>
  %b = graph.leaf %p[@layout::@first] : tensor<64xf32> -> tensor<16xf32>
  %c = graph.leaf %p[@layout::@same] : tensor<64xf32> -> tensor<16xf32>
  %d = graph.leaf %p[@layout::@last] : tensor<64xf32> -> tensor<16xf32>
  %e = graph.leaf %p[@layout::@late] : tensor<64xf32> -> tensor<3xf32>
  %x = kernel.call @add(%n, %a, %b) on loops {graph.dims = [[#graph.dim<16>]]} : (index, tensor<16xf32>, tensor<16xf32>) -> tensor<16xf32>
  %y = kernel.call @add(%n, %c, %d) on loops {graph.dims = [[#graph.dim<16>]]} : (index, tensor<16xf32>, tensor<16xf32>) -> tensor<16xf32>
  %z = kernel.call @add(%three, %e, %e) on loops {graph.dims = [[#graph.dim<3>]]} : (index, tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
  return %x, %y, %z : tensor<16xf32>, tensor<16xf32>, tensor<3xf32>
}

// Each branch replaces the parameter in place, or leaves it.
// CHECK-LABEL: func.func @branch
// CHECK: scf.if
// CHECK-NEXT: kernel.call @add_{{[0-9]+}}(%{{.*}}, %[[S:.*]], %{{.*}}) outs(%[[S]])
// CHECK-NOT: memref.copy
// CHECK: return
func.func @branch(%s: tensor<8xf32>, %g: tensor<8xf32>, %p: i1) -> (tensor<8xf32> {optim.tied = 0 : i64}) {
  %n = arith.constant 8 : index
  %r = scf.if %p -> tensor<8xf32> {
    %t = kernel.call @add(%n, %s, %g) on loops {graph.dims = [[#graph.dim<8>]]} : (index, tensor<8xf32>, tensor<8xf32>) -> tensor<8xf32>
    scf.yield %t : tensor<8xf32>
  } else {
    scf.yield %s : tensor<8xf32>
  }
  return %r : tensor<8xf32>
}

// A loop updates the parameter where it is.
// CHECK-LABEL: func.func @loop
// CHECK: scf.for
// CHECK-NEXT: kernel.call @add_{{[0-9]+}}(%{{.*}}, %[[S:.*]], %{{.*}}) outs(%[[S]])
// CHECK-NOT: memref.copy
// CHECK: return
func.func @loop(%s: tensor<8xf32>, %g: tensor<8xf32>, %m: index) -> (tensor<8xf32> {optim.tied = 0 : i64}) {
  %n = arith.constant 8 : index
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %r = scf.for %i = %zero to %m step %one iter_args(%c = %s) -> tensor<8xf32> {
    %t = kernel.call @add(%n, %c, %g) on loops {graph.dims = [[#graph.dim<8>]]} : (index, tensor<8xf32>, tensor<8xf32>) -> tensor<8xf32>
    scf.yield %t : tensor<8xf32>
  }
  return %r : tensor<8xf32>
}

// Behind a requirement, which may end the call with the state as it was; what is printed has its name and extents.
// CHECK: memref.global "private" constant @[[TEXT:.*]] : memref<3xi8> = dense<[110, 111, 0]>
// CHECK: memref.global "private" constant @[[NAME:.*]] : memref<2xi8> = dense<[115, 0]>
// CHECK-LABEL: func.func @required
// CHECK-SAME: (%[[S:[^:]*]]: memref<?xf32> {{{[^}]*}}}, %[[G:[^:]*]]: memref<?xf32> {{{[^}]*}}}, %[[HOLDS:[^:]*]]: memref<i1>
// CHECK: %[[T:.*]] = memref.get_global @[[TEXT]]
// CHECK: kernel.extern @costate_require(%[[T]], %[[HOLDS]], %{{.*}}, %{{.*}}) extents(%{{.*}}) : (memref<3xi8>, memref<i1>, memref<f64>, memref<f64>)
// CHECK: %[[N:.*]] = memref.get_global @[[NAME]]
// CHECK: kernel.extern @costate_print(%[[N]], %[[S]]) extents(%{{.*}}, %{{.*}}, %{{.*}},
// CHECK: kernel.call @add_{{[0-9]+}}(%{{.*}}, %[[S]], %[[G]]) outs(%[[S]])
// CHECK-NEXT: return
func.func @required(%s: tensor<?xf32> {graph.dims = [#graph.dim<n>]}, %g: tensor<?xf32> {graph.dims = [#graph.dim<n>]}, %holds: tensor<i1>)
    -> (tensor<?xf32> {optim.tied = 0 : i64}) {
  %zero = arith.constant 0 : index
  %n = tensor.dim %s, %zero : tensor<?xf32>
  %t = kernel.call @add(%n, %s, %g) on loops {graph.dims = [[#graph.dim<n>]]} : (index, tensor<?xf32>, tensor<?xf32>) -> tensor<?xf32>
  report.require %holds, "no" : tensor<i1>
  report.print "s" %s : tensor<?xf32>
  return %t : tensor<?xf32>
}

// In a loop it may end the call when earlier trips have run: the loop has an array of its own.
// REMARK: remark: copies 'tensor<8xf32>', because the old value is read after the new one is known
// CHECK-LABEL: func.func @required_loop
// CHECK-SAME: (%[[S:[^:]*]]: memref<8xf32>
// CHECK: memref.copy %[[S]], %[[W:.*]] :
// CHECK: scf.for
// CHECK-NOT: %[[S]]
// CHECK: }
// CHECK-NEXT: memref.copy %[[W]], %[[S]]
func.func @required_loop(%s: tensor<8xf32>, %g: tensor<8xf32>, %m: index, %holds: tensor<i1>) -> (tensor<8xf32> {optim.tied = 0 : i64}) {
  %n = arith.constant 8 : index
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %r = scf.for %i = %zero to %m step %one iter_args(%c = %s) -> tensor<8xf32> {
    %t = kernel.call @add(%n, %c, %g) on loops {graph.dims = [[#graph.dim<8>]]} : (index, tensor<8xf32>, tensor<8xf32>) -> tensor<8xf32>
    report.require %holds, "no" : tensor<i1>
    scf.yield %t : tensor<8xf32>
  }
  return %r : tensor<8xf32>
}
