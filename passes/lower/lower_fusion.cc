// Chooses how each kernel of a fusion is lowered, names it, and finds which storage results may
// share with operands.
//
// Why one element at a time: every schedule (tiles, vectors, packing, threads) is then a rewrite of
// the same plain form, and the interpreter can compare before and after.
#include "passes/lower/lower_fusion.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "ir/order_attribute.h"
#include "ir/status.h"
#include "passes/lower/index_flow.h"
#include "passes/lower/kernel_lowering.h"
#include "passes/lower/pieces.h"

namespace cermet::lower {
namespace {

constexpr size_t kMostNameLength = 64;

// A C identifier from the user's names of the nodes.
std::string KernelName(const Node& fusion) {
  std::string name;
  for (const std::string& part : fusion.location().names) {
    std::string piece;
    for (char c : part) piece += absl::ascii_isalnum(c) ? c : '_';
    if (name.size() + piece.size() > kMostNameLength) break;
    absl::StrAppend(&name, name.empty() ? "" : "_", piece);
  }
  if (name.empty()) name = std::string(Name(fusion.body()->results()[0].node->op()));
  if (absl::ascii_isdigit(name[0])) name = absl::StrCat("k_", name);
  return name;
}

// Operands of which every element is read only at the index of the result's element that it helps
// to compute.
std::vector<SharedStorage> FindInPlace(const Node& fusion, const DimFacts& facts) {
  std::vector<SharedStorage> found;
  const Graph& body = *fusion.body();
  std::vector<Node*> members;
  for (const std::unique_ptr<Node>& node : body.nodes()) {
    if (node->op() != OpCode::kParameter) members.push_back(node.get());
  }
  if (body.results().size() != 1) return found;
  const Value root = StripReshapes(body.results()[0]);
  IndexSpace space(facts);
  Index index;
  for (size_t i = 0; i < root.type().shape.size(); ++i) {
    index.push_back(space.AddVariable(absl::StrCat("%o", i), root.type().shape[i]));
  }
  IndexFlow flow(members, root, index, &space);
  for (Node* parameter : body.parameters()) {
    const Value value = parameter->result();
    if (value.type().dtype != root.type().dtype ||
        value.type().NumElements() != root.type().NumElements())
      continue;
    if (flow.ReadOnlyAt(value, space.ReshapeIndex(index, root.type().shape, value.type().shape))) {
      found.push_back({0, parameter->attrs().Int("index")});
    }
  }
  return found;
}

}  // namespace

absl::StatusOr<LoweredFusion> LowerFusion(const Node& fusion, const DimFacts& facts) {
  const Graph& body = *fusion.body();
  const std::string name = KernelName(fusion);
  LoweredFusion result;
  const auto add = [&](absl::StatusOr<LoweredKernel> kernel) -> absl::Status {
    CERMET_RETURN_IF_ERROR(kernel.status());
    result.kernels.push_back(*std::move(kernel));
    return absl::OkStatus();
  };
  const Value root = StripReshapes(body.results()[0]);
  if (root.node->op() == OpCode::kCheck) {
    CERMET_RETURN_IF_ERROR(add(KernelLowering(fusion, facts, name).LowerCheck(root.node)));
    return result;
  }
  if (root.node->op() == OpCode::kDynamicUpdateSlice || root.node->op() == OpCode::kScatter) {
    const Value operand = root.node->operand(0);
    if (operand.node->op() != OpCode::kParameter) {
      return absl::InternalError(absl::StrCat(
          root.node->Describe(), ": the updated operand must be an operand of the fusion"));
    }
    result.updates.push_back({0, operand.node->attrs().Int("index")});
    const bool is_slice = root.node->op() == OpCode::kDynamicUpdateSlice;
    KernelLowering lowering(fusion, facts, name);
    CERMET_RETURN_IF_ERROR(
        add(is_slice ? lowering.LowerUpdateSlice(root.node) : lowering.LowerScatter(root.node)));
    return result;
  }
  if (IsWrittenInPieces(*root.node) && body.results().size() == 1) {
    const Pieces pieces =
        FindPieces(root, [](const Node* node) { return node->op() != OpCode::kParameter; });
    const Shape& shape = root.type().shape;
    for (size_t i = 0; i < pieces.computed.size(); ++i) {
      const std::string part = pieces.computed.size() > 1 ? absl::StrCat(name, "_part", i) : name;
      CERMET_RETURN_IF_ERROR(
          add(KernelLowering(fusion, facts, part).LowerPiece(shape, pieces.computed[i])));
    }
    for (size_t i = 0; i < pieces.borders.size(); ++i) {
      const std::string border = absl::StrCat(name, "_border", i > 0 ? absl::StrCat(i) : "");
      CERMET_RETURN_IF_ERROR(
          add(KernelLowering(fusion, facts, border).LowerBorder(shape, pieces.borders[i])));
    }
    return result;
  }
  bool has_rows = false;
  for (const std::unique_ptr<Node>& node : body.nodes()) has_rows |= IsLanesReduction(*node);
  KernelLowering lowering(fusion, facts, name);
  CERMET_RETURN_IF_ERROR(
      add(has_rows ? lowering.LowerRows(body.results()) : lowering.LowerLoops(body.results())));
  result.in_place = FindInPlace(fusion, facts);
  return result;
}

}  // namespace cermet::lower
