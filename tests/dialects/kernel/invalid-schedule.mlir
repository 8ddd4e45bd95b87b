// RUN: costate-opt %s -split-input-file -verify-diagnostics

kernel.define @stage(%n: index, %w: !kernel.buffer<?xf32>) -> (!kernel.buffer<?xf32> tied %w, !kernel.buffer<?x10xf32>) stages {
  %s = kernel.stage "s" (%i < %n) : f32 undef updates (%self) {
    kernel.update (%i) over (%p < 4, %q < %n) {
      %one = arith.constant 1.0 : f32
      kernel.write %one at [%i] : f32
    }
  }
  %y = kernel.stage "y" (%i < %n) : f32 {
    %a = kernel.load %w[%i] : !kernel.buffer<?xf32>
    kernel.yield %a : f32
  }
  %z = kernel.stage "z" (%i < %n, %j < 10) : f32 {
    %a = kernel.load %s[%i] : !kernel.buffer<?xf32>
    kernel.yield %a : f32
  }
  kernel.output %y, %z : !kernel.buffer<?xf32>, !kernel.buffer<?x10xf32>
} schedule {
  // expected-error @below {{requires a stage of the kernel, but got 'x'}}
  kernel.parallel "x" "i0"
}

// -----

kernel.define @update(%n: index, %w: !kernel.buffer<?xf32>) -> (!kernel.buffer<?xf32> tied %w, !kernel.buffer<?x10xf32>) stages {
  %s = kernel.stage "s" (%i < %n) : f32 undef updates (%self) {
    kernel.update (%i) over (%p < 4, %q < %n) {
      %one = arith.constant 1.0 : f32
      kernel.write %one at [%i] : f32
    }
  }
  %y = kernel.stage "y" (%i < %n) : f32 {
    %a = kernel.load %w[%i] : !kernel.buffer<?xf32>
    kernel.yield %a : f32
  }
  %z = kernel.stage "z" (%i < %n, %j < 10) : f32 {
    %a = kernel.load %s[%i] : !kernel.buffer<?xf32>
    kernel.yield %a : f32
  }
  kernel.output %y, %z : !kernel.buffer<?xf32>, !kernel.buffer<?x10xf32>
} schedule {
  // expected-error @below {{requires an update of stage 's', which has 1, but got 1}}
  kernel.parallel "s" update 1 "i0"
}

// -----

kernel.define @variable(%n: index, %w: !kernel.buffer<?xf32>) -> (!kernel.buffer<?xf32> tied %w, !kernel.buffer<?x10xf32>) stages {
  %s = kernel.stage "s" (%i < %n) : f32 undef updates (%self) {
    kernel.update (%i) over (%p < 4, %q < %n) {
      %one = arith.constant 1.0 : f32
      kernel.write %one at [%i] : f32
    }
  }
  %y = kernel.stage "y" (%i < %n) : f32 {
    %a = kernel.load %w[%i] : !kernel.buffer<?xf32>
    kernel.yield %a : f32
  }
  %z = kernel.stage "z" (%i < %n, %j < 10) : f32 {
    %a = kernel.load %s[%i] : !kernel.buffer<?xf32>
    kernel.yield %a : f32
  }
  kernel.output %y, %z : !kernel.buffer<?xf32>, !kernel.buffer<?x10xf32>
} schedule {
  // expected-error @below {{requires a loop variable of the definition, but got 'i1'}}
  // expected-note @below {{its loops are 'i0'}}
  kernel.parallel "y" "i1"
}

// -----

kernel.define @split_factor(%n: index, %w: !kernel.buffer<?xf32>) -> (!kernel.buffer<?xf32> tied %w, !kernel.buffer<?x10xf32>) stages {
  %s = kernel.stage "s" (%i < %n) : f32 undef updates (%self) {
    kernel.update (%i) over (%p < 4, %q < %n) {
      %one = arith.constant 1.0 : f32
      kernel.write %one at [%i] : f32
    }
  }
  %y = kernel.stage "y" (%i < %n) : f32 {
    %a = kernel.load %w[%i] : !kernel.buffer<?xf32>
    kernel.yield %a : f32
  }
  %z = kernel.stage "z" (%i < %n, %j < 10) : f32 {
    %a = kernel.load %s[%i] : !kernel.buffer<?xf32>
    kernel.yield %a : f32
  }
  kernel.output %y, %z : !kernel.buffer<?xf32>, !kernel.buffer<?x10xf32>
} schedule {
  // expected-error @below {{requires a positive factor, but got 0}}
  kernel.split "z" "i0" into "a", "b" by 0 guard_with_if
}

// -----

kernel.define @split_name(%n: index, %w: !kernel.buffer<?xf32>) -> (!kernel.buffer<?xf32> tied %w, !kernel.buffer<?x10xf32>) stages {
  %s = kernel.stage "s" (%i < %n) : f32 undef updates (%self) {
    kernel.update (%i) over (%p < 4, %q < %n) {
      %one = arith.constant 1.0 : f32
      kernel.write %one at [%i] : f32
    }
  }
  %y = kernel.stage "y" (%i < %n) : f32 {
    %a = kernel.load %w[%i] : !kernel.buffer<?xf32>
    kernel.yield %a : f32
  }
  %z = kernel.stage "z" (%i < %n, %j < 10) : f32 {
    %a = kernel.load %s[%i] : !kernel.buffer<?xf32>
    kernel.yield %a : f32
  }
  kernel.output %y, %z : !kernel.buffer<?xf32>, !kernel.buffer<?x10xf32>
} schedule {
  // expected-error @below {{requires a new name, but 'i1' is taken}}
  kernel.split "z" "i0" into "a", "i1" by 8 guard_with_if
}

// -----

kernel.define @split_shift_tied(%n: index, %w: !kernel.buffer<?xf32>) -> (!kernel.buffer<?xf32> tied %w, !kernel.buffer<?x10xf32>) stages {
  %s = kernel.stage "s" (%i < %n) : f32 undef updates (%self) {
    kernel.update (%i) over (%p < 4, %q < %n) {
      %one = arith.constant 1.0 : f32
      kernel.write %one at [%i] : f32
    }
  }
  %y = kernel.stage "y" (%i < %n) : f32 {
    %a = kernel.load %w[%i] : !kernel.buffer<?xf32>
    kernel.yield %a : f32
  }
  %z = kernel.stage "z" (%i < %n, %j < 10) : f32 {
    %a = kernel.load %s[%i] : !kernel.buffer<?xf32>
    kernel.yield %a : f32
  }
  kernel.output %y, %z : !kernel.buffer<?xf32>, !kernel.buffer<?x10xf32>
} schedule {
  // expected-error @below {{requires tail 'shift_inwards' to stand on the definition of an output that is not tied}}
  kernel.split "y" "i0" into "a", "b" by 8 shift_inwards
}

// -----

kernel.define @split_shift_short(%n: index, %w: !kernel.buffer<?xf32>) -> (!kernel.buffer<?xf32> tied %w, !kernel.buffer<?x10xf32>) stages {
  %s = kernel.stage "s" (%i < %n) : f32 undef updates (%self) {
    kernel.update (%i) over (%p < 4, %q < %n) {
      %one = arith.constant 1.0 : f32
      kernel.write %one at [%i] : f32
    }
  }
  %y = kernel.stage "y" (%i < %n) : f32 {
    %a = kernel.load %w[%i] : !kernel.buffer<?xf32>
    kernel.yield %a : f32
  }
  %z = kernel.stage "z" (%i < %n, %j < 10) : f32 {
    %a = kernel.load %s[%i] : !kernel.buffer<?xf32>
    kernel.yield %a : f32
  }
  kernel.output %y, %z : !kernel.buffer<?xf32>, !kernel.buffer<?x10xf32>
} schedule {
  // expected-error @below {{requires tail 'shift_inwards' to split an extent known to be at least 16}}
  kernel.split "z" "i1" into "a", "b" by 16 shift_inwards
}

// -----

kernel.define @split_round_up(%n: index, %w: !kernel.buffer<?xf32>) -> (!kernel.buffer<?xf32> tied %w, !kernel.buffer<?x10xf32>) stages {
  %s = kernel.stage "s" (%i < %n) : f32 undef updates (%self) {
    kernel.update (%i) over (%p < 4, %q < %n) {
      %one = arith.constant 1.0 : f32
      kernel.write %one at [%i] : f32
    }
  }
  %y = kernel.stage "y" (%i < %n) : f32 {
    %a = kernel.load %w[%i] : !kernel.buffer<?xf32>
    kernel.yield %a : f32
  }
  %z = kernel.stage "z" (%i < %n, %j < 10) : f32 {
    %a = kernel.load %s[%i] : !kernel.buffer<?xf32>
    kernel.yield %a : f32
  }
  kernel.output %y, %z : !kernel.buffer<?xf32>, !kernel.buffer<?x10xf32>
} schedule {
  // expected-error @below {{requires tail 'round_up' to split a known multiple of 4}}
  kernel.split "z" "i1" into "a", "b" by 4 round_up
}

// -----

kernel.define @split_reduction(%n: index, %w: !kernel.buffer<?xf32>) -> (!kernel.buffer<?xf32> tied %w, !kernel.buffer<?x10xf32>) stages {
  %s = kernel.stage "s" (%i < %n) : f32 undef updates (%self) {
    kernel.update (%i) over (%p < 4, %q < %n) {
      %one = arith.constant 1.0 : f32
      kernel.write %one at [%i] : f32
    }
  }
  %y = kernel.stage "y" (%i < %n) : f32 {
    %a = kernel.load %w[%i] : !kernel.buffer<?xf32>
    kernel.yield %a : f32
  }
  %z = kernel.stage "z" (%i < %n, %j < 10) : f32 {
    %a = kernel.load %s[%i] : !kernel.buffer<?xf32>
    kernel.yield %a : f32
  }
  kernel.output %y, %z : !kernel.buffer<?xf32>, !kernel.buffer<?x10xf32>
} schedule {
  // expected-error @below {{requires tail 'guard_with_if' on a reduction variable}}
  kernel.split "s" update 0 "r0" into "a", "b" by 3 predicate
}

// -----

kernel.define @split_update_inside(%x: !kernel.buffer<32xf32>) -> (!kernel.buffer<32xf32>) stages {
  %s = kernel.stage "s" (%i < 32) : f32 undef updates (%self) {
    kernel.update (%i) {
      %one = arith.constant 1.0 : f32
      kernel.write %one at [%i] : f32
    }
  }
  kernel.output %s : !kernel.buffer<32xf32>
} schedule {
  kernel.split "s" update 0 "i0" into "a", "b" by 16 round_up
  // expected-error @below {{requires another tail than 'round_up' on 'b', which an earlier split has left inside: it is of an update, or of a tied stage}}
  kernel.split "s" update 0 "b" into "c", "d" by 4 round_up
}

// -----

kernel.define @split_reduction_exactly(%n: index, %x: !kernel.buffer<?xf32>) -> (!kernel.buffer<?xf32>) stages {
  %s = kernel.stage "s" (%i < %n) : f32 undef updates (%self) {
    kernel.update (%i) over (%p < 4) {
      %one = arith.constant 1.0 : f32
      kernel.write %one at [%i] : f32
    }
  }
  kernel.output %s : !kernel.buffer<?xf32>
} schedule {
  // expected-error @below {{requires tail 'guard_with_if' on a reduction variable}}
  kernel.split "s" update 0 "r0" into "a", "b" by 2 round_up
}

// -----

kernel.define @fuse_apart(%n: index, %w: !kernel.buffer<?xf32>) -> (!kernel.buffer<?xf32> tied %w, !kernel.buffer<?x10xf32>) stages {
  %s = kernel.stage "s" (%i < %n) : f32 undef updates (%self) {
    kernel.update (%i) over (%p < 4, %q < %n) {
      %one = arith.constant 1.0 : f32
      kernel.write %one at [%i] : f32
    }
  }
  %y = kernel.stage "y" (%i < %n) : f32 {
    %a = kernel.load %w[%i] : !kernel.buffer<?xf32>
    kernel.yield %a : f32
  }
  %z = kernel.stage "z" (%i < %n, %j < 10) : f32 {
    %a = kernel.load %s[%i] : !kernel.buffer<?xf32>
    kernel.yield %a : f32
  }
  kernel.output %y, %z : !kernel.buffer<?xf32>, !kernel.buffer<?x10xf32>
} schedule {
  // expected-error @below {{requires 'i1' to stand directly outside 'i0', both pure}}
  kernel.fuse "z" "i1", "i0" into "i"
}

// -----

kernel.define @reorder_twice(%n: index, %w: !kernel.buffer<?xf32>) -> (!kernel.buffer<?xf32> tied %w, !kernel.buffer<?x10xf32>) stages {
  %s = kernel.stage "s" (%i < %n) : f32 undef updates (%self) {
    kernel.update (%i) over (%p < 4, %q < %n) {
      %one = arith.constant 1.0 : f32
      kernel.write %one at [%i] : f32
    }
  }
  %y = kernel.stage "y" (%i < %n) : f32 {
    %a = kernel.load %w[%i] : !kernel.buffer<?xf32>
    kernel.yield %a : f32
  }
  %z = kernel.stage "z" (%i < %n, %j < 10) : f32 {
    %a = kernel.load %s[%i] : !kernel.buffer<?xf32>
    kernel.yield %a : f32
  }
  kernel.output %y, %z : !kernel.buffer<?xf32>, !kernel.buffer<?x10xf32>
} schedule {
  // expected-error @below {{requires different variables, but got "i0" twice}}
  kernel.reorder "z" ["i0", "i0"]
}

// -----

kernel.define @reorder_reduction(%n: index, %w: !kernel.buffer<?xf32>) -> (!kernel.buffer<?xf32> tied %w, !kernel.buffer<?x10xf32>) stages {
  %s = kernel.stage "s" (%i < %n) : f32 undef updates (%self) {
    kernel.update (%i) over (%p < 4, %q < %n) {
      %one = arith.constant 1.0 : f32
      kernel.write %one at [%i] : f32
    }
  }
  %y = kernel.stage "y" (%i < %n) : f32 {
    %a = kernel.load %w[%i] : !kernel.buffer<?xf32>
    kernel.yield %a : f32
  }
  %z = kernel.stage "z" (%i < %n, %j < 10) : f32 {
    %a = kernel.load %s[%i] : !kernel.buffer<?xf32>
    kernel.yield %a : f32
  }
  kernel.output %y, %z : !kernel.buffer<?xf32>, !kernel.buffer<?x10xf32>
} schedule {
  // expected-error @below {{requires reduction variables to keep their order, r0, r1 (outermost first)}}
  kernel.reorder "s" update 0 ["r0", "r1"]
}

// -----

kernel.define @vectorize_reduction(%n: index, %w: !kernel.buffer<?xf32>) -> (!kernel.buffer<?xf32> tied %w, !kernel.buffer<?x10xf32>) stages {
  %s = kernel.stage "s" (%i < %n) : f32 undef updates (%self) {
    kernel.update (%i) over (%p < 4, %q < %n) {
      %one = arith.constant 1.0 : f32
      kernel.write %one at [%i] : f32
    }
  }
  %y = kernel.stage "y" (%i < %n) : f32 {
    %a = kernel.load %w[%i] : !kernel.buffer<?xf32>
    kernel.yield %a : f32
  }
  %z = kernel.stage "z" (%i < %n, %j < 10) : f32 {
    %a = kernel.load %s[%i] : !kernel.buffer<?xf32>
    kernel.yield %a : f32
  }
  kernel.output %y, %z : !kernel.buffer<?xf32>, !kernel.buffer<?x10xf32>
} schedule {
  // expected-error @below {{requires a pure variable, but 'r0' is a reduction variable}}
  kernel.vectorize "s" update 0 "r0"
}

// -----

kernel.define @vectorize_extent(%n: index, %w: !kernel.buffer<?xf32>) -> (!kernel.buffer<?xf32> tied %w, !kernel.buffer<?x10xf32>) stages {
  %s = kernel.stage "s" (%i < %n) : f32 undef updates (%self) {
    kernel.update (%i) over (%p < 4, %q < %n) {
      %one = arith.constant 1.0 : f32
      kernel.write %one at [%i] : f32
    }
  }
  %y = kernel.stage "y" (%i < %n) : f32 {
    %a = kernel.load %w[%i] : !kernel.buffer<?xf32>
    kernel.yield %a : f32
  }
  %z = kernel.stage "z" (%i < %n, %j < 10) : f32 {
    %a = kernel.load %s[%i] : !kernel.buffer<?xf32>
    kernel.yield %a : f32
  }
  kernel.output %y, %z : !kernel.buffer<?xf32>, !kernel.buffer<?x10xf32>
} schedule {
  // expected-error @below {{requires a constant extent, but that of 'i0' is not}}
  kernel.vectorize "z" "i0"
}

// -----

kernel.define @unroll_twice(%n: index, %w: !kernel.buffer<?xf32>) -> (!kernel.buffer<?xf32> tied %w, !kernel.buffer<?x10xf32>) stages {
  %s = kernel.stage "s" (%i < %n) : f32 undef updates (%self) {
    kernel.update (%i) over (%p < 4, %q < %n) {
      %one = arith.constant 1.0 : f32
      kernel.write %one at [%i] : f32
    }
  }
  %y = kernel.stage "y" (%i < %n) : f32 {
    %a = kernel.load %w[%i] : !kernel.buffer<?xf32>
    kernel.yield %a : f32
  }
  %z = kernel.stage "z" (%i < %n, %j < 10) : f32 {
    %a = kernel.load %s[%i] : !kernel.buffer<?xf32>
    kernel.yield %a : f32
  }
  kernel.output %y, %z : !kernel.buffer<?xf32>, !kernel.buffer<?x10xf32>
} schedule {
  kernel.vectorize "z" "i1"
  // expected-error @below {{requires a serial loop, but 'i1' is not}}
  kernel.unroll "z" "i1"
}

// -----

kernel.define @place_twice(%n: index, %w: !kernel.buffer<?xf32>) -> (!kernel.buffer<?xf32> tied %w, !kernel.buffer<?x10xf32>) stages {
  %s = kernel.stage "s" (%i < %n) : f32 undef updates (%self) {
    kernel.update (%i) over (%p < 4, %q < %n) {
      %one = arith.constant 1.0 : f32
      kernel.write %one at [%i] : f32
    }
  }
  %y = kernel.stage "y" (%i < %n) : f32 {
    %a = kernel.load %w[%i] : !kernel.buffer<?xf32>
    kernel.yield %a : f32
  }
  %z = kernel.stage "z" (%i < %n, %j < 10) : f32 {
    %a = kernel.load %s[%i] : !kernel.buffer<?xf32>
    kernel.yield %a : f32
  }
  kernel.output %y, %z : !kernel.buffer<?xf32>, !kernel.buffer<?x10xf32>
} schedule {
  kernel.compute_root "s"
  // expected-error @below {{requires at most one place for stage 's'}}
  kernel.compute_root "s"
}

// -----

kernel.define @compute_at_output(%n: index, %w: !kernel.buffer<?xf32>) -> (!kernel.buffer<?xf32> tied %w, !kernel.buffer<?x10xf32>) stages {
  %s = kernel.stage "s" (%i < %n) : f32 undef updates (%self) {
    kernel.update (%i) over (%p < 4, %q < %n) {
      %one = arith.constant 1.0 : f32
      kernel.write %one at [%i] : f32
    }
  }
  %y = kernel.stage "y" (%i < %n) : f32 {
    %a = kernel.load %w[%i] : !kernel.buffer<?xf32>
    kernel.yield %a : f32
  }
  %z = kernel.stage "z" (%i < %n, %j < 10) : f32 {
    %a = kernel.load %s[%i] : !kernel.buffer<?xf32>
    kernel.yield %a : f32
  }
  kernel.output %y, %z : !kernel.buffer<?xf32>, !kernel.buffer<?x10xf32>
} schedule {
  // expected-error @below {{requires a stage that is not an output}}
  kernel.compute_at "y" at "z" "i0"
}

// -----

kernel.define @compute_at_order(%n: index, %w: !kernel.buffer<?xf32>) -> (!kernel.buffer<?xf32> tied %w, !kernel.buffer<?x10xf32>) stages {
  %s = kernel.stage "s" (%i < %n) : f32 undef updates (%self) {
    kernel.update (%i) over (%p < 4, %q < %n) {
      %one = arith.constant 1.0 : f32
      kernel.write %one at [%i] : f32
    }
  }
  %y = kernel.stage "y" (%i < %n) : f32 {
    %a = kernel.load %w[%i] : !kernel.buffer<?xf32>
    kernel.yield %a : f32
  }
  %z = kernel.stage "z" (%i < %n, %j < 10) : f32 {
    %a = kernel.load %s[%i] : !kernel.buffer<?xf32>
    kernel.yield %a : f32
  }
  kernel.output %y, %z : !kernel.buffer<?xf32>, !kernel.buffer<?x10xf32>
} schedule {
  // expected-error @below {{requires a consumer after the stage}}
  kernel.compute_at "s" at "s" "i0"
}

// -----

kernel.define @compute_at_loop(%n: index, %w: !kernel.buffer<?xf32>) -> (!kernel.buffer<?xf32> tied %w, !kernel.buffer<?x10xf32>) stages {
  %s = kernel.stage "s" (%i < %n) : f32 undef updates (%self) {
    kernel.update (%i) over (%p < 4, %q < %n) {
      %one = arith.constant 1.0 : f32
      kernel.write %one at [%i] : f32
    }
  }
  %y = kernel.stage "y" (%i < %n) : f32 {
    %a = kernel.load %w[%i] : !kernel.buffer<?xf32>
    kernel.yield %a : f32
  }
  %z = kernel.stage "z" (%i < %n, %j < 10) : f32 {
    %a = kernel.load %s[%i] : !kernel.buffer<?xf32>
    kernel.yield %a : f32
  }
  kernel.output %y, %z : !kernel.buffer<?xf32>, !kernel.buffer<?x10xf32>
} schedule {
  // expected-error @below {{requires a loop variable of the consumer, but got 'i2'}}
  kernel.compute_at "s" at "z" "i2"
}

// -----

kernel.define @compute_at_vector(%n: index, %w: !kernel.buffer<?xf32>) -> (!kernel.buffer<?xf32> tied %w, !kernel.buffer<?x10xf32>) stages {
  %s = kernel.stage "s" (%i < %n) : f32 undef updates (%self) {
    kernel.update (%i) over (%p < 4, %q < %n) {
      %one = arith.constant 1.0 : f32
      kernel.write %one at [%i] : f32
    }
  }
  %y = kernel.stage "y" (%i < %n) : f32 {
    %a = kernel.load %w[%i] : !kernel.buffer<?xf32>
    kernel.yield %a : f32
  }
  %z = kernel.stage "z" (%i < %n, %j < 10) : f32 {
    %a = kernel.load %s[%i] : !kernel.buffer<?xf32>
    kernel.yield %a : f32
  }
  kernel.output %y, %z : !kernel.buffer<?xf32>, !kernel.buffer<?x10xf32>
} schedule {
  kernel.vectorize "z" "i1"
  // expected-error @below {{requires a loop that is not vectorized, but 'i1' is}}
  kernel.compute_at "s" at "z" "i1"
}

// -----

kernel.define @store_in_output(%n: index, %w: !kernel.buffer<?xf32>) -> (!kernel.buffer<?xf32> tied %w, !kernel.buffer<?x10xf32>) stages {
  %s = kernel.stage "s" (%i < %n) : f32 undef updates (%self) {
    kernel.update (%i) over (%p < 4, %q < %n) {
      %one = arith.constant 1.0 : f32
      kernel.write %one at [%i] : f32
    }
  }
  %y = kernel.stage "y" (%i < %n) : f32 {
    %a = kernel.load %w[%i] : !kernel.buffer<?xf32>
    kernel.yield %a : f32
  }
  %z = kernel.stage "z" (%i < %n, %j < 10) : f32 {
    %a = kernel.load %s[%i] : !kernel.buffer<?xf32>
    kernel.yield %a : f32
  }
  kernel.output %y, %z : !kernel.buffer<?xf32>, !kernel.buffer<?x10xf32>
} schedule {
  // expected-error @below {{requires a stage that is not an output}}
  kernel.store_in "z" stack
}

// -----

kernel.define @bound_extent_place(%n: index, %w: !kernel.buffer<?xf32>) -> (!kernel.buffer<?xf32> tied %w, !kernel.buffer<?x10xf32>) stages {
  %s = kernel.stage "s" (%i < %n) : f32 undef updates (%self) {
    kernel.update (%i) over (%p < 4, %q < %n) {
      %one = arith.constant 1.0 : f32
      kernel.write %one at [%i] : f32
    }
  }
  %y = kernel.stage "y" (%i < %n) : f32 {
    %a = kernel.load %w[%i] : !kernel.buffer<?xf32>
    kernel.yield %a : f32
  }
  %z = kernel.stage "z" (%i < %n, %j < 10) : f32 {
    %a = kernel.load %s[%i] : !kernel.buffer<?xf32>
    kernel.yield %a : f32
  }
  kernel.output %y, %z : !kernel.buffer<?xf32>, !kernel.buffer<?x10xf32>
} schedule {
  // expected-error @below {{requires a stage with compute_at before it}}
  kernel.bound_extent "s" "i0" 8
}

// -----

kernel.define @bound_extent_value(%n: index, %w: !kernel.buffer<?xf32>) -> (!kernel.buffer<?xf32> tied %w, !kernel.buffer<?x10xf32>) stages {
  %s = kernel.stage "s" (%i < %n) : f32 undef updates (%self) {
    kernel.update (%i) over (%p < 4, %q < %n) {
      %one = arith.constant 1.0 : f32
      kernel.write %one at [%i] : f32
    }
  }
  %y = kernel.stage "y" (%i < %n) : f32 {
    %a = kernel.load %w[%i] : !kernel.buffer<?xf32>
    kernel.yield %a : f32
  }
  %z = kernel.stage "z" (%i < %n, %j < 10) : f32 {
    %a = kernel.load %s[%i] : !kernel.buffer<?xf32>
    kernel.yield %a : f32
  }
  kernel.output %y, %z : !kernel.buffer<?xf32>, !kernel.buffer<?x10xf32>
} schedule {
  kernel.compute_at "s" at "z" "i0"
  // expected-error @below {{requires a positive extent, but got 0}}
  kernel.bound_extent "s" "i0" 0
}

// -----

kernel.define @inlined(%n: index, %w: !kernel.buffer<?xf32>) -> (!kernel.buffer<?xf32> tied %w, !kernel.buffer<?x10xf32>) stages {
  %s = kernel.stage "s" (%i < %n) : f32 undef updates (%self) {
    kernel.update (%i) over (%p < 4, %q < %n) {
      %one = arith.constant 1.0 : f32
      kernel.write %one at [%i] : f32
    }
  }
  %y = kernel.stage "y" (%i < %n) : f32 {
    %a = kernel.load %w[%i] : !kernel.buffer<?xf32>
    kernel.yield %a : f32
  }
  %z = kernel.stage "z" (%i < %n, %j < 10) : f32 {
    %a = kernel.load %s[%i] : !kernel.buffer<?xf32>
    kernel.yield %a : f32
  }
  kernel.output %y, %z : !kernel.buffer<?xf32>, !kernel.buffer<?x10xf32>
} schedule {
  // expected-error @below {{requires stage 's' to have loops: to be an output, or to have compute_root or compute_at}}
  kernel.parallel "s" update 0 "i0"
}

// -----

kernel.define @compute_with_place(%n: index, %m: index, %w: !kernel.buffer<?xf32>) -> (!kernel.buffer<?xf32>, !kernel.buffer<?x10xf32>, !kernel.buffer<?xf32>) stages {
  %s = kernel.stage "s" (%i < %n) : f32 {
    %a = kernel.load %w[%i] : !kernel.buffer<?xf32>
    kernel.yield %a : f32
  }
  %x = kernel.stage "x" (%i < %n) : f32 {
    %a = kernel.load %s[%i] : !kernel.buffer<?xf32>
    kernel.yield %a : f32
  }
  %y = kernel.stage "y" (%i < %n, %j < 10) : f32 {
    %a = kernel.load %s[%i] : !kernel.buffer<?xf32>
    kernel.yield %a : f32
  }
  %z = kernel.stage "z" (%i < %m) : f32 {
    %a = kernel.load %x[%i] : !kernel.buffer<?xf32>
    kernel.yield %a : f32
  }
  kernel.output %x, %y, %z : !kernel.buffer<?xf32>, !kernel.buffer<?x10xf32>, !kernel.buffer<?xf32>
} schedule {
  // expected-error @below {{requires outputs that are not tied, or stages with compute_root before, but got 's'}}
  kernel.compute_with "s" with "x" "i0"
}

// -----

kernel.define @compute_with_order(%n: index, %m: index, %w: !kernel.buffer<?xf32>) -> (!kernel.buffer<?xf32>, !kernel.buffer<?x10xf32>, !kernel.buffer<?xf32>) stages {
  %s = kernel.stage "s" (%i < %n) : f32 {
    %a = kernel.load %w[%i] : !kernel.buffer<?xf32>
    kernel.yield %a : f32
  }
  %x = kernel.stage "x" (%i < %n) : f32 {
    %a = kernel.load %s[%i] : !kernel.buffer<?xf32>
    kernel.yield %a : f32
  }
  %y = kernel.stage "y" (%i < %n, %j < 10) : f32 {
    %a = kernel.load %s[%i] : !kernel.buffer<?xf32>
    kernel.yield %a : f32
  }
  %z = kernel.stage "z" (%i < %m) : f32 {
    %a = kernel.load %x[%i] : !kernel.buffer<?xf32>
    kernel.yield %a : f32
  }
  kernel.output %x, %y, %z : !kernel.buffer<?xf32>, !kernel.buffer<?x10xf32>, !kernel.buffer<?xf32>
} schedule {
  // expected-error @below {{requires a leader after the stage}}
  kernel.compute_with "y" with "x" "i0"
}

// -----

kernel.define @compute_with_reads(%n: index, %m: index, %w: !kernel.buffer<?xf32>) -> (!kernel.buffer<?xf32>, !kernel.buffer<?x10xf32>, !kernel.buffer<?xf32>) stages {
  %s = kernel.stage "s" (%i < %n) : f32 {
    %a = kernel.load %w[%i] : !kernel.buffer<?xf32>
    kernel.yield %a : f32
  }
  %x = kernel.stage "x" (%i < %n) : f32 {
    %a = kernel.load %s[%i] : !kernel.buffer<?xf32>
    kernel.yield %a : f32
  }
  %y = kernel.stage "y" (%i < %n, %j < 10) : f32 {
    %a = kernel.load %s[%i] : !kernel.buffer<?xf32>
    kernel.yield %a : f32
  }
  %z = kernel.stage "z" (%i < %m) : f32 {
    %a = kernel.load %x[%i] : !kernel.buffer<?xf32>
    kernel.yield %a : f32
  }
  kernel.output %x, %y, %z : !kernel.buffer<?xf32>, !kernel.buffer<?x10xf32>, !kernel.buffer<?xf32>
} schedule {
  // expected-error @below {{requires stages of which none waits for another that shares its loops}}
  kernel.compute_with "x" with "z" "i0"
}

// -----

kernel.define @compute_with_extents(%n: index, %m: index, %w: !kernel.buffer<?xf32>) -> (!kernel.buffer<?xf32>, !kernel.buffer<?x10xf32>, !kernel.buffer<?xf32>) stages {
  %s = kernel.stage "s" (%i < %n) : f32 {
    %a = kernel.load %w[%i] : !kernel.buffer<?xf32>
    kernel.yield %a : f32
  }
  %x = kernel.stage "x" (%i < %n) : f32 {
    %a = kernel.load %s[%i] : !kernel.buffer<?xf32>
    kernel.yield %a : f32
  }
  %y = kernel.stage "y" (%i < %n, %j < 10) : f32 {
    %a = kernel.load %s[%i] : !kernel.buffer<?xf32>
    kernel.yield %a : f32
  }
  %z = kernel.stage "z" (%i < %m) : f32 {
    %a = kernel.load %x[%i] : !kernel.buffer<?xf32>
    kernel.yield %a : f32
  }
  kernel.output %x, %y, %z : !kernel.buffer<?xf32>, !kernel.buffer<?x10xf32>, !kernel.buffer<?xf32>
} schedule {
  // expected-error @below {{requires equal loops from the outermost to 'i0', but got 'i0' and 'i0', which differ}}
  kernel.compute_with "y" with "z" "i0"
}

// -----

kernel.define @compute_with_steps(%n: index, %m: index, %w: !kernel.buffer<?xf32>) -> (!kernel.buffer<?xf32>, !kernel.buffer<?x10xf32>, !kernel.buffer<?xf32>) stages {
  %s = kernel.stage "s" (%i < %n) : f32 {
    %a = kernel.load %w[%i] : !kernel.buffer<?xf32>
    kernel.yield %a : f32
  }
  %x = kernel.stage "x" (%i < %n) : f32 {
    %a = kernel.load %s[%i] : !kernel.buffer<?xf32>
    kernel.yield %a : f32
  }
  %y = kernel.stage "y" (%i < %n, %j < 10) : f32 {
    %a = kernel.load %s[%i] : !kernel.buffer<?xf32>
    kernel.yield %a : f32
  }
  %z = kernel.stage "z" (%i < %m) : f32 {
    %a = kernel.load %x[%i] : !kernel.buffer<?xf32>
    kernel.yield %a : f32
  }
  kernel.output %x, %y, %z : !kernel.buffer<?xf32>, !kernel.buffer<?x10xf32>, !kernel.buffer<?xf32>
} schedule {
  kernel.split "x" "i0" into "i0o", "i0i" by 4 guard_with_if
  kernel.split "y" "i0" into "i0o", "i0i" by 8 guard_with_if
  // expected-error @below {{requires equal loops from the outermost to 'i0o', but got 'i0o' and 'i0o', which differ}}
  kernel.compute_with "x" with "y" "i0o"
}

// -----

kernel.define @compute_with_loop(%n: index, %m: index, %w: !kernel.buffer<?xf32>) -> (!kernel.buffer<?xf32>, !kernel.buffer<?x10xf32>, !kernel.buffer<?xf32>) stages {
  %s = kernel.stage "s" (%i < %n) : f32 {
    %a = kernel.load %w[%i] : !kernel.buffer<?xf32>
    kernel.yield %a : f32
  }
  %x = kernel.stage "x" (%i < %n) : f32 {
    %a = kernel.load %s[%i] : !kernel.buffer<?xf32>
    kernel.yield %a : f32
  }
  %y = kernel.stage "y" (%i < %n, %j < 10) : f32 {
    %a = kernel.load %s[%i] : !kernel.buffer<?xf32>
    kernel.yield %a : f32
  }
  %z = kernel.stage "z" (%i < %m) : f32 {
    %a = kernel.load %x[%i] : !kernel.buffer<?xf32>
    kernel.yield %a : f32
  }
  kernel.output %x, %y, %z : !kernel.buffer<?xf32>, !kernel.buffer<?x10xf32>, !kernel.buffer<?xf32>
} schedule {
  // expected-error @below {{requires a loop 'i1' of both stages}}
  kernel.compute_with "x" with "y" "i1"
}

// -----

kernel.define @compute_with_later(%n: index, %m: index, %w: !kernel.buffer<?xf32>) -> (!kernel.buffer<?xf32>, !kernel.buffer<?x10xf32>, !kernel.buffer<?xf32>) stages {
  %s = kernel.stage "s" (%i < %n) : f32 {
    %a = kernel.load %w[%i] : !kernel.buffer<?xf32>
    kernel.yield %a : f32
  }
  %x = kernel.stage "x" (%i < %n) : f32 {
    %a = kernel.load %s[%i] : !kernel.buffer<?xf32>
    kernel.yield %a : f32
  }
  %y = kernel.stage "y" (%i < %n, %j < 10) : f32 {
    %a = kernel.load %s[%i] : !kernel.buffer<?xf32>
    kernel.yield %a : f32
  }
  %z = kernel.stage "z" (%i < %m) : f32 {
    %a = kernel.load %x[%i] : !kernel.buffer<?xf32>
    kernel.yield %a : f32
  }
  kernel.output %x, %y, %z : !kernel.buffer<?xf32>, !kernel.buffer<?x10xf32>, !kernel.buffer<?xf32>
} schedule {
  kernel.compute_with "x" with "y" "i0"
  // expected-error @below {{requires loops that no compute_with before it shares}}
  kernel.parallel "x" "i0"
}

// -----

kernel.define @compute_with_consumer(%n: index, %m: index, %w: !kernel.buffer<?xf32>) -> (!kernel.buffer<?xf32>, !kernel.buffer<?x10xf32>, !kernel.buffer<?xf32>) stages {
  %s = kernel.stage "s" (%i < %n) : f32 {
    %a = kernel.load %w[%i] : !kernel.buffer<?xf32>
    kernel.yield %a : f32
  }
  %x = kernel.stage "x" (%i < %n) : f32 {
    %a = kernel.load %s[%i] : !kernel.buffer<?xf32>
    kernel.yield %a : f32
  }
  %y = kernel.stage "y" (%i < %n, %j < 10) : f32 {
    %a = kernel.load %s[%i] : !kernel.buffer<?xf32>
    kernel.yield %a : f32
  }
  %z = kernel.stage "z" (%i < %m) : f32 {
    %a = kernel.load %x[%i] : !kernel.buffer<?xf32>
    kernel.yield %a : f32
  }
  kernel.output %x, %y, %z : !kernel.buffer<?xf32>, !kernel.buffer<?x10xf32>, !kernel.buffer<?xf32>
} schedule {
  kernel.compute_with "x" with "y" "i0"
  // expected-error @below {{requires the loop of the leader, 'y', where 'x' shares it}}
  kernel.compute_at "s" at "x" "i0"
}

// -----

kernel.define @nontemporal_inside(%n: index, %x: !kernel.buffer<?x500xf32>) -> (!kernel.buffer<?x500xf32>) stages {
  %s = kernel.stage "s" (%i < %n, %j < 500) : f32 {
    %a = kernel.load %x[%i, %j] : !kernel.buffer<?x500xf32>
    kernel.yield %a : f32
  }
  %y = kernel.stage "y" (%i < %n, %j < 500) : f32 {
    %a = kernel.load %s[%i, %j] : !kernel.buffer<?x500xf32>
    kernel.yield %a : f32
  }
  kernel.output %y : !kernel.buffer<?x500xf32>
} schedule {
  // expected-error @below {{requires an output that is a copy of another stage}}
  kernel.nontemporal "s"
}

// -----

kernel.define @nontemporal_split(%n: index, %x: !kernel.buffer<?x500xf32>) -> (!kernel.buffer<?x500xf32>) stages {
  %s = kernel.stage "s" (%i < %n, %j < 500) : f32 {
    %a = kernel.load %x[%i, %j] : !kernel.buffer<?x500xf32>
    kernel.yield %a : f32
  }
  %y = kernel.stage "y" (%i < %n, %j < 500) : f32 {
    %a = kernel.load %s[%i, %j] : !kernel.buffer<?x500xf32>
    kernel.yield %a : f32
  }
  kernel.output %y : !kernel.buffer<?x500xf32>
} schedule {
  kernel.split "y" "i1" into "i1o", "i1i" by 4 guard_with_if
  // expected-error @below {{requires the last variable to be the innermost loop, whole and serial}}
  kernel.nontemporal "y"
}

// -----

kernel.define @nontemporal_vector(%n: index, %x: !kernel.buffer<?x500xf32>) -> (!kernel.buffer<?x500xf32>) stages {
  %s = kernel.stage "s" (%i < %n, %j < 500) : f32 {
    %a = kernel.load %x[%i, %j] : !kernel.buffer<?x500xf32>
    kernel.yield %a : f32
  }
  %y = kernel.stage "y" (%i < %n, %j < 500) : f32 {
    %a = kernel.load %s[%i, %j] : !kernel.buffer<?x500xf32>
    kernel.yield %a : f32
  }
  kernel.output %y : !kernel.buffer<?x500xf32>
} schedule {
  kernel.vectorize "y" "i1"
  // expected-error @below {{requires the last variable to be the innermost loop, whole and serial}}
  kernel.nontemporal "y"
}

// -----

kernel.define @nontemporal_first(%n: index, %x: !kernel.buffer<?x500xf32>) -> (!kernel.buffer<?x500xf32>) stages {
  %s = kernel.stage "s" (%i < %n, %j < 500) : f32 {
    %a = kernel.load %x[%i, %j] : !kernel.buffer<?x500xf32>
    kernel.yield %a : f32
  }
  %y = kernel.stage "y" (%i < %n, %j < 500) : f32 {
    %a = kernel.load %s[%i, %j] : !kernel.buffer<?x500xf32>
    kernel.yield %a : f32
  }
  kernel.output %y : !kernel.buffer<?x500xf32>
} schedule {
  kernel.nontemporal "y"
  // expected-error @below {{requires to stand before the nontemporal of its stage}}
  kernel.vectorize "y" "i1"
}

// -----

kernel.define @nontemporal_computes(%n: index, %x: !kernel.buffer<?x500xf32>) -> (!kernel.buffer<?x500xf32>) stages {
  %s = kernel.stage "s" (%i < %n, %j < 500) : f32 {
    %a = kernel.load %x[%i, %j] : !kernel.buffer<?x500xf32>
    kernel.yield %a : f32
  }
  %y = kernel.stage "y" (%i < %n, %j < 500) : f32 {
    %a = kernel.load %s[%i, %j] : !kernel.buffer<?x500xf32>
    %b = arith.negf %a : f32
    kernel.yield %b : f32
  }
  kernel.output %y : !kernel.buffer<?x500xf32>
} schedule {
  // expected-error @below {{requires an output that is a copy of another stage}}
  kernel.nontemporal "y"
}
