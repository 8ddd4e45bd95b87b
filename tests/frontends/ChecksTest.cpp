// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Runs the check blocks of the standard library, those of the language in checks/, and those of examples/papers, by the oracle:
// identities and limits that hold whatever the compiler does later. In f64, so that tolerances are those of the mathematics.
#include "costate/frontends/Diagnostics.h"
#include "costate/frontends/Importer.h"
#include "costate/frontends/StandardLibrary.h"
#include "costate/tests/frontends/PageBlocks.h"
#include "costate/tests/oracle/Oracle.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "gtest/gtest.h"

namespace costate {
namespace {

/// Runs all checks of a text; the number of expectations it has.
unsigned runChecks(llvm::StringRef text, const std::string &name, llvm::ArrayRef<ImportedText> imports = {}) {
  mlir::MLIRContext context;
  DiagnosticPrinter printer(context, llvm::errs());
  printer.addSource(name, text, imports);
  mlir::OwningOpRef<mlir::ModuleOp> module = importModel(text, name, context, {.realIsF64 = true, .imports = imports});
  EXPECT_TRUE(module) << name;
  if (!module)
    return 0;
  oracle::Oracle oracle(*module);
  unsigned expectations = 0;
  for (auto func : module->getOps<mlir::func::FuncOp>()) {
    auto title = func->getAttrOfType<mlir::StringAttr>("optim.check");
    if (!title)
      continue;
    auto results = oracle.run(func.getName(), {});
    EXPECT_TRUE(succeeded(results)) << name << ": " << title.getValue().str();
    if (failed(results))
      continue;
    auto tolerances = func->getAttrOfType<mlir::ArrayAttr>("optim.within");
    auto areRelative = func->getAttrOfType<mlir::DenseBoolArrayAttr>("optim.relative").asArrayRef();
    for (auto [i, attribute] : llvm::enumerate(tolerances.getAsRange<mlir::FloatAttr>())) {
      const oracle::Array &actual = (*results)[2 * i], &expected = (*results)[2 * i + 1];
      double tolerance = attribute.getValueAsDouble();
      EXPECT_EQ(areRelative[i] ? oracle::difference(actual, expected, tolerance, 0) : oracle::difference(actual, expected, 0, tolerance), "")
          << name << ": check \"" << title.getValue().str() << "\", expectation " << i + 1;
      ++expectations;
    }
  }
  return expectations;
}

TEST(ChecksTest, StandardLibrary) {
  for (const StandardFile &file : standardLibrary()) {
    unsigned expectations = runChecks(file.text, file.name.str());
    bool onlyRules = file.name == "std/optimizers.costate"; // which steps test
    EXPECT_EQ(expectations == 0, onlyRules) << file.name.str();
  }
}

/// Runs the checks of every model file of a folder, of which each has some; the number of files.
unsigned runFolder(llvm::StringRef folder) {
  std::error_code error;
  unsigned files = 0;
  for (llvm::sys::fs::directory_iterator it(COSTATE_SOURCE "/" + folder, error), end; it != end && !error; it.increment(error)) {
    if (llvm::sys::path::extension(it->path()) != ".costate")
      continue;
    auto text = llvm::MemoryBuffer::getFile(it->path());
    EXPECT_TRUE(bool(text)) << it->path();
    if (!text)
      continue;
    EXPECT_GT(runChecks((*text)->getBuffer(), it->path(), readImports(it->path(), (*text)->getBuffer().str())), 0u) << it->path();
    ++files;
  }
  EXPECT_FALSE(error) << error.message();
  return files;
}

TEST(ChecksTest, Language) { EXPECT_GT(runFolder("tests/frontends/checks"), 0u); }

TEST(ChecksTest, Papers) { EXPECT_GT(runFolder("examples/papers"), 0u); }

/// Each block of the page of the language, by its number.
TEST(ChecksTest, PageOfTheLanguage) {
  auto text = llvm::MemoryBuffer::getFile(COSTATE_SOURCE "/docs/language.md");
  ASSERT_TRUE(bool(text));
  std::vector<PageBlock> blocks = blocksOf((*text)->getBuffer(), "docs/language.md");
  unsigned expectations = 0;
  for (const PageBlock &block : blocks)
    expectations += runChecks(block.text, block.name, block.imports);
  EXPECT_GT(blocks.size(), 5u);
  EXPECT_GT(expectations, 10u);
}

} // namespace
} // namespace costate
