// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A model as a whole: its declarations, then its entries `init`, `prepare`, `train_step`, `evaluate`, `summarize`, `predict` and those of its own.
#ifndef COSTATE_FRONTENDS_MODELELABORATOR_H
#define COSTATE_FRONTENDS_MODELELABORATOR_H

#include "costate/frontends/Elaborator.h"

#include "llvm/ADT/MapVector.h"

namespace costate::importer {

class ModelElaborator {
public:
  ModelElaborator(Elaborator &e, const syntax::ModelDecl &model) : e(e), model(model), zero(model.range, int64_t(0)) {}

  mlir::LogicalResult run();

private:
  /// A value that every entry may take as an argument.
  struct Root {
    const Binding *binding;
    std::string name;
    llvm::StringRef role; // as optim.role
    mlir::Type type;
    graph::Dims dims;
    mlir::FlatSymbolRefAttr arena;
    double fallback = 0; // of a hyper-parameter
    bool isNumber = false;
    bool isInteger = false; // of a hyper-parameter, which comes as a float
  };

  /// Does an array come with the batch of a call?
  static bool isData(llvm::StringRef role) { return role == "input" || role == "target" || role == "rows"; }

  /// How an optimizer treats a parameter, which decides how it runs over all of them.
  enum class RuleKind {
    Elements, // each element by itself: once, on the arena
    Sums,     // by numbers of the parameter as a whole: once, on the arena and a table of its leaves (LeafRules)
    Leaves,   // by its shape: leaf by leaf
  };

  /// An optimizer on one parameter set: what `update SET with OPTIMIZER` refers to.
  struct Rule {
    ParameterSet *set;
    RuleKind kind;
    std::vector<std::pair<llvm::StringRef, size_t>> states; // name in the optimizer, index in `states`
  };

  /// An argument that differs for a group of parameters.
  struct GroupArgument {
    int64_t group;
    const syntax::Parameter *parameter;
    const Binding *hyper;
  };

  /// A pattern of paths, and what it says about the parameters that match.
  struct LeafPattern {
    syntax::Pattern pattern;
    int64_t group; // 0: they are frozen
    bool used;
  };

  /// `update ... with ... from ...`, or what `minimize` stands for.
  struct Update {
    const syntax::Stmt *statement;
    const syntax::Expr *optimizer;
    std::vector<Rule> rules;
    std::vector<std::pair<const syntax::Parameter *, const Binding *>> hypers; // arguments that became hyper-parameters
    std::vector<GroupArgument> groupArguments;
    const Binding *clock = nullptr; // a state that counts how often it has run, where that is not the number of the step
    std::vector<unsigned> rounds = {}; // of the `each` around it: which of them it is
  };

  /// State and its initial value, seen from `scope`; `param` is what an optimizer's state may refer to.
  struct State {
    Root root;
    const syntax::Expr *initial;
    const Binding *scope;
    ParameterSet *set;
    const Binding *param;
    ParameterSet *layout = nullptr; // where it has a leaf for each parameter: there, `initial` is about one of them
  };

  /// A definition whose value leaves the model
  struct Metric {
    std::string name;
    const Binding *binding;
  };

  /// An entry of the model's own, which sees what stands before it, and the parameters.
  struct OwnEntry {
    const syntax::EntryStmt *statement;
    const Binding *scope;
    std::vector<Root> inputs;
  };

  //===--- Declarations (ElaborateModel.cpp) -------------------------------===//

  mlir::LogicalResult declare(const syntax::Stmt &statement);
  mlir::LogicalResult declareValue(const syntax::DeclareStmt &declare);
  mlir::LogicalResult declareSetting(const syntax::SettingStmt &setting);
  mlir::LogicalResult declareDim(const syntax::DimStmt &dim);
  mlir::LogicalResult checkUnbound(const syntax::Name &name);
  const Binding *addHyper(syntax::Name name, double fallback, const Binding *previous, bool isInteger = false);
  void collectPatterns();
  mlir::LogicalResult closeSet(ParameterSet &set, SourceRange where);
  mlir::LogicalResult closeParams();
  mlir::LogicalResult checkPatterns();
  mlir::LogicalResult checkRows();

  //===--- Steps (ElaborateSteps.cpp) ---------------------------------------===//

  mlir::LogicalResult declareStep(const syntax::Stmt &statement, const Binding *scope);
  mlir::LogicalResult declareBody(const syntax::Block &body, const Binding *scope, bool runsOnce);
  mlir::LogicalResult declareBlock(const syntax::Block &block, const Binding *&scope, bool runsOnce);
  mlir::LogicalResult declareUpdate(const syntax::Stmt &statement, llvm::ArrayRef<syntax::Name> sets, const syntax::OptimizerUse &use,
                                    const Binding *scope, bool runsOnce);
  mlir::LogicalResult eachRound(const syntax::EachStmt &each, const Binding *&scope,
                                llvm::function_ref<mlir::LogicalResult(const Binding *&inside)> run);
  std::optional<bool> staticCondition(const syntax::Expr &condition, const Binding *scope);
  bool readsClock(const syntax::OptimizerDecl &decl);
  const Binding *addClock(const syntax::OptimizerDecl &decl, ParameterSet &set);
  mlir::LogicalResult declareGroups(const syntax::OptimizerUse &use, const syntax::OptimizerDecl &decl, Update &update,
                                    const Binding *scope);
  mlir::FailureOr<std::vector<ParameterSet *>> resolveSets(llvm::ArrayRef<syntax::Name> names, const Binding *scope, SourceRange where);
  mlir::LogicalResult declareObjective();
  bool mentionsOwn(const syntax::Expr &expr, const syntax::Block &step);
  mlir::LogicalResult runStep(const syntax::Stmt &statement, const Binding *scope);
  mlir::LogicalResult runBlock(const syntax::Block &block, const Binding *&scope, bool mayHaveValue = false);
  mlir::LogicalResult runUpdate(const syntax::UpdateStmt &statement, const Binding *scope);
  mlir::LogicalResult runUpdate(const Update &update, llvm::ArrayRef<Tensor> gradients, const Binding *scope);
  mlir::LogicalResult bindNow(const syntax::Stmt &statement, const syntax::Name &name, const Binding *&scope);
  mlir::LogicalResult rebind(const syntax::RebindStmt &rebind, const Binding *&scope);
  mlir::LogicalResult changeState(const State &state, const syntax::Name &name, const Value &value, SourceRange where);
  mlir::LogicalResult changeSet(ParameterSet &set, const syntax::Name &name, const Value &value, SourceRange where);
  ParameterSet *setOf(const Binding *binding) const;
  const State *stateOf(const Binding *binding) const;
  const Update *updateOf(const syntax::Stmt &statement) const;
  void assign(const Binding *root, Value value); // and forgets the values of definitions that depend on it
  void change(const Binding *root, Value value); // the same for a line of a step
  void forget(const Binding *root);

  //===--- Branches and loops of steps (ElaborateStepParts.cpp) --------------===//

  using Roots = std::vector<const Binding *>;
  mlir::LogicalResult runBranch(const syntax::BranchExpr &branch, const Binding *&scope);
  mlir::LogicalResult runLoop(const syntax::LoopExpr &loop, const Binding *&scope);
  mlir::FailureOr<Elaborator::BranchSide> liftSide(const syntax::Block &block, const Roots &roots, llvm::ArrayRef<syntax::Name> names,
                                                   const Binding *scope);
  mlir::FailureOr<FunctionInstance> liftTrip(const syntax::LoopExpr &loop, const Roots &roots, llvm::ArrayRef<syntax::Name> names,
                                             llvm::ArrayRef<Value> starts, bool isCondition, const Binding *scope);
  Roots changedBy(llvm::ArrayRef<const syntax::Block *> blocks, const Binding *scope);
  void collectChanged(const syntax::Block &block, const Binding *scope, llvm::SmallVectorImpl<llvm::StringRef> &own, Roots &roots);
  mlir::FailureOr<std::vector<syntax::Name>> namesOf(llvm::ArrayRef<syntax::Name> rebound, const Binding *scope, llvm::StringRef place);
  llvm::ArrayRef<const Binding *> named(const Roots &roots) const { return llvm::ArrayRef(roots).drop_back(lastOf.size() + 1); }
  void enterPart(FunctionScope::Part part, const Roots &roots, const Binding *scope);
  void leavePart(const Roots &roots, llvm::ArrayRef<Value> results);
  void collectEffects();
  bool standsGuarded(const Binding *root) const;
  Tensor guarded(const Tensor &before, const Tensor &after);

  //===--- Rules of optimizers (ElaborateRules.cpp) ------------------------===//

  /// A call of a rule: param, grad, states, `t` and the optimizer's arguments, of which the first `named` have names in the rule; the others are
  /// what groups have of their own. `olds`: what it changes.
  struct RuleCall {
    const Optimizer &optimizer;
    const Update &update;
    const Rule &rule;
    std::vector<std::pair<syntax::Name, Value>> arguments;
    size_t named = 0;
    std::vector<std::pair<llvm::StringRef, Tensor>> olds;
  };
  mlir::FailureOr<Rule> declareRule(const Optimizer &optimizer, const Update &update, ParameterSet &set);
  mlir::LogicalResult declareStates(const syntax::OptimizerDecl &decl, Rule &rule, const Binding *scope);
  mlir::LogicalResult declareLeafStates(const syntax::OptimizerDecl &decl, Rule &rule, const Binding *scope);
  std::string stateName(const syntax::OptimizerDecl &decl, llvm::StringRef state, const ParameterSet &set) const;
  /// The initial value of a state of one parameter.
  mlir::FailureOr<Tensor> leafState(const syntax::Expr &initial, const Binding *scope, const Tensor &param, int64_t outAxis);
  mlir::FailureOr<Tensor> leafStates(const State &state);
  RuleKind classify(const RuleCall &call);
  RuleCall callOnArenas(const Optimizer &optimizer, const Update &update, const Rule &rule, const Tensor &gradient);
  mlir::FailureOr<Value> callRule(const Optimizer &optimizer, const Update &update, const Rule &rule, const Tensor &gradient);
  mlir::FailureOr<Value> callRuleOnLeaves(const RuleCall &arenas);
  mlir::FailureOr<Value> callInstance(const RuleCall &call);
  using MakePieces = llvm::function_ref<Value(const Tensor &base, llvm::ArrayRef<std::pair<int64_t, Tensor>> pieces)>;
  mlir::FailureOr<const Binding *> bindRule(const RuleCall &call, std::vector<Value> given, MakePieces makePieces);
  mlir::FailureOr<FunctionInstance> buildRule(const RuleCall &call, bool isOpen, llvm::StringRef suffix);
  mlir::FailureOr<FunctionInstance> buildLeafRule(const RuleCall &call, mlir::func::FuncOp one);
  Tensor keepFrozen(const ParameterSet &set, const Tensor &before, const Tensor &after);
  bool treatsElements(llvm::iterator_range<mlir::Block::iterator> ops);

  //===--- Entries (ElaborateEntries.cpp) -----------------------------------===//

  mlir::LogicalResult buildInit();
  mlir::LogicalResult buildPrepare();
  mlir::LogicalResult buildTrainStep();
  mlir::LogicalResult buildEvaluate();
  mlir::LogicalResult buildSummarize();
  mlir::LogicalResult buildPredict();
  mlir::LogicalResult declareEntry(const syntax::EntryStmt &entry);
  mlir::LogicalResult declareParameters(OwnEntry &entry);
  mlir::LogicalResult buildEntry(const OwnEntry &entry);
  std::vector<const Root *> rootsOf(const OwnEntry &entry);
  mlir::LogicalResult evaluateResults(const OwnEntry &entry, const syntax::Expr &value, const Binding *scope, llvm::ArrayRef<const Root *> roots,
                                      std::vector<Tensor> &results, std::vector<mlir::DictionaryAttr> &attributes);
  std::vector<std::pair<const Root *, Tensor>> beginSteps(llvm::ArrayRef<const Root *> roots);
  void finishSteps(llvm::ArrayRef<std::pair<const Root *, Tensor>> before, bool all, std::vector<Tensor> &results,
                   std::vector<mlir::DictionaryAttr> &attributes);
  /// Arguments of the current function for all roots, in the order of the ABI.
  void addArgument(const Root &root);
  Tensor tensorOf(const Binding *root);
  std::vector<const Root *> addRoots(bool withTargets);
  void addRoots(llvm::ArrayRef<const Root *> roots);
  mlir::LogicalResult evaluateMetrics(llvm::ArrayRef<Metric> metrics, std::vector<Tensor> &results);
  mlir::LogicalResult collectRows();
  mlir::LogicalResult addRows(const Binding *summary, const Binding *mentioned);
  bool readsData(const Binding *binding);
  /// Closes the current function, whose arguments stand for `roots`: sets attributes, refuses sizes that no input gives. If
  /// `prune`, arguments that nothing uses are dropped.
  mlir::LogicalResult finishEntry(llvm::ArrayRef<const Root *> roots, llvm::ArrayRef<Tensor> results,
                                  llvm::ArrayRef<mlir::DictionaryAttr> resultAttributes, bool prune);
  mlir::DictionaryAttr attributes(llvm::ArrayRef<std::pair<llvm::StringRef, mlir::Attribute>> entries);
  mlir::DictionaryAttr named(llvm::StringRef role, llvm::StringRef name);
  std::vector<const Root *> allRoots(bool withTargets) const;

  Elaborator &e;
  const syntax::ModelDecl &model;
  const Binding *scope = nullptr;
  std::vector<ParameterSet *> sets; // those of nets, and `params` if there is any top-level param
  ParameterSet *params = nullptr;
  std::vector<Root> setRoots, inputs, targets, hypers;
  std::vector<State> states;
  size_t nextNetState = 0; // of those that nets have declared: the first that is not yet in `states`
  const Binding *t = nullptr;
  Root tRoot, seedRoot;
  std::vector<std::pair<const syntax::Stmt *, const Binding *>> steps; // minimize or step, and what they see
  std::deque<OwnEntry> ownEntries;
  std::vector<Update> updates;
  std::vector<unsigned> rounds;       // of the `each` around what is being declared or run
  std::vector<const Binding *> moved; // names of the step being declared that a branch or loop rebinds
  syntax::NumberExpr zero;            // where a clock starts
  const Binding *stepStart = nullptr; // what a step can see from outside
  const Binding *finite = nullptr;    // whether all objectives so far are
  unsigned objectives = 0;            // how many those are
  llvm::MapVector<const Binding *, const Binding *> lastOf; // of a state of a net: what the last call has made of it
  /// What has changed: how many objectives there were when it was made to stand only if they are finite; 0 if it was not.
  llvm::DenseMap<const Binding *, unsigned> guards;
  std::vector<Metric> metrics; // `loss` first, if there is one
  std::vector<Metric> predictions;
  std::vector<Metric> summaries; // metrics of a whole split
  std::vector<Root> rows;        // what these name of the data, as `summarize` takes it
  std::vector<const Binding *> definitions;
  std::vector<mlir::NamedAttribute> hints;
  std::vector<const syntax::GroupStmt *> groups; // group k is the k-th, from 1
  std::vector<const syntax::TieStmt *> ties;
  std::vector<LeafPattern> patterns;
};

} // namespace costate::importer

#endif // COSTATE_FRONTENDS_MODELELABORATOR_H
