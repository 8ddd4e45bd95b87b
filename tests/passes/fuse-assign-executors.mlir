// RUN: costate-opt %s --fuse-assign-executors | FileCheck %s
// RUN: costate-opt %s --fuse-assign-executors=executor=loops | FileCheck %s --check-prefix=LOOPS
// RUN: not costate-opt %s --fuse-assign-executors=executor=gpu 2>&1 | FileCheck %s --check-prefix=ERROR

// ERROR: requires 'executor' to be auto, loops or halide, but got 'gpu'

kernel.define @negate(%n: index, %x: !kernel.buffer<?x128xf32>) -> (!kernel.buffer<?x128xf32>) attributes {hints = array<i64: 1000, 0>} stages {
  %y = kernel.stage "y" (%i0 < %n, %i1 < 128) : f32 {
    %a = kernel.load %x[%i0, %i1] : !kernel.buffer<?x128xf32>
    %v = arith.negf %a : f32
    kernel.yield %v : f32
  }
  kernel.output %y : !kernel.buffer<?x128xf32>
}
kernel.define @small(%n: index, %x: !kernel.buffer<?xf32>) -> (!kernel.buffer<?xf32>) attributes {hints = array<i64: 32, 0>} stages {
  %y = kernel.stage "y" (%i0 < %n) : f32 {
    %a = kernel.load %x[%i0] : !kernel.buffer<?xf32>
    %v = math.exp %a : f32
    kernel.yield %v : f32
  }
  kernel.output %y : !kernel.buffer<?xf32>
}
// CHECK: kernel.call @negate({{.*}}) on {{ *}}halide {operations = 128000 : i64, reason = "more than 32768"}
// CHECK: kernel.call @small({{.*}}) on {{ *}}loops {operations = 512 : i64, reason = "at most 32768"}
// LOOPS: kernel.call @negate({{.*}}) on {{ *}}loops {operations = 128000 : i64, reason = "as asked for"}
func.func @f(%n: index, %x: tensor<?x128xf32>, %z: tensor<?xf32>) -> (tensor<?x128xf32>, tensor<?xf32>) {
  %y = kernel.call @negate(%n, %x) : (index, tensor<?x128xf32>) -> tensor<?x128xf32>
  %s = kernel.call @small(%n, %z) : (index, tensor<?xf32>) -> tensor<?xf32>
  return %y, %s : tensor<?x128xf32>, tensor<?xf32>
}

// What is called once is not worth the time that Halide takes.
// CHECK-LABEL: func.func @once(
// CHECK: kernel.call @negate({{.*}}) on {{ *}}loops {operations = 128000 : i64, reason = "at most 32768000"}
func.func @once(%seed: tensor<i64> {optim.role = "seed"}, %n: index {optim.role = "seed"}, %x: tensor<?x128xf32> {optim.role = "seed"}) -> tensor<?x128xf32> attributes {optim.entry} {
  %y = kernel.call @negate(%n, %x) : (index, tensor<?x128xf32>) -> tensor<?x128xf32>
  return %y : tensor<?x128xf32>
}

// A step is called often, though it may take no data.
// CHECK-LABEL: func.func @step(
// CHECK: kernel.call @negate({{.*}}) on {{ *}}halide
func.func @step(%n: index {optim.role = "seed"}, %x: tensor<?x128xf32> {optim.role = "param"}) -> tensor<?x128xf32> attributes {optim.entry} {
  %y = kernel.call @negate(%n, %x) : (index, tensor<?x128xf32>) -> tensor<?x128xf32>
  return %y : tensor<?x128xf32>
}

// Halide's indices have 32 bits: what may be too large is asked of each call, and what is too large goes to loops.
// CHECK-LABEL: func.func @large(
// CHECK-SAME: graph.requires = [#graph.requirement<<-128 * n + 2147483647>, "{{.*}}fuse-assign-executors.mlir:[[#@LINE+4]]:8">]
// CHECK: kernel.call @negate({{.*}}) on {{ *}}halide
// CHECK: kernel.call @negate({{.*}}) on {{ *}}loops {{.*}}reason = "an array of 2**31 elements or more"}
func.func @large(%n: index {graph.dim_name = "n"}, %x: tensor<?x128xf32> {graph.dims = [#graph.dim<n>, #graph.dim<128>]}, %m: index, %z: tensor<16777216x128xf32>) -> (tensor<?x128xf32>, tensor<16777216x128xf32>) attributes {optim.entry} {
  %y = kernel.call @negate(%n, %x) {fuse.extents = [#graph.dim<n>, unit], graph.dims = [[#graph.dim<n>, #graph.dim<128>]]} : (index, tensor<?x128xf32>) -> tensor<?x128xf32>
  %w = kernel.call @negate(%m, %z) {fuse.extents = [#graph.dim<16777216>, unit]} : (index, tensor<16777216x128xf32>) -> tensor<16777216x128xf32>
  return %y, %w : tensor<?x128xf32>, tensor<16777216x128xf32>
}
