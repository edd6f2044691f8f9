// The CPU's kernel function: fetches the arguments, restricts the parallel loop to the range it is
// called for, and emits the body.
#include "codegen/kernel_emitter.h"

#include <numeric>
#include <optional>

#include "absl/strings/str_cat.h"
#include "codegen/abi.h"
#include "codegen/body_emitter.h"
#include "codegen/elementwise_emitter.h"
#include "ir/status.h"
#include "llvm/IR/Function.h"

namespace cermet::codegen {

using kernel::Inst;
using kernel::InstKind;
using kernel::LoopKind;
using kernel::MemorySpace;
using llvm::Value;

namespace {

bool AnyInst(const kernel::Block& block, const std::function<bool(const Inst&)>& predicate) {
  for (const Inst& inst : block.insts) {
    if (predicate(inst)) return true;
    for (const kernel::Block& inner : inst.blocks) {
      if (AnyInst(inner, predicate)) return true;
    }
  }
  return false;
}

bool IsForGpu(const kernel::Kernel& kernel) {
  for (const kernel::Buffer& buffer : kernel.buffers) {
    if (buffer.space == MemorySpace::kShared) return true;
  }
  return AnyInst(kernel.body, [](const Inst& inst) {
    return inst.kind == InstKind::kBarrier ||
           (inst.kind == InstKind::kFor &&
            (inst.loop == LoopKind::kBlock || inst.loop == LoopKind::kThread));
  });
}

// Loads from an array of arguments that nobody writes during the call.
Value* LoadArgument(llvm::IRBuilder<>& b, llvm::Type* type, Value* array, int64_t i,
                    const std::string& name) {
  Value* const address = b.CreateConstInBoundsGEP1_64(type, array, i);
  llvm::LoadInst* const load = b.CreateLoad(type, address, name);
  load->setMetadata(llvm::LLVMContext::MD_noundef, llvm::MDNode::get(b.getContext(), {}));
  return load;
}

DimEmitter LoadDims(llvm::IRBuilder<>& b, const kernel::Kernel& kernel, Value* dims) {
  std::map<std::string, Value*> values;
  const std::vector<std::string> symbols = kernel.Symbols();
  for (size_t i = 0; i < symbols.size(); ++i) {
    values[symbols[i]] = LoadArgument(b, b.getInt64Ty(), dims, i, symbols[i]);
  }
  return DimEmitter(b.GetInsertBlock(), std::move(values));
}

std::vector<Value*> LoadBuffers(llvm::IRBuilder<>& b, const kernel::Kernel& kernel,
                                const AbiTypes& abi, Value* args, Value* scratch) {
  std::vector<Value*> pointers;
  const std::vector<int64_t> offsets = ScratchOffsets(kernel);
  int64_t argument = 0;
  for (size_t i = 0; i < kernel.buffers.size(); ++i) {
    const kernel::Buffer& buffer = kernel.buffers[i];
    if (buffer.space == MemorySpace::kGlobal) {
      pointers.push_back(LoadArgument(b, abi.pointer, args, argument++, buffer.name));
    } else {
      pointers.push_back(scratch == nullptr
                             ? llvm::PoisonValue::get(abi.pointer)
                             : b.CreateConstInBoundsGEP1_64(b.getInt8Ty(), scratch, offsets[i]));
    }
  }
  return pointers;
}

// The class of each buffer: arguments as told, all else apart.
std::vector<int32_t> BufferClasses(const KernelEmission& emission) {
  std::vector<int32_t> classes(emission.kernel->buffers.size());
  std::iota(classes.begin(), classes.end(), 0);
  const std::vector<int32_t>& given = emission.alias_classes;
  for (size_t i = 0; i < given.size(); ++i) classes[i] = given[i];
  const auto top = static_cast<int32_t>(classes.size() + given.size());
  for (size_t i = given.size(); i < classes.size(); ++i) classes[i] += top;
  return classes;
}

class HostHooks : public BodyHooks {
 public:
  HostHooks(const KernelEmission& emission, const AbiTypes& abi, llvm::Function* function)
      : emission_(emission), abi_(abi), function_(function) {}

  // Iteration i of the kernel's parallel loop is lower + i * step, of which this call does [begin,
  // end). Other parallel loops run here one after another.
  LoopBounds Bounds(llvm::IRBuilder<>& b, const Inst& loop, LoopBounds bounds) override {
    if (&loop != emission_.kernel->ParallelLoop()) return bounds;
    Value* const begin = b.CreateNSWMul(function_->getArg(3), bounds.step);
    Value* const end = b.CreateNSWMul(function_->getArg(4), bounds.step);
    return {b.CreateNSWAdd(bounds.lower, begin), b.CreateNSWAdd(bounds.lower, end), bounds.step,
            /*once=*/false};
  }
  void Barrier(llvm::IRBuilder<>& b) override { CERMET_UNREACHABLE(); }
  void CheckFailed(llvm::IRBuilder<>& b, const Inst& check, Value* index) override {
    llvm::Module* const module = function_->getParent();
    Value* const error = LoadHostField(b, abi_, function_->getArg(0), kHostError);
    b.CreateCall(CheckFailedFunction(module, abi_),
                 {error, b.getInt32(ErrorCode(check)), b.getInt32(check.code), index});
  }

 private:
  // What the caller sees; never 0, which means success.
  int32_t ErrorCode(const Inst& check) const {
    const bool listed =
        check.code >= 0 && check.code < static_cast<int64_t>(emission_.checks.size());
    const auto code = static_cast<int32_t>(listed ? emission_.checks[check.code].code : check.code);
    return code != 0 ? code : 1;
  }

  const KernelEmission& emission_;
  const AbiTypes& abi_;
  llvm::Function* function_;
};

llvm::Function* CreateFunction(llvm::Module* module, llvm::FunctionType* type,
                               const std::string& symbol, bool internal) {
  llvm::Function* const function = llvm::Function::Create(
      type, internal ? llvm::GlobalValue::InternalLinkage : llvm::GlobalValue::ExternalLinkage,
      symbol, module);
  function->setDoesNotThrow();
  return function;
}

}  // namespace

std::vector<int64_t> ScratchOffsets(const kernel::Kernel& kernel) {
  std::vector<int64_t> offsets;
  int64_t offset = 0;
  for (const kernel::Buffer& buffer : kernel.buffers) {
    offsets.push_back(offset);
    if (buffer.space != MemorySpace::kScratch) continue;
    const absl::StatusOr<int64_t> elements = StaticNumElements(buffer.shape);
    CERMET_CHECK(elements.ok());
    offset += (*elements * ByteSize(buffer.dtype) + 63) / 64 * 64;
  }
  return offsets;
}

bool HasChecks(const kernel::Kernel& kernel) {
  return AnyInst(kernel.body, [](const Inst& inst) { return inst.kind == InstKind::kCheck; });
}

std::optional<int64_t> StaticIterations(const kernel::Kernel& kernel) {
  const Inst* const loop = kernel.ParallelLoop();
  if (loop == nullptr) return 1;
  std::optional<int64_t> bounds[2];
  for (const Inst& inst : kernel.body.insts) {
    if (inst.kind != InstKind::kConstant) continue;
    for (int i = 0; i < 2; ++i) {
      if (inst.results[0] == loop->operands[i]) bounds[i] = static_cast<int64_t>(inst.bits);
    }
  }
  if (!bounds[0] || !bounds[1]) return std::nullopt;
  if (*bounds[1] <= *bounds[0]) return 0;
  return (*bounds[1] - *bounds[0] + loop->step - 1) / loop->step;
}

absl::Status EmitKernel(const KernelEmission& emission, const TargetTraits& traits,
                        llvm::Module* module) {
  const kernel::Kernel& kernel = *emission.kernel;
  CERMET_RETURN_IF_ERROR(CheckEmittable(kernel, traits));
  if (IsForGpu(kernel)) {
    return absl::InternalError(
        absl::StrCat("kernel ", kernel.name, " is scheduled for a GPU and cannot run on a CPU"));
  }
  const AbiTypes abi(module->getContext());
  llvm::Function* const function =
      CreateFunction(module, abi.kernel, emission.symbol, emission.internal);
  for (unsigned i : {0u, 1u, 2u}) {
    function->addParamAttr(i, llvm::Attribute::NoAlias);
    function->addParamAttr(i, llvm::Attribute::NoUndef);
  }
  function->addParamAttr(1, llvm::Attribute::ReadOnly);
  function->addParamAttr(2, llvm::Attribute::ReadOnly);
  // Dims are emitted at the end of `entry`, which the body follows.
  llvm::BasicBlock* const entry = llvm::BasicBlock::Create(module->getContext(), "entry", function);
  llvm::BasicBlock* const body = llvm::BasicBlock::Create(module->getContext(), "body", function);
  llvm::IRBuilder<> b(entry);
  DimEmitter dims = LoadDims(b, kernel, function->getArg(2));
  std::vector<Value*> pointers =
      LoadBuffers(b, kernel, abi, function->getArg(1), function->getArg(5));
  b.CreateBr(body);
  b.SetInsertPoint(body);
  BufferEmitter buffers(kernel, b, dims, std::move(pointers), BufferClasses(emission),
                        /*read_only_memory=*/false);
  HostHooks hooks(emission, abi, function);
  BodyEmitter emitter(kernel, traits, b, dims, buffers, hooks);
  emitter.EmitBlock(kernel.body);
  b.CreateRetVoid();
  return absl::OkStatus();
}

llvm::Function* EmitIterations(const kernel::Kernel& kernel, const std::string& symbol,
                               const TargetTraits& traits, llvm::Module* module) {
  const Inst* const loop = kernel.ParallelLoop();
  CERMET_CHECK(loop != nullptr);
  const AbiTypes abi(module->getContext());
  llvm::Function* const function =
      CreateFunction(module, abi.iterations, symbol, /*internal=*/true);
  llvm::BasicBlock* const entry = llvm::BasicBlock::Create(module->getContext(), "entry", function);
  llvm::BasicBlock* const body = llvm::BasicBlock::Create(module->getContext(), "body", function);
  llvm::IRBuilder<> b(entry);
  DimEmitter dims = LoadDims(b, kernel, function->getArg(1));
  std::vector<Value*> pointers = LoadBuffers(b, kernel, abi, function->getArg(0), nullptr);
  b.CreateBr(body);
  b.SetInsertPoint(body);
  KernelEmission emission;
  emission.kernel = &kernel;
  BufferEmitter buffers(kernel, b, dims, std::move(pointers), BufferClasses(emission),
                        /*read_only_memory=*/false);
  HostHooks hooks(emission, abi, function);
  BodyEmitter emitter(kernel, traits, b, dims, buffers, hooks);
  for (const Inst& inst : kernel.body.insts) {
    if (&inst != loop) emitter.EmitInst(inst);
  }
  Value* const span =
      b.CreateSub(emitter.value(loop->operands[1]), emitter.value(loop->operands[0]));
  Value* const rounded = b.CreateAdd(span, b.getInt64(loop->step - 1));
  Value* const count = b.CreateSDiv(rounded, b.getInt64(loop->step));
  b.CreateRet(b.CreateBinaryIntrinsic(llvm::Intrinsic::smax, count, b.getInt64(0)));
  return function;
}

}  // namespace cermet::codegen
