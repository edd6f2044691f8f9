// Reasoning about symbolic dims during an import.
#ifndef CERMET_FRONTEND_ONNX_DIM_SOLVER_H_
#define CERMET_FRONTEND_ONNX_DIM_SOLVER_H_

#include <map>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "ir/dim.h"
#include "ir/type.h"

namespace cermet {

// Decides comparisons of Dims under what is known of their symbols, and learns what a model
// implies. Learning changes what earlier nodes should have become, so it ends the attempt: the
// importer starts again with what was learned (learned_new()).
class DimSolver {
 public:
  // Facts about the symbols that are in use; `Declare` adds one.
  const DimFacts& facts() const { return facts_; }
  void Declare(const std::string& symbol);
  // Forgets the declarations, keeps what was learned.
  void BeginAttempt();
  bool learned_new() const { return learned_new_; }

  // What a symbol of the model stands for: itself, or the symbol it was found equal to.
  Dim Resolve(const std::string& symbol) const;

  // Nullopt: cannot be told.
  std::optional<bool> Equal(const Dim& a, const Dim& b) const;
  std::optional<bool> Less(const Dim& a, const Dim& b) const;
  bool NonNegative(const Dim& a) const;
  // The smaller and the larger one; one of the two where that can be told.
  Dim Min(const Dim& a, const Dim& b) const;
  Dim Max(const Dim& a, const Dim& b) const;

  // The common extent of two that the model says are equal, or an error.
  absl::StatusOr<Dim> Unify(const Dim& a, const Dim& b);
  // Numpy's broadcast of two shapes, unifying extents of which neither is 1.
  absl::StatusOr<Shape> Broadcast(const Shape& a, const Shape& b);

 private:
  bool LearnBound(const Dim& symbol, const Dim& minimum);

  DimFacts facts_;
  std::map<std::string, std::string> equal_;  // symbol -> the earlier symbol it equals
  std::map<std::string, int64_t> upper_;      // symbol -> inclusive bound
  bool learned_new_ = false;
};

}  // namespace cermet

#endif  // CERMET_FRONTEND_ONNX_DIM_SOLVER_H_
