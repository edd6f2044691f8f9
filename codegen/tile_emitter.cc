// Broadcasts and slices of tiles are shuffles. After `legalize` tiles have rank 1 and most of these
// are splats; the general form costs nothing more and lets unscheduled kernels compile too.
#include "codegen/tile_emitter.h"

#include "codegen/elementwise_emitter.h"
#include "ir/status.h"
#include "llvm/IR/Constants.h"

namespace cermet::codegen {
namespace {

int64_t Product(const Extents& extents) {
  int64_t product = 1;
  for (int64_t extent : extents) product *= extent;
  return product;
}

// For each element of `to` in row-major order, the row-major number of the element of `from` at the
// same place; where `from` has extent 1 its only element is repeated, and `axis` is shifted by
// `start`.
llvm::SmallVector<int, 64> ShuffleMask(const Extents& from, const Extents& to, int64_t axis,
                                       int64_t start) {
  CERMET_CHECK(from.size() == to.size());
  llvm::SmallVector<int, 64> mask;
  for (int64_t i = 0; i < Product(to); ++i) {
    int64_t rest = i;
    int64_t source = 0;
    int64_t stride = 1;
    for (int64_t d = static_cast<int64_t>(to.size()) - 1; d >= 0; --d) {
      int64_t position = rest % to[d];
      rest /= to[d];
      if (d == axis) position += start;
      if (from[d] != 1) source += position * stride;
      stride *= from[d];
    }
    mask.push_back(static_cast<int>(source));
  }
  return mask;
}

llvm::Type* Vector(llvm::Type* element, const Extents& extents) {
  return extents.empty() ? element : llvm::FixedVectorType::get(element, Product(extents));
}

}  // namespace

llvm::Type* RegisterType(const kernel::ValueType& type, llvm::LLVMContext& context) {
  return Vector(RegisterType(type.dtype, context), type.extents);
}

llvm::Type* MemoryType(const kernel::ValueType& type, llvm::LLVMContext& context) {
  return Vector(MemoryType(type.dtype, context), type.extents);
}

llvm::Value* EmitBroadcast(llvm::IRBuilder<>& builder, llvm::Value* value, const Extents& from,
                           const Extents& to) {
  if (from == to) return value;
  const int64_t elements = Product(to);
  if (from.empty()) return builder.CreateVectorSplat(elements, value);
  if (Product(from) == 1) {
    return builder.CreateVectorSplat(elements, builder.CreateExtractElement(value, uint64_t{0}));
  }
  if (Product(from) == elements) return value;  // extents differ only in ones
  return builder.CreateShuffleVector(value, ShuffleMask(from, to, -1, 0));
}

llvm::Value* EmitSlice(llvm::IRBuilder<>& builder, llvm::Value* value, const Extents& from,
                       const Extents& to, int64_t axis, int64_t start) {
  return builder.CreateShuffleVector(value, ShuffleMask(from, to, axis, start));
}

llvm::Constant* EmitIota(llvm::LLVMContext& context, const Extents& extents, int64_t axis) {
  int64_t inner = 1;
  for (size_t d = axis + 1; d < extents.size(); ++d) inner *= extents[d];
  llvm::SmallVector<uint64_t, 64> values;
  for (int64_t i = 0; i < Product(extents); ++i) values.push_back(i / inner % extents[axis]);
  return llvm::ConstantDataVector::get(context, values);
}

}  // namespace cermet::codegen
