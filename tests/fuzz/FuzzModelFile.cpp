// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Models in binary form: one is refused with a message, or its tree is written as a file that reads as the same again, and imports as any text does.
#include "costate/frontends/Importer.h"
#include "costate/frontends/ModelFile.h"
#include "costate/tests/fuzz/ContextForInput.h"

#include "mlir/IR/Verifier.h"
#include "llvm/Support/xxhash.h"

#include <cstdlib>
#include <cstring>
#include <unordered_set>

using namespace costate;

extern "C" size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t maxSize);

/// The binary form; empty after a message.
static std::string binary(llvm::StringRef bytes, mlir::MLIRContext &context) {
  Diagnostics diagnostics(context);
  ImportedText imports[] = {{"a.costate", isModelFile(bytes) ? "" : bytes.split("#---\n").second.str()}};
  std::unique_ptr<ModelFile> model = readModelFile(isModelFile(bytes) ? bytes : bytes.split("#---\n").first, "fuzz", diagnostics, imports);
  return model ? writeModelFile(*model) : std::string();
}

/// Seeds are texts. Each is tried in its binary form, and becomes that before anything else happens to it.
extern "C" size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t maxSize, unsigned) {
  llvm::StringRef input(reinterpret_cast<const char *>(data), size);
  if (isModelFile(input))
    return LLVMFuzzerMutate(data, size, maxSize);
  mlir::MLIRContext &context = contextForInput();
  mlir::ScopedDiagnosticHandler silent(&context, [](mlir::Diagnostic &) { return mlir::success(); });
  std::string bytes = binary(input, context);
  if (bytes.empty() || bytes.size() > maxSize)
    return LLVMFuzzerMutate(data, size, maxSize);
  std::memcpy(data, bytes.data(), bytes.size());
  return bytes.size();
}

/// Trees that have been imported are not imported again: most changes of the bytes of a file change no tree, and the standard library is read with each.
static bool isNew(llvm::StringRef tree) {
  static std::unordered_set<uint64_t> seen;
  return seen.insert(llvm::xxh3_64bits(tree)).second;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  llvm::StringRef input(reinterpret_cast<const char *>(data), size);
  mlir::MLIRContext &context = contextForInput();
  unsigned messages = 0;
  mlir::ScopedDiagnosticHandler count(&context, [&](mlir::Diagnostic &) { return ++messages, mlir::success(); });
  std::string tree = binary(input, context);
  if (tree.empty()) {
    if (messages == 0 || (isModelFile(input) && importModel(input, "fuzz", context)))
      std::abort();
    return 0;
  }
  if (!isNew(tree))
    return 0;
  if (binary(tree, context) != tree)
    std::abort();
  messages = 0;
  mlir::OwningOpRef<mlir::ModuleOp> module = importModel(isModelFile(input) ? input : tree, "fuzz", context);
  if (module ? failed(mlir::verify(*module)) : messages == 0)
    std::abort();
  return 0;
}
