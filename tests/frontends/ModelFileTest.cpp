// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Models in binary form: every model text of the repository means the same in it, with the same places; no damage to a file does harm.
#include "costate/frontends/ModelFile.h"
#include "costate/frontends/Importer.h"
#include "costate/frontends/StandardLibrary.h"
#include "costate/frontends/model_generated.h"
#include "costate/tests/frontends/PageBlocks.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include <random>

namespace costate {
namespace {

using testing::HasSubstr;

/// What importing prints: the module with its locations, or the errors.
std::string imported(llvm::StringRef bytes, llvm::StringRef name, llvm::ArrayRef<ImportedText> imports = {}) {
  mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
  std::string text;
  llvm::raw_string_ostream stream(text);
  DiagnosticPrinter printer(context, stream);
  printer.addSource(name, bytes, imports);
  if (mlir::OwningOpRef<mlir::ModuleOp> module = importModel(bytes, name, context, {.imports = imports}))
    module->print(stream, mlir::OpPrintingFlags().enableDebugInfo());
  return text;
}

/// The binary form of a text; empty if it is refused.
std::string binary(llvm::StringRef text, llvm::StringRef name, llvm::ArrayRef<ImportedText> imports = {}) {
  mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
  mlir::ScopedDiagnosticHandler silent(&context, [](mlir::Diagnostic &) { return mlir::success(); });
  Diagnostics diagnostics(context);
  std::unique_ptr<ModelFile> model = readModelFile(text, name, diagnostics, imports);
  return model ? writeModelFile(*model) : std::string();
}

std::string readText(const std::string &path) {
  auto file = llvm::MemoryBuffer::getFile(path);
  EXPECT_TRUE(bool(file)) << path;
  return file ? (*file)->getBuffer().str() : std::string();
}

/// All model texts of the repository but those with mistakes, and the blocks of the page of the language.
std::vector<PageBlock> modelTexts() {
  std::vector<PageBlock> texts;
  for (const StandardFile &file : standardLibrary())
    texts.push_back({file.name.str(), file.text.str()});
  for (const char *folder : {"/examples", "/tests"}) {
    std::error_code error;
    for (llvm::sys::fs::recursive_directory_iterator it(std::string(COSTATE_SOURCE) + folder, error), end; it != end && !error; it.increment(error))
      if (llvm::sys::path::extension(it->path()) == ".costate" && !llvm::StringRef(it->path()).contains("/tests/errors/"))
        texts.push_back({it->path(), readText(it->path())});
  }
  for (PageBlock &text : texts)
    text.imports = readImports(text.name, text.text);
  llvm::append_range(texts, blocksOf(readText(COSTATE_SOURCE "/docs/language.md"), "docs/language.md"));
  return texts;
}

TEST(ModelFileTest, MeansWhatTheTextMeans) {
  unsigned modules = 0;
  for (const PageBlock &text : modelTexts()) {
    std::string bytes = binary(text.text, text.name, text.imports);
    ASSERT_FALSE(bytes.empty()) << text.name;
    EXPECT_TRUE(isModelFile(bytes));
    EXPECT_FALSE(isModelFile(text.text));
    std::string expected = imported(text.text, text.name, text.imports);
    EXPECT_EQ(imported(bytes, "elsewhere.costatem"), expected) << text.name;
    EXPECT_EQ(binary(bytes, "elsewhere.costatem"), bytes) << text.name;
    modules += expected.find("module") != std::string::npos;
  }
  EXPECT_GT(modules, 30u);
}

/// What a program must know before it parses anything (frontends/Imports.h): all that a text imports.
TEST(ModelFileTest, FindsImportsWithoutAParser) {
  unsigned imports = 0;
  for (const PageBlock &text : modelTexts()) {
    mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
    Diagnostics diagnostics(context);
    std::unique_ptr<ModelFile> model = readModelFile(text.text, text.name, diagnostics, text.imports);
    ASSERT_TRUE(model) << text.name;
    std::vector<std::string> paths = importedPaths(text.text);
    for (const auto &import : model->tree.imports) {
      EXPECT_TRUE(llvm::is_contained(paths, import->path.text.str())) << text.name;
      ++imports;
    }
    EXPECT_EQ(model->imported.empty(), paths.empty()) << text.name; // and none that it does not import
  }
  EXPECT_GT(imports, 5u);

  EXPECT_EQ(importedPaths("import \"a.costate\"; from \"b/c.costate\" import x # import \"no\"\n  import\t\"d\" as e\n"),
            (std::vector<std::string>{"a.costate", "b/c.costate", "d"}));
  EXPECT_EQ(importedPaths("data \"import\"\nreimport \"no\"\nimport, \"no\"\nimport \"cut"), (std::vector<std::string>{"cut"}));
  EXPECT_EQ(importedName("models/digits.costate", "losses.costate"), "models/losses.costate");
  EXPECT_EQ(importedName("models/digits.costate", "../a/./losses.costate"), "a/losses.costate");
  EXPECT_EQ(importedName("digits.costate", "/opt/losses.costate"), "/opt/losses.costate");
}

TEST(ModelFileTest, PointsIntoTheTextItWasMadeOf) {
  for (const char *text : {"model m {\n  input x : f32[batch, 4]\n  param w : f32[3, 2] = zeros()\n  h = x @ w\n}\n",
                           "fn f(x) {\n  require x > 3\n  x\n}\ncheck \"c\" { expect f(2) ~= 2 within 0 }\n"}) {
    std::string errors = imported(text, "t.costate");
    EXPECT_THAT(errors, HasSubstr("^\n"));
    EXPECT_EQ(imported(binary(text, "t.costate"), "elsewhere.costatem"), errors);
  }
}

/// Writes tables that neither the parser nor a GraphBuilder would; what reading them says.
class StrangeFileTest : public testing::Test {
protected:
  template <typename T> using Offset = flatbuffers::Offset<T>;

  Offset<fbs::Name> name(const char *text) { return fbs::CreateName(fb, fb.CreateString(text)); }
  auto names(std::vector<const char *> texts) {
    std::vector<Offset<fbs::Name>> written;
    for (const char *text : texts)
      written.push_back(name(text));
    return fb.CreateVector(written);
  }
  template <typename T> Offset<fbs::Expr> expr(Offset<T> node, const fbs::Range *range = nullptr) {
    return fbs::CreateExpr(fb, fbs::ExprNodeTraits<T>::enum_value, node.Union(), range);
  }
  Offset<fbs::Expr> one(const fbs::Range *range = nullptr) { return expr(fbs::CreateIntegerExpr(fb, 1), range); }
  template <typename T> Offset<fbs::Stmt> statement(Offset<T> node) {
    return fbs::CreateStmt(fb, fbs::StmtNodeTraits<T>::enum_value, node.Union());
  }
  Offset<fbs::Stmt> result(Offset<fbs::Expr> value) { return statement(fbs::CreateResultStmt(fb, value)); }
  Offset<fbs::Block> block(std::vector<Offset<fbs::Stmt>> statements) { return fbs::CreateBlock(fb, fb.CreateVector(statements)); }

  std::string inFn(Offset<fbs::Stmt> last, std::vector<Offset<fbs::Parameter>> parameters = {}) {
    auto body = block({last});
    auto list = fb.CreateVector(parameters);
    std::vector<Offset<fbs::FnDecl>> fns = {fbs::CreateFnDecl(fb, name("f"), list, 0, body)};
    return finish(fbs::CreateFileDirect(fb, &sources, &fns));
  }
  std::string inModel(Offset<fbs::Stmt> last) {
    auto body = block({last});
    std::vector<Offset<fbs::ModelDecl>> models = {fbs::CreateModelDecl(fb, name("m"), body)};
    return finish(fbs::CreateFileDirect(fb, &sources, nullptr, nullptr, nullptr, &models));
  }
  std::string finish(Offset<fbs::File> file) {
    fbs::FinishFileBuffer(fb, file);
    std::string messages = imported({reinterpret_cast<const char *>(fb.GetBufferPointer()), fb.GetSize()}, "strange");
    fb.Clear();
    sources.clear();
    return messages;
  }

  flatbuffers::FlatBufferBuilder fb;
  std::vector<Offset<fbs::Source>> sources;
};

TEST_F(StrangeFileTest, Ranges) {
  fbs::Range there(5, 0, 1), backwards(0, 2, 1), beyond(0, 1, 4), inside(0, 1, 3);
  EXPECT_THAT(inFn(result(one(&there))), HasSubstr("strange:1:1: error: requires a range to be in one of 1 sources, but got number 5"));
  for (const fbs::Range *range : {&backwards, &beyond}) {
    sources = {fbs::CreateSourceDirect(fb, "a.costate", "abc")};
    EXPECT_THAT(inFn(result(one(range))), HasSubstr("a.costate:1:1: error: requires a range to be within the 3 bytes or positions of 'a.costate', but got ["));
  }

  auto predicts = [&](const fbs::Range *range) { // a name that nothing has
    auto y = names({"y"});
    auto unknown = expr(fbs::CreateReferenceExpr(fb, fb.CreateString("unknown")), range);
    return inModel(statement(fbs::CreateBindStmt(fb, fbs::BindRole::Predict, y, unknown)));
  };
  sources = {fbs::CreateSourceDirect(fb, "a.costate", "abc")};
  EXPECT_EQ(predicts(&inside), "a.costate:1:2: error: unknown name 'unknown'\n  abc\n   ^\n");
  std::vector<fbs::Position> positions = {{7, 8}, {9, 10}};
  auto program = [&] { return fbs::CreateSourceDirect(fb, COSTATE_SOURCE "/examples/iris.costate", nullptr, &positions); };
  sources = {program()};
  EXPECT_THAT(predicts(&inside), HasSubstr("requires a range to be within the 2 bytes or positions of"));
  fbs::Range second(0, 1, 2);
  sources = {program()};
  EXPECT_EQ(predicts(&second), COSTATE_SOURCE "/examples/iris.costate:9:10: error: unknown name 'unknown'\n"); // what it only names is not read
}

// A file may refer to one text from many places: as the sources of a model they would be as many texts.
TEST_F(StrangeFileTest, ManySourcesOfOneText) {
  sources.assign(1000, fbs::CreateSourceDirect(fb, "a.costate", std::string(100'000, 'x').c_str()));
  EXPECT_THAT(inFn(result(one())), HasSubstr("bytes are damaged or beyond the limits of one"));
  sources.assign(100, fbs::CreateSourceDirect(fb, "a.costate", std::string(100'000, 'x').c_str()));
  EXPECT_THAT(inFn(result(one())), testing::Not(HasSubstr("beyond the limits")));
}

TEST_F(StrangeFileTest, NumbersOfOtherVersions) {
  EXPECT_THAT(inFn(result(fbs::CreateExpr(fb, fbs::ExprNode(99), fbs::CreateIntegerExpr(fb, 1).Union()))),
              HasSubstr("requires an expression of this version, but got number 99 of another"));
  EXPECT_THAT(inFn(fbs::CreateStmt(fb, fbs::StmtNode(99), fbs::CreateIntegerExpr(fb, 1).Union())),
              HasSubstr("requires a statement of this version, but got number 99 of another"));
  auto bound = names({"x"});
  EXPECT_THAT(inFn(statement(fbs::CreateBindStmt(fb, fbs::BindRole(9), bound, one()))),
              HasSubstr("requires a definition of this version, but got number 9 of another"));
  EXPECT_THAT(inFn(statement(fbs::CreateDeclareStmt(fb, fbs::DeclareRole(9), name("x")))),
              HasSubstr("requires a declaration of this version, but got number 9 of another"));
  std::vector<Offset<fbs::Subscript>> subscripts = {fbs::CreateSubscript(fb, fbs::SubscriptKind(9))};
  EXPECT_THAT(inFn(result(expr(fbs::CreateIndexExprDirect(fb, one(), &subscripts)))),
              HasSubstr("requires an index of this version, but got number 9 of another"));
  std::vector<Offset<fbs::Carry>> carries = {fbs::CreateCarry(fb, name("x"), one())};
  auto body = block({});
  EXPECT_THAT(inFn(result(expr(fbs::CreateLoopExprDirect(fb, name("i"), one(), one(), 0, 0, &carries, body, false, fbs::Tape(9))))),
              HasSubstr("requires a tape of this version, but got number 9 of another"));
}

TEST_F(StrangeFileTest, PartsThatDoNotBelongTogether) {
  auto indexed = [&](fbs::SubscriptKind kind, Offset<fbs::Expr> first, Offset<fbs::Expr> last) {
    std::vector<Offset<fbs::Subscript>> subscripts = {fbs::CreateSubscript(fb, kind, first, last)};
    return inFn(result(expr(fbs::CreateIndexExprDirect(fb, one(), &subscripts))));
  };
  EXPECT_THAT(indexed(fbs::SubscriptKind::Element, one(), one()), HasSubstr("requires one value in an index"));
  EXPECT_THAT(indexed(fbs::SubscriptKind::Element, 0, 0), HasSubstr("requires one value in an index"));
  EXPECT_THAT(indexed(fbs::SubscriptKind::Rest, one(), 0), HasSubstr("requires no value in '..' and 'None'"));

  std::vector<Offset<fbs::Carry>> carries = {fbs::CreateCarry(fb, name("x"), one())};
  auto body = block({});
  EXPECT_THAT(inFn(result(expr(fbs::CreateLoopExprDirect(fb, name("i"), one(), 0, one(), 0, &carries, body)))),
              HasSubstr("requires a loop to have either an index with its range or a condition with a number of trips at most"));
  EXPECT_THAT(inFn(statement(fbs::CreateBranchStmt(fb, one()))), HasSubstr("requires a branch in a statement 'if'"));
  EXPECT_THAT(inModel(statement(fbs::CreateLoopStmt(fb, one()))), HasSubstr("requires 'for' to stand in a step, but found it in a model"));
  auto inStep = [&](Offset<fbs::Stmt> last) { return inModel(statement(fbs::CreateStepStmt(fb, block({last})))); };
  EXPECT_THAT(inStep(statement(fbs::CreateLoopStmt(fb, one()))), HasSubstr("requires a loop in a statement 'for'"));
  std::vector<Offset<fbs::Carry>> some = {fbs::CreateCarry(fb, name("x"), one())};
  auto nothing = block({});
  EXPECT_THAT(inStep(statement(fbs::CreateLoopStmt(fb, expr(fbs::CreateLoopExprDirect(fb, name("i"), one(), one(), 0, 0, &some, nothing))))),
              HasSubstr("requires no carries of a loop in a step"));
  EXPECT_THAT(inFn(result(one()), {fbs::CreateParameter(fb, name("x"), 0, 0, true)}),
              HasSubstr("requires 'static' to stand in the parameters of an optimizer"));
  EXPECT_THAT(inModel(statement(fbs::CreateDeclareStmt(fb, fbs::DeclareRole::State, name("s"), 0, one(), one()))),
              HasSubstr("requires 'out axis' to stand in a param"));
  auto two = names({"x", "y"});
  EXPECT_THAT(inModel(statement(fbs::CreateBindStmt(fb, fbs::BindRole::Metric, two, one()))), HasSubstr("requires one name after 'metric'"));
  auto none = names({});
  EXPECT_THAT(inFn(statement(fbs::CreateBindStmt(fb, fbs::BindRole::Plain, none, one()))), HasSubstr("requires at least one name"));
  EXPECT_THAT(inModel(statement(fbs::CreateSettingStmt(fb, name("size"), one()))), HasSubstr("requires 'data', 'epochs' or 'batch', but got 'size'"));
  EXPECT_THAT(inModel(statement(fbs::CreateSettingStmt(fb, name("data"), one()))),
              HasSubstr("requires a file name in quotes after 'data', but got '1'"));
  EXPECT_THAT(inModel(statement(fbs::CreateDimStmt(fb, name("n"), expr(fbs::CreateRealExpr(fb, 1.5))))),
              HasSubstr("requires a positive integer after 'hint', but got '1.5'"));
  EXPECT_THAT(inFn(result(expr(fbs::CreateRealExpr(fb, -1.5)))), HasSubstr("requires a finite number without a sign"));
  EXPECT_THAT(inFn(result(expr(fbs::CreateMemberExpr(fb, one(), name("1x"))))), HasSubstr("requires a name of letters, digits and '_', but got '1x'"));
}

TEST_F(StrangeFileTest, Imports) {
  auto importing = [&](Offset<fbs::Import> import, std::vector<Offset<fbs::File>> *imported = nullptr) {
    std::vector<Offset<fbs::Import>> imports = {import};
    return finish(fbs::CreateFileDirect(fb, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, &imports, nullptr, imported));
  };
  EXPECT_EQ(importing(fbs::CreateImport(fb, name("l.costate"))),
            "strange:1:1: error: requires the text of 'l.costate', which was not given with that of the model\n");
  EXPECT_THAT(importing(fbs::CreateImport(fb, name("l.costate"), 0, 0, 2)),
              HasSubstr("requires an import of one of 1 files, but got number 2"));
  EXPECT_THAT(importing(fbs::CreateImport(fb, name("a\"b"))), HasSubstr("requires a string without quotes and line ends"));
  EXPECT_THAT(importing(fbs::CreateImport(fb, name("a-b.costate"))), HasSubstr("requires 'as' and a name after a file"));
  auto alias = name("l");
  std::vector<Offset<fbs::ImportedMember>> members = {fbs::CreateImportedMember(fb, name("f"))};
  EXPECT_THAT(importing(fbs::CreateImportDirect(fb, name("l.costate"), alias, &members)),
              HasSubstr("requires no name for the whole file where names of it are imported"));

  auto declaringItself = [&] { // which no text could
    std::vector<Offset<fbs::Import>> itself = {fbs::CreateImport(fb, name("l.costate"), 0, 0, 2)};
    return fbs::CreateFileDirect(fb, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, &itself);
  };
  std::vector<Offset<fbs::File>> files = {declaringItself()};
  EXPECT_THAT(importing(fbs::CreateImport(fb, name("l.costate"), 0, 0, 2), &files), HasSubstr("module"));
  auto inner = declaringItself();
  std::vector<Offset<fbs::File>> deeper = {inner}, outer = {fbs::CreateFileDirect(fb, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr,
                                                                                  nullptr, nullptr, nullptr, &deeper)};
  EXPECT_THAT(importing(fbs::CreateImport(fb, name("l.costate"), 0, 0, 2), &outer),
              HasSubstr("requires no models, checks and files in a file that a model imports"));

  std::vector<Offset<fbs::Stmt>> constants = {result(one())};
  EXPECT_THAT(finish(fbs::CreateFileDirect(fb, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, &constants)),
              HasSubstr("requires a constant to be a name and its value"));
}

TEST_F(StrangeFileTest, FaultsOfItsMaker) {
  std::vector<Offset<fbs::Fault>> faults = {fbs::CreateFaultDirect(fb, "a table that stands still")};
  EXPECT_EQ(finish(fbs::CreateFileDirect(fb, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, &faults)),
            "strange:1:1: error: requires a table that stands still\n");
}

class DamageTest : public testing::Test {
protected:
  /// Reads and, if it is a tree, imports: with a message or a module that verifies.
  void tryOut(llvm::StringRef damaged) {
    unsigned messages = 0;
    mlir::ScopedDiagnosticHandler count(&context, [&](mlir::Diagnostic &) { return ++messages, mlir::success(); });
    mlir::OwningOpRef<mlir::ModuleOp> module = importModel(damaged, "damaged", context);
    EXPECT_EQ(!module, messages > 0);
    refused += !module;
  }

  mlir::MLIRContext context{mlir::MLIRContext::Threading::DISABLED};
  std::string bytes = binary(readText(COSTATE_SOURCE "/tests/frontends/Inputs/everything.costate"), "t.costate");
  unsigned refused = 0;
};

TEST_F(DamageTest, RefusesEveryPrefix) {
  ASSERT_FALSE(bytes.empty());
  size_t tried = 0;
  for (size_t size = 8; size + 8 < bytes.size(); size += 7, ++tried) // the last few bytes may be padding
    tryOut(llvm::StringRef(bytes).take_front(size));
  EXPECT_EQ(refused, tried);
}

TEST_F(DamageTest, SurvivesOtherBytes) {
  std::mt19937 random(1);
  for (int round = 0; round < 3000; ++round) {
    std::string damaged = bytes;
    for (int change = 0; change < 1 + round % 3; ++change) {
      size_t at = 8 + random() % (damaged.size() - 8);
      if (random() % 2)
        damaged[at] = char(random());
      else // another offset, number or kind
        damaged[at] += 1 + random() % 8;
    }
    tryOut(damaged);
  }
  EXPECT_GT(refused, 300u);
}

} // namespace
} // namespace costate
