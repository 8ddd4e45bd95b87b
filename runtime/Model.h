// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What a costate_model holds. All memory is allocated when the handle is created or reserved; a call only fills in pointers.
#ifndef COSTATE_RUNTIME_MODEL_H
#define COSTATE_RUNTIME_MODEL_H

#include "costate/runtime/Context.h"
#include "costate/runtime/Descriptor.h"

#include <map>

namespace costate::runtime {

/// A tensor of the handle under the name by which files and callers know it.
struct NamedTensor {
  std::string name;
  int32_t role;
  costate_array array;
  int64_t slot;
};

/// Puts a value into the cell of a hyper-parameter, in its type. Errors: InvalidArgument if an integer one gets a fraction; the cell is as it was then.
Status encodeHyper(const costate_hyper_info &hyper, double value, int64_t &cell);

} // namespace costate::runtime

struct costate_model {
  costate_context *context;
  const costate_model_info *info;
  int64_t seed = 0;
  std::vector<costate::runtime::Buffer> slots;
  std::map<std::string, std::string, std::less<>> notes; // of the caller: see costate_model_set_note
  std::vector<int64_t> hypers; // each in the first bytes of its cell, in the type of its descriptor
  std::vector<int64_t> maxDims;
  costate::runtime::Buffer workspace;

  /// The code of an entry, null until it is loaded, and its machine arguments. Those of the handle are filled in once; `user` lists the places of the
  /// caller's pointers.
  struct Frame {
    costate_entry_fn fn;
    costate_size_fn workspaceSize;
    std::vector<void *> args = {};
    std::vector<int32_t> user = {};
  };
  std::vector<Frame> frames;

  /// Leaves and plain slots, parameters first: what save, load and costate_model_array speak of.
  std::vector<costate::runtime::NamedTensor> tensors;

  costate::runtime::Status create(const int64_t *dims);
  costate::runtime::Status reserve(const int64_t *dims);
  costate::runtime::Status draw();
  /// A leaf, a plain slot or an arena, by name (see costate_model_array).
  costate::runtime::Result<costate::runtime::NamedTensor> findTensor(const char *name) const;
  /// Runs the code of an entry, which it loads first if it has to.
  int32_t call(int64_t entry, const int64_t *dims) noexcept;
  costate::runtime::Status load(int64_t entry);
  /// Binds the dimensions of a checked call (see costate_model_bind).
  costate::runtime::Status bind(const costate_entry_info &entry, std::span<const costate_array> args, int64_t *dims) const;
  costate::runtime::Status setHyper(std::string_view name, double value);
  double hyper(int64_t index) const;
};

#endif // COSTATE_RUNTIME_MODEL_H
