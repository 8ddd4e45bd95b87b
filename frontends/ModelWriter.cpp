// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Tree to bytes. A FlatBuffer is written from its leaves: each function writes what a table holds, then the table.
#include "costate/frontends/ModelFile.h"
#include "costate/frontends/model_generated.h"

#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/TypeSwitch.h"

namespace costate {
using namespace syntax;

// A role is written as its number.
static_assert(int(fbs::SubscriptKind::MAX) == IndexExpr::Subscript::New && int(fbs::SubscriptKind::Slice) == IndexExpr::Subscript::Slice);
static_assert(int(fbs::BindRole::MAX) == BindStmt::SplitMetric && int(fbs::BindRole::Metric) == BindStmt::Metric);
static_assert(int(fbs::DeclareRole::MAX) == DeclareStmt::Rows && int(fbs::DeclareRole::Param) == DeclareStmt::Param);

namespace {

template <typename T> using Offset = flatbuffers::Offset<T>;

class ModelWriter {
  //===--- Places ---------------------------------------------------------===//

  /// A range to hand to a Create function; none where there is no source.
  struct Place {
    std::optional<fbs::Range> range;
    operator const fbs::Range *() const { return range ? &*range : nullptr; }
  };
  Place place(SourceRange range) const {
    auto number = numbers.find(range.file);
    return number == numbers.end() ? Place{} : Place{fbs::Range(number->second, range.begin, range.end)};
  }

  Offset<fbs::Source> write(const SourceFile &source) {
    if (source.positions().empty())
      return fbs::CreateSource(fb, string(source.name()), string(source.text()));
    std::vector<fbs::Position> positions;
    for (SourceFile::Position position : source.positions())
      positions.emplace_back(position.line, position.column);
    auto name = string(source.name());
    return fbs::CreateSource(fb, name, 0, fb.CreateVectorOfStructs(positions));
  }

  //===--- What may be absent, and lists ----------------------------------===//

  Offset<flatbuffers::String> string(llvm::StringRef text) { return fb.CreateString(text.data(), text.size()); }
  Offset<fbs::Expr> write(const ExprPtr &e) { return e ? write(*e) : 0; }
  template <typename T> auto write(const std::unique_ptr<T> &declaration) { return write(*declaration); }
  template <typename T> auto writeIf(const std::optional<T> &part) {
    decltype(write(*part)) written = 0;
    if (part)
      written = write(*part);
    return written;
  }
  template <typename T> auto list(const std::vector<T> &parts) {
    std::vector<decltype(write(parts[0]))> written;
    for (const T &part : parts)
      written.push_back(write(part));
    return fb.CreateVector(written);
  }

  Offset<fbs::Name> write(const Name &name) {
    auto text = string(name.text);
    return fbs::CreateName(fb, text, place(name.range));
  }

  //===--- Expressions ----------------------------------------------------===//

  using AnyExpr = std::pair<fbs::ExprNode, Offset<void>>;
  template <typename T> static AnyExpr node(Offset<T> table) { return {fbs::ExprNodeTraits<T>::enum_value, table.Union()}; }

  Offset<fbs::Expr> write(const Expr &e) {
    auto [type, table] = nodeOf(e);
    return fbs::CreateExpr(fb, type, table, place(e.range));
  }

  AnyExpr nodeOf(const Expr &e) {
    return llvm::TypeSwitch<const Expr *, AnyExpr>(&e)
        .Case([&](const NumberExpr *e) {
          return e->isInteger ? node(fbs::CreateIntegerExpr(fb, e->integer)) : node(fbs::CreateRealExpr(fb, e->real, e->isImaginary));
        })
        .Case([&](const StringExpr *e) { return node(fbs::CreateStringExpr(fb, string(e->value))); })
        .Case([&](const BoolExpr *e) { return node(fbs::CreateBoolExpr(fb, e->value)); })
        .Case([&](const ReferenceExpr *e) { return node(fbs::CreateReferenceExpr(fb, string(e->name))); })
        .Case([&](const ListExpr *e) { return node(fbs::CreateListExpr(fb, list(e->elements))); })
        .Case([&](const TupleExpr *e) { return node(fbs::CreateTupleExpr(fb, list(e->elements))); })
        .Case([&](const UnaryExpr *e) {
          auto op = write(e->op);
          return node(fbs::CreateUnaryExpr(fb, op, write(e->operand)));
        })
        .Case([&](const BinaryExpr *e) {
          auto op = write(e->op);
          auto lhs = write(e->lhs);
          return node(fbs::CreateBinaryExpr(fb, op, lhs, write(e->rhs)));
        })
        .Case([&](const CallExpr *e) {
          auto callee = write(e->callee);
          return node(fbs::CreateCallExpr(fb, callee, list(e->arguments)));
        })
        .Case([&](const IndexExpr *e) {
          auto base = write(e->base);
          return node(fbs::CreateIndexExpr(fb, base, list(e->subscripts)));
        })
        .Case([&](const WriteExpr *e) {
          auto place = write(e->place);
          return node(fbs::CreateWriteExpr(fb, place, write(e->value)));
        })
        .Case([&](const MemberExpr *e) {
          auto base = write(e->base);
          return node(fbs::CreateMemberExpr(fb, base, write(e->member)));
        })
        .Case([&](const ComprehensionExpr *e) {
          auto element = write(e->element);
          auto names = list(e->names);
          auto elements = write(e->list);
          return node(fbs::CreateComprehensionExpr(fb, element, names, elements, write(e->condition)));
        })
        .Case([&](const LambdaExpr *e) {
          auto parameters = list(e->parameters);
          bool isBlock = e->body.statements.size() > 1;
          Offset<fbs::Expr> body = isBlock ? 0 : write(*e->body.value());
          return node(fbs::CreateLambdaExpr(fb, parameters, body, isBlock ? write(e->body) : 0));
        })
        .Case([&](const LoopExpr *e) {
          auto index = writeIf(e->index);
          auto low = write(e->low), high = write(e->high), condition = write(e->condition), limit = write(e->limit);
          auto carries = list(e->carries);
          return node(fbs::CreateLoopExpr(fb, index, low, high, condition, limit, carries, write(e->body), e->isScan, fbs::Tape(e->tape)));
        })
        .Case([&](const BranchExpr *e) {
          auto condition = write(e->condition);
          auto then = write(e->then);
          return node(fbs::CreateBranchExpr(fb, condition, then, e->hasElse ? write(e->otherwise) : 0));
        });
  }

  Offset<fbs::Argument> write(const CallExpr::Argument &argument) {
    auto name = writeIf(argument.name);
    return fbs::CreateArgument(fb, name, write(argument.value));
  }

  Offset<fbs::Subscript> write(const IndexExpr::Subscript &subscript) {
    auto first = write(subscript.first), last = write(subscript.last), step = write(subscript.step);
    return fbs::CreateSubscript(fb, fbs::SubscriptKind(subscript.kind), first, last, step, place(subscript.range));
  }

  Offset<fbs::Carry> write(const LoopExpr::Carry &carry) {
    auto name = write(carry.name);
    return fbs::CreateCarry(fb, name, write(carry.start));
  }

  //===--- Types and parameters -------------------------------------------===//

  Offset<fbs::Axis> write(const TypeSyntax::Axis &axis) {
    auto size = write(axis.size);
    return fbs::CreateAxis(fb, size, place(axis.range));
  }

  Offset<fbs::Type> write(const TypeSyntax &type) {
    auto element = write(type.element);
    auto axes = list(type.axes);
    return fbs::CreateType(fb, element, axes, place(type.range));
  }

  Offset<fbs::Parameter> write(const Parameter &parameter) {
    auto name = write(parameter.name);
    auto type = writeIf(parameter.type);
    return fbs::CreateParameter(fb, name, type, write(parameter.defaultValue), parameter.isStatic);
  }

  //===--- Statements -----------------------------------------------------===//

  using AnyStmt = std::pair<fbs::StmtNode, Offset<void>>;
  template <typename T> static AnyStmt statement(Offset<T> table) { return {fbs::StmtNodeTraits<T>::enum_value, table.Union()}; }

  Offset<fbs::Block> write(const Block &block) {
    auto statements = list(block.statements);
    return fbs::CreateBlock(fb, statements, place(block.range));
  }

  Offset<fbs::Stmt> write(const Stmt &s) {
    auto [type, table] = nodeOf(s);
    return fbs::CreateStmt(fb, type, table, place(s.range));
  }

  AnyStmt nodeOf(const Stmt &s) {
    return llvm::TypeSwitch<const Stmt *, AnyStmt>(&s)
        .Case([&](const BindStmt *s) {
          auto names = list(s->names);
          return statement(fbs::CreateBindStmt(fb, fbs::BindRole(s->role), names, write(s->value)));
        })
        .Case([&](const RebindStmt *s) {
          auto name = write(s->names.front());
          auto value = write(s->value);
          std::vector<Offset<fbs::Name>> others;
          for (const Name &other : llvm::drop_begin(s->names))
            others.push_back(write(other));
          return statement(fbs::CreateRebindStmt(fb, name, value, others.empty() ? 0 : fb.CreateVector(others)));
        })
        .Case([&](const DeclareStmt *s) {
          auto name = write(s->name);
          auto type = writeIf(s->type);
          auto value = write(s->value);
          return statement(fbs::CreateDeclareStmt(fb, fbs::DeclareRole(s->role), name, type, value, write(s->outAxis)));
        })
        .Case([&](const SettingStmt *s) {
          auto name = write(s->name);
          return statement(fbs::CreateSettingStmt(fb, name, write(s->value)));
        })
        .Case([&](const DimStmt *s) {
          auto name = write(s->name);
          return statement(fbs::CreateDimStmt(fb, name, write(s->hint)));
        })
        .Case([&](const GroupStmt *s) {
          auto name = write(s->name);
          return statement(fbs::CreateGroupStmt(fb, name, list(s->patterns)));
        })
        .Case([&](const FreezeStmt *s) { return statement(fbs::CreateFreezeStmt(fb, list(s->patterns))); })
        .Case([&](const TieStmt *s) {
          auto leaf = write(s->leaf);
          return statement(fbs::CreateTieStmt(fb, leaf, write(s->place)));
        })
        .Case([&](const MinimizeStmt *s) {
          auto objective = write(s->objective);
          auto sets = list(s->sets);
          return statement(fbs::CreateMinimizeStmt(fb, objective, sets, write(s->with)));
        })
        .Case([&](const UpdateStmt *s) {
          auto sets = list(s->sets);
          auto with = write(s->with);
          return statement(fbs::CreateUpdateStmt(fb, sets, with, write(s->gradient)));
        })
        .Case([&](const EntryStmt *s) {
          auto name = write(s->name);
          auto parameters = list(s->parameters);
          return statement(fbs::CreateEntryStmt(fb, name, parameters, write(s->body)));
        })
        .Case([&](const StepStmt *s) { return statement(fbs::CreateStepStmt(fb, write(s->body))); })
        .Case([&](const EachStmt *s) {
          auto names = list(s->names);
          auto elements = write(s->list);
          return statement(fbs::CreateEachStmt(fb, names, elements, write(s->body)));
        })
        .Case([&](const BranchStmt *s) { return statement(fbs::CreateBranchStmt(fb, write(s->value))); })
        .Case([&](const LoopStmt *s) { return statement(fbs::CreateLoopStmt(fb, write(s->value))); })
        .Case([&](const RequireStmt *s) {
          auto condition = write(s->condition);
          return statement(fbs::CreateRequireStmt(fb, condition, s->message.empty() ? 0 : string(s->message)));
        })
        .Case([&](const PrintStmt *s) {
          auto value = write(s->value);
          return statement(fbs::CreatePrintStmt(fb, s->name.empty() ? 0 : string(s->name), value));
        })
        .Case([&](const ExpectStmt *s) {
          auto actual = write(s->actual), expected = write(s->expected);
          return statement(fbs::CreateExpectStmt(fb, actual, expected, write(s->tolerance), s->isRelative));
        })
        .Case([&](const DefineStmt *s) { return statement(write(*s->fn)); })
        .Case([&](const ResultStmt *s) { return statement(fbs::CreateResultStmt(fb, write(s->value))); });
  }

  Offset<fbs::Pattern> write(const Pattern &pattern) {
    auto text = string(pattern.text);
    return fbs::CreatePattern(fb, text, place(pattern.range));
  }

  Offset<fbs::OptimizerUse> write(const OptimizerUse &use) {
    auto optimizer = write(use.optimizer);
    return fbs::CreateOptimizerUse(fb, optimizer, list(use.groups));
  }

  //===--- Declarations ---------------------------------------------------===//

  Offset<fbs::CustomVjp> write(const FnDecl::CustomVjp &vjp) {
    auto cotangents = list(vjp.cotangents);
    auto gradients = list(vjp.gradients);
    return fbs::CreateCustomVjp(fb, cotangents, gradients, place(vjp.range));
  }

  Offset<fbs::Extern> write(const FnDecl::Extern &external) {
    auto results = list(external.results);
    return fbs::CreateExtern(fb, results, write(external.symbol));
  }

  Offset<fbs::FnDecl> write(const FnDecl &fn) {
    auto name = write(fn.name);
    auto parameters = list(fn.parameters);
    auto result = writeIf(fn.result);
    auto body = write(fn.body);
    auto vjp = writeIf(fn.vjp);
    return fbs::CreateFnDecl(fb, name, parameters, result, body, vjp, place(fn.range), writeIf(fn.external));
  }

  Offset<fbs::NetDecl> write(const NetDecl &net) {
    auto name = write(net.name);
    auto statics = list(net.statics), inputs = list(net.inputs);
    auto result = writeIf(net.result);
    return fbs::CreateNetDecl(fb, name, statics, inputs, result, write(net.body), place(net.range));
  }

  Offset<fbs::OptimizerDecl> write(const OptimizerDecl &optimizer) {
    auto name = write(optimizer.name);
    auto parameters = list(optimizer.parameters);
    return fbs::CreateOptimizerDecl(fb, name, parameters, write(optimizer.body), place(optimizer.range));
  }

  Offset<fbs::ModelDecl> write(const ModelDecl &model) {
    auto name = write(model.name);
    return fbs::CreateModelDecl(fb, name, write(model.body), place(model.range));
  }

  Offset<fbs::CheckDecl> write(const CheckDecl &check) {
    auto title = string(check.title);
    return fbs::CreateCheckDecl(fb, title, write(check.body), place(check.range));
  }

  Offset<fbs::ImportedMember> write(const Import::Member &member) {
    auto name = write(member.name);
    return fbs::CreateImportedMember(fb, name, writeIf(member.alias));
  }

  Offset<fbs::Import> write(const Import &import) {
    auto path = write(import.path);
    auto alias = writeIf(import.alias);
    return fbs::CreateImport(fb, path, alias, list(import.members), files.lookup(import.file), place(import.range));
  }

  Offset<fbs::File> write(const ModelFile &model) {
    auto imported = model.imported.empty() ? 0 : list(model.imported);
    numbers.clear(); // each file has sources of its own
    for (const std::unique_ptr<SourceFile> &source : model.sources)
      numbers.try_emplace(source.get(), numbers.size());
    const File &tree = model.tree;
    auto sources = list(model.sources);
    auto fns = list(tree.fns);
    auto nets = list(tree.nets);
    auto optimizers = list(tree.optimizers);
    auto models = list(tree.models);
    auto checks = list(tree.checks);
    auto imports = list(tree.imports);
    std::vector<Offset<fbs::Stmt>> constants;
    for (const auto &constant : tree.constants)
      constants.push_back(write(static_cast<const Stmt &>(*constant)));
    return fbs::CreateFile(fb, sources, fns, nets, optimizers, models, checks, 0, imports, fb.CreateVector(constants), imported);
  }

public:
  std::string run(const ModelFile &model) {
    files.try_emplace(&model.tree, 1);
    for (const auto &file : model.imported)
      files.try_emplace(&file->tree, files.size() + 1);
    fbs::FinishFileBuffer(fb, write(model));
    return std::string(reinterpret_cast<const char *>(fb.GetBufferPointer()), fb.GetSize());
  }

private:
  flatbuffers::FlatBufferBuilder fb;
  llvm::DenseMap<const SourceFile *, uint32_t> numbers;
  llvm::DenseMap<const File *, uint32_t> files; // by what an import has for them
};

} // namespace

std::string writeModelFile(const ModelFile &model) { return ModelWriter().run(model); }

} // namespace costate
