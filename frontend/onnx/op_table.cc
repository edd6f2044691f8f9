// Puts the families' rows together.
#include "frontend/onnx/op_table.h"

#include <algorithm>

#include "frontend/onnx/importer.h"

namespace cermet {
namespace {

std::vector<OpRow> BuildTable() {
  std::vector<OpRow> rows;
  for (const absl::Span<const OpRow> family :
       {UnaryOps(), ElementwiseOps(), ShapeOps(), ViewOps(), IndexOps(), ReduceOps(),
        ContractionOps(), EinsumOps(), PoolOps(), NormOps(), ResizeOps(), RecurrentOps(),
        ControlOps(), QuantizeOps()}) {
    rows.insert(rows.end(), family.begin(), family.end());
  }
  std::sort(rows.begin(), rows.end(), [](const OpRow& a, const OpRow& b) {
    return a.name != b.name ? a.name < b.name : a.min_opset < b.min_opset;
  });
  return rows;
}

}  // namespace

const std::vector<OpRow>& AllOnnxOps() {
  static const std::vector<OpRow>* const table = new std::vector<OpRow>(BuildTable());
  return *table;
}

const OpRow* FindOnnxOp(absl::string_view name, int64_t opset) {
  const std::vector<OpRow>& rows = AllOnnxOps();
  auto it =
      std::lower_bound(rows.begin(), rows.end(), name,
                       [](const OpRow& row, absl::string_view key) { return row.name < key; });
  for (; it != rows.end() && it->name == name; ++it) {
    if (it->min_opset <= opset && opset <= it->max_opset) return &*it;
  }
  return nullptr;
}

std::vector<OnnxOperator> OnnxOperators() {
  std::vector<OnnxOperator> result;
  for (const OpRow& row : AllOnnxOps())
    result.push_back({std::string(row.name), row.min_opset, row.max_opset});
  return result;
}

}  // namespace cermet
