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

/// A file is a test, so that files run side by side.
std::string nameOf(llvm::StringRef file) {
  std::string name = llvm::sys::path::stem(file).str();
  std::replace_if(name.begin(), name.end(), [](char c) { return !llvm::isAlnum(c); }, '_');
  return name;
}

class StandardLibraryTest : public testing::TestWithParam<StandardFile> {};

TEST_P(StandardLibraryTest, ChecksHold) {
  const StandardFile &file = GetParam();
  unsigned expectations = runChecks(file.text, file.name.str());
  bool onlyRules = file.name == "std/optimizers.costate"; // which steps test
  EXPECT_EQ(expectations == 0, onlyRules) << file.name.str();
}

INSTANTIATE_TEST_SUITE_P(Std, StandardLibraryTest, testing::ValuesIn(standardLibrary().begin(), standardLibrary().end()),
                         [](const auto &info) { return nameOf(info.param.name); });

/// The model files of a folder, in the order of their names.
std::vector<std::string> filesOf(llvm::StringRef folder) {
  std::vector<std::string> files;
  std::error_code error;
  for (llvm::sys::fs::directory_iterator it(COSTATE_SOURCE "/" + folder, error), end; it != end && !error; it.increment(error))
    if (llvm::sys::path::extension(it->path()) == ".costate")
      files.push_back(it->path());
  llvm::sort(files);
  return files;
}

class ModelFileTest : public testing::TestWithParam<std::string> {};

TEST_P(ModelFileTest, ChecksHold) {
  auto text = llvm::MemoryBuffer::getFile(GetParam());
  ASSERT_TRUE(bool(text)) << GetParam();
  EXPECT_GT(runChecks((*text)->getBuffer(), GetParam(), readImports(GetParam(), (*text)->getBuffer().str())), 0u) << GetParam();
}

INSTANTIATE_TEST_SUITE_P(Language, ModelFileTest, testing::ValuesIn(filesOf("tests/frontends/checks")),
                         [](const auto &info) { return nameOf(info.param); });
INSTANTIATE_TEST_SUITE_P(Papers, ModelFileTest, testing::ValuesIn(filesOf("examples/papers")), [](const auto &info) { return nameOf(info.param); });

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
