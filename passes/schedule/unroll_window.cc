// Writes out the loops over the taps of a window, innermost first, as long as that is short.
//
//   before  for %k in 0..3 { .. %x[%d + %k, ..] .. }, with some %d at once in a tile
//   after   the three bodies: %x[%d + 1, ..] is a tap of %d and of %d + 1, and loaded once
//
// Windows that do not overlap gain too (a pool of 2x2 takes 0.012 instead of 0.014 ms); sums over
// rows only grow.
#include <algorithm>
#include <cstdlib>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "ir/status.h"
#include "passes/schedule/cpu_schedules.h"
#include "passes/schedule/index_analysis.h"
#include "passes/schedule/kernel_walk.h"

namespace cermet::schedule {
namespace {

using kernel::Block;
using kernel::Inst;
using kernel::InstKind;
using kernel::Kernel;
using kernel::LoopKind;
using kernel::ValueId;
using ValueSet = absl::flat_hash_set<ValueId>;

constexpr int64_t kMostUnrolled = 128;  // computations on vectors in a nest of unrolled loops

class WindowFinder {
 public:
  WindowFinder(const Kernel& kernel, int64_t tile_vectors)
      : kernel_(kernel),
        tile_vectors_(tile_vectors),
        analysis_(IndexAnalysis::OfKernel(&kernel)),
        of_elements_(DependentOn([](const Inst& loop) { return loop.loop != LoopKind::kSerial; })) {
    Visit(kernel.body);
  }

  // The loops to write out, inner ones before those around them.
  const std::vector<std::string>& loops() const { return loops_; }

 private:
  // What pure instructions compute from the induction variables of such loops.
  template <typename Predicate>
  ValueSet DependentOn(Predicate is_source) const {
    ValueSet set;
    ForEachInst(kernel_.body, [&](const Inst& inst) {
      if (inst.kind == InstKind::kFor && is_source(inst)) set.insert(inst.blocks[0].params[0]);
      if (!IsPure(inst.kind)) return;
      for (ValueId operand : inst.operands) {
        if (set.contains(operand)) set.insert(inst.results.begin(), inst.results.end());
      }
    });
    return set;
  }

  // The computations on elements in the block with its loops written out; none where a serial loop
  // remains.
  std::optional<int64_t> Visit(const Block& block) {
    int64_t work = 0, unrolled = 0;
    bool is_whole = true;
    for (const Inst& inst : block.insts) {
      if (inst.kind == InstKind::kCompute) {
        const DType dtype = kernel_.type(inst.results[0]).dtype;
        // Not the selects of padding.
        if (dtype != DType::kI64 && dtype != DType::kBool && inst.op != OpCode::kSelect) ++work;
      }
      for (const Block& body : inst.blocks) {
        const std::optional<int64_t> inner = Visit(body);
        const bool is_serial = inst.kind == InstKind::kFor && inst.loop == LoopKind::kSerial;
        const std::optional<int64_t> written =
            is_serial && inner ? WrittenOut(inst, *inner, unrolled) : inner;
        if (!written) {
          is_whole = false;
          continue;
        }
        work += *written;
        if (is_serial) unrolled += *written;
      }
    }
    if (!is_whole) return std::nullopt;
    return work;
  }

  // The work of the loop's iterations beside `others` that are written out already, if it fits and
  // pays.
  std::optional<int64_t> WrittenOut(const Inst& loop, int64_t body, int64_t others) {
    const Polynomial trips = analysis_.Value(loop.operands[1]) - analysis_.Value(loop.operands[0]);
    if (!trips.IsConstant() || loop.step != 1 || loop.order_lanes != 1 || loop.blocks.size() != 1)
      return std::nullopt;
    const int64_t count = trips.constant();
    if (count < 1 || count > kMostUnrolled) return std::nullopt;
    const int64_t work = count * std::max<int64_t>(body, 1);
    if ((others + work) * tile_vectors_ > kMostUnrolled || !IsOverTaps(loop)) return std::nullopt;
    loops_.push_back(loop.iv_name);
    return work;
  }

  bool IsOverTaps(const Inst& loop) const {
    const ValueId tap = loop.blocks[0].params[0];
    const ValueSet of_taps =
        DependentOn([&](const Inst& other) { return other.blocks[0].params[0] == tap; });
    bool is_window = false;
    ForEachInst(loop.blocks[0], [&](const Inst& inst) {
      if (inst.kind != InstKind::kLoad) return;
      for (ValueId index : inst.operands) {
        is_window = is_window || (of_taps.contains(index) && of_elements_.contains(index) &&
                                  StaysAmongElements(analysis_.Value(index), tap));
      }
    });
    return is_window;
  }

  // Whether the taps of an element are among those of its neighbours: in s * d + c * k, a step of
  // c / s elements stays inside their range. In a linearised index of rows it does not.
  bool StaysAmongElements(const Polynomial& index, ValueId tap) const {
    Polynomial coefficient, rest;
    if (!index.Linear(tap, &coefficient, &rest)) return true;
    if (!coefficient.IsConstant() || coefficient == Polynomial(0)) return true;  // in a clamp
    for (const Polynomial::Term& term : rest.terms()) {
      if (term.atoms.size() != 1 || !of_elements_.contains(term.atoms[0])) continue;
      const int64_t step = std::abs(coefficient.constant() / term.coefficient);
      const Interval range = analysis_.Range(Polynomial::OfAtom(term.atoms[0]));
      if (!range.IsFinite() || range.upper - range.lower >= step) return true;
    }
    return false;
  }

  const Kernel& kernel_;
  const int64_t tile_vectors_;
  const IndexAnalysis analysis_;
  const ValueSet of_elements_;
  std::vector<std::string> loops_;
};

}  // namespace

absl::Status UnrollWindow(int64_t tile_vectors, Rewrites* rewrites) {
  const std::vector<std::string> loops = WindowFinder(*rewrites->kernel(), tile_vectors).loops();
  for (const std::string& loop : loops) CERMET_RETURN_IF_ERROR(rewrites->Unroll(loop));
  return absl::OkStatus();
}

}  // namespace cermet::schedule
