// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// LLVM IR to machine code.
#ifndef COSTATE_COMPILER_CODEGEN_HOSTOBJECT_H
#define COSTATE_COMPILER_CODEGEN_HOSTOBJECT_H

#include "costate/compiler/codegen/Target.h"

#include <memory>

namespace llvm {
class Module;
class TargetMachine;
} // namespace llvm

namespace costate::codegen {

/// The machine that `target` describes. Float operations are never contracted, reassociated or assumed finite: results follow the IR.
/// optimize: 0 to 3, as clang's -O. Errors: Internal if this LLVM was built without the target.
absl::StatusOr<std::unique_ptr<llvm::TargetMachine>> createTargetMachine(const Target &target, int optimize);

/// Optimizes `module` (at -O1 by a few passes, at -O2 with loop and SLP vectorizers too, at -O3 by LLVM's own pipeline) and returns a position-independent ELF object.
/// Errors: Internal if the module does not verify.
absl::StatusOr<std::string> emitObject(llvm::Module &module, const Target &target, int optimize);

} // namespace costate::codegen

#endif // COSTATE_COMPILER_CODEGEN_HOSTOBJECT_H
