// RUN: costate-opt %s -split-input-file -verify-diagnostics

// expected-error @below {{requires elements to be integers or floats, but got 'index'}}
kernel.define @buffer_elements(%x: !kernel.buffer<4xindex>) stages { kernel.output }

// -----

// expected-error @below {{requires arguments to be index, f32, f64, i32, i64, i1 or buffers, but got 'f16'}}
kernel.define @define_c1_argument(%x: f16) stages { kernel.output }

// -----

kernel.define @define_c2_results(%x: !kernel.buffer<4xf32>) -> (!kernel.buffer<4xf32>) stages {
  // expected-error @below {{requires the declared results, ('!kernel.buffer<4xf32>'), but got ()}}
  kernel.output
}

// -----

kernel.define @define_c2_argument(%x: !kernel.buffer<4xf32>) -> (!kernel.buffer<4xf32>) stages {
  // expected-error @below {{requires different results of stages}}
  kernel.output %x : !kernel.buffer<4xf32>
}

// -----

// expected-error @below {{requires a tied input to have the type of its output, '!kernel.buffer<4xf32>', but got '!kernel.buffer<8xf32>'}}
kernel.define @define_c3_type(%x: !kernel.buffer<8xf32>) -> (!kernel.buffer<4xf32> tied %x) stages {
  kernel.output
}

// -----

kernel.define @define_c3_index(%x: !kernel.buffer<4xf32>) -> (!kernel.buffer<4xf32> tied %x) stages {
  %y = kernel.stage "y" (%i < 4) : f32 {
    %three = arith.constant 3 : index
    %j = arith.subi %three, %i : index
    // expected-error @below {{requires tied input #0 to be read only in the definition of stage 'y', which replaces it, at that stage's own variables}}
    %a = kernel.load %x[%j] : !kernel.buffer<4xf32>
    kernel.yield %a : f32
  }
  kernel.output %y : !kernel.buffer<4xf32>
}

// -----

kernel.define @define_c3_other_stage(%x: !kernel.buffer<4xf32>) -> (!kernel.buffer<4xf32> tied %x) stages {
  %s = kernel.stage "s" (%i < 4) : f32 {
    // expected-error @below {{requires tied input #0 to be read only in the definition of stage 'y'}}
    %a = kernel.load %x[%i] : !kernel.buffer<4xf32>
    kernel.yield %a : f32
  }
  %y = kernel.stage "y" (%i < 4) : f32 {
    %a = kernel.load %s[%i] : !kernel.buffer<4xf32>
    kernel.yield %a : f32
  }
  kernel.output %y : !kernel.buffer<4xf32>
}

// -----

kernel.define @define_c3_all_results(%x: !kernel.buffer<4xf32>) -> (!kernel.buffer<4xf32> tied %x) stages {
  %y:2 = kernel.stage "y" (%i < 4) : f32, f32 {
    %a = kernel.load %x[%i] : !kernel.buffer<4xf32>
    kernel.yield %a, %a : f32, f32
  }
  // expected-error @below {{requires all results of stage 'y', which is tied, side by side}}
  kernel.output %y#0 : !kernel.buffer<4xf32>
}

// -----

kernel.define @define_c4_name() stages {
  %one = arith.constant 1.0 : f32
  %a = kernel.stage "a" (%i < 4) : f32 { kernel.yield %one : f32 }
  // expected-error @below {{requires a name of its own, but 'a' is taken}}
  %b = kernel.stage "a" (%i < 4) : f32 { kernel.yield %one : f32 }
  kernel.output
}

// -----

kernel.define @define_c4_other_op(%x: f32) stages {
  // expected-error @below {{may not stand between the stages of a kernel}}
  %y = math.exp %x : f32
  kernel.output
}

// -----

// expected-error @below {{requires 'hints' to have 1 entries, but got 2}}
kernel.define @define_c5_hints(%n: index) attributes {hints = array<i64: 1, 2>} stages { kernel.output }

// -----

kernel.define @stage_c2_op(%x: memref<4xf32>) stages { // expected-error {{requires arguments to be index}}
  kernel.output
}

// -----

kernel.define @stage_c2_body() stages {
  %y = kernel.stage "y" (%i < 4) : f32 { // expected-note {{a stage's bodies hold arith, math and kernel.load only}}
    // expected-error @below {{may not stand in a stage}}
    %t = tensor.empty() : tensor<4xf32>
    %z = arith.constant 0.0 : f32
    kernel.yield %z : f32
  }
  kernel.output
}

// -----

kernel.define @stage_c2_type() stages {
  %y = kernel.stage "y" (%i < 4) : f32 {
    %z = arith.constant 0.0 : f64
    // expected-error @below {{requires the element types of the stage, ('f32'), but got ('f64')}}
    kernel.yield %z : f64
  }
  kernel.output
}

// -----

kernel.define @stage_c3_undef() stages {
  // expected-error @below {{requires updates, because it is undef}}
  %y = kernel.stage "y" (%i < 4) : f32 undef
  kernel.output
}

// -----

kernel.define @stage_c4_negative() stages {
  // expected-error @below {{requires extents not to be negative, but got -4}}
  %y = kernel.stage "y" (%i < -4) : f32 undef
  kernel.output
}

// -----

kernel.define @update_c1_variables() stages {
  %y = kernel.stage "y" (%i < 4) : f32 undef updates (%self) {
    // expected-error @below {{requires its body to have 2 index arguments, one a variable}}
    kernel.update () over (%r < 4) {
      %z = arith.constant 0.0 : f32
      kernel.write %z at [%r] : f32
    }
  }
  kernel.output
}

// -----

kernel.define @update_c2_rank() stages {
  %y = kernel.stage "y" (%i < 4) : f32 undef updates (%self) {
    kernel.update (%i) over (%r < 4) {
      %z = arith.constant 0.0 : f32
      // expected-error @below {{requires 1 indices, but got 2}}
      kernel.write %z at [%r, %r] : f32
    }
  }
  kernel.output
}

// -----

kernel.define @update_c3_not_free() stages {
  %y = kernel.stage "y" (%i < 4) : f32 undef updates (%self) {
    // expected-error @below {{requires variable #0 to have no use, because it is not written at its own place}}
    kernel.update (%i) over (%r < 4) {
      %a = kernel.load %self[%i] : !kernel.buffer<4xf32>
      kernel.write %a at [%r] : f32
    }
  }
  kernel.output
}

// -----

kernel.define @update_c3_self() stages {
  %y = kernel.stage "y" (%i < 4) : f32 undef updates (%self) {
    kernel.update (%i) over (%r < 4) {
      // expected-error @below {{requires index #0 to be the variable that the update writes there}}
      %a = kernel.load %self[%r] : !kernel.buffer<4xf32>
      kernel.write %a at [%i] : f32
    }
  }
  kernel.output
}

// -----

kernel.define @load_c1_rank(%x: !kernel.buffer<4x4xf32>) stages {
  %y = kernel.stage "y" (%i < 4) : f32 {
    // expected-error @below {{requires 2 indices, but got 1}}
    %a = kernel.load %x[%i] : !kernel.buffer<4x4xf32>
    kernel.yield %a : f32
  }
  kernel.output
}

// -----

kernel.define @k(%n: index, %w: !kernel.buffer<?xf32>) -> (!kernel.buffer<?xf32> tied %w) stages {
  %y = kernel.stage "y" (%i < %n) : f32 {
    %a = kernel.load %w[%i] : !kernel.buffer<?xf32>
    kernel.yield %a : f32
  }
  kernel.output %y : !kernel.buffer<?xf32>
}
func.func @call_c1_count(%n: index) {
  // expected-error @below {{requires 2 inputs, but got 1}}
  kernel.call @k(%n) : (index)
  return
}

// -----

kernel.define @k(%n: index, %w: !kernel.buffer<?xf32>) -> (!kernel.buffer<?xf32> tied %w) stages {
  %y = kernel.stage "y" (%i < %n) : f32 {
    %a = kernel.load %w[%i] : !kernel.buffer<?xf32>
    kernel.yield %a : f32
  }
  kernel.output %y : !kernel.buffer<?xf32>
}
func.func @call_c1_type(%n: index, %w: tensor<?xf64>) {
  // expected-error @below {{requires input #1 to fit '!kernel.buffer<?xf32>', but got 'tensor<?xf64>'}}
  %y = kernel.call @k(%n, %w) : (index, tensor<?xf64>) -> tensor<?xf64>
  return
}

// -----

kernel.define @k(%n: index, %w: !kernel.buffer<?xf32>) -> (!kernel.buffer<?xf32> tied %w) stages {
  %y = kernel.stage "y" (%i < %n) : f32 {
    %a = kernel.load %w[%i] : !kernel.buffer<?xf32>
    kernel.yield %a : f32
  }
  kernel.output %y : !kernel.buffer<?xf32>
}
func.func @call_c1_dense(%n: index, %w: memref<?xf32, strided<[2], offset: 0>>) {
  // expected-error @below {{requires input #1 to fit}}
  kernel.call @k(%n, %w) outs(%w) : (index, memref<?xf32, strided<[2], offset: 0>>) outs(memref<?xf32, strided<[2], offset: 0>>)
  return
}

// -----

func.func @call_c2_both(%n: index, %w: memref<?xf32>) {
  // expected-error @below {{requires either results, on tensors, or outs, on memrefs, but got both}}
  %y = kernel.call @k(%n, %w) outs(%w) : (index, memref<?xf32>) outs(memref<?xf32>) -> tensor<?xf32>
  return
}

// -----

func.func @call_c2_mixed(%n: index, %w: memref<?xf32>) {
  // expected-error @below {{requires tensors as inputs, but got 'memref<?xf32>'}}
  %y = kernel.call @k(%n, %w) : (index, memref<?xf32>) -> tensor<?xf32>
  return
}

// -----

kernel.define @k(%n: index, %w: !kernel.buffer<?xf32>) -> (!kernel.buffer<?xf32> tied %w) stages {
  %y = kernel.stage "y" (%i < %n) : f32 {
    %a = kernel.load %w[%i] : !kernel.buffer<?xf32>
    kernel.yield %a : f32
  }
  kernel.output %y : !kernel.buffer<?xf32>
}
func.func @call_c3_tied(%n: index, %w: memref<?xf32>, %other: memref<?xf32>) {
  // expected-error @below {{requires outs #0 to be input #1, to which it is tied}}
  kernel.call @k(%n, %w) outs(%other) : (index, memref<?xf32>) outs(memref<?xf32>)
  return
}

// -----

func.func @call_symbol(%n: index) {
  // expected-error @below {{requires a kernel called @none, but there is none}}
  kernel.call @none(%n) : (index)
  return
}

// -----

func.func @extern_c1(%n: index) {
  // expected-error @below {{requires arrays, or scalars of i32, i64, f32 or f64, but got 'index'}}
  kernel.extern @f(%n) : (index)
  return
}
func.func @extern_c2(%a: tensor<?xf32>) {
  // expected-error @below {{requires 'sizes' to have 1 entries, one a dynamic extent of the results, but got 0}}
  %b = kernel.extern @f(%a) : (tensor<?xf32>) -> tensor<?xf32>
  return
}
func.func @extern_c3(%a: memref<4x4xf32, strided<[1, 4]>>) {
  // expected-error @below {{requires dense row-major memrefs, but got 'memref<4x4xf32, strided<[1, 4]>>'}}
  kernel.extern @f(%a) : (memref<4x4xf32, strided<[1, 4]>>)
  return
}
