// Straight-line code for a command list: store a launch's operands, call its kernel or the host's
// parallel_for, go on. Control flow is control flow. Arrays for operands and dims live in the stack
// frame and are reused by every launch, since launches end before the next begins.
#include "codegen/program_emitter.h"

#include <algorithm>
#include <set>

#include "absl/strings/str_cat.h"
#include "codegen/abi.h"
#include "codegen/dim_emitter.h"
#include "ir/kernel/text.h"
#include "ir/status.h"
#include "llvm/IR/Function.h"
#include "llvm/IR/MDBuilder.h"

namespace cermet::codegen {

using llvm::Value;
using program::BufferKind;
using program::Command;
using program::CommandKind;
using program::Program;

namespace {

// The alias classes of a launch: operands with one storage, one of them written, share the class of
// the first.
std::vector<int32_t> AliasClasses(const Program& program, const Command& launch) {
  const kernel::Kernel& kernel = program.kernels[launch.kernel];
  const size_t count = launch.buffers.size();
  std::vector<int32_t> classes(count);
  bool shared = false;
  for (size_t i = 0; i < count; ++i) {
    classes[i] = static_cast<int32_t>(i);
    bool written = kernel.buffers[i].access != kernel::Access::kIn;
    std::vector<size_t> partners;
    for (size_t j = 0; j < count; ++j) {
      if (program.StorageOf(launch.buffers[j]) != program.StorageOf(launch.buffers[i])) continue;
      partners.push_back(j);
      written |= kernel.buffers[j].access != kernel::Access::kIn;
    }
    if (partners.front() == i || !written) continue;
    classes[i] = static_cast<int32_t>(partners.front());
    shared = true;
  }
  return shared ? classes : std::vector<int32_t>();
}

bool IsLaunch(const Command& command) {
  return command.kind == CommandKind::kLaunch || command.kind == CommandKind::kPack;
}

void ForEachLaunch(const program::CommandList& commands,
                   const std::function<void(const Command&)>& visit) {
  for (const Command& command : commands) {
    if (IsLaunch(command)) visit(command);
    for (const program::CommandList& body : command.bodies) ForEachLaunch(body, visit);
  }
}

// What `cermet.launch` and the body that it hands to parallel_for need; one lives in the frame of
// the entry function.
enum ContextField { kKernel, kHost, kArgs, kDims, kScratch, kScratchBytes };
llvm::StructType* ContextType(const AbiTypes& abi, llvm::LLVMContext& context) {
  return llvm::StructType::get(context, {abi.pointer, abi.pointer, abi.pointer, abi.pointer,
                                         abi.pointer, llvm::Type::getInt64Ty(context)});
}

llvm::Function* InternalFunction(llvm::Module* module, llvm::FunctionType* type, const char* name) {
  llvm::Function* const function =
      llvm::Function::Create(type, llvm::GlobalValue::InternalLinkage, name, module);
  function->setDoesNotThrow();
  function->addFnAttr(llvm::Attribute::NoInline);
  return function;
}

class ProgramEmitter {
 public:
  ProgramEmitter(const Program& program, const ProgramKernels& kernels, const TargetTraits& traits,
                 llvm::Module* module, bool observe)
      : program_(program),
        kernels_(kernels),
        traits_(traits),
        module_(module),
        observe_(observe),
        abi_(module->getContext()),
        context_type_(ContextType(abi_, module->getContext())),
        b_(module->getContext()) {}

  void Emit(const std::string& symbol);

 private:
  void EmitFrame();
  DimEmitter LoadDims();
  void EmitCommands(const program::CommandList& commands);
  void EmitLaunch(const Command& command);
  void EmitCopy(const Command& command);
  void EmitIf(const Command& command);
  void EmitWhile(const Command& command);
  void ReturnIfFailed();
  void Observe(bool end);
  Value* BufferPointer(int32_t buffer);
  Value* KernelDims(const kernel::Kernel& kernel);
  Value* Iterations(const Command& command, Value* args, Value* dims);
  Value* Predicate(const Command& command);
  void StoreContext(ContextField field, Value* value) {
    b_.CreateStore(value, b_.CreateStructGEP(context_type_, context_, field));
  }
  void CallKernel(llvm::IRBuilder<>& b, Value* kernel, Value* host, Value* args, Value* dims,
                  Value* begin, Value* end, Value* scratch);
  llvm::Function* BodyFunction();
  llvm::Function* LaunchFunction();
  llvm::BasicBlock* NewBlock(const char* name) {
    return llvm::BasicBlock::Create(module_->getContext(), name, entry_);
  }

  const Program& program_;
  const ProgramKernels& kernels_;
  const TargetTraits& traits_;
  llvm::Module* module_;
  bool observe_;
  int32_t launch_ = 0;  // the number of the current launch
  AbiTypes abi_;
  llvm::StructType* context_type_;
  llvm::IRBuilder<> b_;
  llvm::Function* entry_ = nullptr;
  DimEmitter* dims_ = nullptr;
  std::vector<int32_t> constant_slots_;  // by buffer: its place in the buffers array
  Value* dims_pointer_ = nullptr;        // int64_t*: the program's dims
  Value* args_ = nullptr;                // void*[]: a launch's operands
  Value* kernel_dims_ = nullptr;         // int64_t[]: a kernel's dims
  Value* context_ = nullptr;
  std::map<int32_t, llvm::Function*> iterations_;  // by kernel function
};

void ProgramEmitter::Emit(const std::string& symbol) {
  entry_ = llvm::Function::Create(abi_.entry, llvm::GlobalValue::ExternalLinkage, symbol, module_);
  entry_->setDoesNotThrow();
  llvm::BasicBlock* const frame = NewBlock("frame");
  llvm::BasicBlock* const commands = NewBlock("commands");
  b_.SetInsertPoint(frame);
  EmitFrame();
  DimEmitter dims = LoadDims();
  dims_ = &dims;
  b_.CreateBr(commands);
  b_.SetInsertPoint(commands);
  StoreContext(kHost, entry_->getArg(0));
  Value* const scratch =
      b_.CreateGEP(b_.getInt8Ty(), entry_->getArg(2), dims.Emit(program_.temp_bytes));
  StoreContext(kScratch, scratch);
  StoreContext(kScratchBytes, dims.Emit(program_.scratch_bytes));
  EmitCommands(program_.commands);
  b_.CreateRet(program_.checks.empty() ? b_.getInt32(0)
                                       : LoadErrorCode(b_, abi_, entry_->getArg(0)));
}

void ProgramEmitter::EmitFrame() {
  uint64_t max_args = 1;
  uint64_t max_dims = 1;
  ForEachLaunch(program_.commands, [&](const Command& launch) {
    max_args = std::max<uint64_t>(max_args, launch.buffers.size());
    max_dims = std::max<uint64_t>(max_dims, program_.kernels[launch.kernel].Symbols().size());
  });
  args_ = b_.CreateAlloca(llvm::ArrayType::get(abi_.pointer, max_args), nullptr, "args");
  kernel_dims_ = b_.CreateAlloca(llvm::ArrayType::get(b_.getInt64Ty(), max_dims), nullptr, "dims");
  context_ = b_.CreateAlloca(context_type_, nullptr, "context");
}

DimEmitter ProgramEmitter::LoadDims() {
  int32_t slot = static_cast<int32_t>(program_.num_inputs() + program_.num_outputs());
  constant_slots_.assign(program_.buffers.size(), -1);
  for (size_t i = 0; i < program_.buffers.size(); ++i) {
    if (program_.buffers[i].kind == BufferKind::kConstant) constant_slots_[i] = slot++;
  }
  std::map<std::string, Value*> symbols;
  if (!program_.symbols.empty()) {
    dims_pointer_ = b_.CreateLoad(
        abi_.pointer, b_.CreateConstInBoundsGEP1_64(abi_.pointer, entry_->getArg(1), slot));
    for (size_t i = 0; i < program_.symbols.size(); ++i) {
      Value* const address = b_.CreateConstInBoundsGEP1_64(b_.getInt64Ty(), dims_pointer_, i);
      symbols[program_.symbols[i]] = b_.CreateLoad(b_.getInt64Ty(), address, program_.symbols[i]);
    }
  }
  return DimEmitter(b_.GetInsertBlock(), std::move(symbols));
}

Value* ProgramEmitter::BufferPointer(int32_t index) {
  const program::Buffer& buffer = program_.buffers[program_.StorageOf(index)];
  int64_t slot = 0;
  switch (buffer.kind) {
    case BufferKind::kTemp:
      return b_.CreateInBoundsGEP(b_.getInt8Ty(), entry_->getArg(2), dims_->Emit(buffer.offset));
    case BufferKind::kInput:
      slot = buffer.index;
      break;
    case BufferKind::kOutput:
      slot = program_.num_inputs() + buffer.index;
      break;
    case BufferKind::kConstant:
      slot = constant_slots_[program_.StorageOf(index)];
      break;
  }
  return b_.CreateLoad(abi_.pointer,
                       b_.CreateConstInBoundsGEP1_64(abi_.pointer, entry_->getArg(1), slot));
}

void ProgramEmitter::EmitCommands(const program::CommandList& commands) {
  for (const Command& command : commands) {
    switch (command.kind) {
      case CommandKind::kLaunch:
      case CommandKind::kPack:
        Observe(/*end=*/false);
        EmitLaunch(command);
        Observe(/*end=*/true);
        if (HasChecks(program_.kernels[command.kernel])) ReturnIfFailed();
        break;
      case CommandKind::kCopy:
        Observe(/*end=*/false);
        EmitCopy(command);
        Observe(/*end=*/true);
        break;
      case CommandKind::kIf:
        EmitIf(command);
        break;
      case CommandKind::kWhile:
        EmitWhile(command);
        break;
    }
  }
}

// The kernel's dims: the program's own array where that begins with them, else a copy in the
// kernel's order.
Value* ProgramEmitter::KernelDims(const kernel::Kernel& kernel) {
  const std::vector<std::string> symbols = kernel.Symbols();
  if (symbols.empty()) return llvm::ConstantPointerNull::get(abi_.pointer);
  const bool is_prefix = symbols.size() <= program_.symbols.size() &&
                         std::equal(symbols.begin(), symbols.end(), program_.symbols.begin());
  if (is_prefix) return dims_pointer_;
  for (size_t i = 0; i < symbols.size(); ++i) {
    b_.CreateStore(dims_->Emit(Dim::Symbol(symbols[i])),
                   b_.CreateConstInBoundsGEP1_64(b_.getInt64Ty(), kernel_dims_, i));
  }
  return kernel_dims_;
}

Value* ProgramEmitter::Iterations(const Command& command, Value* args, Value* dims) {
  const kernel::Kernel& kernel = program_.kernels[command.kernel];
  if (const std::optional<int64_t> known = StaticIterations(kernel)) return b_.getInt64(*known);
  const int32_t function = kernels_.by_launch.at({command.kernel, AliasClasses(program_, command)});
  llvm::Function*& count = iterations_[function];
  if (count == nullptr) {
    count = EmitIterations(kernel, kernels_.functions[function].symbol + ".iterations", traits_,
                           module_);
  }
  return b_.CreateCall(count, {args, dims});
}

void ProgramEmitter::CallKernel(llvm::IRBuilder<>& b, Value* kernel, Value* host, Value* args,
                                Value* dims, Value* begin, Value* end, Value* scratch) {
  b.CreateCall(abi_.kernel, kernel, {host, args, dims, begin, end, scratch});
}

void ProgramEmitter::EmitLaunch(const Command& command) {
  const kernel::Kernel& kernel = program_.kernels[command.kernel];
  for (size_t i = 0; i < command.buffers.size(); ++i) {
    b_.CreateStore(BufferPointer(command.buffers[i]),
                   b_.CreateConstInBoundsGEP1_64(abi_.pointer, args_, i));
  }
  const auto key = ProgramKernels::Launch(command.kernel, AliasClasses(program_, command));
  const KernelEmission& emission = kernels_.functions[kernels_.by_launch.at(key)];
  Value* const function = module_->getOrInsertFunction(emission.symbol, abi_.kernel).getCallee();
  Value* const dims = KernelDims(kernel);
  Value* const count = Iterations(command, args_, dims);
  const auto* const known = llvm::dyn_cast<llvm::ConstantInt>(count);
  if (known != nullptr && known->getSExtValue() <= command.grain) {
    Value* const scratch =
        b_.CreateLoad(abi_.pointer, b_.CreateStructGEP(context_type_, context_, kScratch));
    CallKernel(b_, function, entry_->getArg(0), args_, dims, b_.getInt64(0), count, scratch);
  } else {
    StoreContext(ContextField::kKernel, function);
    StoreContext(kArgs, args_);
    StoreContext(kDims, dims);
    b_.CreateCall(LaunchFunction(), {context_, count, b_.getInt64(command.grain)});
  }
}

void ProgramEmitter::Observe(bool end) {
  if (!observe_) return;
  llvm::FunctionType* const type = llvm::FunctionType::get(
      b_.getVoidTy(), {abi_.pointer, b_.getInt32Ty(), b_.getInt32Ty()}, false);
  b_.CreateCall(module_->getOrInsertFunction(kLaunchHook, type),
                {entry_->getArg(0), b_.getInt32(launch_), b_.getInt32(end ? 1 : 0)});
  if (end) ++launch_;
}

void ProgramEmitter::ReturnIfFailed() {
  Value* const code = LoadErrorCode(b_, abi_, entry_->getArg(0));
  llvm::BasicBlock* const failed = NewBlock("failed");
  llvm::BasicBlock* const go_on = NewBlock("checked");
  llvm::MDBuilder metadata(b_.getContext());
  b_.CreateCondBr(b_.CreateICmpEQ(code, b_.getInt32(0)), go_on, failed,
                  metadata.createLikelyBranchWeights());
  b_.SetInsertPoint(failed);
  b_.CreateRet(code);
  b_.SetInsertPoint(go_on);
}

void ProgramEmitter::EmitCopy(const Command& command) {
  if (program_.StorageOf(command.buffers[0]) == program_.StorageOf(command.buffers[1])) return;
  const Type& type = program_.buffers[command.buffers[0]].type;
  const Dim bytes = type.NumElements() * Dim(ByteSize(type.dtype));
  const llvm::MaybeAlign align(ByteSize(type.dtype));
  b_.CreateMemCpy(BufferPointer(command.buffers[1]), align, BufferPointer(command.buffers[0]),
                  align, dims_->Emit(bytes));
}

Value* ProgramEmitter::Predicate(const Command& command) {
  Value* const byte = b_.CreateLoad(b_.getInt8Ty(), BufferPointer(command.buffers[0]));
  return b_.CreateICmpNE(byte, b_.getInt8(0));
}

void ProgramEmitter::EmitIf(const Command& command) {
  llvm::BasicBlock* const branches[2] = {NewBlock("then"), NewBlock("else")};
  llvm::BasicBlock* const after = NewBlock("endif");
  b_.CreateCondBr(Predicate(command), branches[0], branches[1]);
  for (int i = 0; i < 2; ++i) {
    b_.SetInsertPoint(branches[i]);
    EmitCommands(command.bodies[i]);
    b_.CreateBr(after);
  }
  b_.SetInsertPoint(after);
}

void ProgramEmitter::EmitWhile(const Command& command) {
  llvm::BasicBlock* const condition = NewBlock("while");
  llvm::BasicBlock* const body = NewBlock("do");
  llvm::BasicBlock* const after = NewBlock("done");
  b_.CreateBr(condition);
  b_.SetInsertPoint(condition);
  EmitCommands(command.bodies[0]);
  b_.CreateCondBr(Predicate(command), body, after);
  b_.SetInsertPoint(body);
  EmitCommands(command.bodies[1]);
  b_.CreateBr(condition);
  b_.SetInsertPoint(after);
}

// void cermet.body(void* context, int64_t worker, int64_t begin, int64_t end): the kernel on a
// range, with the worker's scratch.
llvm::Function* ProgramEmitter::BodyFunction() {
  llvm::Function* const function = InternalFunction(module_, abi_.body, "cermet.body");
  llvm::IRBuilder<> b(llvm::BasicBlock::Create(module_->getContext(), "", function));
  auto load = [&](ContextField field) {
    return b.CreateLoad(context_type_->getElementType(field),
                        b.CreateStructGEP(context_type_, function->getArg(0), field));
  };
  Value* const offset = b.CreateMul(function->getArg(1), load(kScratchBytes));
  Value* const scratch = b.CreateGEP(b.getInt8Ty(), load(kScratch), offset);
  CallKernel(b, load(ContextField::kKernel), load(kHost), load(kArgs), load(kDims),
             function->getArg(2), function->getArg(3), scratch);
  b.CreateRetVoid();
  return function;
}

// void cermet.launch(context, n, grain): here, when the work is too small or there is one worker,
// else by the host's threads.
llvm::Function* ProgramEmitter::LaunchFunction() {
  if (llvm::Function* const existing = module_->getFunction("cermet.launch")) return existing;
  llvm::IRBuilder<> b(module_->getContext());
  llvm::Function* const function = InternalFunction(
      module_,
      llvm::FunctionType::get(b.getVoidTy(), {abi_.pointer, b.getInt64Ty(), b.getInt64Ty()}, false),
      "cermet.launch");
  Value* const context = function->getArg(0);
  Value* const count = function->getArg(1);
  Value* const grain = function->getArg(2);
  auto block = [&](const char* name) {
    return llvm::BasicBlock::Create(module_->getContext(), name, function);
  };
  llvm::BasicBlock* const start = block("start");
  llvm::BasicBlock* const here = block("here");
  llvm::BasicBlock* const parallel = block("parallel");
  auto load = [&](ContextField field) {
    return b.CreateLoad(context_type_->getElementType(field),
                        b.CreateStructGEP(context_type_, context, field));
  };
  b.SetInsertPoint(start);
  Value* const host = load(kHost);
  Value* const workers = LoadHostField(b, abi_, host, kHostMaxWorkers);
  Value* const alone =
      b.CreateOr(b.CreateICmpSLE(count, grain), b.CreateICmpSLE(workers, b.getInt64(1)));
  b.CreateCondBr(alone, here, parallel);

  b.SetInsertPoint(here);
  CallKernel(b, load(ContextField::kKernel), host, load(kArgs), load(kDims), b.getInt64(0), count,
             load(kScratch));
  b.CreateRetVoid();

  b.SetInsertPoint(parallel);
  b.CreateCall(abi_.parallel_for, LoadHostField(b, abi_, host, kHostParallelFor),
               {LoadHostField(b, abi_, host, kHostPool), count, grain, BodyFunction(), context});
  b.CreateRetVoid();
  return function;
}

}  // namespace

ProgramKernels CollectKernels(const Program& program, bool internal) {
  ProgramKernels result;
  std::map<std::pair<std::string, std::vector<int32_t>>, int32_t> known;
  std::map<int32_t, std::string> keys;
  std::set<std::string> symbols;
  ForEachLaunch(program.commands, [&](const Command& launch) {
    const auto key = ProgramKernels::Launch(launch.kernel, AliasClasses(program, launch));
    if (result.by_launch.count(key) != 0) return;
    const kernel::Kernel& kernel = program.kernels[launch.kernel];
    if (keys.count(launch.kernel) == 0) keys[launch.kernel] = kernel::CanonicalKey(kernel);
    const auto [place, is_new] = known.emplace(std::make_pair(keys[launch.kernel], key.second),
                                               static_cast<int32_t>(result.functions.size()));
    result.by_launch[key] = place->second;
    if (!is_new) return;
    std::string symbol = "k." + kernel.name;
    for (int i = 2; !symbols.insert(symbol).second; ++i)
      symbol = absl::StrCat("k.", kernel.name, ".", i);
    KernelEmission emission;
    emission.kernel = &kernel;
    emission.symbol = std::move(symbol);
    emission.internal = internal;
    emission.alias_classes = key.second;
    emission.checks = program.checks;
    result.functions.push_back(std::move(emission));
  });
  return result;
}

void EmitEntry(const Program& program, const ProgramKernels& kernels, const std::string& symbol,
               const TargetTraits& traits, llvm::Module* module, bool observe) {
  ProgramEmitter(program, kernels, traits, module, observe).Emit(symbol);
}

}  // namespace cermet::codegen
