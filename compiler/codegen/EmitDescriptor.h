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

/// The symbol of a function that BindEntries calls `name`: it carries the model's name, for two models may be linked into one program.
std::string entrySymbol(const ModelDescription &model, llvm::StringRef name);

/// Adds the descriptor of `model` to `module` and returns it: a private constant of the layout of costate_model_info, which refers to the
/// functions of BindEntries by `entrySymbol`.
llvm::GlobalVariable *emitDescriptor(const ModelDescription &model, const Target &target, llvm::Module &module);

/// A private constant, zero-terminated string, and its address.
llvm::Constant *emitString(llvm::Module &module, llvm::StringRef text);

} // namespace costate::codegen

#endif // COSTATE_COMPILER_CODEGEN_EMITDESCRIPTOR_H
