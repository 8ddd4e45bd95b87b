// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "costate/runtime/Symbols.h"

#include "costate/runtime/costate.h"
#include "costate/runtime/kernels/HalfPrecision.h"

#include <HalideRuntime.h>

namespace costate::runtime {

std::span<const Symbol> symbols() {
#define COSTATE_SYMBOL(name) {#name, reinterpret_cast<void *>(&name)}
#define COSTATE_SYMBOL_FLOATS(name) COSTATE_SYMBOL(name##_f32), COSTATE_SYMBOL(name##_f64)
#define COSTATE_SYMBOL_NUMBERS(name) COSTATE_SYMBOL_FLOATS(name), COSTATE_SYMBOL(name##_i32), COSTATE_SYMBOL(name##_i64)
  static const Symbol table[] = {
      COSTATE_SYMBOL(costate_fail),
      COSTATE_SYMBOL(costate_fail_extent),
      COSTATE_SYMBOL(costate_fail_extern),
      COSTATE_SYMBOL(costate_parallel_for),
      // What the functions of a model's C header call.
      COSTATE_SYMBOL(costate_model_context),
      COSTATE_SYMBOL(costate_model_create),
      COSTATE_SYMBOL(costate_model_destroy),
      COSTATE_SYMBOL(costate_model_invoke),
      COSTATE_SYMBOL(costate_model_load),
      COSTATE_SYMBOL(costate_model_reserve),
      COSTATE_SYMBOL(costate_model_save),
      COSTATE_SYMBOL(costate_model_seed),
      COSTATE_SYMBOL(costate_model_set),
      // What entries and kernels call.
      COSTATE_SYMBOL(costate_print),
      COSTATE_SYMBOL(costate_require),
      COSTATE_SYMBOL(costate_store_row),
      COSTATE_SYMBOL(costate_trace_begin),
      COSTATE_SYMBOL(costate_trace_end),
      COSTATE_SYMBOL_FLOATS(costate_cholesky),
      COSTATE_SYMBOL_FLOATS(costate_triangular_solve),
      COSTATE_SYMBOL_FLOATS(costate_lu),
      COSTATE_SYMBOL_FLOATS(costate_qr),
      COSTATE_SYMBOL_FLOATS(costate_eigh),
      COSTATE_SYMBOL_FLOATS(costate_svd),
      COSTATE_SYMBOL_FLOATS(costate_fft),
      COSTATE_SYMBOL_NUMBERS(costate_argsort),
      COSTATE_SYMBOL_NUMBERS(costate_top_k),
      COSTATE_SYMBOL(costate_take_along_b1),
      COSTATE_SYMBOL(costate_take_along_b2),
      COSTATE_SYMBOL(costate_take_along_b4),
      COSTATE_SYMBOL(costate_take_along_b8),
      COSTATE_SYMBOL(__truncsfhf2),
      COSTATE_SYMBOL(__truncdfhf2),
      COSTATE_SYMBOL(__truncsfbf2),
      COSTATE_SYMBOL(__truncdfbf2),
      COSTATE_SYMBOL(__extendhfsf2),
      COSTATE_SYMBOL(halide_do_par_for),
      COSTATE_SYMBOL(halide_malloc),
      COSTATE_SYMBOL(halide_free),
      COSTATE_SYMBOL(halide_error),
      COSTATE_SYMBOL(halide_error_out_of_memory),
      COSTATE_SYMBOL(halide_error_access_out_of_bounds),
      COSTATE_SYMBOL(halide_error_bad_dimensions),
      COSTATE_SYMBOL(halide_error_bad_type),
      COSTATE_SYMBOL(halide_error_buffer_allocation_too_large),
      COSTATE_SYMBOL(halide_error_buffer_argument_is_null),
      COSTATE_SYMBOL(halide_error_buffer_extents_negative),
      COSTATE_SYMBOL(halide_error_buffer_extents_too_large),
      COSTATE_SYMBOL(halide_error_constraint_violated),
      COSTATE_SYMBOL(halide_error_constraints_make_required_region_smaller),
      COSTATE_SYMBOL(halide_error_device_dirty_with_no_device_support),
      COSTATE_SYMBOL(halide_error_explicit_bounds_too_small),
      COSTATE_SYMBOL(halide_error_host_is_null),
      COSTATE_SYMBOL(halide_error_requirement_failed),
      COSTATE_SYMBOL(halide_error_split_factor_not_positive),
      COSTATE_SYMBOL(halide_error_unaligned_host_ptr),
  };
  return table;
}

} // namespace costate::runtime
