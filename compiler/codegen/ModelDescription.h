// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// What a compiled model says about itself, read once from the entries of a module. The descriptor in the object (EmitDescriptor.h), the C
/// header (CInterface.h), the manifest and the lowering of entries (BindEntries) all follow it.
#ifndef COSTATE_COMPILER_CODEGEN_MODELDESCRIPTION_H
#define COSTATE_COMPILER_CODEGEN_MODELDESCRIPTION_H

#include "costate/dialects/graph/Graph.h"
#include "costate/runtime/costate.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"

#include <optional>
#include <string>
#include <vector>

namespace costate::codegen {

struct LeafDescription {
  std::string name;
  std::vector<int64_t> shape;
  int64_t offset; // in elements
};

struct SlotDescription {
  std::string name;
  costate_type type;
  costate_role role; // COSTATE_PARAM, COSTATE_STATE or COSTATE_BUFFER
  std::vector<int64_t> shape;
  int64_t size; // elements
  std::vector<LeafDescription> leaves;
};

struct HyperDescription {
  std::string name;
  double defaultValue;
  costate_type type;
};

struct ArrayDescription {
  std::string name;
  costate_role role;
  costate_type type;
  /// An expression an axis.
  std::vector<graph::DimAttr> axes;
  /// As costate_array_info has it.
  std::vector<int64_t> shape;
  int64_t index = -1;
};

struct EntryDescription {
  std::string name;
  /// Arguments, then results that are not tied; together they are the pointers of the machine code's `args`, in order.
  std::vector<ArrayDescription> arguments, results;
  bool hasWorkspace = false;
  bool hasCompoundAxes = false;
  /// Its code comes later, from another package: of the function, only the signature counts.
  bool isDeferred = false;
  /// (argument, axis) a dimension of the model; see costate_entry_info.dim_sources.
  std::vector<int64_t> dimSources;
};

/// A C function of the program that the model calls.
struct ExternDescription {
  std::string symbol, prototype;
  std::string place; // file:line:column of its declaration, or empty
};

struct ModelDescription {
  std::string name;
  /// What the model says about its training; read by tools, not by the runtime.
  std::optional<std::string> data;
  std::optional<int64_t> epochs, batch;
  std::vector<std::pair<std::string, int64_t>> hints; ///< likely extents of dimensions
  std::vector<std::string> dims;
  std::vector<SlotDescription> slots;
  std::vector<HyperDescription> hypers;
  std::vector<EntryDescription> entries;
  std::vector<ExternDescription> externs;

  /// Position of a dimension. It must exist.
  int64_t dimIndex(llvm::StringRef name) const;
};

/// Functions with `optim.entry`, in the order of the module.
std::vector<mlir::func::FuncOp> entriesOf(mlir::ModuleOp module);

/// Is argument `number` of an entry on buffers a destination of a result? Roles `metric` and `output` are, and what carries `optim.result`.
bool isResult(mlir::func::FuncOp entry, unsigned number);

/// Reads the entries of `module`, which are on buffers: arguments, then results as destinations, then the workspace. `name`: the model's, a C
/// identifier. Fails with a located message where two entries disagree on a slot or hyper-parameter of one name, where a role or type has
/// no place in the interface, where no argument binds a dimension, and where a C function of the program has a name of the model's or two prototypes.
mlir::FailureOr<ModelDescription> describeModel(mlir::ModuleOp module, llvm::StringRef name);

} // namespace costate::codegen

#endif // COSTATE_COMPILER_CODEGEN_MODELDESCRIPTION_H
