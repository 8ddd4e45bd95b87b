// RUN: costate-opt %s --schedule-assign-schedules='all vector-bytes=64' | FileCheck %s

// Lanes first, then chunks as tasks: a chunk is about 30 us of work.
// CHECK-LABEL: kernel.define @elementwise
// CHECK:       schedule {
// CHECK-NEXT:    kernel.split "y" "i0" into "i0o", "i0i" by 16 guard_with_if
// CHECK-NEXT:    kernel.vectorize "y" "i0i"
// CHECK-NEXT:    kernel.split "y" "i0o" into "i0oo", "i0oi" by 4096 guard_with_if
// CHECK-NEXT:    kernel.parallel "y" "i0oo"
// CHECK-NEXT:  }
kernel.define @elementwise(%n: index, %w: !kernel.buffer<?xf32>) -> (!kernel.buffer<?xf32> tied %w) attributes {hints = array<i64: 1000000, 0>} stages {
  %y = kernel.stage "y" (%i < %n) : f32 {
    %a = kernel.load %w[%i] : !kernel.buffer<?xf32>
    %b = arith.mulf %a, %a : f32
    %v = arith.addf %b, %a : f32
    kernel.yield %v : f32
  }
  kernel.output %y : !kernel.buffer<?xf32>
}

// Small work stays serial, and lanes that fit one register need no split.
// CHECK-LABEL: kernel.define @small
// CHECK:       schedule {
// CHECK-NEXT:    kernel.vectorize "y" "i0"
// CHECK-NEXT:  }
kernel.define @small(%x: !kernel.buffer<16xf32>) -> (!kernel.buffer<16xf32>) stages {
  %y = kernel.stage "y" (%i < 16) : f32 {
    %a = kernel.load %x[%i] : !kernel.buffer<16xf32>
    %v = arith.addf %a, %a : f32
    kernel.yield %v : f32
  }
  kernel.output %y : !kernel.buffer<16xf32>
}

// A tile: rows clamp, the last ragged panel of columns is shifted back, b is packed transposed, accumulators are registers.
// CHECK-LABEL: kernel.define @transposed
// CHECK-SAME:    attributes {{{.*}}kernel.source = "{{[0-9a-f]+}}"
// CHECK:         kernel.stage "acc_panel" (%[[K:.*]] < 128, %[[J:.*]] < 100) : f32 {
// CHECK-NEXT:      kernel.load %{{.*}}[%[[J]], %[[K]]]
// CHECK:         kernel.stage "acc"
// CHECK:           arith.minsi
// CHECK:           kernel.load %acc_panel
// CHECK:         kernel.stage "acc_stored"
// CHECK:       schedule {
// CHECK-NEXT:    kernel.split "acc_stored" "i0" into "i0o", "i0i" by 6 guard_with_if
// CHECK-NEXT:    kernel.split "acc_stored" "i1" into "i1o", "i1i" by 64 shift_inwards
// CHECK-NEXT:    kernel.split "acc_stored" "i0o" into "i0oo", "i0oi" by 11 guard_with_if
// CHECK-NEXT:    kernel.reorder "acc_stored" ["i1i", "i0i", "i0oi", "i0oo", "i1o"]
// CHECK:         kernel.parallel "acc_stored" "i0oo"
// CHECK-NEXT:    kernel.compute_at "acc_panel" at "acc_stored" "i1o"
// CHECK:         kernel.compute_at "acc" at "acc_stored" "i0oi"
// CHECK-NEXT:    kernel.store_in "acc" stack
// CHECK-NEXT:    kernel.bound_extent "acc" "i0" 6
// CHECK-NEXT:    kernel.bound_extent "acc" "i1" 64
kernel.define @transposed(%m: index, %a: !kernel.buffer<?x128xf32>, %b: !kernel.buffer<100x128xf32>) -> (!kernel.buffer<?x100xf32>) stages {
  %acc = kernel.stage "acc" (%i < %m, %j < 100) : f32 {
    %zero = arith.constant 0.0 : f32
    kernel.yield %zero : f32
  } updates (%self) {
    kernel.update (%i, %j) over (%r < 128) contract {
      %s = kernel.load %self[%i, %j] : !kernel.buffer<?x100xf32>
      %p = kernel.load %a[%i, %r] : !kernel.buffer<?x128xf32>
      %q = kernel.load %b[%j, %r] : !kernel.buffer<100x128xf32>
      %t = arith.mulf %p, %q : f32
      %v = arith.addf %s, %t : f32
      kernel.write %v at [%i, %j] : f32
    }
  }
  kernel.output %acc : !kernel.buffer<?x100xf32>
}

// Few rows: a task is some of them and a panel of columns.
// CHECK-LABEL: kernel.define @few_rows
// CHECK:         kernel.reorder "acc_stored" ["i1i", "i0i", "i0oi", "i0oo", "i1o"]
// CHECK:         kernel.fuse "acc_stored" "i1o", "i0oo" into "tasks"
// CHECK-NEXT:    kernel.parallel "acc_stored" "tasks"
kernel.define @few_rows(%m: index, %x: !kernel.buffer<?x784xf32>, %w: !kernel.buffer<784x128xf32>) -> (!kernel.buffer<?x128xf32>) attributes {hints = array<i64: 32, 0, 0>} stages {
  %acc = kernel.stage "acc" (%i < %m, %j < 128) : f32 {
    %zero = arith.constant 0.0 : f32
    kernel.yield %zero : f32
  } updates (%self) {
    kernel.update (%i, %j) over (%r < 784) contract {
      %s = kernel.load %self[%i, %j] : !kernel.buffer<?x128xf32>
      %p = kernel.load %x[%i, %r] : !kernel.buffer<?x784xf32>
      %q = kernel.load %w[%r, %j] : !kernel.buffer<784x128xf32>
      %t = arith.mulf %p, %q : f32
      %v = arith.addf %s, %t : f32
      kernel.write %v at [%i, %j] : f32
    }
  }
  kernel.output %acc : !kernel.buffer<?x128xf32>
}

// Slice by slice: the tile of a slice is made inside the loop over slices of its total's tile.
// CHECK-LABEL: kernel.define @slices
// CHECK:         kernel.compute_at "total" at "total_stored" "i0oi"
// CHECK-NEXT:    kernel.store_in "total" stack
// CHECK-NEXT:    kernel.bound_extent "total" "i0" 6
// CHECK-NEXT:    kernel.bound_extent "total" "i1" 64
// CHECK:         kernel.reorder "total" update 0 ["i1", "i0", "r0"]
// CHECK:         kernel.compute_at "acc" at "total" update 0 "r0"
// CHECK-NEXT:    kernel.bound_extent "acc" "i0" 1
// CHECK-NEXT:    kernel.store_in "acc" stack
// CHECK-NEXT:    kernel.bound_extent "acc" "i1" 6
// CHECK-NEXT:    kernel.bound_extent "acc" "i2" 64
// CHECK:         kernel.reorder "acc" update 0 ["i2", "i1", "r0"]
// CHECK-NOT:     compute_root "acc"
kernel.define @slices(%n: index, %x: !kernel.buffer<?x40x784xf32>, %d: !kernel.buffer<?x40x128xf32>) -> (!kernel.buffer<784x128xf32>) attributes {hints = array<i64: 32, 0, 0>} stages {
  %acc = kernel.stage "acc" (%s < %n, %i < 784, %j < 128) : f32 {
    %zero = arith.constant 0.0 : f32
    kernel.yield %zero : f32
  } updates (%self) {
    kernel.update (%s, %i, %j) over (%r < 40) contract {
      %so = kernel.load %self[%s, %i, %j] : !kernel.buffer<?x784x128xf32>
      %p = kernel.load %x[%s, %r, %i] : !kernel.buffer<?x40x784xf32>
      %q = kernel.load %d[%s, %r, %j] : !kernel.buffer<?x40x128xf32>
      %t = arith.mulf %p, %q : f32
      %v = arith.addf %so, %t : f32
      kernel.write %v at [%s, %i, %j] : f32
    }
  }
  %total = kernel.stage "total" (%i < 784, %j < 128) : f32 {
    %zero = arith.constant 0.0 : f32
    kernel.yield %zero : f32
  } updates (%self) {
    kernel.update (%i, %j) over (%s < %n) {
      %so = kernel.load %self[%i, %j] : !kernel.buffer<784x128xf32>
      %slice = kernel.load %acc[%s, %i, %j] : !kernel.buffer<?x784x128xf32>
      %v = arith.addf %so, %slice : f32
      kernel.write %v at [%i, %j] : f32
    }
  }
  kernel.output %total : !kernel.buffer<784x128xf32>
}

// Rows of known number are at most 256 tasks, however little each has to do: 4096 rows by 16.
// CHECK-LABEL: kernel.define @many_rows
// CHECK:         kernel.split "y" "i0" into "i0o", "i0i" by 16 guard_with_if
// CHECK-NEXT:    kernel.parallel "y" "i0o"
kernel.define @many_rows(%w: !kernel.buffer<4096x65536xf32>) -> (!kernel.buffer<4096x65536xf32> tied %w) attributes {hints = array<i64: 0>} stages {
  %y = kernel.stage "y" (%i < 4096, %j < 65536) : f32 {
    %a = kernel.load %w[%i, %j] : !kernel.buffer<4096x65536xf32>
    %b = arith.mulf %a, %a : f32
    %c = arith.mulf %b, %b : f32
    %d = arith.mulf %c, %a : f32
    %v = arith.addf %d, %a : f32
    kernel.yield %v : f32
  }
  kernel.output %y : !kernel.buffer<4096x65536xf32>
}

// A small b: each task has a quarter of the 131 row tiles, and all columns; nothing is copied.
// CHECK-LABEL: kernel.define @gradient_of_weight
// CHECK-NOT:     panel
// CHECK:         kernel.split "acc_stored" "i0o" into "i0oo", "i0oi" by 33 guard_with_if
// CHECK-NEXT:    kernel.reorder "acc_stored" ["i1i", "i0i", "i0oi", "i1o", "i0oo"]
// CHECK:         kernel.parallel "acc_stored" "i0oo"
kernel.define @gradient_of_weight(%m: index, %x: !kernel.buffer<?x784xf32>, %d: !kernel.buffer<?x128xf32>) -> (!kernel.buffer<784x128xf32>) attributes {hints = array<i64: 32, 0, 0>} stages {
  %acc = kernel.stage "acc" (%i < 784, %j < 128) : f32 {
    %zero = arith.constant 0.0 : f32
    kernel.yield %zero : f32
  } updates (%self) {
    kernel.update (%i, %j) over (%r < %m) contract {
      %s = kernel.load %self[%i, %j] : !kernel.buffer<784x128xf32>
      %p = kernel.load %x[%r, %i] : !kernel.buffer<?x784xf32>
      %q = kernel.load %d[%r, %j] : !kernel.buffer<?x128xf32>
      %t = arith.mulf %p, %q : f32
      %v = arith.addf %s, %t : f32
      kernel.write %v at [%i, %j] : f32
    }
  }
  kernel.output %acc : !kernel.buffer<784x128xf32>
}

// A point that is a chain of many operations: four vectors go side by side, where rows are long.
// CHECK-LABEL: kernel.define @chain
// CHECK:         kernel.split "z" "i1" into "i1o", "i1i" by 16 guard_with_if
// CHECK:         kernel.split "y" "i1" into "i1o", "i1i" by 64 guard_with_if
// CHECK:         kernel.vectorize "y" "i1i"
kernel.define @chain(%n: index, %x: !kernel.buffer<?x1000xf32>, %u: !kernel.buffer<?x100xf32>) -> (!kernel.buffer<?x1000xf32> tied %x, !kernel.buffer<?x100xf32> tied %u) stages {
  %y = kernel.stage "y" (%i < %n, %j < 1000) : f32 {
    %v0 = kernel.load %x[%i, %j] : !kernel.buffer<?x1000xf32>
    %v1 = arith.mulf %v0, %v0 : f32
    %v2 = arith.mulf %v1, %v1 : f32
    %v3 = arith.mulf %v2, %v2 : f32
    %v4 = arith.mulf %v3, %v3 : f32
    %v5 = arith.mulf %v4, %v4 : f32
    %v6 = arith.mulf %v5, %v5 : f32
    %v7 = arith.mulf %v6, %v6 : f32
    %v8 = arith.mulf %v7, %v7 : f32
    %v9 = arith.mulf %v8, %v8 : f32
    %v10 = arith.mulf %v9, %v9 : f32
    %v11 = arith.mulf %v10, %v10 : f32
    %v12 = arith.mulf %v11, %v11 : f32
    %v13 = arith.mulf %v12, %v12 : f32
    %v14 = arith.mulf %v13, %v13 : f32
    %v15 = arith.mulf %v14, %v14 : f32
    %v16 = arith.mulf %v15, %v15 : f32
    %v17 = arith.mulf %v16, %v16 : f32
    %v18 = arith.mulf %v17, %v17 : f32
    %v19 = arith.mulf %v18, %v18 : f32
    kernel.yield %v19 : f32
  }
  %z = kernel.stage "z" (%i < %n, %j < 100) : f32 {
    %v0 = kernel.load %u[%i, %j] : !kernel.buffer<?x100xf32>
    %v1 = arith.mulf %v0, %v0 : f32
    %v2 = arith.mulf %v1, %v1 : f32
    %v3 = arith.mulf %v2, %v2 : f32
    %v4 = arith.mulf %v3, %v3 : f32
    %v5 = arith.mulf %v4, %v4 : f32
    %v6 = arith.mulf %v5, %v5 : f32
    %v7 = arith.mulf %v6, %v6 : f32
    %v8 = arith.mulf %v7, %v7 : f32
    %v9 = arith.mulf %v8, %v8 : f32
    %v10 = arith.mulf %v9, %v9 : f32
    %v11 = arith.mulf %v10, %v10 : f32
    %v12 = arith.mulf %v11, %v11 : f32
    %v13 = arith.mulf %v12, %v12 : f32
    %v14 = arith.mulf %v13, %v13 : f32
    %v15 = arith.mulf %v14, %v14 : f32
    %v16 = arith.mulf %v15, %v15 : f32
    %v17 = arith.mulf %v16, %v16 : f32
    %v18 = arith.mulf %v17, %v17 : f32
    %v19 = arith.mulf %v18, %v18 : f32
    kernel.yield %v19 : f32
  }
  kernel.output %y, %z : !kernel.buffer<?x1000xf32>, !kernel.buffer<?x100xf32>
}

// An output of row numbers that is read by rows is computed there, and copied: the kernel keeps the hash of what it was.
// CHECK-LABEL: kernel.define @row_numbers
// CHECK-SAME:    kernel.source = "{{[0-9a-f]+}}"
// CHECK:         kernel.stage "first_stored"
kernel.define @row_numbers(%n: index, %x: !kernel.buffer<?x64xf32>) -> (!kernel.buffer<?xf32>, !kernel.buffer<?x64xf32>) stages {
  %first = kernel.stage "first" (%i < %n) : f32 {
    %c0 = arith.constant 0 : index
    %a = kernel.load %x[%i, %c0] : !kernel.buffer<?x64xf32>
    %v = math.sqrt %a : f32
    kernel.yield %v : f32
  }
  %y = kernel.stage "y" (%i < %n, %j < 64) : f32 {
    %a = kernel.load %x[%i, %j] : !kernel.buffer<?x64xf32>
    %b = kernel.load %first[%i] : !kernel.buffer<?xf32>
    %v = arith.divf %a, %b : f32
    kernel.yield %v : f32
  }
  kernel.output %first, %y : !kernel.buffer<?xf32>, !kernel.buffer<?x64xf32>
}

// Two numbers of each row of one buffer share their loop.
// CHECK-LABEL: kernel.define @two_of_a_row
// CHECK:         kernel.compute_with "sum" with "product" "i0i"
// CHECK-DAG:     kernel.compute_at "sum_lanes" at "product" "i0i"
// CHECK-DAG:     kernel.compute_at "product_lanes" at "product" "i0i"
kernel.define @two_of_a_row(%n: index, %x: !kernel.buffer<?x640xf32>) -> (!kernel.buffer<?xf32>, !kernel.buffer<?xf32>) stages {
  %sum_lanes = kernel.stage "sum_lanes" (%i < %n, %j < 16) : f32 {
    %start = arith.constant 0.0 : f32
    kernel.yield %start : f32
  } updates (%self) {
    kernel.update (%i, %j) over (%r < 40) {
      %c16 = arith.constant 16 : index
      %at = arith.muli %r, %c16 : index
      %place = arith.addi %at, %j : index
      %so = kernel.load %self[%i, %j] : !kernel.buffer<?x16xf32>
      %a = kernel.load %x[%i, %place] : !kernel.buffer<?x640xf32>
      %v = arith.addf %so, %a : f32
      kernel.write %v at [%i, %j] : f32
    }
  }
  %sum = kernel.stage "sum" (%i < %n) : f32 {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %a = kernel.load %sum_lanes[%i, %c0] : !kernel.buffer<?x16xf32>
    %b = kernel.load %sum_lanes[%i, %c1] : !kernel.buffer<?x16xf32>
    %v = arith.addf %a, %b : f32
    kernel.yield %v : f32
  }
  %product_lanes = kernel.stage "product_lanes" (%i < %n, %j < 16) : f32 {
    %start = arith.constant 1.0 : f32
    kernel.yield %start : f32
  } updates (%self) {
    kernel.update (%i, %j) over (%r < 40) {
      %c16 = arith.constant 16 : index
      %at = arith.muli %r, %c16 : index
      %place = arith.addi %at, %j : index
      %so = kernel.load %self[%i, %j] : !kernel.buffer<?x16xf32>
      %a = kernel.load %x[%i, %place] : !kernel.buffer<?x640xf32>
      %v = arith.mulf %so, %a : f32
      kernel.write %v at [%i, %j] : f32
    }
  }
  %product = kernel.stage "product" (%i < %n) : f32 {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %a = kernel.load %product_lanes[%i, %c0] : !kernel.buffer<?x16xf32>
    %b = kernel.load %product_lanes[%i, %c1] : !kernel.buffer<?x16xf32>
    %v = arith.mulf %a, %b : f32
    kernel.yield %v : f32
  }
  kernel.output %sum, %product : !kernel.buffer<?xf32>, !kernel.buffer<?xf32>
}

// Tasks are of equal size, as many as threads can share: 300 rows are not 256 and 44.
// CHECK-LABEL: kernel.define @equal_tasks
// CHECK:         kernel.split "y" "i0" into "i0o", "i0i" by 38 guard_with_if
kernel.define @equal_tasks(%x: !kernel.buffer<300x1500xf32>) -> (!kernel.buffer<300x1500xf32> tied %x) attributes {hints = array<i64: 0>} stages {
  %y = kernel.stage "y" (%i < 300, %j < 1500) : f32 {
    %a = kernel.load %x[%i, %j] : !kernel.buffer<300x1500xf32>
    %b = arith.mulf %a, %a : f32
    kernel.yield %b : f32
  }
  kernel.output %y : !kernel.buffer<300x1500xf32>
}

// An output that is read by rows is written row by row, in the loop of its readers, which read what it is made of, if that is little.
// CHECK-LABEL: kernel.define @rows_of_an_output
// CHECK:         kernel.parallel "s" "i0o"
// CHECK:         kernel.parallel "y_stored" "i0o"
// CHECK:         kernel.compute_with "y_stored" with "s" "i0i"
// CHECK-NOT:     "y" at
// CHECK:         kernel.compute_at "lanes" at "s" "i0i"
kernel.define @rows_of_an_output(%x: !kernel.buffer<4096x1024xf32>, %t: !kernel.buffer<1024xf32>) -> (!kernel.buffer<4096x1024xf32>, !kernel.buffer<4096xf32>) stages {
  %c0 = arith.constant 0 : index
  %y = kernel.stage "y" (%i < 4096, %j < 1024) : f32 {
    %a = kernel.load %x[%i, %j] : !kernel.buffer<4096x1024xf32>
    %b = kernel.load %t[%j] : !kernel.buffer<1024xf32>
    %v = arith.subf %a, %b : f32
    kernel.yield %v : f32
  }
  %lanes = kernel.stage "lanes" (%i < 4096, %j < 16) : f32 {
    %zero = arith.constant 0.0 : f32
    kernel.yield %zero : f32
  } updates (%self) {
    kernel.update (%i, %j) over (%r < 64) {
      %c16 = arith.constant 16 : index
      %row = arith.muli %r, %c16 : index
      %at = arith.addi %row, %j : index
      %p = kernel.load %y[%i, %at] : !kernel.buffer<4096x1024xf32>
      %s = kernel.load %self[%i, %j] : !kernel.buffer<4096x16xf32>
      %v = arith.addf %s, %p : f32
      kernel.write %v at [%i, %j] : f32
    }
  }
  %s = kernel.stage "s" (%i < 4096) : f32 {
    %v = kernel.load %lanes[%i, %c0] : !kernel.buffer<4096x16xf32>
    kernel.yield %v : f32
  }
  kernel.output %y, %s : !kernel.buffer<4096x1024xf32>, !kernel.buffer<4096xf32>
}
