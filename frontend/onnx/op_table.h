// The table of operators that the importer has.
#ifndef CERMET_FRONTEND_ONNX_OP_TABLE_H_
#define CERMET_FRONTEND_ONNX_OP_TABLE_H_

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "frontend/onnx/float16.h"

namespace cermet {

class OpContext;
// Emits one node and sets its outputs.
using OpFunction = absl::Status (*)(OpContext&);

// One operator in a range of versions of the standard operator set, and what it does with 16-bit
// floats. Inputs below min_inputs must be
// given.
struct OpRow {
  absl::string_view name;
  int64_t min_opset;
  int64_t max_opset;
  int min_inputs;
  int max_inputs;  // kAny: variadic
  OpFunction function;
  Float16Rule float16;
};
inline constexpr int64_t kNewest = 1000;
inline constexpr int kAny = 1 << 20;

// The rows of each family, in the file of that name.
absl::Span<const OpRow> UnaryOps();        // ops_unary.cc
absl::Span<const OpRow> ElementwiseOps();  // ops_elementwise.cc
absl::Span<const OpRow> ShapeOps();        // ops_shape.cc
absl::Span<const OpRow> ViewOps();         // ops_view.cc
absl::Span<const OpRow> IndexOps();        // ops_index.cc
absl::Span<const OpRow> ReduceOps();       // ops_reduce.cc
absl::Span<const OpRow> ContractionOps();  // ops_contraction.cc
absl::Span<const OpRow> EinsumOps();       // ops_einsum.cc
absl::Span<const OpRow> PoolOps();         // ops_pool.cc
absl::Span<const OpRow> NormOps();         // ops_norm.cc
absl::Span<const OpRow> ResizeOps();       // ops_resize.cc
absl::Span<const OpRow> RecurrentOps();    // ops_recurrent.cc
absl::Span<const OpRow> ControlOps();      // ops_control.cc
absl::Span<const OpRow> QuantizeOps();     // ops_quantize.cc

// All rows, in order of name and version.
const std::vector<OpRow>& AllOnnxOps();
// Null if there is no row for that version.
const OpRow* FindOnnxOp(absl::string_view name, int64_t opset);

}  // namespace cermet

#endif  // CERMET_FRONTEND_ONNX_OP_TABLE_H_
