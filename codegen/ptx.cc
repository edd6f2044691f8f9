// GPU kernel functions: block loops become strides over the grid, thread loops the thread's own
// index, shared buffers variables in shared memory. The rest of a body is emitted as for the CPU,
// and LLVM's NVPTX backend prints it.
#include "codegen/ptx.h"

#include <algorithm>
#include <map>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "codegen/body_emitter.h"
#include "codegen/elementwise_emitter.h"
#include "codegen/machine.h"
#include "ir/kernel/fragment.h"
#include "ir/status.h"
#include "llvm/IR/Function.h"
#include "llvm/IR/IntrinsicsNVPTX.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Module.h"
#include "llvm/Target/TargetMachine.h"

namespace cermet::codegen {

using kernel::Block;
using kernel::Inst;
using kernel::InstKind;
using kernel::LoopKind;
using kernel::MemorySpace;
using llvm::Value;

namespace {

constexpr unsigned kGlobalMemory = 1;
constexpr unsigned kSharedMemory = 3;

// How the loops of a kernel map to the grid and its blocks.
struct GpuMapping {
  struct Loop {
    int axis = 0;       // 0: x
    int64_t count = 0;  // iterations of a thread loop
  };
  std::map<const Inst*, Loop> loops;
  std::array<int64_t, 3> block = {1, 1, 1};
};

class MappingBuilder {
 public:
  explicit MappingBuilder(const kernel::Kernel& kernel) : kernel_(kernel) {}

  absl::StatusOr<GpuMapping> Build() {
    Visit(kernel_.body);
    // The verifier has shown that loops which use warps are whole warps long.
    if (has_warps_ && mapping_.block[0] % kernel::kWarpSize != 0) {
      error_ = "warps of one loop over threads would lie across rows of another";
    }
    if (!error_.empty()) {
      return absl::InternalError(
          absl::StrCat("kernel ", kernel_.name, " cannot be compiled for a GPU: ", error_));
    }
    if (mapping_.loops.empty()) {
      return absl::InternalError(absl::StrCat("kernel ", kernel_.name,
                                              " is not scheduled for a GPU: it has no block loop"));
    }
    return std::move(mapping_);
  }

 private:
  struct Depth {
    int blocks = 0;   // block loops nested in each other
    int threads = 0;  // thread loops nested in each other
  };

  Depth Visit(const Block& block) {
    Depth deepest;
    for (const Inst& inst : block.insts) {
      const Depth depth = Visit(inst);
      deepest.blocks = std::max(deepest.blocks, depth.blocks);
      deepest.threads = std::max(deepest.threads, depth.threads);
    }
    return deepest;
  }

  Depth Visit(const Inst& inst) {
    if (inst.kind == InstKind::kConstant) {
      constants_[inst.results[0]] = static_cast<int64_t>(inst.bits);
    }
    if (inst.kind == InstKind::kCheck) error_ = "it has a check";
    has_warps_ = has_warps_ || kernel::Info(inst.kind).place == kernel::InstPlace::kWarp;
    for (kernel::ValueId result : inst.results) {
      has_warps_ = has_warps_ || kernel_.type(result).fragment != kernel::Fragment::kNone;
    }
    Depth depth;
    for (const Block& body : inst.blocks) {
      const Depth inner = Visit(body);
      depth.blocks = std::max(depth.blocks, inner.blocks);
      depth.threads = std::max(depth.threads, inner.threads);
    }
    if (inst.kind != InstKind::kFor) return depth;
    if (inst.loop == LoopKind::kParallel) error_ = "it has a parallel loop";
    if (inst.loop == LoopKind::kBlock) {
      mapping_.loops[&inst] = {depth.blocks++, 0};
    } else if (inst.loop == LoopKind::kThread) {
      AddThreadLoop(inst, depth.threads++);
    }
    if (depth.blocks > 3 || depth.threads > 3)
      error_ = "more than three nested block or thread loops";
    return depth;
  }

  void AddThreadLoop(const Inst& loop, int axis) {
    const auto lower = constants_.find(loop.operands[0]);
    const auto upper = constants_.find(loop.operands[1]);
    if (lower == constants_.end() || upper == constants_.end()) {
      error_ = "a thread loop has no constant bounds";
      return;
    }
    const int64_t span = std::max<int64_t>(0, upper->second - lower->second);
    const int64_t count = (span + loop.step - 1) / loop.step;
    mapping_.loops[&loop] = {axis, count};
    if (axis < 3) mapping_.block[axis] = std::max(mapping_.block[axis], count);
  }

  const kernel::Kernel& kernel_;
  GpuMapping mapping_;
  std::map<kernel::ValueId, int64_t> constants_;
  bool has_warps_ = false;
  std::string error_;
};

class GpuHooks : public BodyHooks {
 public:
  GpuHooks(const GpuMapping& mapping, bool has_shared_memory)
      : mapping_(mapping), has_shared_memory_(has_shared_memory) {}

  LoopBounds Bounds(llvm::IRBuilder<>& b, const Inst& loop, LoopBounds bounds) override {
    const GpuMapping::Loop& place = mapping_.loops.at(&loop);
    const bool is_block = loop.loop == LoopKind::kBlock;
    Value* const number = Register(b, is_block ? kBlockNumber[place.axis] : kThread[place.axis]);
    bounds.lower = b.CreateNSWAdd(bounds.lower, b.CreateNSWMul(number, bounds.step));
    if (is_block) {
      bounds.step = b.CreateNSWMul(bounds.step, Register(b, kBlocks[place.axis]));
    } else {
      // A loop as long as the block is the thread itself; in a shorter one the last threads have
      // nothing to do.
      bounds.once = place.count == mapping_.block[place.axis];
      bounds.step = b.CreateNSWMul(bounds.step, b.getInt64(mapping_.block[place.axis]));
    }
    return bounds;
  }
  void Barrier(llvm::IRBuilder<>& b) override {
    b.CreateIntrinsic(llvm::Intrinsic::nvvm_barrier_cta_sync_aligned_all,
                      llvm::ArrayRef<llvm::Type*>(), {b.getInt32(0)});
  }
  // Shared memory goes to the next iteration over the grid once all threads are through with it.
  void EndIteration(llvm::IRBuilder<>& b, const Inst& loop) override {
    if (loop.loop != LoopKind::kBlock || !has_shared_memory_) return;
    const std::vector<Inst>& body = loop.blocks[0].insts;
    const bool has_threads = std::any_of(body.begin(), body.end(), [](const Inst& inst) {
      return inst.kind == InstKind::kFor && inst.loop == LoopKind::kThread;
    });
    if (has_threads) Barrier(b);
  }
  void CheckFailed(llvm::IRBuilder<>& b, const Inst& check, Value* index) override {
    CERMET_UNREACHABLE();  // MappingBuilder refuses checks
  }

 private:
  using Registers = std::array<llvm::Intrinsic::ID, 3>;
  static constexpr Registers kThread = {llvm::Intrinsic::nvvm_read_ptx_sreg_tid_x,
                                        llvm::Intrinsic::nvvm_read_ptx_sreg_tid_y,
                                        llvm::Intrinsic::nvvm_read_ptx_sreg_tid_z};
  static constexpr Registers kBlockNumber = {llvm::Intrinsic::nvvm_read_ptx_sreg_ctaid_x,
                                             llvm::Intrinsic::nvvm_read_ptx_sreg_ctaid_y,
                                             llvm::Intrinsic::nvvm_read_ptx_sreg_ctaid_z};
  static constexpr Registers kBlocks = {llvm::Intrinsic::nvvm_read_ptx_sreg_nctaid_x,
                                        llvm::Intrinsic::nvvm_read_ptx_sreg_nctaid_y,
                                        llvm::Intrinsic::nvvm_read_ptx_sreg_nctaid_z};
  static Value* Register(llvm::IRBuilder<>& b, llvm::Intrinsic::ID id) {
    return b.CreateZExt(
        b.CreateIntrinsic(id, llvm::ArrayRef<llvm::Type*>(), llvm::ArrayRef<Value*>()),
        b.getInt64Ty());
  }

  const GpuMapping& mapping_;
  const bool has_shared_memory_;
};

// PTX allows letters, digits, _ and $. ptxas is known to compile names with "cutlass" in them
// differently.
std::string PtxName(const std::string& name) {
  std::string result;
  for (char c : name) result += absl::ascii_isalnum(c) || c == '_' ? c : '_';
  if (result.find("cutlass") != std::string::npos) result = "k_" + std::to_string(result.size());
  return result;
}

int64_t ByteCount(const kernel::Buffer& buffer) {
  const absl::StatusOr<int64_t> elements = StaticNumElements(buffer.shape);
  CERMET_CHECK(elements.ok());
  return *elements * ByteSize(buffer.dtype);
}

llvm::Function* CreateKernelFunction(const kernel::Kernel& kernel, const std::string& symbol,
                                     const GpuMapping& mapping, llvm::Module* module) {
  llvm::LLVMContext& context = module->getContext();
  std::vector<llvm::Type*> parameters(kernel.num_arguments(),
                                      llvm::PointerType::get(context, kGlobalMemory));
  parameters.insert(parameters.end(), kernel.Symbols().size(), llvm::Type::getInt64Ty(context));
  llvm::Function* const function = llvm::Function::Create(
      llvm::FunctionType::get(llvm::Type::getVoidTy(context), parameters, false),
      llvm::GlobalValue::ExternalLinkage, symbol, module);
  function->setCallingConv(llvm::CallingConv::PTX_Kernel);
  function->addFnAttr("nvvm.reqntid", absl::StrJoin(mapping.block, ","));
  for (int64_t i = 0; i < kernel.num_arguments(); ++i) {
    function->addParamAttr(i, llvm::Attribute::NoAlias);
  }
  return function;
}

// The memory of each buffer: parameters, variables in shared memory, and the thread's own.
std::vector<Value*> BufferPointers(llvm::IRBuilder<>& b, const kernel::Kernel& kernel,
                                   llvm::Function* function) {
  llvm::Module* const module = function->getParent();
  std::vector<Value*> pointers;
  int64_t argument = 0;
  for (const kernel::Buffer& buffer : kernel.buffers) {
    if (buffer.space == MemorySpace::kGlobal) {
      pointers.push_back(function->getArg(argument++));
      continue;
    }
    llvm::Type* const type = llvm::ArrayType::get(b.getInt8Ty(), ByteCount(buffer));
    if (buffer.space == MemorySpace::kShared) {
      auto* const variable = new llvm::GlobalVariable(
          *module, type, /*isConstant=*/false, llvm::GlobalValue::InternalLinkage,
          llvm::UndefValue::get(type), function->getName() + "_" + PtxName(buffer.name), nullptr,
          llvm::GlobalValue::NotThreadLocal, kSharedMemory);
      variable->setAlignment(llvm::Align(64));
      pointers.push_back(variable);
    } else {
      llvm::AllocaInst* const local = b.CreateAlloca(type);
      local->setAlignment(llvm::Align(16));
      pointers.push_back(local);
    }
  }
  return pointers;
}

absl::Status EmitGpuKernel(const kernel::Kernel& kernel, const std::string& symbol,
                           const TargetTraits& traits, llvm::Module* module, GpuLaunch* launch) {
  CERMET_RETURN_IF_ERROR(CheckEmittable(kernel, traits));
  CERMET_ASSIGN_OR_RETURN(const GpuMapping mapping, MappingBuilder(kernel).Build());
  *launch = {symbol, mapping.block};
  llvm::Function* const function = CreateKernelFunction(kernel, symbol, mapping, module);
  llvm::BasicBlock* const entry = llvm::BasicBlock::Create(module->getContext(), "entry", function);
  llvm::BasicBlock* const body = llvm::BasicBlock::Create(module->getContext(), "body", function);
  llvm::IRBuilder<> b(entry);
  std::map<std::string, Value*> symbols;
  for (const std::string& name : kernel.Symbols()) {
    symbols[name] = function->getArg(kernel.num_arguments() + symbols.size());
  }
  DimEmitter dims(entry, std::move(symbols));
  std::vector<Value*> pointers = BufferPointers(b, kernel, function);
  b.CreateBr(body);
  b.SetInsertPoint(body);
  std::vector<int32_t> classes(kernel.buffers.size());
  for (size_t i = 0; i < classes.size(); ++i) classes[i] = static_cast<int32_t>(i);
  BufferEmitter buffers(kernel, b, dims, std::move(pointers), classes, /*read_only_memory=*/true);
  const bool has_shared_memory = std::any_of(
      kernel.buffers.begin(), kernel.buffers.end(),
      [](const kernel::Buffer& buffer) { return buffer.space == MemorySpace::kShared; });
  GpuHooks hooks(mapping, has_shared_memory);
  BodyEmitter(kernel, traits, b, dims, buffers, hooks).EmitBlock(kernel.body);
  b.CreateRetVoid();
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::string> EmitPtx(const std::vector<kernel::Kernel>& kernels,
                                    const Target& target, std::vector<GpuLaunch>* launches) {
  CERMET_ASSIGN_OR_RETURN(std::unique_ptr<llvm::TargetMachine> machine,
                          CreateMachine(target, CodeUse::kObject));
  const TargetTraits traits = Traits(*machine);
  if (!traits.is_gpu) {
    return absl::InvalidArgumentError(absl::StrCat("PTX is for nvptx64, not for ", target.triple));
  }
  llvm::LLVMContext context;
  llvm::Module module("cermet", context);
  SetTarget(*machine, &module);
  std::set<std::string> symbols;
  for (const kernel::Kernel& kernel : kernels) {
    const std::string name = PtxName(kernel.name);
    std::string symbol = name;
    for (int i = 2; !symbols.insert(symbol).second; ++i) symbol = absl::StrCat(name, "_", i);
    GpuLaunch launch;
    CERMET_RETURN_IF_ERROR(EmitGpuKernel(kernel, symbol, traits, &module, &launch));
    if (launches != nullptr) launches->push_back(std::move(launch));
  }
  CERMET_RETURN_IF_ERROR(Optimize(machine.get(), &module));
  return EmitMachineCode(machine.get(), &module, FileKind::kAssembly);
}

absl::StatusOr<std::string> EmitPtx(const program::Program& program, const Target& target) {
  return EmitPtx(program.kernels, target, nullptr);
}

}  // namespace cermet::codegen
