// RUN: costate-opt %s --codegen-outline-tasks | FileCheck %s

// The view and the constant are made again, the argument and the number are passed.
// CHECK-LABEL: func.func private @step.tasks
// CHECK-SAME: (%[[I:.*]]: index, %[[W:.*]]: memref<?xi8>, %[[A:.*]]: f32) attributes {codegen.tasks}
// CHECK: %[[C:.*]] = arith.constant 64 : index
// CHECK: %[[V:.*]] = memref.view %[[W]][%[[C]]]
// CHECK: memref.store %[[A]], %[[V]][%[[I]]]
// CHECK: return
// CHECK-LABEL: func.func @step
// CHECK-SAME: (%[[X:.*]]: memref<f32> {{.*}}, %[[S:.*]]: memref<?xi8>
// CHECK: %[[N:.*]] = arith.constant 8 : index
// CHECK: %[[NUMBER:.*]] = memref.load %[[X]]
// CHECK-NOT: scf.parallel
// CHECK: call @step.tasks(%[[N]], %[[S]], %[[NUMBER]])

func.func @step(%x: memref<f32> {optim.role = "param", optim.name = "x"}, %w: memref<?xi8> {optim.role = "workspace"}) attributes {optim.entry} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c64 = arith.constant 64 : index
  %n = arith.constant 8 : index
  %view = memref.view %w[%c64][] : memref<?xi8> to memref<8xf32>
  %a = memref.load %x[] : memref<f32>
  scf.parallel (%i) = (%c0) to (%n) step (%c1) {
    memref.store %a, %view[%i] : memref<8xf32>
  }
  return
}

// A loop that begins elsewhere is one of its caller, which takes its turns one after the other.
// CHECK-LABEL: func.func @other
// CHECK: scf.parallel
func.func @other(%x: memref<8xf32> {optim.role = "param", optim.name = "x"}) attributes {optim.entry} {
  %c1 = arith.constant 1 : index
  %n = arith.constant 8 : index
  %a = arith.constant 0.0 : f32
  scf.parallel (%i) = (%c1) to (%n) step (%c1) {
    memref.store %a, %x[%i] : memref<8xf32>
  }
  return
}
