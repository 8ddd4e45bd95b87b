// RUN: costate-opt %s --codegen-trace-calls | FileCheck %s

// Calls are numbered through all entries; what is no entry is not traced.
// CHECK-LABEL: func.func @first
// CHECK: %[[ZERO:c0_.*]] = arith.constant 0 : index
// CHECK-NEXT: kernel.extern @costate_trace_begin() extents(%[[ZERO]])
// CHECK-NEXT: kernel.call @decay
// CHECK-NEXT: kernel.extern @costate_trace_end() extents(%[[ZERO]])
// CHECK: scf.for
// CHECK-NEXT: %[[ONE:.*]] = arith.constant 1 : index
// CHECK-NEXT: kernel.extern @costate_trace_begin() extents(%[[ONE]])
// CHECK-NEXT: kernel.extern @costate_cholesky_f32
// CHECK-NEXT: kernel.extern @costate_trace_end() extents(%[[ONE]])
// CHECK-LABEL: func.func @second
// CHECK: arith.constant 2 : index
// CHECK-LABEL: func.func private @inside
// CHECK-NOT: costate_trace
func.func @first(%w: memref<8xf32>, %a: memref<1x2x2xf32>) attributes {optim.entry} {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %two = arith.constant 2 : index
  kernel.call @decay(%w) outs(%w) on halide : (memref<8xf32>) outs(memref<8xf32>)
  scf.for %i = %zero to %two step %one {
    kernel.extern @costate_cholesky_f32(%a) outs(%a) extents(%one, %two) : (memref<1x2x2xf32>) outs(memref<1x2x2xf32>)
  }
  return
}
func.func @second(%w: memref<8xf32>) attributes {optim.entry} {
  kernel.call @decay(%w) outs(%w) on halide : (memref<8xf32>) outs(memref<8xf32>)
  return
}
func.func private @inside(%w: memref<8xf32>) {
  kernel.call @decay(%w) outs(%w) on halide : (memref<8xf32>) outs(memref<8xf32>)
  return
}
kernel.define @decay(%w: !kernel.buffer<8xf32>) -> (!kernel.buffer<8xf32> tied %w) stages {
  %y = kernel.stage "y" (%i < 8) : f32 {
    %a = kernel.load %w[%i] : !kernel.buffer<8xf32>
    %v = arith.negf %a : f32
    kernel.yield %v : f32
  }
  kernel.output %y : !kernel.buffer<8xf32>
}
