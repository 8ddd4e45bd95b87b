// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// The constant data behind costate_model_info.
#ifndef COSTATE_COMPILER_CODEGEN_EMITDESCRIPTOR_H
#define COSTATE_COMPILER_CODEGEN_EMITDESCRIPTOR_H

#include "costate/compiler/codegen/ModelDescription.h"
#include "costate/compiler/codegen/Target.h"

namespace llvm {
class Constant;
class GlobalVariable;
class Module;
} // namespace llvm

namespace costate::codegen {

/// Adds the descriptor of `model` to `module`, which holds the functions of BindEntries, and returns it: a private constant of the layout of
/// costate_model_info.
llvm::GlobalVariable *emitDescriptor(const ModelDescription &model, const Target &target, llvm::Module &module);

/// A private constant, zero-terminated string, and its address.
llvm::Constant *emitString(llvm::Module &module, llvm::StringRef text);

} // namespace costate::codegen

#endif // COSTATE_COMPILER_CODEGEN_EMITDESCRIPTOR_H
