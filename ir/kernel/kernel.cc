// Kernels and the table of their instructions as data.
#include "ir/kernel/kernel.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "ir/kernel/fragment.h"
#include "ir/status.h"

namespace cermet::kernel {
namespace {

void CollectSymbols(const Block& block, std::vector<std::string>* names) {
  for (const Inst& inst : block.insts) {
    if (inst.kind == InstKind::kDim) inst.dim.CollectSymbols(names);
    for (const Block& body : inst.blocks) CollectSymbols(body, names);
  }
}

}  // namespace

int64_t ValueType::num_elements() const {
  int64_t product = 1;
  for (int64_t extent : extents) product *= extent;
  return product;
}

std::string ValueType::TileString() const {
  if (IsScalar()) return "";
  return absl::StrCat("<", absl::StrJoin(extents, "x"), fragment == Fragment::kNone ? "" : " ",
                      Name(fragment), ">");
}

std::string ValueType::ToString() const { return absl::StrCat(Name(dtype), TileString()); }

std::optional<std::vector<int64_t>> BroadcastExtents(const std::vector<int64_t>& a,
                                                     const std::vector<int64_t>& b) {
  if (a.empty()) return b;
  if (b.empty()) return a;
  if (a.size() != b.size()) return std::nullopt;
  std::vector<int64_t> result(a.size());
  for (size_t i = 0; i < a.size(); ++i) {
    if (a[i] != b[i] && a[i] != 1 && b[i] != 1) return std::nullopt;
    result[i] = std::max(a[i], b[i]);
  }
  return result;
}

std::optional<ValueType> BroadcastTypes(DType dtype, const ValueType& a, const ValueType& b) {
  if (!a.IsScalar() && !b.IsScalar() && a.fragment != b.fragment) return std::nullopt;
  std::optional<std::vector<int64_t>> extents = BroadcastExtents(a.extents, b.extents);
  if (!extents) return std::nullopt;
  return ValueType{dtype, *std::move(extents), a.IsScalar() ? b.fragment : a.fragment};
}

absl::Span<const InstInfo> AllInsts() {
  static constexpr InstInfo kInsts[] = {
#define CERMET_KERNEL_INST(Enum, name, results, operands, effect, place, text, meaning) \
  {InstKind::k##Enum, name, results, operands, InstEffect::effect, InstPlace::place, text, meaning},
#include "ir/kernel/insts.def"
#undef CERMET_KERNEL_INST
  };
  return kInsts;
}

const InstInfo& Info(InstKind kind) { return AllInsts()[static_cast<size_t>(kind)]; }

absl::string_view Name(ShuffleKind kind) {
  switch (kind) {
    case ShuffleKind::kXor:
      return "xor";
    case ShuffleKind::kDown:
      return "down";
    case ShuffleKind::kLane:
      return "lane";
  }
  CERMET_UNREACHABLE();
}

absl::string_view Name(MmaMode mode) {
  switch (mode) {
    case MmaMode::kTf32:
      return "tf32";
    case MmaMode::kF16:
      return "f16";
    case MmaMode::kBf16:
      return "bf16";
  }
  CERMET_UNREACHABLE();
}

Shape Packing::PackedShape() const {
  Shape shape = {Dim::CeilDiv(logical[dim], block)};
  for (int64_t i = 0; i < static_cast<int64_t>(logical.size()); ++i) {
    if (i != dim) shape.push_back(logical[i]);
  }
  shape.push_back(block);
  return shape;
}

std::string Packing::ToString() const {
  return absl::StrCat("packed(dim ", dim, " by ", block, " of ", cermet::ToString(logical), ")");
}

ValueId Kernel::NewValue(ValueType type) {
  value_types.push_back(std::move(type));
  return static_cast<ValueId>(value_types.size()) - 1;
}

std::vector<std::string> Kernel::Symbols() const {
  std::vector<std::string> names;
  for (const Buffer& buffer : buffers) {
    for (const Dim& dim : buffer.shape) dim.CollectSymbols(&names);
  }
  CollectSymbols(body, &names);
  return names;
}

int64_t Kernel::num_arguments() const {
  return std::count_if(buffers.begin(), buffers.end(),
                       [](const Buffer& buffer) { return buffer.space == MemorySpace::kGlobal; });
}

const Inst* Kernel::ParallelLoop() const {
  if (body.insts.empty()) return nullptr;
  const Inst& last = body.insts.back();
  if (last.kind != InstKind::kFor) return nullptr;
  if (last.loop != LoopKind::kParallel && last.loop != LoopKind::kBlock) return nullptr;
  for (size_t i = 0; i + 1 < body.insts.size(); ++i) {
    const InstEffect effect = Info(body.insts[i].kind).effect;
    if (effect != InstEffect::kPure && effect != InstEffect::kReads) return nullptr;
  }
  return &last;
}

}  // namespace cermet::kernel
