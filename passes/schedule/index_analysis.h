// What is known of the index values of a kernel: each as a polynomial over loop variables and
// symbols, with provable bounds.
//
// Machine arithmetic wraps, proofs are over the integers: a value has a polynomial only where its
// computation cannot overflow. That is shown by a finite range of the whole polynomial, or, where
// symbols leave no finite range, taken for granted for what looks like the compiler's index
// arithmetic, which numbers the elements of tensors (their count is checked when shapes are bound):
// each term a small factor times at most one unbounded index (an induction variable, or what is
// computed from such) and extents. Values of the user (loaded, or computed from loaded ones) are
// never taken for granted. Symbols are at least 0, and the value of a loop's variable shows that
// its range is not empty.
//
// Values are announced in program order: DefineLoop at a loop, Define at every other instruction.
// Not thread safe to change.
#ifndef CERMET_PASSES_SCHEDULE_INDEX_ANALYSIS_H_
#define CERMET_PASSES_SCHEDULE_INDEX_ANALYSIS_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "ir/dim.h"
#include "ir/kernel/kernel.h"
#include "passes/schedule/interval.h"
#include "passes/schedule/polynomial.h"

namespace cermet::schedule {

class IndexAnalysis {
 public:
  // Starts with nothing defined. `kernel` must outlive this.
  explicit IndexAnalysis(const kernel::Kernel* kernel) : kernel_(kernel) {}
  // All of the kernel's values.
  static IndexAnalysis OfKernel(const kernel::Kernel* kernel);

  void Define(const kernel::Inst& inst);
  void DefineLoop(const kernel::Inst& loop);
  void DefineBlock(const kernel::Block& block);

  // The value as a polynomial: itself as an atom where it is opaque. Any i64 value, also a tile,
  // whose kIota are atoms.
  Polynomial Value(kernel::ValueId value) const;
  Polynomial OfDim(const Dim& dim);
  // The Dim of a negative atom: a symbol or a function of symbols.
  Dim SymbolDim(Atom atom) const { return symbols_[-atom - 1]; }
  Interval Range(const Polynomial& polynomial) const;

  // Sound, not complete: false where nothing can be shown.
  bool ProveNonNegative(const Polynomial& polynomial) const;
  bool ProveLessEqual(const Polynomial& a, const Polynomial& b) const {
    return ProveNonNegative(b - a);
  }
  bool ProveLess(const Polynomial& a, const Polynomial& b) const {
    return ProveNonNegative(b - a - 1);
  }
  // 0 <= every index < the extent of its dim in the buffer's shape.
  bool ProveInBounds(const kernel::Inst& access, int64_t first_index);

  // Floor quotient and remainder of a >= 0 by n > 0 as polynomials, where ranges show them.
  struct Quotient {
    Polynomial quotient;
    Polynomial remainder;
  };
  std::optional<Quotient> Divide(const Polynomial& a, const Polynomial& n) const;

  // a = factor * high + low with 0 <= low < factor and 1 < factor < n a divisor of n, so that
  // a div n = high div (n / factor) and a mod n = factor * (high mod (n / factor)) + low.
  struct Factoring {
    int64_t factor = 1;
    Polynomial high;
    Polynomial low;
  };
  std::optional<Factoring> FactorOut(const Polynomial& a, int64_t n) const;

  // With n * (a div n) + a rem n replaced by a.
  Polynomial JoinQuotients(const Polynomial& polynomial) const;

  // Assumes polynomial >= 0 until PopFact.
  void PushFact(Polynomial polynomial) { facts_.push_back(std::move(polynomial)); }
  void PopFact() { facts_.pop_back(); }

 private:
  // What a value without a finite range is taken to be in index arithmetic; most trusted last.
  enum class Trust { kNone, kIndex, kExtent };
  struct AtomInfo {
    Interval range;
    Trust trust = Trust::kNone;
    std::vector<Polynomial> lower;  // each is at most the atom
    std::vector<Polynomial> upper;  // each is at least the atom
    // atom = floor(dividend / divisor) with a constant divisor; 0: not so
    Polynomial dividend;
    int64_t divisor = 0;
    // The operands of a div or rem instruction, rounded down.
    bool is_quotient = false;
    bool is_remainder = false;
    Polynomial numerator;
    Polynomial denominator;
  };

  void SetOpaque(kernel::ValueId value, AtomInfo info);
  void SetPolynomial(kernel::ValueId value, Polynomial polynomial);
  void DefineCompute(const kernel::Inst& inst);
  void DefineMinMax(const kernel::Inst& inst);
  void DefineQuotient(const kernel::Inst& inst);
  Trust TrustOf(const Polynomial& polynomial) const;
  bool IsExtent(const Polynomial& polynomial) const;
  const AtomInfo& Info(Atom atom) const;
  bool Prove(const Polynomial& polynomial, int depth, int* budget) const;
  bool ProveByAtom(const Polynomial& polynomial, Atom atom, int depth, int* budget) const;
  Atom SymbolAtom(const Dim& dim);

  const kernel::Kernel* kernel_;
  absl::flat_hash_map<kernel::ValueId, Polynomial> values_;  // only index values have one
  absl::flat_hash_map<kernel::ValueId, AtomInfo> value_info_;
  std::vector<Dim> symbols_;
  std::vector<AtomInfo> symbol_info_;
  std::map<std::string, Atom> symbol_atoms_;
  std::vector<Polynomial> facts_;
};

}  // namespace cermet::schedule

#endif  // CERMET_PASSES_SCHEDULE_INDEX_ANALYSIS_H_
