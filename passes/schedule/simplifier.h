// Internal to simplify_indices: the rebuilding walk (simplify_indices.cc) and what it folds
// (simplify_fold.cc).
#ifndef CERMET_PASSES_SCHEDULE_SIMPLIFIER_H_
#define CERMET_PASSES_SCHEDULE_SIMPLIFIER_H_

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/inlined_vector.h"
#include "ir/kernel/kernel.h"
#include "ir/scalar_ops.h"
#include "passes/schedule/index_analysis.h"
#include "passes/schedule/kernel_walk.h"

namespace cermet::schedule {

class Simplifier {
 public:
  explicit Simplifier(kernel::Kernel* kernel) : kernel_(kernel), analysis_(kernel) {}

  void Run();

 private:
  using Key = absl::InlinedVector<int64_t, 20>;
  struct Scope {
    kernel::Block* block;
    bool is_branch = false;  // of a kIf: work is not moved out of it
    bool runs = true;        // at least once whenever the scope around it runs
    absl::flat_hash_map<Key, kernel::ValueId> known = {};
  };
  struct Comparison {
    CompareDirection direction;
    kernel::ValueId a, b;
  };

  // ---- structure
  // The old instructions are taken apart as they are read.
  void Insts(kernel::Block old) {
    for (kernel::Inst& inst : old.insts) Visit(std::move(inst));
  }
  void Visit(kernel::Inst inst);
  void Loop(kernel::Inst inst);
  void If(kernel::Inst inst);
  kernel::Block NestedBlock(kernel::Block old, bool is_branch, bool runs,
                            const std::vector<kernel::ValueId>& params);
  std::vector<kernel::ValueId> NewParams(const kernel::Block& old);
  void NewResults(kernel::Inst* inst);
  void PushFacts(kernel::ValueId condition, bool holds, int* count);

  // ---- values
  kernel::ValueId Pure(kernel::Inst inst);  // folded, known, or appended
  kernel::ValueId Append(kernel::Inst inst,
                         const kernel::ValueType& type);  // known, or appended where it belongs
  size_t HomeOf(const kernel::Inst& inst, const kernel::ValueType& type) const;
  kernel::ValueId Place(kernel::Inst inst, size_t scope, const kernel::ValueType& type);
  std::optional<kernel::ValueId> Fold(const kernel::Inst& inst, const kernel::ValueType& type);
  std::optional<kernel::ValueId> FoldConstant(const kernel::Inst& inst,
                                              const kernel::ValueType& type);
  std::optional<kernel::ValueId> FoldIndex(const kernel::Inst& inst, const kernel::ValueType& type);
  std::optional<kernel::ValueId> FoldQuotient(const kernel::Inst& inst,
                                              const kernel::ValueType& type);
  std::optional<kernel::ValueId> FoldLogic(const kernel::Inst& inst, const kernel::ValueType& type);
  std::optional<bool> Decide(const kernel::Inst& compare);
  std::optional<kernel::ValueId> LoadOrFold(kernel::Inst inst);
  kernel::ValueId Constant(DType dtype, ScalarBits bits, const std::vector<int64_t>& extents = {});
  kernel::ValueId Compute(OpCode op, std::vector<kernel::ValueId> operands);
  kernel::ValueId As(kernel::ValueId value, const kernel::ValueType& type);
  kernel::ValueId EmitPolynomial(const Polynomial& polynomial);
  kernel::ValueId EmitAtom(Atom atom);
  std::optional<ScalarBits> ConstantBits(kernel::ValueId value) const {
    auto it = constants_.find(value);
    if (it == constants_.end()) return std::nullopt;
    return it->second;
  }
  bool IsBool(kernel::ValueId value, bool expected) const {
    return ConstantBits(value) == std::optional<ScalarBits>(expected ? 1 : 0);
  }
  size_t Depth(kernel::ValueId value) const {
    auto it = depth_.find(value);
    return it == depth_.end() ? 0 : it->second;
  }

  kernel::Kernel* kernel_;
  IndexAnalysis analysis_;
  ValueMap map_;
  std::vector<Scope> scopes_;
  absl::flat_hash_map<kernel::ValueId, size_t> depth_;  // the scope that a value is defined in
  absl::flat_hash_map<kernel::ValueId, ScalarBits> constants_;  // constants and their splats
  absl::flat_hash_map<kernel::ValueId, Comparison> comparisons_;
  absl::flat_hash_map<kernel::ValueId, std::pair<kernel::ValueId, kernel::ValueId>> conjunctions_;
  std::map<std::string, int64_t> dim_numbers_;
};

}  // namespace cermet::schedule

#endif  // CERMET_PASSES_SCHEDULE_SIMPLIFIER_H_
