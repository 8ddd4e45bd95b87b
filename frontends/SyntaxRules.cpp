// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "costate/frontends/SyntaxRules.h"

#include "costate/dialects/graph/CNames.h"

#include "llvm/ADT/STLExtras.h"

namespace costate {
using namespace syntax;

//===----------------------------------------------------------------------===//
// Places and depth
//===----------------------------------------------------------------------===//

const char *describe(Place place) {
  switch (place) {
  case InModel: return "a model";
  case InNet: return "a net";
  case InFn: return "a fn";
  case InOptimizer: return "an optimizer";
  case InStep: return "a step";
  case InCheck: return "a check";
  case AtTop: return "a file";
  }
  return "";
}

llvm::ArrayRef<Word> words() {
  static constexpr unsigned inBodies = InNet | InFn | InCheck | InOptimizer | InStep;
  static constexpr Word all[] = {
      {"model", Word::Begin, AtTop},
      {"problem", Word::Begin, AtTop},
      {"net", Word::Begin, AtTop | InModel | InNet | InCheck},
      {"fn", Word::Begin, AtTop | InCheck},
      {"extern", Word::Begin, AtTop},
      {"optimizer", Word::Begin, AtTop},
      {"check", Word::Begin, AtTop},
      {"import", Word::Begin, AtTop},
      {"input", Word::Begin, InModel},
      {"target", Word::Begin, InModel},
      {"rows", Word::Begin, InModel},
      {"hyper", Word::Begin, InModel},
      {"param", Word::Begin, InModel | InNet | InCheck},
      {"state", Word::Begin, InModel | InNet | InOptimizer},
      {"metric", Word::Begin, InModel},
      {"predict", Word::Begin, InModel},
      {"data", Word::Begin, InModel},
      {"epochs", Word::Begin, InModel},
      {"batch", Word::Begin, InModel},
      {"dim", Word::Begin, InModel},
      {"group", Word::Begin, InModel},
      {"freeze", Word::Begin, InModel},
      {"tie", Word::Begin, InModel},
      {"minimize", Word::Begin, InModel},
      {"step", Word::Begin, InModel},
      {"entry", Word::Begin, InModel},
      {"update", Word::Begin, InStep},
      {"require", Word::Begin, InNet | InFn | InStep},
      {"print", Word::Begin, InNet | InFn | InStep | InCheck},
      {"expect", Word::Begin, InCheck},
      {"each", Word::Control, inBodies},
      {"if", Word::Control, inBodies},
      {"for", Word::Control, InStep},
      {"while", Word::Control, InStep},
      {"scan", Word::Control},
      {"else", Word::Control},
      {"in", Word::Control},
      {"tape", Word::Part},
      {"carry", Word::Part},
      {"max", Word::Part},
      {"with", Word::Part},
      {"over", Word::Part},
      {"split", Word::Part},
      {"from", Word::Part},
      {"as", Word::Part},
      {"within", Word::Part},
      {"relative", Word::Part},
      {"out", Word::Part},
      {"axis", Word::Part},
      {"hint", Word::Part},
      {"to", Word::Part},
      {"subject", Word::Part},
      {"static", Word::Part},
      {"symbol", Word::Part},
      {"vjp", Word::Part},
      {"and", Word::Operator},
      {"or", Word::Operator},
      {"not", Word::Operator},
      {"true", Word::Constant},
      {"false", Word::Constant},
      {"None", Word::Constant},
      {"pi", Word::Constant},
      {"inf", Word::Constant},
      {"nan", Word::Constant},
      {"f32", Word::Type},
      {"f64", Word::Type},
      {"i32", Word::Type},
      {"i64", Word::Type},
      {"i8", Word::Type},
      {"u8", Word::Type},
      {"bool", Word::Type},
      {"float", Word::Type},
      {"complex64", Word::Type},
      {"complex128", Word::Type},
  };
  return all;
}

const Word *findWord(llvm::StringRef text) {
  llvm::ArrayRef<Word> all = words();
  const Word *found = llvm::find_if(all, [&](const Word &word) { return word.text == text; });
  return found == all.end() ? nullptr : found;
}

llvm::SmallVector<llvm::StringRef> wordsAt(Place place) {
  llvm::SmallVector<llvm::StringRef> texts;
  for (const Word &word : words())
    if (word.places & place)
      texts.push_back(word.text);
  return texts;
}

bool SyntaxRules::checkPlace(llvm::StringRef keyword, SourceRange where, Place place) {
  const Word *word = findWord(keyword);
  assert(word && word->places && "a keyword is among the words of the language");
  if (word->places & place)
    return true;
  auto diagnostic = diagnostics.error(where);
  diagnostic << "requires '" << keyword << "' to stand in ";
  unsigned rest = word->places & ~AtTop;
  for (const char *separator = ""; rest; rest &= rest - 1, separator = rest & (rest - 1) ? ", " : " or ")
    diagnostic << separator << describe(Place(rest & -rest));
  diagnostic << ", but found it in " << describe(place);
  return false;
}

bool SyntaxRules::checkDepth(const Expr &e) {
  if (e.depth <= maxNesting)
    return true;
  diagnostics.error(e.range) << "requires at most " << maxNesting << " nested operations in one expression; bind parts to names";
  return false;
}

//===----------------------------------------------------------------------===//
// Expressions
//===----------------------------------------------------------------------===//

bool SyntaxRules::check(const CallExpr &call) {
  bool named = false;
  for (const CallExpr::Argument &argument : call.arguments) {
    if (named && !argument.name) {
      diagnostics.error(argument.value->range) << "requires arguments without a name to come before those with one";
      return false;
    }
    named |= argument.name.has_value();
  }
  return true;
}

bool SyntaxRules::check(const LambdaExpr &lambda) {
  if (!lambda.body.hasValue()) {
    diagnostics.error(lambda.body.range) << "requires a value at the end of the body of a function";
    return false;
  }
  for (const Name &name : lambda.body.reboundNames())
    if (llvm::none_of(lambda.parameters, [&](const Name &parameter) { return parameter.text == name.text; })) {
      diagnostics.error(name.range) << "requires a name that the body of the function has bound before '<-', but '" << name.text
                                    << "' is bound outside of it";
      return false;
    }
  return true;
}

bool SyntaxRules::checkNoValue(const Block &body) {
  if (!body.hasValue())
    return true;
  diagnostics.error(body.statements.back()->range) << "requires a statement, but found a value that nothing uses; 'name <- ...' passes it on";
  return false;
}

bool SyntaxRules::check(const LoopExpr &loop, bool isStatement) {
  if (loop.isScan && !loop.body.hasValue()) {
    diagnostics.error(loop.range) << "requires a value at the end of the body of a 'scan', which has those of all trips; 'for' has none";
    return false;
  }
  if (!loop.isScan && !checkNoValue(loop.body))
    return false;
  if (isStatement && !loop.carries.empty()) {
    diagnostics.error(loop.carries.front().name.range) << "requires no carries of a loop in a step: what it changes is handed on";
    return false;
  }
  if (isStatement && loop.tape != Tape::All) {
    diagnostics.error(loop.range) << "requires no 'tape' of a loop in a step, through which nothing is differentiated";
    return false;
  }
  for (const Name &name : loop.body.reboundNames()) {
    if (isStatement && loop.index && loop.index->text == name.text) {
      diagnostics.error(name.range) << "requires another name than that of the number of the trip, '" << name.text << "', before '<-'";
      return false;
    }
    if (!isStatement && llvm::none_of(loop.carries, [&](const LoopExpr::Carry &carry) { return carry.name.text == name.text; })) {
      diagnostics.error(name.range) << "requires '" << name.text << "' among the carries of the loop, as in 'carry " << name.text << " = "
                                    << name.text << "': a trip hands nothing else to the next";
      return false;
    }
  }
  return true;
}

bool SyntaxRules::check(const BranchExpr &branch, bool isStatement, Place place) {
  if (isStatement && place == InStep)
    return checkNoValue(branch.then) && checkNoValue(branch.otherwise);
  bool thenHas = branch.then.hasValue(), otherwiseHas = branch.otherwise.hasValue();
  if (isStatement && place == InCheck && !thenHas && !otherwiseHas)
    return true;
  bool hasEffect = !branch.rebound.empty();
  for (const Block *block : {&branch.then, &branch.otherwise})
    block->walk([&](const Stmt &statement) { hasEffect |= llvm::isa<PrintStmt, RequireStmt>(statement); });
  if ((thenHas && otherwiseHas) || (isStatement && hasEffect && !thenHas && !otherwiseHas))
    return true;
  diagnostics.error(branch.range) << (thenHas && !branch.hasElse ? "requires 'else { ... }' with a value, as the other branch has"
                                                                 : "requires a value at the end of both branches")
                                  << (isStatement ? ", or of none: then they rebind names by '<-', print or require something" : "");
  return false;
}

//===----------------------------------------------------------------------===//
// Statements
//===----------------------------------------------------------------------===//

llvm::StringRef keywordOf(DeclareStmt::Role role) {
  switch (role) {
  case DeclareStmt::Input: return "input";
  case DeclareStmt::Target: return "target";
  case DeclareStmt::Param: return "param";
  case DeclareStmt::State: return "state";
  case DeclareStmt::Hyper: return "hyper";
  case DeclareStmt::Rows: return "rows";
  }
  return "";
}

bool SyntaxRules::check(const DeclareStmt &declare) {
  llvm::StringRef keyword = keywordOf(declare.role), name = declare.name.text;
  bool isData = llvm::is_contained({DeclareStmt::Input, DeclareStmt::Target, DeclareStmt::Rows}, declare.role);
  if (declare.value && isData) {
    diagnostics.error(declare.value->range) << "requires " << keyword << " '" << name << "' to have no value: each call gives it one";
    return false;
  }
  if (!declare.type && (isData || declare.role == DeclareStmt::Param)) {
    diagnostics.error(declare.name.range) << "requires a type for " << keyword << " '" << name << "', such as '" << keyword << " " << name
                                          << (declare.role == DeclareStmt::Rows ? " : i32[batch]'" : isData ? " : f32[batch, 64]'" : " : f32[64, 10]'");
    return false;
  }
  if (!declare.value && !isData) {
    diagnostics.error(declare.name.range) << "requires an initial value for " << keyword << " '" << name << "', such as '= "
                                          << (declare.role == DeclareStmt::Hyper ? "0.1'" : "zeros()'");
    return false;
  }
  return true;
}

bool SyntaxRules::check(const EntryStmt &entry) {
  for (const Parameter &parameter : entry.parameters)
    if (parameter.type.has_value() == (parameter.defaultValue != nullptr)) {
      diagnostics.error(parameter.name.range) << "requires a type for '" << parameter.name.text << "' of entry '" << entry.name.text << "', such as '"
                                              << parameter.name.text << " : f32[n, 64]', or a default, which makes it a hyper-parameter, such as '"
                                              << parameter.name.text << "=0.1'" << (parameter.type ? ", but found both" : "");
      return false;
    }
  return true;
}

bool SyntaxRules::check(const EachStmt &each) { return checkNoValue(each.body); }

bool SyntaxRules::check(const RebindStmt &rebind) {
  for (const Name &name : rebind.names)
    if (llvm::find_if(llvm::ArrayRef(rebind.names), [&](const Name &other) { return other.text == name.text; }) != &name) {
      diagnostics.error(name.range) << "requires names that differ, but got '" << name.text << "' twice";
      return false;
    }
  auto *write = llvm::dyn_cast<WriteExpr>(rebind.value.get());
  auto *place = write ? llvm::dyn_cast<IndexExpr>(write->place.get()) : nullptr;
  auto *name = place ? llvm::dyn_cast<ReferenceExpr>(place->base.get()) : nullptr;
  if (!write || (name && rebind.names.size() == 1 && rebind.names[0].text == name->name))
    return true;
  diagnostics.error(write->place->range) << "requires a name and an index in brackets on the left of '<-', but found '" << spell(*write->place) << "'";
  return false;
}

bool SyntaxRules::check(const OptimizerUse &use) {
  for (const ExprPtr &group : use.groups) {
    auto *call = llvm::dyn_cast<CallExpr>(group.get());
    if (call && llvm::isa<ReferenceExpr>(*call->callee))
      continue;
    diagnostics.error(group->range) << "requires the name of a group with arguments, such as biases(weight_decay=0), but found '"
                                    << spell(*group) << "'";
    return false;
  }
  return true;
}

bool SyntaxRules::isIdentifier(llvm::StringRef text) {
  return !text.empty() && !llvm::isDigit(text[0]) && llvm::all_of(text, [](char c) { return llvm::isAlnum(c) || c == '_'; });
}

bool SyntaxRules::check(const Import &import) {
  if (!import.members.empty() || isIdentifier(import.known().text))
    return true;
  diagnostics.error(import.path.range) << "requires 'as' and a name after a file that no name can stand for, but got '" << import.path.text
                                       << "'";
  return false;
}

bool SyntaxRules::check(const FnDecl &fn) {
  if (!fn.external)
    return true;
  auto error = [&](SourceRange where) { return diagnostics.error(where); };
  auto checkAxes = [&](const TypeSyntax &type) {
    auto rest = llvm::find_if(type.axes, [](const TypeSyntax::Axis &axis) { return !axis.size; });
    if (rest == type.axes.end())
      return true;
    error(rest->range) << "requires a known number of axes in the types of extern fn '" << fn.name.text << "', but found '..'";
    return false;
  };
  for (const Parameter &parameter : fn.parameters) {
    if (!parameter.type) {
      error(parameter.name.range) << "requires a type for '" << parameter.name.text << "' of extern fn '" << fn.name.text << "', such as '"
                                  << parameter.name.text << " : f32[n]'";
      return false;
    }
    if (!checkAxes(*parameter.type))
      return false;
  }
  if (!llvm::all_of(fn.external->results, checkAxes))
    return false;
  llvm::StringRef symbol = fn.external->symbol.text, fault = graph::faultOfCFunction(symbol);
  if (fault.empty())
    return true;
  auto diagnostic = error(fn.external->symbol.range);
  diagnostic << "requires the name of a C function of the program, but '" << symbol << "' " << fault;
  if (fn.external->symbol.range.begin == fn.name.range.begin)
    diagnostic << "; 'symbol \"...\"' behind the types gives another";
  return false;
}

bool SyntaxRules::check(const Block &block) {
  bool holds = true;
  for (const StmtPtr &statement : block.statements)
    if (statement != block.statements.back() && llvm::isa<ResultStmt>(*statement)) {
      diagnostics.error(statement->range) << "requires a name for a value that is not the last of the body: write 'name = ...'";
      holds = false;
    }
  return holds;
}

} // namespace costate
