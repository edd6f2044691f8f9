// Backward propagation of symbolic indices through a group of nodes.
#include "passes/lower/index_flow.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "ir/infer.h"
#include "passes/lower/element_emitter.h"

namespace cermet::lower {
namespace {

// More distinct reads than this of one value are not told apart.
constexpr size_t kMostIndices = 12;

bool Contains(const std::vector<int64_t>& list, int64_t item) {
  return std::find(list.begin(), list.end(), item) != list.end();
}

}  // namespace

IndexFlow::IndexFlow(Value root, const Index& root_index, IndexSpace* space) : space_(space) {
  Add(root, root_index);
}

IndexFlow::IndexFlow(const std::vector<Node*>& members, Value root, const Index& root_index,
                     IndexSpace* space)
    : IndexFlow(root, root_index, space) {
  for (auto it = members.rbegin(); it != members.rend(); ++it) Follow(*it);
}

const IndexFlow::Reads* IndexFlow::Find(Value value) const {
  auto it = reads_.find(value);
  return it == reads_.end() ? nullptr : &it->second;
}

IndexFlow::Reads IndexFlow::ReadsOf(Node* node) const {
  Reads all;
  for (int i = 0; i < node->num_results(); ++i) {
    const Reads* reads = Find(node->result(i));
    if (reads == nullptr) continue;
    all.unknown |= reads->unknown;
    for (const Index& index : reads->indices) {
      if (std::find(all.indices.begin(), all.indices.end(), index) == all.indices.end())
        all.indices.push_back(index);
    }
  }
  return all;
}

bool IndexFlow::ReadOnlyAt(Value value, const Index& index) const {
  const Reads* reads = Find(value);
  return reads != nullptr && !reads->unknown && reads->indices.size() == 1 &&
         reads->indices[0] == index;
}

void IndexFlow::Add(Value value, Index index) {
  Reads& reads = reads_[value];
  if (std::find(reads.indices.begin(), reads.indices.end(), index) != reads.indices.end()) return;
  if (reads.indices.size() == kMostIndices) {
    reads.unknown = true;
    return;
  }
  reads.indices.push_back(std::move(index));
}

void IndexFlow::AddUnknown(Value value) { reads_[value].unknown = true; }

Dim IndexFlow::Fresh(const Dim& extent) {
  return space_->AddVariable(absl::StrCat("%f", next_fresh_++), extent);
}

void IndexFlow::Follow(Node* node) {
  const Reads reads = ReadsOf(node);
  if (reads.unknown) {
    for (Value operand : node->operands()) AddUnknown(operand);
    return;
  }
  for (const Index& index : reads.indices) {
    if (IsElementwise(node->op())) {
      for (Value operand : node->operands()) Add(operand, index);
      continue;
    }
    switch (Info(node->op()).op_class) {
      case OpClass::kView:
        FollowView(node, index);
        break;
      case OpClass::kReduction:
        FollowReduction(node, index);
        break;
      case OpClass::kContraction:
        node->op() == OpCode::kDotGeneral ? FollowDot(node, index) : FollowConvolution(node, index);
        break;
      case OpClass::kSource:
        break;
      case OpClass::kElementwise:
      case OpClass::kTranscendental:
      case OpClass::kUpdate:
      case OpClass::kControl:
      case OpClass::kEffectful:
      case OpClass::kComposite:
        for (Value operand : node->operands()) AddUnknown(operand);
        break;
    }
  }
}

void IndexFlow::FollowView(Node* node, const Index& index) {
  if (node->op() == OpCode::kPad) {
    const std::vector<Dim>& low = node->attrs().Dims("low");
    const std::vector<int64_t>& interior = node->attrs().Ints("interior");
    Index inner(index.size());
    for (size_t i = 0; i < index.size(); ++i)
      inner[i] = Dim::FloorDiv(index[i] - low[i], Dim(interior[i] + 1));
    Add(node->operand(0), std::move(inner));
    Add(node->operand(1), {});
  } else if (node->op() == OpCode::kConcat) {
    const int64_t dim = node->attrs().Int("dim");
    Dim offset(0);
    for (Value operand : node->operands()) {
      Index inner = index;
      inner[dim] = index[dim] - offset;
      offset = offset + operand.type().shape[dim];
      Add(operand, std::move(inner));
    }
  } else if (node->op() == OpCode::kGather || node->op() == OpCode::kDynamicSlice) {
    for (Value operand : node->operands()) AddUnknown(operand);
  } else {
    Add(node->operand(0), *MapIndex(*node, 0, index, *space_));
  }
}

void IndexFlow::FollowReduction(Node* node, const Index& index) {
  const int64_t count = node->num_operands() / 2;
  const Shape& shape = node->operand(0).type().shape;
  Index inner(shape.size());
  if (node->op() == OpCode::kReduce) {
    size_t kept = 0;
    for (size_t i = 0; i < shape.size(); ++i) {
      inner[i] = Contains(node->attrs().Ints("dims"), i) ? Fresh(shape[i]) : index[kept++];
    }
  } else {
    for (size_t i = 0; i < shape.size(); ++i) {
      const Dim tap = Fresh(Dim(node->attrs().Ints("window")[i]));
      inner[i] = index[i] * Dim(node->attrs().Ints("stride")[i]) +
                 tap * Dim(node->attrs().Ints("dilation")[i]) - Dim(node->attrs().Ints("low")[i]);
    }
  }
  for (int64_t i = 0; i < count; ++i) Add(node->operand(i), inner);
  for (int64_t i = count; i < 2 * count; ++i) Add(node->operand(i), {});
}

void IndexFlow::FollowDot(Node* node, const Index& index) {
  const DimPair& contract = node->attrs().Get<DimPair>("contract");
  const DimPair* batch = node->attrs().Find<DimPair>("batch");
  Index inner[2] = {Index(node->operand(0).type().shape.size()),
                    Index(node->operand(1).type().shape.size())};
  size_t next = 0;
  std::vector<bool> set[2] = {std::vector<bool>(inner[0].size()),
                              std::vector<bool>(inner[1].size())};
  if (batch != nullptr) {
    for (size_t i = 0; i < batch->lhs.size(); ++i, ++next) {
      inner[0][batch->lhs[i]] = inner[1][batch->rhs[i]] = index[next];
      set[0][batch->lhs[i]] = set[1][batch->rhs[i]] = true;
    }
  }
  for (size_t i = 0; i < contract.lhs.size(); ++i) {
    const Dim variable = Fresh(node->operand(0).type().shape[contract.lhs[i]]);
    inner[0][contract.lhs[i]] = inner[1][contract.rhs[i]] = variable;
    set[0][contract.lhs[i]] = set[1][contract.rhs[i]] = true;
  }
  for (int side = 0; side < 2; ++side) {
    for (size_t i = 0; i < inner[side].size(); ++i) {
      if (!set[side][i]) inner[side][i] = index[next++];
    }
    Add(node->operand(side), inner[side]);
  }
}

void IndexFlow::FollowConvolution(Node* node, const Index& index) {
  const absl::StatusOr<ConvLayout> layout =
      ParseConvLayout(node->attrs().Get<std::string>("layout"));
  if (!layout.ok()) {
    for (Value operand : node->operands()) AddUnknown(operand);
    return;
  }
  const Shape& input = node->operand(0).type().shape;
  const Shape& filter = node->operand(1).type().shape;
  Index x(input.size()), w(filter.size());
  x[layout->input_batch] = index[layout->output_batch];
  w[layout->filter_output] = index[layout->output_feature];
  w[layout->filter_input] = Fresh(filter[layout->filter_input]);
  x[layout->input_feature] = Fresh(input[layout->input_feature]);
  for (size_t i = 0; i < layout->input_spatial.size(); ++i) {
    const Dim tap = Fresh(filter[layout->filter_spatial[i]]);
    w[layout->filter_spatial[i]] = tap;
    x[layout->input_spatial[i]] =
        index[layout->output_spatial[i]] * Dim(node->attrs().Ints("stride")[i]) +
        tap * Dim(node->attrs().Ints("rhs_dilation")[i]) - Dim(node->attrs().Ints("low")[i]);
  }
  Add(node->operand(0), std::move(x));
  Add(node->operand(1), std::move(w));
}

}  // namespace cermet::lower
