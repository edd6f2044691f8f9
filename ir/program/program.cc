// Sizes, dims and packing: what a program needs evaluated before it runs.
#include "ir/program/program.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include "absl/strings/str_cat.h"
#include "ir/dim_binding.h"
#include "ir/status.h"

namespace cermet::program {
namespace {

int64_t Count(const std::vector<Buffer>& buffers, BufferKind kind) {
  return std::count_if(buffers.begin(), buffers.end(),
                       [kind](const Buffer& buffer) { return buffer.kind == kind; });
}

absl::Status CheckRequirement(const Requirement& requirement, const DimCheck& check,
                              const DimBindings& dims) {
  CERMET_RETURN_IF_ERROR(requirement.lhs.Evaluate(dims).status());
  CERMET_RETURN_IF_ERROR(requirement.rhs.Evaluate(dims).status());
  return check.Relation(
      requirement.is_equality ? DimConstraint::Kind::kEqual : DimConstraint::Kind::kAtMost,
      requirement.lhs, requirement.rhs, requirement.node);
}

// Packs elements of one size. The logical array is [outer, extent, inner], the packed one [blocks,
// outer, inner, block].
template <typename T>
void PackElements(const T* from, T* to, int64_t outer, int64_t extent, int64_t inner,
                  int64_t block) {
  for (int64_t first = 0; first < extent; first += block) {
    const int64_t used = std::min(block, extent - first);
    for (int64_t o = 0; o < outer; ++o) {
      const T* const source = from + (o * extent + first) * inner;
      for (int64_t i = 0; i < inner; ++i, to += block) {
        for (int64_t j = 0; j < used; ++j) to[j] = source[j * inner + i];
        std::fill(to + used, to + block, T{});
      }
    }
  }
}

}  // namespace

int32_t Program::StorageOf(int32_t buffer) const {
  while (buffers[buffer].alias >= 0) buffer = buffers[buffer].alias;
  return buffer;
}

int64_t Program::num_inputs() const { return Count(buffers, BufferKind::kInput); }
int64_t Program::num_outputs() const { return Count(buffers, BufferKind::kOutput); }
int64_t Program::num_constants() const { return Count(buffers, BufferKind::kConstant); }

absl::StatusOr<int64_t> Program::WorkspaceBytes(int64_t workers, const DimBindings& dims) const {
  CERMET_ASSIGN_OR_RETURN(int64_t temps, temp_bytes.Evaluate(dims));
  CERMET_ASSIGN_OR_RETURN(int64_t scratch, scratch_bytes.Evaluate(dims));
  int64_t total = 0;
  if (temps < 0 || scratch < 0 || __builtin_mul_overflow(scratch, workers, &total) ||
      __builtin_add_overflow(total, temps, &total)) {
    return absl::ResourceExhaustedError(absl::StrCat("program @", name, ": the workspace of ",
                                                     workers, " workers overflows 64 bits"));
  }
  return total;
}

absl::StatusOr<std::vector<std::vector<int64_t>>> Program::OutputShapes(
    const DimBindings& dims) const {
  std::vector<std::vector<int64_t>> shapes;
  for (const Buffer& buffer : buffers) {
    if (buffer.kind != BufferKind::kOutput) continue;
    std::vector<int64_t>& shape = shapes.emplace_back();
    for (const Dim& dim : buffer.type.shape) {
      CERMET_ASSIGN_OR_RETURN(const int64_t extent, dim.Evaluate(dims));
      shape.push_back(extent);
    }
    CERMET_RETURN_IF_ERROR(buffer.type.ByteSize(dims).status());
  }
  return shapes;
}

absl::StatusOr<DimBindings> Program::BindDims(
    const std::vector<std::vector<int64_t>>& input_shapes) const {
  if (static_cast<int64_t>(input_shapes.size()) != num_inputs()) {
    return absl::InvalidArgumentError(absl::StrCat("program @", name, " takes ", num_inputs(),
                                                   " inputs, not ", input_shapes.size()));
  }
  std::vector<DimSource> sources(input_shapes.size());
  for (const Buffer& buffer : buffers) {
    if (buffer.kind != BufferKind::kInput) continue;
    sources[buffer.index] = {absl::StrCat("input \"", buffer.user_name, "\""), buffer.type};
  }
  CERMET_ASSIGN_OR_RETURN(DimBindings dims, BindShapes(sources, input_shapes));
  for (const std::string& symbol : symbols) {
    if (dims.count(symbol) > 0) continue;
    return absl::InvalidArgumentError(
        absl::StrCat("program @", name, ": no input gives the value of ?", symbol));
  }
  const DimCheck check(facts, sources, dims);
  CERMET_RETURN_IF_ERROR(check.Facts());
  for (const Requirement& requirement : requirements) {
    CERMET_RETURN_IF_ERROR(CheckRequirement(requirement, check, dims));
  }
  return dims;
}

absl::Status Pack(const kernel::Packing& packing, DType dtype, const DimBindings& dims,
                  const void* from, void* to) {
  int64_t outer = 1, extent = 0, inner = 1;
  for (size_t i = 0; i < packing.logical.size(); ++i) {
    CERMET_ASSIGN_OR_RETURN(int64_t value, packing.logical[i].Evaluate(dims));
    const int64_t axis = static_cast<int64_t>(i);
    if (axis == packing.dim) {
      extent = value;
    } else {
      (axis < packing.dim ? outer : inner) *= value;
    }
  }
  switch (ByteSize(dtype)) {
    case 1:
      PackElements(static_cast<const uint8_t*>(from), static_cast<uint8_t*>(to), outer, extent,
                   inner, packing.block);
      return absl::OkStatus();
    case 2:
      PackElements(static_cast<const uint16_t*>(from), static_cast<uint16_t*>(to), outer, extent,
                   inner, packing.block);
      return absl::OkStatus();
    case 4:
      PackElements(static_cast<const uint32_t*>(from), static_cast<uint32_t*>(to), outer, extent,
                   inner, packing.block);
      return absl::OkStatus();
    case 8:
      PackElements(static_cast<const uint64_t*>(from), static_cast<uint64_t*>(to), outer, extent,
                   inner, packing.block);
      return absl::OkStatus();
  }
  return absl::InvalidArgumentError(absl::StrCat("cannot pack elements of type ", Name(dtype)));
}

}  // namespace cermet::program
