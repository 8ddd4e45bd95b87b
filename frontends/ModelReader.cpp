// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Bytes to tree. FlatBuffers' verifier proves that every offset leads to a table of its kind inside the bytes; what the schema cannot say is checked
// here, or by SyntaxRules where the parser asks for it too. A function returns false, or null, after it has reported an error, and reading ends.
#include "costate/frontends/ModelFile.h"
#include "costate/frontends/Parser.h"
#include "costate/frontends/SyntaxRules.h"
#include "costate/frontends/model_generated.h"

#include "llvm/ADT/StringExtras.h"

#include <cmath>

namespace costate {
using namespace syntax;

namespace {

/// A model is what people and programs write: these are beyond any, and bound what a stranger's file can cost.
constexpr size_t maxBytes = 64 << 20, maxTables = 4 << 20;
/// Levels of blocks and of expressions together: as many of each as a text may have. A level is at most five tables deep.
constexpr unsigned maxLevels = 2 * maxNesting, maxTableDepth = 5 * maxLevels;

template <typename T> using List = flatbuffers::Vector<flatbuffers::Offset<T>>;

llvm::StringRef textOf(const flatbuffers::String *text) { return {text->c_str(), text->size()}; }

/// The model itself, then what it imports.
std::vector<const fbs::File *> filesOf(const fbs::File &root) {
  std::vector<const fbs::File *> files = {&root};
  if (root.imported())
    files.insert(files.end(), root.imported()->begin(), root.imported()->end());
  return files;
}

/// Aligned and proved, or null.
std::unique_ptr<llvm::MemoryBuffer> verified(llvm::StringRef bytes) {
  if (bytes.size() > maxBytes)
    return nullptr;
  std::unique_ptr<llvm::MemoryBuffer> copy = llvm::MemoryBuffer::getMemBufferCopy(bytes);
  flatbuffers::Verifier verifier(reinterpret_cast<const uint8_t *>(copy->getBufferStart()), copy->getBufferSize(), maxTableDepth,
                                 maxTables);
  if (!fbs::VerifyFileBuffer(verifier))
    return nullptr;
  size_t copied = 0; // sources are kept apart, and many may share one text
  for (const fbs::File *file : filesOf(*fbs::GetFile(copy->getBufferStart())))
    if (file->sources())
      for (const fbs::Source *source : *file->sources())
        copied += source->name()->size() + (source->text() ? source->text()->size() : 0) +
                  (source->positions() ? source->positions()->size() * sizeof(fbs::Position) : 0);
  return copied <= maxBytes ? std::move(copy) : nullptr;
}

std::vector<std::unique_ptr<SourceFile>> readSources(const fbs::File &file) {
  std::vector<std::unique_ptr<SourceFile>> sources;
  if (file.sources())
    for (const fbs::Source *source : *file.sources()) {
      if (source->text() || !source->positions()) {
        sources.push_back(std::make_unique<SourceFile>(textOf(source->name()), source->text() ? textOf(source->text()) : ""));
        continue;
      }
      std::vector<SourceFile::Position> positions;
      for (const fbs::Position *position : *source->positions())
        positions.push_back({position->line(), position->column()});
      sources.push_back(std::make_unique<SourceFile>(textOf(source->name()), std::move(positions)));
    }
  return sources;
}

class ModelReader {
public:
  /// `files`: the model itself, then what it imports.
  ModelReader(llvm::ArrayRef<std::unique_ptr<SourceFile>> sources, llvm::ArrayRef<const File *> files, Diagnostics &diagnostics)
      : sources(sources), files(files), diagnostics(diagnostics), rules(diagnostics) {}

  bool read(const fbs::File &in, File &out) {
    SourceRange around{sources.front().get(), 0, 0};
    return refuseFaults(in.faults(), around) && readAll(in.imports(), around, out.imports) && readConstants(in.constants(), around, out) &&
           readAll(in.fns(), around, out.fns) && readAll(in.nets(), around, out.nets) && readAll(in.optimizers(), around, out.optimizers) &&
           readAll(in.models(), around, out.models) && readAll(in.checks(), around, out.checks);
  }

private:
  //===--- Places and words -----------------------------------------------===//

  mlir::InFlightDiagnostic error(SourceRange where) { return diagnostics.error(where) << "requires "; }
  bool fail(SourceRange where, const llvm::Twine &requirement) {
    error(where) << requirement;
    return false;
  }

  /// Where something is: its own range, or else that of what is around it.
  bool locate(const fbs::Range *in, SourceRange around, SourceRange &out) {
    out = around;
    if (!in)
      return true;
    if (in->source() >= sources.size())
      return fail(around,
                  "a range to be in one of " + llvm::Twine(sources.size()) + " sources, but got number " + llvm::Twine(in->source()));
    const SourceFile &source = *sources[in->source()];
    if (in->begin() > in->end() || in->end() > source.size())
      return fail(around, "a range to be within the " + llvm::Twine(source.size()) + " bytes or positions of '" + source.name() +
                              "', but got [" + llvm::Twine(in->begin()) + ", " + llvm::Twine(in->end()) + ")");
    out = {&source, in->begin(), in->end()};
    return true;
  }

  bool checkIdentifier(llvm::StringRef text, SourceRange where) {
    return SyntaxRules::isIdentifier(text) || fail(where, "a name of letters, digits and '_', but got '" + text + "'");
  }
  /// What could stand between quotes in a text
  bool readText(const flatbuffers::String *in, SourceRange where, llvm::StringRef &out) {
    out = textOf(in);
    return out.find_first_of("\"\n") == llvm::StringRef::npos || fail(where, "a string without quotes and line ends");
  }

  bool readWord(const fbs::Name &in, SourceRange around, Name &out) {
    out.text = textOf(in.text());
    return locate(in.range(), around, out.range);
  }
  bool read(const fbs::Name &in, SourceRange around, Name &out) {
    return readWord(in, around, out) && checkIdentifier(out.text, out.range);
  }

  bool refuseFaults(const List<fbs::Fault> *faults, SourceRange around) {
    SourceRange range;
    llvm::StringRef requirement;
    if (faults)
      for (const fbs::Fault *fault : *faults)
        if (locate(fault->range(), around, range) && readText(fault->requirement(), range, requirement))
          fail(range, requirement);
    return !faults || faults->size() == 0;
  }

  //===--- Lists, and what may be absent ----------------------------------===//

  template <typename In, typename Out> bool read(const In &in, SourceRange around, std::unique_ptr<Out> &out) {
    out = std::make_unique<Out>();
    return read(in, around, *out);
  }
  template <typename In, typename Out> bool readAll(const List<In> *in, SourceRange around, std::vector<Out> &out) {
    if (in)
      for (const In *part : *in)
        if (!read(*part, around, out.emplace_back()))
          return false;
    return true;
  }
  template <typename In, typename Out> bool readSome(const List<In> *in, SourceRange around, std::vector<Out> &out, llvm::StringRef what) {
    return in->size() > 0 ? readAll(in, around, out) : fail(around, "at least one " + what);
  }
  template <typename In, typename Out> bool readIf(const In *in, SourceRange around, std::optional<Out> &out) {
    return !in || read(*in, around, out.emplace());
  }
  bool readIf(const fbs::Expr *in, SourceRange around, ExprPtr &out) { return !in || read(*in, around, out); }

  //===--- Expressions ----------------------------------------------------===//

  /// Counts the levels of blocks and expressions while it lives.
  struct Level {
    unsigned &levels;
    explicit Level(ModelReader &reader) : levels(reader.levels) { ++levels; }
    ~Level() { --levels; }
  };
  bool checkLevels(SourceRange where) {
    return levels <= maxLevels || fail(where, "at most " + llvm::Twine(maxNesting) + " nested expressions and blocks; bind parts to names");
  }

  bool read(const fbs::Expr &in, SourceRange around, ExprPtr &out) {
    Level level(*this);
    SourceRange range;
    if (!locate(in.range(), around, range) || !checkLevels(range))
      return false;
    out = readNode(in, range);
    return out && rules.checkDepth(*out);
  }

  /// What '<-' gives to a name: perhaps itself with a place replaced.
  bool readRebound(const fbs::Expr &in, SourceRange around, ExprPtr &out) {
    const fbs::WriteExpr *node = in.node_as_WriteExpr();
    if (!node)
      return read(in, around, out);
    Level level(*this);
    SourceRange range;
    ExprPtr place, value;
    if (!locate(in.range(), around, range) || !checkLevels(range) || !read(*node->place(), range, place) || !read(*node->value(), range, value))
      return false;
    out = std::make_unique<WriteExpr>(range, std::move(place), std::move(value));
    return rules.checkDepth(*out);
  }

  ExprPtr readNode(const fbs::Expr &in, SourceRange range) {
    switch (in.node_type()) {
    case fbs::ExprNode::IntegerExpr: {
      int64_t value = in.node_as_IntegerExpr()->value();
      return value >= 0 || fail(range, "a number without a sign") ? std::make_unique<NumberExpr>(range, value) : nullptr;
    }
    case fbs::ExprNode::RealExpr: {
      double value = in.node_as_RealExpr()->value();
      return (std::isfinite(value) && !std::signbit(value)) || fail(range, "a finite number without a sign")
                 ? std::make_unique<NumberExpr>(range, value, in.node_as_RealExpr()->imaginary())
                 : nullptr;
    }
    case fbs::ExprNode::StringExpr: {
      llvm::StringRef text;
      return readText(in.node_as_StringExpr()->value(), range, text) ? std::make_unique<StringExpr>(range, text) : nullptr;
    }
    case fbs::ExprNode::BoolExpr: return std::make_unique<BoolExpr>(range, in.node_as_BoolExpr()->value());
    case fbs::ExprNode::ReferenceExpr: {
      llvm::StringRef name = textOf(in.node_as_ReferenceExpr()->name());
      return checkIdentifier(name, range) ? std::make_unique<ReferenceExpr>(range, name) : nullptr;
    }
    case fbs::ExprNode::ListExpr: {
      std::vector<ExprPtr> elements;
      return readAll(in.node_as_ListExpr()->elements(), range, elements) ? std::make_unique<ListExpr>(range, std::move(elements)) : nullptr;
    }
    case fbs::ExprNode::TupleExpr: {
      std::vector<ExprPtr> elements;
      return readAll(in.node_as_TupleExpr()->elements(), range, elements) ? std::make_unique<TupleExpr>(range, std::move(elements))
                                                                          : nullptr;
    }
    case fbs::ExprNode::UnaryExpr: return readUnary(*in.node_as_UnaryExpr(), range);
    case fbs::ExprNode::BinaryExpr: return readBinary(*in.node_as_BinaryExpr(), range);
    case fbs::ExprNode::CallExpr: {
      auto *node = in.node_as_CallExpr();
      ExprPtr callee;
      std::vector<CallExpr::Argument> arguments;
      if (!read(*node->callee(), range, callee) || !readAll(node->arguments(), range, arguments))
        return nullptr;
      auto call = std::make_unique<CallExpr>(range, std::move(callee), std::move(arguments));
      return rules.check(*call) ? std::move(call) : nullptr;
    }
    case fbs::ExprNode::IndexExpr: {
      auto *node = in.node_as_IndexExpr();
      ExprPtr base;
      std::vector<IndexExpr::Subscript> subscripts;
      if (!read(*node->base(), range, base) || !readSome(node->subscripts(), range, subscripts, "index or slice"))
        return nullptr;
      return std::make_unique<IndexExpr>(range, std::move(base), std::move(subscripts));
    }
    case fbs::ExprNode::MemberExpr: return readMember(*in.node_as_MemberExpr(), range);
    case fbs::ExprNode::ComprehensionExpr: {
      auto *node = in.node_as_ComprehensionExpr();
      ExprPtr element, list, condition;
      std::vector<Name> names;
      if (!read(*node->element(), range, element) || !readSome(node->names(), range, names, "name for the element") ||
          !read(*node->list(), range, list) || !readIf(node->condition(), range, condition))
        return nullptr;
      return std::make_unique<ComprehensionExpr>(range, std::move(element), std::move(names), std::move(list), std::move(condition));
    }
    case fbs::ExprNode::LambdaExpr: {
      auto *node = in.node_as_LambdaExpr();
      std::vector<Name> parameters;
      ExprPtr value;
      Block block;
      if (!readSome(node->parameters(), range, parameters, "parameter") || !readIf(node->body(), range, value) ||
          (node->block() && !read(*node->block(), range, InFn, block)))
        return nullptr;
      if (bool(value) == bool(node->block())) {
        fail(range, "either a value or a block as the body of a function");
        return nullptr;
      }
      auto lambda = std::make_unique<LambdaExpr>(range, std::move(parameters), value ? bodyOf(std::move(value)) : std::move(block));
      return rules.check(*lambda) ? std::move(lambda) : nullptr;
    }
    case fbs::ExprNode::LoopExpr: return readLoop(*in.node_as_LoopExpr(), range, /*isStatement=*/false, InFn);
    case fbs::ExprNode::BranchExpr: return readBranch(*in.node_as_BranchExpr(), range, /*isStatement=*/false, InFn);
    case fbs::ExprNode::WriteExpr: fail(range, "what is written to a place to stand behind '<-'"); return nullptr;
    case fbs::ExprNode::NONE: break;
    }
    fail(range, "an expression of this version, but got number " + llvm::Twine(unsigned(in.node_type())) + " of another");
    return nullptr;
  }

  ExprPtr readUnary(const fbs::UnaryExpr &in, SourceRange range) {
    Name op;
    ExprPtr operand;
    if (!readWord(*in.op(), range, op) || !read(*in.operand(), range, operand))
      return nullptr;
    if (op.text != "-" && op.text != "not") {
      fail(op.range, "'-' or 'not' before an operand, but got '" + op.text + "'");
      return nullptr;
    }
    return std::make_unique<UnaryExpr>(range, op, std::move(operand));
  }

  ExprPtr readBinary(const fbs::BinaryExpr &in, SourceRange range) {
    Name op;
    ExprPtr lhs, rhs;
    if (!readWord(*in.op(), range, op) || !read(*in.lhs(), range, lhs) || !read(*in.rhs(), range, rhs))
      return nullptr;
    if (!precedenceOf(op.text)) {
      fail(op.range, "an operator of the language between two operands, but got '" + op.text + "'");
      return nullptr;
    }
    return std::make_unique<BinaryExpr>(range, op, std::move(lhs), std::move(rhs));
  }

  ExprPtr readMember(const fbs::MemberExpr &in, SourceRange range) {
    ExprPtr base;
    Name member;
    if (!read(*in.base(), range, base) || !readWord(*in.member(), range, member))
      return nullptr;
    bool isIndex = !member.text.empty() && llvm::all_of(member.text, llvm::isDigit);
    if (!isIndex && !checkIdentifier(member.text, member.range))
      return nullptr;
    return std::make_unique<MemberExpr>(range, std::move(base), member);
  }

  bool read(const fbs::Argument &in, SourceRange around, CallExpr::Argument &out) {
    return readIf(in.name(), around, out.name) && read(*in.value(), around, out.value);
  }

  bool read(const fbs::Subscript &in, SourceRange around, IndexExpr::Subscript &out) {
    if (!locate(in.range(), around, out.range) || !readIf(in.first(), out.range, out.first) || !readIf(in.last(), out.range, out.last) ||
        !readIf(in.step(), out.range, out.step))
      return false;
    if (in.kind() > fbs::SubscriptKind::MAX)
      return fail(out.range, "an index of this version, but got number " + llvm::Twine(unsigned(in.kind())) + " of another");
    out.kind = IndexExpr::Subscript::Kind(in.kind());
    switch (out.kind) {
    case IndexExpr::Subscript::Element: return (out.first && !out.last && !out.step) || fail(out.range, "one value in an index");
    case IndexExpr::Subscript::Slice: return true;
    case IndexExpr::Subscript::Rest:
    case IndexExpr::Subscript::New: return (!out.first && !out.last && !out.step) || fail(out.range, "no value in '..' and 'None'");
    }
    llvm_unreachable("every kind has a case");
  }

  bool read(const fbs::Carry &in, SourceRange around, LoopExpr::Carry &out) {
    return read(*in.name(), around, out.name) && read(*in.start(), around, out.start);
  }

  std::unique_ptr<LoopExpr> readLoop(const fbs::LoopExpr &in, SourceRange range, bool isStatement, Place place) {
    auto loop = std::make_unique<LoopExpr>(range);
    loop->isScan = in.is_scan() && !isStatement;
    if (in.tape() > fbs::Tape::MAX) {
      fail(range, "a tape of this version, but got number " + llvm::Twine(unsigned(in.tape())) + " of another");
      return nullptr;
    }
    loop->tape = Tape(in.tape());
    if (!readIf(in.index(), range, loop->index) || !readIf(in.low(), range, loop->low) || !readIf(in.high(), range, loop->high) ||
        !readIf(in.condition(), range, loop->condition) || !readIf(in.limit(), range, loop->limit) ||
        !(isStatement || loop->isScan ? readAll(in.carries(), range, loop->carries) : readSome(in.carries(), range, loop->carries, "carry of a loop")) ||
        !read(*in.body(), range, place, loop->body))
      return nullptr;
    bool isFor = loop->index && loop->low && loop->high && !loop->condition && !loop->limit;
    bool isWhile = !loop->index && !loop->low && !loop->high && loop->condition && loop->limit;
    if (!isFor && (!isWhile || loop->isScan)) {
      fail(range, "a loop to have either an index with its range or a condition with a number of trips at most");
      return nullptr;
    }
    loop->finish();
    return rules.check(*loop, isStatement) ? std::move(loop) : nullptr;
  }

  std::unique_ptr<BranchExpr> readBranch(const fbs::BranchExpr &in, SourceRange range, bool isStatement, Place place) {
    auto branch = std::make_unique<BranchExpr>(range);
    branch->hasElse = in.otherwise() != nullptr;
    branch->otherwise.range = range;
    if (!read(*in.condition(), range, branch->condition) || !read(*in.then(), range, place, branch->then) ||
        (branch->hasElse && !read(*in.otherwise(), range, place, branch->otherwise)))
      return nullptr;
    branch->finish();
    return rules.check(*branch, isStatement, place) ? std::move(branch) : nullptr;
  }

  //===--- Types and parameters -------------------------------------------===//

  bool read(const fbs::Axis &in, SourceRange around, TypeSyntax::Axis &out) {
    return locate(in.range(), around, out.range) && readIf(in.size(), out.range, out.size);
  }

  bool read(const fbs::Type &in, SourceRange around, TypeSyntax &out) {
    return locate(in.range(), around, out.range) && read(*in.element(), out.range, out.element) && readAll(in.axes(), out.range, out.axes);
  }

  bool read(const fbs::Parameter &in, SourceRange around, Parameter &out) {
    out.isStatic = in.is_static();
    return read(*in.name(), around, out.name) && readIf(in.type(), around, out.type) &&
           readIf(in.default_value(), around, out.defaultValue);
  }

  //===--- Statements -----------------------------------------------------===//

  bool read(const fbs::Block &in, SourceRange around, Place place, Block &out) {
    Level level(*this);
    if (!locate(in.range(), around, out.range) || !checkLevels(out.range))
      return false;
    if (in.statements())
      for (const fbs::Stmt *statement : *in.statements()) {
        SourceRange range;
        if (!locate(statement->range(), out.range, range))
          return false;
        out.statements.push_back(readNode(*statement, range, place));
        if (!out.statements.back())
          return false;
      }
    return rules.check(out);
  }

  /// A statement of this kind; `fill` reads what it holds.
  template <typename T, typename Fill> StmtPtr make(SourceRange range, Fill fill) {
    auto statement = std::make_unique<T>(range);
    return fill(*statement) ? std::move(statement) : nullptr;
  }

  StmtPtr readNode(const fbs::Stmt &in, SourceRange range, Place place) {
    auto allowed = [&](llvm::StringRef keyword) { return rules.checkPlace(keyword, range, place); };
    switch (in.node_type()) {
    case fbs::StmtNode::BindStmt:
      return make<BindStmt>(range, [&](BindStmt &out) { return read(*in.node_as_BindStmt(), range, place, out); });
    case fbs::StmtNode::RebindStmt:
      return make<RebindStmt>(range, [&, &node = *in.node_as_RebindStmt()](RebindStmt &out) {
        return read(*node.name(), range, out.names.emplace_back()) && readAll(node.others(), range, out.names) &&
               readRebound(*node.value(), range, out.value) && rules.check(out);
      });
    case fbs::StmtNode::DeclareStmt:
      return make<DeclareStmt>(range, [&](DeclareStmt &out) { return read(*in.node_as_DeclareStmt(), range, place, out); });
    case fbs::StmtNode::SettingStmt:
      return make<SettingStmt>(range, [&](SettingStmt &out) { return read(*in.node_as_SettingStmt(), range, place, out); });
    case fbs::StmtNode::DimStmt:
      return make<DimStmt>(range, [&, &node = *in.node_as_DimStmt()](DimStmt &out) {
        return allowed("dim") && read(*node.name(), range, out.name) && read(*node.hint(), range, out.hint) &&
               checkInteger(*out.hint, "hint");
      });
    case fbs::StmtNode::GroupStmt:
      return make<GroupStmt>(range, [&, &node = *in.node_as_GroupStmt()](GroupStmt &out) {
        return allowed("group") && read(*node.name(), range, out.name) && readSome(node.patterns(), range, out.patterns, "path of params");
      });
    case fbs::StmtNode::FreezeStmt:
      return make<FreezeStmt>(range, [&, &node = *in.node_as_FreezeStmt()](FreezeStmt &out) {
        return allowed("freeze") && readSome(node.patterns(), range, out.patterns, "path of params");
      });
    case fbs::StmtNode::TieStmt:
      return make<TieStmt>(range, [&, &node = *in.node_as_TieStmt()](TieStmt &out) {
        return allowed("tie") && read(*node.leaf(), range, out.leaf) && read(*node.place(), range, out.place);
      });
    case fbs::StmtNode::MinimizeStmt:
      return make<MinimizeStmt>(range, [&, &node = *in.node_as_MinimizeStmt()](MinimizeStmt &out) {
        return allowed("minimize") && read(*node.objective(), range, out.objective) && readAll(node.sets(), range, out.sets) &&
               read(*node.with(), range, out.with);
      });
    case fbs::StmtNode::UpdateStmt:
      return make<UpdateStmt>(range, [&, &node = *in.node_as_UpdateStmt()](UpdateStmt &out) {
        return allowed("update") && readSome(node.sets(), range, out.sets, "name of a parameter set") &&
               read(*node.with(), range, out.with) && read(*node.gradient(), range, out.gradient);
      });
    case fbs::StmtNode::StepStmt:
      return make<StepStmt>(range, [&, &node = *in.node_as_StepStmt()](StepStmt &out) {
        return allowed("step") && read(*node.body(), range, InStep, out.body);
      });
    case fbs::StmtNode::EntryStmt:
      return make<EntryStmt>(range, [&, &node = *in.node_as_EntryStmt()](EntryStmt &out) {
        return allowed("entry") && read(*node.name(), range, out.name) && readParameters(node.parameters(), range, out.parameters) &&
               read(*node.body(), range, InStep, out.body) && rules.check(out);
      });
    case fbs::StmtNode::EachStmt:
      return make<EachStmt>(range, [&, &node = *in.node_as_EachStmt()](EachStmt &out) {
        return allowed("each") && readSome(node.names(), range, out.names, "name for the element") && read(*node.list(), range, out.list) &&
               read(*node.body(), range, place, out.body) && rules.check(out);
      });
    case fbs::StmtNode::BranchStmt:
      return make<BranchStmt>(range, [&](BranchStmt &out) { return allowed("if") && read(*in.node_as_BranchStmt(), range, place, out); });
    case fbs::StmtNode::LoopStmt:
      return make<LoopStmt>(range, [&](LoopStmt &out) { return allowed("for") && read(*in.node_as_LoopStmt(), range, out); });
    case fbs::StmtNode::RequireStmt:
      return make<RequireStmt>(range, [&, &node = *in.node_as_RequireStmt()](RequireStmt &out) {
        return allowed("require") && read(*node.condition(), range, out.condition) &&
               (!node.message() || readText(node.message(), range, out.message));
      });
    case fbs::StmtNode::PrintStmt:
      return make<PrintStmt>(range, [&, &node = *in.node_as_PrintStmt()](PrintStmt &out) {
        return allowed("print") && (!node.name() || readText(node.name(), range, out.name)) && read(*node.value(), range, out.value);
      });
    case fbs::StmtNode::ExpectStmt:
      return make<ExpectStmt>(range, [&, &node = *in.node_as_ExpectStmt()](ExpectStmt &out) {
        out.isRelative = node.relative();
        return allowed("expect") && read(*node.actual(), range, out.actual) && readIf(node.expected(), range, out.expected) &&
               readIf(node.tolerance(), range, out.tolerance) &&
               (bool(out.expected) == bool(out.tolerance) || fail(range, "a tolerance beside an expected value")) &&
               (out.expected || !out.isRelative || fail(range, "no tolerance of a condition"));
      });
    case fbs::StmtNode::FnDecl:
      return make<DefineStmt>(range, [&, &node = *in.node_as_FnDecl()](DefineStmt &out) {
        return allowed("fn") && read(node, range, out.fn) && (!out.fn->external || fail(range, "extern fns outside of checks"));
      });
    case fbs::StmtNode::ResultStmt:
      return make<ResultStmt>(range,
                              [&, &node = *in.node_as_ResultStmt()](ResultStmt &out) { return read(*node.value(), range, out.value); });
    case fbs::StmtNode::NONE: break;
    }
    fail(range, "a statement of this version, but got number " + llvm::Twine(unsigned(in.node_type())) + " of another");
    return nullptr;
  }

  bool checkInteger(const Expr &e, llvm::StringRef keyword) {
    auto *number = llvm::dyn_cast<NumberExpr>(&e);
    return (number && number->isInteger) || fail(e.range, "a positive integer after '" + keyword + "', but got '" + spell(e) + "'");
  }

  bool read(const fbs::BindStmt &in, SourceRange range, Place place, BindStmt &out) {
    if (in.role() > fbs::BindRole::MAX)
      return fail(range, "a definition of this version, but got number " + llvm::Twine(unsigned(in.role())) + " of another");
    out.role = BindStmt::Role(in.role());
    static constexpr llvm::StringLiteral keywords[] = {"", "net", "metric", "predict", "metric"};
    return (out.role == BindStmt::Plain || rules.checkPlace(keywords[out.role], range, place)) && readSome(in.names(), range, out.names, "name") &&
           (out.role == BindStmt::Plain || out.names.size() == 1 || fail(range, "one name after '" + keywords[out.role] + "'")) &&
           read(*in.value(), range, out.value);
  }

  bool read(const fbs::DeclareStmt &in, SourceRange range, Place place, DeclareStmt &out) {
    if (in.role() > fbs::DeclareRole::MAX)
      return fail(range, "a declaration of this version, but got number " + llvm::Twine(unsigned(in.role())) + " of another");
    out.role = DeclareStmt::Role(in.role());
    return rules.checkPlace(keywordOf(out.role), range, place) && read(*in.name(), range, out.name) && readIf(in.type(), range, out.type) &&
           readIf(in.value(), range, out.value) && readIf(in.out_axis(), range, out.outAxis) &&
           (!out.outAxis || out.role == DeclareStmt::Param || fail(out.outAxis->range, "'out axis' to stand in a param")) &&
           rules.check(out);
  }

  bool read(const fbs::SettingStmt &in, SourceRange range, Place place, SettingStmt &out) {
    if (!read(*in.name(), range, out.name) || !read(*in.value(), range, out.value))
      return false;
    llvm::StringRef keyword = out.name.text;
    if (keyword != "data" && keyword != "epochs" && keyword != "batch")
      return fail(out.name.range, "'data', 'epochs' or 'batch', but got '" + keyword + "'");
    if (!rules.checkPlace(keyword, range, place))
      return false;
    if (keyword != "data")
      return checkInteger(*out.value, keyword);
    return llvm::isa<StringExpr>(*out.value) ||
           fail(out.value->range, "a file name in quotes after 'data', but got '" + spell(*out.value) + "'");
  }

  bool read(const fbs::LoopStmt &in, SourceRange range, LoopStmt &out) {
    Level level(*this);
    const fbs::LoopExpr *node = in.value()->node_as_LoopExpr();
    SourceRange where;
    if (!node)
      return fail(range, "a loop in a statement 'for'");
    if (!locate(in.value()->range(), range, where) || !checkLevels(where))
      return false;
    out.value = readLoop(*node, where, /*isStatement=*/true, InStep);
    return out.value && rules.checkDepth(*out.value);
  }

  bool read(const fbs::BranchStmt &in, SourceRange range, Place place, BranchStmt &out) {
    Level level(*this);
    const fbs::BranchExpr *node = in.value()->node_as_BranchExpr();
    SourceRange where;
    if (!node)
      return fail(range, "a branch in a statement 'if'");
    if (!locate(in.value()->range(), range, where) || !checkLevels(where))
      return false;
    Place inside = placeInBranch(place);
    std::unique_ptr<BranchExpr> branch = readBranch(*node, where, /*isStatement=*/true, inside);
    if (!branch || !rules.checkDepth(*branch))
      return false;
    bool isValue = inside == InFn && branch->then.hasValue();
    out.value = std::move(branch);
    return !isValue || fail(where, "branches of a statement 'if' without a value");
  }

  bool read(const fbs::Pattern &in, SourceRange around, Pattern &out) {
    return locate(in.range(), around, out.range) && readText(in.text(), out.range, out.text);
  }

  bool read(const fbs::OptimizerUse &in, SourceRange around, OptimizerUse &out) {
    return read(*in.optimizer(), around, out.optimizer) && readAll(in.groups(), around, out.groups) && rules.check(out);
  }

  //===--- Declarations ---------------------------------------------------===//

  bool read(const fbs::Import &in, SourceRange around, Import &out) {
    if (!locate(in.range(), around, out.range) || !readWord(*in.path(), out.range, out.path) ||
        !readText(in.path()->text(), out.path.range, out.path.text) || !readIf(in.alias(), out.range, out.alias) ||
        !readAll(in.members(), out.range, out.members))
      return false;
    if (in.file() > files.size())
      return fail(out.range, "an import of one of " + llvm::Twine(files.size()) + " files, but got number " + llvm::Twine(in.file()));
    out.file = in.file() ? files[in.file() - 1] : nullptr;
    return (out.members.empty() || !out.alias || fail(out.alias->range, "no name for the whole file where names of it are imported")) &&
           rules.check(out);
  }

  bool read(const fbs::ImportedMember &in, SourceRange around, Import::Member &out) {
    return read(*in.name(), around, out.name) && readIf(in.alias(), around, out.alias);
  }

  bool readConstants(const List<fbs::Stmt> *in, SourceRange around, File &out) {
    if (in)
      for (const fbs::Stmt *statement : *in) {
        const fbs::BindStmt *bind = statement->node_as_BindStmt();
        SourceRange range;
        if (!locate(statement->range(), around, range))
          return false;
        if (!bind || bind->role() != fbs::BindRole::Plain)
          return fail(range, "a constant to be a name and its value");
        if (!read(*bind, range, InFn, *out.constants.emplace_back(std::make_unique<BindStmt>(range))))
          return false;
      }
    return true;
  }

  bool read(const fbs::CustomVjp &in, SourceRange around, FnDecl::CustomVjp &out) {
    return locate(in.range(), around, out.range) && readSome(in.cotangents(), out.range, out.cotangents, "name for a cotangent") &&
           readSome(in.gradients(), out.range, out.gradients, "gradient");
  }

  bool read(const fbs::FnDecl &in, SourceRange around, FnDecl &out) {
    return locate(in.range(), around, out.range) && read(*in.name(), out.range, out.name) &&
           readParameters(in.parameters(), out.range, out.parameters) && readIf(in.result(), out.range, out.result) &&
           read(*in.body(), out.range, InFn, out.body) && readIf(in.vjp(), out.range, out.vjp) &&
           readIf(in.external(), out.range, out.external) &&
           (!out.external || (!out.result && out.body.statements.empty()) || fail(out.range, "no body of an extern fn")) &&
           rules.check(out);
  }

  bool read(const fbs::Extern &in, SourceRange around, FnDecl::Extern &out) {
    return readSome(in.results(), around, out.results, "result of an extern fn") && readWord(*in.symbol(), around, out.symbol);
  }

  bool read(const fbs::NetDecl &in, SourceRange around, NetDecl &out) {
    return locate(in.range(), around, out.range) && read(*in.name(), out.range, out.name) &&
           readParameters(in.statics(), out.range, out.statics) && readParameters(in.inputs(), out.range, out.inputs) &&
           readIf(in.result(), out.range, out.result) && read(*in.body(), out.range, InNet, out.body);
  }

  bool read(const fbs::OptimizerDecl &in, SourceRange around, OptimizerDecl &out) {
    return locate(in.range(), around, out.range) && read(*in.name(), out.range, out.name) &&
           readAll(in.parameters(), out.range, out.parameters) && read(*in.body(), out.range, InOptimizer, out.body);
  }

  bool read(const fbs::ModelDecl &in, SourceRange around, ModelDecl &out) {
    return locate(in.range(), around, out.range) && read(*in.name(), out.range, out.name) && read(*in.body(), out.range, InModel, out.body);
  }

  bool read(const fbs::CheckDecl &in, SourceRange around, CheckDecl &out) {
    return locate(in.range(), around, out.range) && readText(in.title(), out.range, out.title) &&
           read(*in.body(), out.range, InCheck, out.body);
  }

  /// Of a fn, net or entry: `static` belongs to optimizers.
  bool readParameters(const List<fbs::Parameter> *in, SourceRange around, std::vector<Parameter> &out) {
    if (!readAll(in, around, out))
      return false;
    for (const Parameter &parameter : out)
      if (parameter.isStatic)
        return fail(parameter.name.range, "'static' to stand in the parameters of an optimizer");
    return true;
  }

  llvm::ArrayRef<std::unique_ptr<SourceFile>> sources;
  llvm::ArrayRef<const File *> files;
  Diagnostics &diagnostics;
  SyntaxRules rules;
  unsigned levels = 0;
};

} // namespace

bool isModelFile(llvm::StringRef bytes) {
  return bytes.size() >= 8 && bytes.substr(4, 4) == fbs::FileIdentifier() && bytes.take_front(4).contains('\0');
}

//===----------------------------------------------------------------------===//
// Files
//===----------------------------------------------------------------------===//

/// A text as a file of its own; null after an error.
static std::unique_ptr<ModelFile> readText(llvm::StringRef text, llvm::StringRef fileName, Diagnostics &diagnostics) {
  auto model = std::make_unique<ModelFile>();
  model->sources.push_back(std::make_unique<SourceFile>(fileName, text));
  std::unique_ptr<File> tree = parse(*model->sources.front(), diagnostics);
  if (!tree)
    return nullptr;
  model->tree = std::move(*tree);
  return model;
}

static std::unique_ptr<ModelFile> readBinary(llvm::StringRef bytes, llvm::StringRef fileName, Diagnostics &diagnostics) {
  auto model = std::make_unique<ModelFile>();
  model->bytes = verified(bytes);
  if (!model->bytes) {
    SourceFile whole(fileName, "");
    diagnostics.error({&whole, 0, 0}) << "requires a whole model file, but its " << bytes.size()
                                      << " bytes are damaged or beyond the limits of one";
    return nullptr;
  }
  std::vector<const fbs::File *> roots = filesOf(*fbs::GetFile(model->bytes->getBufferStart()));
  std::vector<ModelFile *> files = {model.get()};
  while (files.size() < roots.size())
    files.push_back(model->imported.emplace_back(std::make_unique<ModelFile>()).get());
  auto trees = llvm::map_to_vector(files, [](ModelFile *file) { return static_cast<const File *>(&file->tree); });
  for (auto [file, root] : llvm::zip_equal(files, roots)) {
    file->sources = readSources(*root);
    if (file->sources.empty())
      file->sources.push_back(std::make_unique<SourceFile>(fileName, ""));
    if (!ModelReader(file->sources, trees, diagnostics).read(*root, file->tree))
      return nullptr;
    SourceRange whole{file->sources.front().get(), 0, 0};
    bool isOther = file != model.get();
    if (isOther && (root->imported() || !file->tree.models.empty() || !file->tree.checks.empty())) {
      diagnostics.error(whole) << "requires no models, checks and files in a file that a model imports";
      return nullptr;
    }
  }
  return model;
}

/// Finds what imports lead to, where that is not known yet; false after errors.
static bool followImports(ModelFile &model, llvm::StringRef fileName, llvm::ArrayRef<ImportedText> given, Diagnostics &diagnostics) {
  std::vector<std::pair<std::string, File *>> files = {{importedName({}, fileName.str()), &model.tree}};
  for (const auto &file : model.imported)
    files.push_back({importedName({}, file->sources.front()->name().str()), &file->tree});
  llvm::StringMap<File *> known; // null after an error
  for (const auto &[name, file] : files)
    known.try_emplace(name, file);
  auto read = [&](const std::string &name, SourceRange where) -> File * {
    auto text = llvm::find_if(given, [&](const ImportedText &text) { return text.name == name; });
    if (text == given.end())
      diagnostics.error(where) << "requires the text of '" << name << "', which was not given with that of the model";
    else if (!text->fault.empty())
      diagnostics.error(where) << "requires the file '" << name << "', but cannot read it: " << text->fault;
    else if (std::unique_ptr<ModelFile> file = readText(text->text, name, diagnostics)) {
      file->tree.models.clear();
      file->tree.checks.clear();
      return &model.imported.emplace_back(std::move(file))->tree;
    }
    return nullptr;
  };
  bool holds = true;
  for (size_t i = 0; i < files.size(); ++i) {
    auto [importer, tree] = files[i]; // the list grows
    for (const auto &import : tree->imports) {
      if (import->file)
        continue;
      std::string name = importedName(importer, import->path.text.str());
      auto [entry, isNew] = known.try_emplace(name, nullptr);
      if (isNew && (entry->second = read(name, import->path.range)))
        files.push_back({name, entry->second});
      if (entry->second == tree)
        diagnostics.error(import->path.range) << "requires another file than the one that imports it, but got '" << import->path.text
                                              << "'";
      import->file = entry->second;
      holds &= import->file && import->file != tree;
    }
  }
  return holds;
}

std::unique_ptr<ModelFile> readModelFile(llvm::StringRef bytes, llvm::StringRef fileName, Diagnostics &diagnostics,
                                         llvm::ArrayRef<ImportedText> given) {
  std::unique_ptr<ModelFile> model = isModelFile(bytes) ? readBinary(bytes, fileName, diagnostics) : readText(bytes, fileName, diagnostics);
  return model && followImports(*model, fileName, given, diagnostics) ? std::move(model) : nullptr;
}

std::unique_ptr<ModelFile> readPart(llvm::StringRef text, llvm::StringRef fileName, Diagnostics &diagnostics, llvm::ArrayRef<ImportedText> given) {
  Diagnostics::Silence silence(diagnostics);
  auto model = std::make_unique<ModelFile>();
  model->sources.push_back(std::make_unique<SourceFile>(fileName, text));
  model->tree = std::move(*parsePart(*model->sources.front(), diagnostics));
  (void)followImports(*model, fileName, given, diagnostics);
  auto drop = [](File &tree) { llvm::erase_if(tree.imports, [&](const auto &import) { return !import->file || import->file == &tree; }); };
  drop(model->tree);
  for (const auto &file : model->imported)
    drop(file->tree);
  return model;
}

std::vector<std::unique_ptr<SourceFile>> sourcesOf(llvm::StringRef bytes) {
  std::vector<std::unique_ptr<SourceFile>> sources;
  if (std::unique_ptr<llvm::MemoryBuffer> buffer = verified(bytes))
    for (const fbs::File *file : filesOf(*fbs::GetFile(buffer->getBufferStart())))
      llvm::move(readSources(*file), std::back_inserter(sources));
  return sources;
}

} // namespace costate
