// Moves transposes below reshapes that merge or split dims without mixing those the transpose
// moves:
//
//   %1 = transpose(%0) {permutation = [0, 3, 1, 2]} : f32[1,84,40,40]
//   %2 = reshape(%1) : f32[1,84,1600]
//   =>
//   %1 = reshape(%0) : f32[1,1600,84]
//   %2 = transpose(%1) {permutation = [0, 2, 1]} : f32[1,84,1600]
//
// A broadcast in between, as in upsampling by repetition, moves along.
#include "passes/layout_reshape.h"

#include <algorithm>
#include <numeric>

#include "passes/permutation.h"

namespace cermet {
namespace {

// Dims of the operand that become dims of the result, with equal products of extents.
struct Group {
  std::vector<int64_t> from;  // without those of extent 1
  std::vector<int64_t> to;
};

// The groups of a reshape, in order, as small as they can be. Nothing if extents are symbolic where
// dims merge.
std::optional<std::vector<Group>> GroupsOf(const Shape& from, const Shape& to) {
  std::vector<Group> groups;
  size_t i = 0;
  size_t j = 0;
  while (i < from.size() || j < to.size()) {
    if (i < from.size() && from[i] == Dim(1)) {
      ++i;
      continue;
    }
    Group group;
    if (i == from.size() || (j < to.size() && to[j] == Dim(1))) {
      if (j == to.size() || to[j] != Dim(1)) return std::nullopt;
      group.to.push_back(static_cast<int64_t>(j++));
      groups.push_back(std::move(group));
      continue;
    }
    if (j == to.size()) return std::nullopt;
    Dim product = from[i];
    Dim wanted = to[j];
    group.from.push_back(static_cast<int64_t>(i++));
    group.to.push_back(static_cast<int64_t>(j++));
    while (product != wanted) {
      if (!product.IsConstant() || !wanted.IsConstant()) return std::nullopt;
      if (product.value() < wanted.value()) {
        if (i == from.size()) return std::nullopt;
        if (from[i] != Dim(1)) group.from.push_back(static_cast<int64_t>(i));
        product = product * from[i++];
      } else {
        if (j == to.size()) return std::nullopt;
        wanted = wanted * to[j];
        group.to.push_back(static_cast<int64_t>(j++));
      }
    }
    groups.push_back(std::move(group));
  }
  return groups;
}

// What lies below the transpose: x, and for each dim of the reshape's operand the dim of x that it
// is, or -1 for one that a broadcast adds.
struct Source {
  Value x;
  std::vector<int64_t> dims;
};

std::optional<Source> SourceOf(Value operand, const Rewriter& rewriter) {
  std::vector<int64_t> positions(operand.type().rank());
  std::iota(positions.begin(), positions.end(), 0);
  Value transpose = operand;
  if (operand.node->op() == OpCode::kBroadcastInDim) {
    if (!rewriter.HasOneUse(operand)) return std::nullopt;
    std::fill(positions.begin(), positions.end(), -1);
    const std::vector<int64_t>& dims = operand.node->attrs().Ints("dims");
    for (size_t i = 0; i < dims.size(); ++i) positions[dims[i]] = static_cast<int64_t>(i);
    transpose = operand.node->operand(0);
  }
  if (transpose.node->op() != OpCode::kTranspose) return std::nullopt;
  const std::vector<int64_t>& permutation = transpose.node->attrs().Ints("permutation");
  Source source = {transpose.node->operand(0), positions};
  for (int64_t& dim : source.dims) {
    if (dim >= 0) dim = permutation[dim];
  }
  // A dim of extent 1 that the broadcast stretches would count as added and as one of x.
  for (int64_t i = 0; i < operand.type().rank(); ++i) {
    const int64_t dim = source.dims[i];
    if (dim >= 0 && source.x.type().shape[dim] != operand.type().shape[i]) return std::nullopt;
  }
  return source;
}

// The groups in the order of the dims of x; those without any stay behind the one before them.
std::vector<Group> InOrderOf(const Source& source, const std::vector<Group>& groups) {
  std::vector<std::pair<int64_t, Group>> keyed;
  int64_t key = -1;
  for (const Group& group : groups) {
    int64_t first = -1;
    for (int64_t i : group.from) {
      if (first < 0) first = source.dims[i];
    }
    if (first >= 0) key = first;
    keyed.push_back({key, group});
  }
  std::stable_sort(keyed.begin(), keyed.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<Group> ordered;
  for (auto& [first, group] : keyed) ordered.push_back(std::move(group));
  return ordered;
}

}  // namespace

Replacement SinkBelowReshape(Node& node, Rewriter& rewriter) {
  const Value operand = node.operand(0);
  const std::optional<Source> source = SourceOf(operand, rewriter);
  if (!source) return {};
  const auto groups = GroupsOf(operand.type().shape, node.type().shape);
  if (!groups) return {};
  const std::vector<Group> ordered = InOrderOf(*source, *groups);

  Shape x_shape, wide_shape, result_shape;  // x without unit dims, broadcast, and reshaped
  std::vector<int64_t> broadcast_dims;
  Permutation order;  // of the dims of the result
  int64_t last = -1;
  for (const Group& group : ordered) {
    for (int64_t i : group.from) {
      const int64_t dim = source->dims[i];
      if (dim >= 0) {
        if (dim < last) return {};  // the group mixes what the transpose moves
        last = dim;
        x_shape.push_back(operand.type().shape[i]);
        broadcast_dims.push_back(static_cast<int64_t>(wide_shape.size()));
      }
      wide_shape.push_back(operand.type().shape[i]);
    }
    for (int64_t j : group.to) {
      result_shape.push_back(node.type().shape[j]);
      order.push_back(j);
    }
  }
  Builder& b = rewriter.builder();
  Value value = source->x;
  if (x_shape.size() != wide_shape.size()) {
    value = b.Broadcast(b.Reshape(value, x_shape), wide_shape, broadcast_dims);
  }
  value = b.Reshape(value, result_shape);
  const Permutation back = Invert(order);
  return {IsIdentity(back) ? value : b.Transpose(value, back)};
}

}  // namespace cermet
