// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// The machine that code is made for. Both code generators (Halide's LLVM and ours) derive their settings from it, so that every object
/// of a model needs exactly the instructions in `isa`, which the runtime checks when a handle is created.
#ifndef COSTATE_COMPILER_CODEGEN_TARGET_H
#define COSTATE_COMPILER_CODEGEN_TARGET_H

#include "absl/status/statusor.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace costate::codegen {

struct Target {
  /// The name it was asked for: "host" or a psABI level.
  std::string name;
  /// LLVM triple, as "x86_64-pc-linux-gnu".
  std::string triple;
  /// Bits of costate_isa (runtime/costate.h).
  uint64_t isa = 0;

  /// "host": the instruction sets of this machine. "x86-64", "x86-64-v2", "x86-64-v3", "x86-64-v4": the levels of the x86-64 psABI.
  /// Errors: InvalidArgument for another name, which lists the known ones; Unimplemented on a machine that is not x86-64.
  static absl::StatusOr<Target> named(std::string_view name);

  /// Code for the host is also scheduled for the timings of its CPU, which never widens the instruction set.
  bool isHost() const { return name == "host"; }
  /// LLVM's feature string, as "+avx2,+fma".
  std::string llvmFeatures() const;
  /// Halide's target, as "x86-64-linux-sse41-avx".
  std::string halide() const;
  /// Bytes of the widest vector register: 16, 32 or 64.
  int vectorBytes() const;
  /// Has it an instruction for a product and a sum, rounded once?
  bool hasFma() const;
  /// What a cache key must contain: everything that changes machine code.
  std::string key() const;
};

} // namespace costate::codegen

#endif // COSTATE_COMPILER_CODEGEN_TARGET_H
