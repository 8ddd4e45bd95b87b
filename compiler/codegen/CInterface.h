// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// The functions that a C program calls: one list gives the header's declarations and the machine code of the wrappers.
#ifndef COSTATE_COMPILER_CODEGEN_CINTERFACE_H
#define COSTATE_COMPILER_CODEGEN_CINTERFACE_H

#include "costate/compiler/codegen/ModelDescription.h"
#include "costate/compiler/codegen/Target.h"

#include <string>
#include <vector>

namespace llvm {
class GlobalVariable;
class Module;
} // namespace llvm

namespace costate::codegen {

/// The C names of a model. A name of the model becomes an identifier by writing '_' for what C does not allow; of two that become equal
/// the second gets a number.
class CInterface {
public:
  explicit CInterface(const ModelDescription &model);

  /// Text of NAME.h: C11 and C++.
  std::string header() const;

  /// Adds the wrappers over `info`, the descriptor, to `module`: thin calls of the runtime's C interface.
  void emitFunctions(llvm::Module &module, llvm::GlobalVariable *info) const;

private:
  struct Field { // of NAME_metrics
    std::string identifier, metric;
    costate_type type;
    std::string entries; // that write it
  };
  struct Parameter {
    std::string identifier;
    const ArrayDescription *array; // null: a dimension
    int64_t dim;
  };
  struct EntryFunction {
    std::string identifier;
    int64_t index;
    const EntryDescription *entry;
    std::vector<Parameter> parameters; // inputs and targets, dimensions, outputs
    std::vector<size_t> metrics;       // a field each metric of the entry
  };

  void declareEntry(std::string &text, const EntryFunction &function) const;

  const ModelDescription &model;
  std::vector<std::string> dims, hypers;
  std::vector<Field> metrics;
  std::vector<EntryFunction> functions;
};

/// Text of NAME.json: what the descriptor says, readable by any tool, and the symbols of the kernels.
std::string writeManifest(const ModelDescription &model, const Target &target, const std::vector<std::string> &kernels);

} // namespace costate::codegen

#endif // COSTATE_COMPILER_CODEGEN_CINTERFACE_H
