// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The grammar of editors knows every word and every function of the language: its lists are those of the parser, the built-in functions and the library.
#include "costate/frontends/Builtins.h"
#include "costate/frontends/Parser.h"
#include "costate/frontends/SyntaxRules.h"

#include "gtest/gtest.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/MemoryBuffer.h"

#include <set>

namespace costate {
namespace {

class GrammarTest : public testing::Test {
protected:
  /// A pattern holds a group of these names, in alphabetical order, and no others.
  void expectNames(llvm::StringRef rule, const std::set<std::string> &names) {
    auto buffer = llvm::MemoryBuffer::getFile(COSTATE_SOURCE "/tools/editors/vscode/costate.tmLanguage.json");
    ASSERT_TRUE(buffer);
    llvm::Expected<llvm::json::Value> grammar = llvm::json::parse((*buffer)->getBuffer());
    ASSERT_TRUE(bool(grammar)) << llvm::toString(grammar.takeError());
    const llvm::json::Object *rules = grammar->getAsObject()->getObject("repository"), *found = rules ? rules->getObject(rule) : nullptr;
    ASSERT_TRUE(found) << rule.str();
    std::string group = "(" + llvm::join(names, "|") + ")";
    llvm::StringRef pattern = found->getString("match").value_or("");
    EXPECT_TRUE(pattern.contains(group)) << "rule '" << rule.str() << "' requires the group\n" << group << "\nbut is\n" << pattern.str();
  }

  static std::set<std::string> wordsOf(Word::Kind kind) {
    std::set<std::string> names;
    for (const Word &word : words())
      if (word.kind == kind)
        names.insert(word.text.str());
    return names;
  }
};

TEST_F(GrammarTest, KnowsTheWords) {
  expectNames("beginnings", wordsOf(Word::Begin));
  expectNames("control", wordsOf(Word::Control));
  expectNames("parts", wordsOf(Word::Part));
  expectNames("operators", wordsOf(Word::Operator));
  expectNames("constants", wordsOf(Word::Constant));
  expectNames("types", wordsOf(Word::Type));
}

TEST_F(GrammarTest, KnowsTheFunctions) {
  std::set<std::string> builtins, fns, nets, optimizers;
  for (llvm::ArrayRef<importer::Builtin> table : importer::builtinTables())
    for (const importer::Builtin &builtin : table)
      builtins.insert(builtin.name.str());
  mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
  Diagnostics diagnostics(context);
  for (const StandardFile &file : standardLibrary()) {
    SourceFile source(file.name, file.text);
    std::unique_ptr<syntax::File> tree = parse(source, diagnostics);
    ASSERT_TRUE(tree);
    auto add = [](std::set<std::string> &names, const auto &declarations) {
      for (const auto &declaration : declarations)
        if (!importer::Module::isPrivate(declaration->name.text))
          names.insert(declaration->name.text.str());
    };
    add(fns, tree->fns);
    add(nets, tree->nets);
    add(optimizers, tree->optimizers);
  }
  expectNames("builtins", builtins);
  expectNames("functions", fns);
  expectNames("nets", nets);
  expectNames("optimizers", optimizers);
}

} // namespace
} // namespace costate
