// Linear regression on buffers, one step of gradient descent a call: w: f32[3] and b: f32 in arena "f"; loss = mean((x @ w + b - y)^2); w and b
// move by -lr times their gradient. The residuals x @ w + b - y live in the workspace. Entry `predict` gives x @ w + b, then NaN up to
// 2 * batch + 1 elements. `init` sets w[j] = seed + j and b = 1.
optim.arena @f : f32 {
  optim.leaf "w" [3]
  optim.leaf "b" []
}
func.func @init(%seed: memref<i64> {optim.role = "seed", optim.name = "seed"},
                %f: memref<32xf32> {optim.role = "param", optim.name = "f", optim.arena = @f, optim.result}) attributes {optim.entry} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c3 = arith.constant 3 : index
  %c16 = arith.constant 16 : index
  %c32 = arith.constant 32 : index
  %zero = arith.constant 0.0 : f32
  %one = arith.constant 1.0 : f32
  scf.for %j = %c0 to %c32 step %c1 {
    memref.store %zero, %f[%j] : memref<32xf32>
  }
  %s = memref.load %seed[] : memref<i64>
  %start = arith.sitofp %s : i64 to f32
  scf.for %j = %c0 to %c3 step %c1 {
    %i = arith.index_cast %j : index to i64
    %k = arith.sitofp %i : i64 to f32
    %v = arith.addf %start, %k : f32
    memref.store %v, %f[%j] : memref<32xf32>
  }
  memref.store %one, %f[%c16] : memref<32xf32>
  return
}
func.func @train_step(%f: memref<32xf32> {optim.role = "param", optim.name = "f", optim.arena = @f},
                      %t: memref<i64> {optim.role = "state", optim.name = "t"},
                      %lr: memref<f32> {optim.role = "hyper", optim.name = "lr", optim.default = 0.125 : f64},
                      %x: memref<?x3xf32> {optim.role = "input", optim.name = "x", graph.dims = [#graph.dim<batch>, #graph.dim<3>]},
                      %y: memref<?xf32> {optim.role = "target", optim.name = "y", graph.dims = [#graph.dim<batch>]},
                      %loss: memref<f32> {optim.role = "metric", optim.name = "loss"},
                      %ws: memref<?xi8> {optim.role = "workspace"}) attributes {optim.entry} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c3 = arith.constant 3 : index
  %c64 = arith.constant 64 : index
  %one = arith.constant 1 : i64
  %two = arith.constant 2.0 : f32
  %zero = arith.constant 0.0 : f32
  %n = memref.dim %x, %c0 : memref<?x3xf32>
  %r = memref.view %ws[%c64][%n] : memref<?xi8> to memref<?xf32>
  %w = memref.subview %f[0] [3] [1] : memref<32xf32> to memref<3xf32>
  %b = memref.reinterpret_cast %f to offset: [16], sizes: [], strides: [] : memref<32xf32> to memref<f32, strided<[], offset: 16>>
  %b0 = memref.load %b[] : memref<f32, strided<[], offset: 16>>
  %sum = scf.for %i = %c0 to %n step %c1 iter_args(%total = %zero) -> (f32) {
    %dot = scf.for %j = %c0 to %c3 step %c1 iter_args(%a = %b0) -> (f32) {
      %xv = memref.load %x[%i, %j] : memref<?x3xf32>
      %wv = memref.load %w[%j] : memref<3xf32>
      %p = math.fma %xv, %wv, %a : f32
      scf.yield %p : f32
    }
    %yv = memref.load %y[%i] : memref<?xf32>
    %d = arith.subf %dot, %yv : f32
    memref.store %d, %r[%i] : memref<?xf32>
    %q = arith.mulf %d, %d : f32
    %next = arith.addf %total, %q : f32
    scf.yield %next : f32
  }
  %ni = arith.index_cast %n : index to i64
  %nf = arith.sitofp %ni : i64 to f32
  %mean = arith.divf %sum, %nf : f32
  memref.store %mean, %loss[] : memref<f32>
  %rate = memref.load %lr[] : memref<f32>
  %rate2 = arith.mulf %rate, %two : f32
  %scale = arith.divf %rate2, %nf : f32
  scf.for %j = %c0 to %c3 step %c1 {
    %g = scf.for %i = %c0 to %n step %c1 iter_args(%a = %zero) -> (f32) {
      %xv = memref.load %x[%i, %j] : memref<?x3xf32>
      %d = memref.load %r[%i] : memref<?xf32>
      %p = math.fma %xv, %d, %a : f32
      scf.yield %p : f32
    }
    %wv = memref.load %w[%j] : memref<3xf32>
    %step = arith.mulf %scale, %g : f32
    %v = arith.subf %wv, %step : f32
    memref.store %v, %w[%j] : memref<3xf32>
  }
  %gb = scf.for %i = %c0 to %n step %c1 iter_args(%a = %zero) -> (f32) {
    %d = memref.load %r[%i] : memref<?xf32>
    %p = arith.addf %a, %d : f32
    scf.yield %p : f32
  }
  %stepb = arith.mulf %scale, %gb : f32
  %vb = arith.subf %b0, %stepb : f32
  memref.store %vb, %b[] : memref<f32, strided<[], offset: 16>>
  %t0 = memref.load %t[] : memref<i64>
  %t1 = arith.addi %t0, %one : i64
  memref.store %t1, %t[] : memref<i64>
  return
}
func.func private @train_step.workspace_size(%batch: index {graph.dim_name = "batch"}) -> index {
  %c4 = arith.constant 4 : index
  %c64 = arith.constant 64 : index
  %bytes = arith.muli %batch, %c4 : index
  %all = arith.addi %bytes, %c64 : index
  return %all : index
}
func.func @predict(%f: memref<32xf32> {optim.role = "param", optim.name = "f", optim.arena = @f},
                   %x: memref<?x3xf32> {optim.role = "input", optim.name = "x", graph.dims = [#graph.dim<batch>, #graph.dim<3>]},
                   %out: memref<?xf32> {optim.role = "output", optim.name = "y", graph.dims = [#graph.dim<2 * batch + 1>]}) attributes {optim.entry} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c3 = arith.constant 3 : index
  %c16 = arith.constant 16 : index
  %nan = arith.constant 0x7FC00000 : f32
  %n = memref.dim %x, %c0 : memref<?x3xf32>
  %m = memref.dim %out, %c0 : memref<?xf32>
  %b = memref.load %f[%c16] : memref<32xf32>
  scf.for %i = %c0 to %m step %c1 {
    %inside = arith.cmpi slt, %i, %n : index
    %v = scf.if %inside -> (f32) {
      %dot = scf.for %j = %c0 to %c3 step %c1 iter_args(%a = %b) -> (f32) {
        %xv = memref.load %x[%i, %j] : memref<?x3xf32>
        %wv = memref.load %f[%j] : memref<32xf32>
        %p = math.fma %xv, %wv, %a : f32
        scf.yield %p : f32
      }
      scf.yield %dot : f32
    } else {
      scf.yield %nan : f32
    }
    memref.store %v, %out[%i] : memref<?xf32>
  }
  return
}
