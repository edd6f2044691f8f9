// Addresses are base + sum of index * stride in elements. The scalar part is kept apart from the
// part that differs by lane, so that a gather has a scalar base and the loop optimiser sees affine
// addresses. Accesses carry alias scopes, by which loads move over the stores to other buffers.
#include "codegen/buffer_emitter.h"

#include <algorithm>
#include <map>

#include "codegen/elementwise_emitter.h"
#include "ir/status.h"
#include "llvm/IR/MDBuilder.h"

namespace cermet::codegen {

using kernel::Inst;
using llvm::Value;

namespace {

// The distinct classes of `classes`, each with a scope of its own, or nothing if there is only one.
std::map<int32_t, llvm::MDNode*> MakeScopes(llvm::LLVMContext& context, const std::string& kernel,
                                            const std::vector<int32_t>& classes) {
  std::map<int32_t, llvm::MDNode*> scopes;
  for (int32_t c : classes) scopes[c] = nullptr;
  if (scopes.size() < 2) return {};
  llvm::MDBuilder builder(context);
  llvm::MDNode* const domain = builder.createAnonymousAliasScopeDomain(kernel);
  for (auto& [c, scope] : scopes) scope = builder.createAnonymousAliasScope(domain);
  return scopes;
}

}  // namespace

BufferEmitter::BufferEmitter(const kernel::Kernel& kernel, llvm::IRBuilder<>& builder,
                             DimEmitter& dims, std::vector<Value*> pointers,
                             const std::vector<int32_t>& alias_classes, bool read_only_memory)
    : kernel_(kernel),
      b_(builder),
      dims_(dims),
      pointers_(std::move(pointers)),
      scopes_(kernel.buffers.size()),
      no_alias_(kernel.buffers.size()),
      read_only_memory_(read_only_memory) {
  for (const kernel::Buffer& buffer : kernel.buffers)
    strides_.push_back(RowMajorStrides(buffer.shape));
  llvm::LLVMContext& context = b_.getContext();
  const auto scopes = MakeScopes(context, kernel.name, alias_classes);
  if (scopes.empty()) return;
  for (size_t i = 0; i < kernel.buffers.size(); ++i) {
    llvm::SmallVector<llvm::Metadata*, 8> others;
    for (const auto& [c, scope] : scopes) {
      if (c != alias_classes[i]) others.push_back(scope);
    }
    scopes_[i] = llvm::MDNode::get(context, {scopes.at(alias_classes[i])});
    no_alias_[i] = llvm::MDNode::get(context, others);
  }
}

Value* BufferEmitter::Stride(int32_t buffer, int64_t dim) {
  return dims_.Emit(strides_[buffer][dim]);
}

Value* BufferEmitter::Address(int32_t buffer, const std::vector<Value*>& indices) {
  Value* offset = b_.getInt64(0);
  for (size_t d = 0; d < indices.size(); ++d) {
    offset = b_.CreateNSWAdd(offset, b_.CreateNSWMul(indices[d], Stride(buffer, d)));
  }
  llvm::Type* const element = MemoryType(kernel_.buffers[buffer].dtype, b_.getContext());
  return b_.CreateGEP(element, pointers_[buffer], offset);
}

BufferEmitter::Place BufferEmitter::Resolve(const Inst& inst, const std::vector<TileValue>& indices,
                                            const TileValue& mask) {
  Place place;
  if (inst.lanes > 0) place.extents = {inst.lanes};
  for (const TileValue& index : indices) {
    const auto extents = kernel::BroadcastExtents(place.extents, index.extents);
    CERMET_CHECK(extents.has_value());
    place.extents = *extents;
  }
  Value* scalar = nullptr;
  Value* vector = nullptr;
  for (size_t d = 0; d < indices.size(); ++d) {
    const bool is_scalar = indices[d].extents.empty();
    Value* term = indices[d].value;
    Value* stride = Stride(inst.buffer, d);
    Value*& sum = is_scalar ? scalar : vector;
    if (!is_scalar) {
      term = EmitBroadcast(b_, term, indices[d].extents, place.extents);
      stride = EmitBroadcast(b_, stride, {}, place.extents);
    }
    // Indices inside the buffer do not wrap; those of lanes that are masked out may, and are not
    // used.
    term = b_.CreateNSWMul(term, stride);
    sum = sum == nullptr ? term : b_.CreateNSWAdd(sum, term);
  }
  llvm::Type* const element = MemoryType(kernel_.buffers[inst.buffer].dtype, b_.getContext());
  // Where a mask is false the address may lie outside the buffer.
  const llvm::GEPNoWrapFlags flags =
      mask.value == nullptr ? llvm::GEPNoWrapFlags::inBounds() : llvm::GEPNoWrapFlags::none();
  place.pointer = pointers_[inst.buffer];
  if (scalar != nullptr) place.pointer = b_.CreateGEP(element, place.pointer, scalar, "", flags);
  if (vector != nullptr) place.pointers = b_.CreateGEP(element, place.pointer, vector, "", flags);
  if (mask.value != nullptr) {
    place.mask = EmitBroadcast(b_, mask.value, mask.extents, place.extents);
  }
  return place;
}

void BufferEmitter::Annotate(llvm::Instruction* access, int32_t buffer) const {
  if (scopes_[buffer] != nullptr) {
    access->setMetadata(llvm::LLVMContext::MD_alias_scope, scopes_[buffer]);
    access->setMetadata(llvm::LLVMContext::MD_noalias, no_alias_[buffer]);
  }
  const kernel::Buffer& info = kernel_.buffers[buffer];
  if (read_only_memory_ && info.space == kernel::MemorySpace::kGlobal &&
      info.access == kernel::Access::kIn && llvm::isa<llvm::LoadInst>(access)) {
    access->setMetadata(llvm::LLVMContext::MD_invariant_load,
                        llvm::MDNode::get(b_.getContext(), {}));
  }
}

llvm::Instruction* BufferEmitter::EmitLoad(const Place& place, llvm::Type* type,
                                           llvm::Align align) {
  Value* const zero = llvm::Constant::getNullValue(type);
  if (place.pointers != nullptr) {
    return b_.CreateMaskedGather(type, place.pointers, align, place.mask, zero);
  }
  if (place.mask != nullptr)
    return b_.CreateMaskedLoad(type, place.pointer, align, place.mask, zero);
  return b_.CreateAlignedLoad(type, place.pointer, align);
}

llvm::Instruction* BufferEmitter::EmitStore(const Place& place, Value* value, llvm::Align align) {
  if (place.pointers != nullptr) {
    return b_.CreateMaskedScatter(value, place.pointers, align, place.mask);
  }
  if (place.mask != nullptr) return b_.CreateMaskedStore(value, place.pointer, align, place.mask);
  return b_.CreateAlignedStore(value, place.pointer, align);
}

Value* BufferEmitter::Load(const Inst& inst, const std::vector<TileValue>& indices,
                           const TileValue& mask) {
  Place place = Resolve(inst, indices, mask);
  const DType dtype = kernel_.buffers[inst.buffer].dtype;
  llvm::Type* const type = MemoryType(kernel::ValueType{dtype, place.extents}, b_.getContext());
  const llvm::Align align(ByteSize(dtype));
  Value* loaded = nullptr;
  if (place.mask != nullptr && place.extents.empty()) {
    // A masked scalar load is a branch.
    llvm::BasicBlock* const before = b_.GetInsertBlock();
    llvm::Function* const function = before->getParent();
    auto* const read = llvm::BasicBlock::Create(b_.getContext(), "load", function);
    auto* const after = llvm::BasicBlock::Create(b_.getContext(), "loaded", function);
    b_.CreateCondBr(place.mask, read, after);
    b_.SetInsertPoint(read);
    llvm::Instruction* const load = b_.CreateAlignedLoad(type, place.pointer, align);
    Annotate(load, inst.buffer);
    b_.CreateBr(after);
    b_.SetInsertPoint(after);
    llvm::PHINode* const phi = b_.CreatePHI(type, 2);
    phi->addIncoming(load, read);
    phi->addIncoming(llvm::Constant::getNullValue(type), before);
    loaded = phi;
  } else {
    llvm::Instruction* const load = EmitLoad(place, type, align);
    Annotate(load, inst.buffer);
    loaded = load;
  }
  if (dtype != DType::kBool) return loaded;
  return b_.CreateICmpNE(loaded, llvm::Constant::getNullValue(type));
}

void BufferEmitter::Store(const Inst& inst, const TileValue& value,
                          const std::vector<TileValue>& indices, const TileValue& mask) {
  Place place = Resolve(inst, indices, mask);
  const DType dtype = kernel_.buffers[inst.buffer].dtype;
  const llvm::Align align(ByteSize(dtype));
  Value* stored = EmitBroadcast(b_, value.value, value.extents, place.extents);
  if (dtype == DType::kBool) {
    stored =
        b_.CreateZExt(stored, MemoryType(kernel::ValueType{dtype, place.extents}, b_.getContext()));
  }
  if (place.mask == nullptr || !place.extents.empty()) {
    Annotate(EmitStore(place, stored, align), inst.buffer);
    return;
  }
  llvm::Function* const function = b_.GetInsertBlock()->getParent();
  auto* const write = llvm::BasicBlock::Create(b_.getContext(), "store", function);
  auto* const after = llvm::BasicBlock::Create(b_.getContext(), "stored", function);
  b_.CreateCondBr(place.mask, write, after);
  b_.SetInsertPoint(write);
  Annotate(b_.CreateAlignedStore(stored, place.pointer, align), inst.buffer);
  b_.CreateBr(after);
  b_.SetInsertPoint(after);
}

}  // namespace cermet::codegen
