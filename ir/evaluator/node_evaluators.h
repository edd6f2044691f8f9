// The parts of the evaluator, one function per op or family. Internal to ir/evaluator.
#ifndef CERMET_IR_EVALUATOR_NODE_EVALUATORS_H_
#define CERMET_IR_EVALUATOR_NODE_EVALUATORS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "ir/graph.h"
#include "ir/literal.h"
#include "ir/scalar_ops.h"

namespace cermet::evaluator {

using Extents = std::vector<int64_t>;
using Operands = absl::Span<const Literal* const>;

// A type with its symbolic dims evaluated.
struct StaticType {
  DType dtype = DType::kF32;
  Extents shape;
};

// What a graph is run in. `dims` holds the symbols bound so far.
struct Scope {
  const Module* module = nullptr;
  DimBindings dims;
  int depth = 0;  // of calls, bounded
};

// An InvalidArgument error that starts with the description of `node`.
absl::Status NodeError(const Node& node, const std::string& message);
absl::StatusOr<Extents> EvaluateDims(const Node& node, const std::vector<Dim>& dims,
                                     const Scope& scope);

// Runs `graph` on `inputs`; `scope` gives the symbols that are bound already.
absl::StatusOr<std::vector<Literal>> RunGraph(const Graph& graph, Operands inputs, Scope scope);

// A body over scalars, such as a combiner. Bodies of elementwise ops run on bits, others as graphs.
// Not thread safe.
class ScalarBody {
 public:
  ScalarBody(const Graph& body, const Scope& scope);
  // `arguments` and `results`: one per parameter and per result of the body.
  absl::Status Run(const ScalarBits* arguments, ScalarBits* results);
  // The op of a body that applies one binary op to its two parameters in order.
  const std::optional<OpCode>& simple() const { return simple_; }

 private:
  struct Step {
    ScalarOp op;
    int result = 0;  // indices into values_
    int operands[3] = {0, 0, 0};
    int num_operands = 0;
  };
  bool Flatten();
  absl::Status RunAsGraph(const ScalarBits* arguments, ScalarBits* results);

  const Graph& body_;
  const Scope& scope_;
  bool flat_ = false;
  std::optional<OpCode> simple_;
  std::vector<Step> steps_;
  std::vector<ScalarBits> values_;  // parameters first
  std::vector<int> results_;
};

// Any elementwise op on bits, basic or transcendental.
ScalarBits ApplyElementwise(const ScalarOp& op, const ScalarBits* operands);
// Transcendental ops in a wider type, rounded once (rsqrt: as its row says).
ScalarBits ApplyTranscendental(OpCode op, DType dtype, const ScalarBits* operands);
ScalarOp ScalarOpOf(const Node& node);

absl::StatusOr<Literal> EvaluateElementwise(const Node& node, Operands operands,
                                            const StaticType& type);
absl::StatusOr<Literal> EvaluateIota(const Node& node, const StaticType& type);

absl::StatusOr<Literal> EvaluateBroadcast(const Node& node, const Literal& x,
                                          const StaticType& type);
absl::StatusOr<Literal> EvaluateReshape(const Node& node, const Literal& x, const StaticType& type);
absl::StatusOr<Literal> EvaluateTranspose(const Node& node, const Literal& x,
                                          const StaticType& type);
absl::StatusOr<Literal> EvaluateSlice(const Node& node, const Literal& x, const StaticType& type,
                                      const Scope& scope);
absl::StatusOr<Literal> EvaluatePad(const Node& node, const Literal& x, const Literal& value,
                                    const StaticType& type, const Scope& scope);
absl::StatusOr<Literal> EvaluateConcat(const Node& node, Operands operands, const StaticType& type);
absl::StatusOr<Literal> EvaluateReverse(const Node& node, const Literal& x, const StaticType& type);

absl::StatusOr<Literal> EvaluateGather(const Node& node, const Literal& x, const Literal& indices,
                                       const StaticType& type, const Scope& scope);
absl::StatusOr<Literal> EvaluateDynamicSlice(const Node& node, Operands operands,
                                             const StaticType& type);
absl::StatusOr<Literal> EvaluateDynamicUpdateSlice(const Node& node, Operands operands);
absl::StatusOr<Literal> EvaluateScatter(const Node& node, const Literal& x, const Literal& indices,
                                        const Literal& updates, const Scope& scope);

absl::StatusOr<std::vector<Literal>> EvaluateReduce(const Node& node, Operands operands,
                                                    const std::vector<StaticType>& types,
                                                    const Scope& scope);
absl::StatusOr<std::vector<Literal>> EvaluateReduceWindow(const Node& node, Operands operands,
                                                          const std::vector<StaticType>& types,
                                                          const Scope& scope);

absl::StatusOr<Literal> EvaluateDotGeneral(const Node& node, const Literal& lhs, const Literal& rhs,
                                           const StaticType& type);
absl::StatusOr<Literal> EvaluateConvolution(const Node& node, const Literal& input,
                                            const Literal& filter, const StaticType& type);

}  // namespace cermet::evaluator

#endif  // CERMET_IR_EVALUATOR_NODE_EVALUATORS_H_
