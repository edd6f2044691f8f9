// Everything of a program in one LLVM module: kernels and the entry function as for the JIT, but
// local, the constants as read-only data, and C functions that check the dims and put the pieces
// together. One module, so one file, whatever its kind.
#include "codegen/object.h"

#include <map>

#include "absl/algorithm/container.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "codegen/abi.h"
#include "codegen/dim_emitter.h"
#include "codegen/dim_rules.h"
#include "codegen/kernel_emitter.h"
#include "codegen/machine.h"
#include "codegen/program_emitter.h"
#include "codegen/shared_object.h"
#include "ir/status.h"
#include "llvm/IR/Constants.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Module.h"
#include "llvm/Object/ArchiveWriter.h"
#include "llvm/Object/ObjectFile.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/Target/TargetMachine.h"

namespace cermet::codegen {
namespace {

using llvm::Value;
using program::BufferKind;
using program::Program;

std::string ExportName(const Program& program, const ObjectOptions& options) {
  return Identifier(options.name.empty() ? program.name : options.name);
}

// The bytes of a constant buffer: the store's, or packed from them.
absl::StatusOr<std::string> ConstantBytes(const program::Buffer& buffer,
                                          const ConstantStore& constants) {
  const ConstantEntry* const entry = constants.Find(buffer.constant);
  if (entry == nullptr) {
    return absl::NotFoundError(
        absl::StrCat("the constant @", buffer.constant, " of the program is not in the store"));
  }
  if (!buffer.packing.has_value()) {
    return std::string(static_cast<const char*>(entry->data), entry->byte_size);
  }
  CERMET_ASSIGN_OR_RETURN(const int64_t elements, StaticNumElements(buffer.packing->PackedShape()));
  std::string bytes(elements * ByteSize(entry->dtype), '\0');
  CERMET_RETURN_IF_ERROR(
      program::Pack(*buffer.packing, entry->dtype, DimBindings{}, entry->data, bytes.data()));
  return bytes;
}

absl::StatusOr<std::vector<llvm::Constant*>> EmitConstants(const Program& program,
                                                           const ConstantStore& constants,
                                                           llvm::Module* module) {
  std::vector<llvm::Constant*> pointers;
  for (const program::Buffer& buffer : program.buffers) {
    if (buffer.kind != BufferKind::kConstant) continue;
    CERMET_ASSIGN_OR_RETURN(const std::string bytes, ConstantBytes(buffer, constants));
    llvm::Constant* const data = llvm::ConstantDataArray::getString(module->getContext(), bytes,
                                                                    /*AddNull=*/false);
    auto* const variable =
        new llvm::GlobalVariable(*module, data->getType(), /*isConstant=*/true,
                                 llvm::GlobalValue::InternalLinkage, data, "c." + buffer.name);
    variable->setAlignment(llvm::Align(64));
    pointers.push_back(variable);
  }
  return pointers;
}

// The exported functions. Their C declarations are in EmitHeader.
class RunEmitter {
 public:
  RunEmitter(const Program& program, llvm::Module* module)
      : program_(program), module_(module), abi_(module->getContext()), b_(module->getContext()) {}

  // int32_t NAME_check_dims(const int64_t* dims): 0, or the number of the first rule that does not
  // hold. Null for a program without dims.
  llvm::Function* EmitCheckDims(const std::string& name) {
    if (!has_dims()) return nullptr;
    llvm::Function* const function = Start(name, {abi_.pointer});
    std::map<std::string, Value*> symbols;
    for (size_t i = 0; i < program_.symbols.size(); ++i) {
      Value* const place = b_.CreateConstInBoundsGEP1_64(b_.getInt64Ty(), function->getArg(0), i);
      symbols[program_.symbols[i]] = b_.CreateLoad(b_.getInt64Ty(), place);
    }
    DimEmitter dims(b_.GetInsertBlock(), std::move(symbols), DimEmitter::Overflow::kNoted);
    std::vector<Value*> holds;
    for (const program::Requirement& rule : DimRules(program_)) {
      Value* const lhs = dims.Emit(rule.lhs);
      Value* const rhs = dims.Emit(rule.rhs);
      holds.push_back(rule.is_equality ? b_.CreateICmpEQ(lhs, rhs) : b_.CreateICmpSLE(lhs, rhs));
    }
    for (const Dim& size : DimSizes(program_)) dims.Emit(size);
    Value* const overflow = dims.overflow() == nullptr ? b_.getFalse() : dims.overflow();
    Value* result = b_.CreateSelect(overflow, Number(holds.size() + 1), b_.getInt32(0));
    for (size_t i = holds.size(); i-- > 0;)
      result = b_.CreateSelect(holds[i], result, Number(i + 1));
    b_.CreateRet(result);
    return function;
  }

  // int32_t NAME_run_on(const CermetHost*, const void* const* inputs, void* const* outputs, [const
  // int64_t* dims,] void* workspace)
  llvm::Function* EmitRunOn(const std::string& name, llvm::Function* entry,
                            llvm::Function* check_dims,
                            const std::vector<llvm::Constant*>& constants) {
    std::vector<llvm::Type*> parameters(has_dims() ? 5 : 4, abi_.pointer);
    llvm::Function* const function = Start(name, parameters);
    if (check_dims != nullptr) ReturnIfBad(b_.CreateCall(check_dims, {function->getArg(3)}));
    const int64_t inputs = program_.num_inputs();
    const int64_t outputs = program_.num_outputs();
    const auto slots = static_cast<uint64_t>(inputs + outputs + constants.size() + 1);
    Value* const buffers = b_.CreateAlloca(llvm::ArrayType::get(abi_.pointer, slots));
    auto slot = [&](int64_t i) { return b_.CreateConstInBoundsGEP1_64(abi_.pointer, buffers, i); };
    auto copy = [&](Value* from, int64_t count, int64_t to) {
      for (int64_t i = 0; i < count; ++i) {
        Value* const source = b_.CreateConstInBoundsGEP1_64(abi_.pointer, from, i);
        b_.CreateStore(b_.CreateLoad(abi_.pointer, source), slot(to + i));
      }
    };
    copy(function->getArg(1), inputs, 0);
    copy(function->getArg(2), outputs, inputs);
    for (size_t i = 0; i < constants.size(); ++i) {
      b_.CreateStore(constants[i], slot(inputs + outputs + static_cast<int64_t>(i)));
    }
    if (has_dims()) b_.CreateStore(function->getArg(3), slot(static_cast<int64_t>(slots) - 1));
    Value* const workspace = function->getArg(function->arg_size() - 1);
    b_.CreateRet(b_.CreateCall(entry, {function->getArg(0), buffers, workspace}));
    return function;
  }

  // int32_t NAME_run(const void* const* inputs, void* const* outputs, [const int64_t* dims,] void*
  // workspace): on the caller's thread.
  void EmitRun(const std::string& name, llvm::Function* run_on) {
    std::vector<llvm::Type*> parameters(has_dims() ? 4 : 3, abi_.pointer);
    llvm::Function* const function = Start(name, parameters);
    Value* const host = b_.CreateAlloca(abi_.host);
    Value* const error = b_.CreateAlloca(abi_.error);
    Value* const null = llvm::ConstantPointerNull::get(abi_.pointer);
    b_.CreateStore(llvm::Constant::getNullValue(abi_.error), error);
    auto set = [&](HostField field, Value* value) {
      b_.CreateStore(value, b_.CreateStructGEP(abi_.host, host, field));
    };
    set(kHostParallelFor, null);
    set(kHostPool, null);
    set(kHostMaxWorkers, b_.getInt64(1));
    set(kHostError, error);
    std::vector<Value*> arguments = {host};
    for (llvm::Argument& argument : function->args()) arguments.push_back(&argument);
    b_.CreateRet(b_.CreateCall(run_on, arguments));
  }

 private:
  bool has_dims() const { return !program_.symbols.empty(); }
  Value* Number(size_t rule) { return b_.getInt32(static_cast<uint32_t>(rule)); }

  // Goes on in a block of its own where `broken_rule` is 0.
  void ReturnIfBad(Value* broken_rule) {
    llvm::Function* const function = b_.GetInsertBlock()->getParent();
    auto* const bad = llvm::BasicBlock::Create(module_->getContext(), "bad_dims", function);
    auto* const good = llvm::BasicBlock::Create(module_->getContext(), "run", function);
    b_.CreateCondBr(b_.CreateICmpEQ(broken_rule, b_.getInt32(0)), good, bad);
    b_.SetInsertPoint(bad);
    b_.CreateRet(b_.getInt32(kBadDims));
    b_.SetInsertPoint(good);
  }

  llvm::Function* Start(const std::string& name, const std::vector<llvm::Type*>& parameters) {
    llvm::Function* const function =
        llvm::Function::Create(llvm::FunctionType::get(b_.getInt32Ty(), parameters, false),
                               llvm::GlobalValue::ExternalLinkage, name, module_);
    function->setDoesNotThrow();
    b_.SetInsertPoint(llvm::BasicBlock::Create(module_->getContext(), "", function));
    return function;
  }

  const Program& program_;
  llvm::Module* module_;
  AbiTypes abi_;
  llvm::IRBuilder<> b_;
};

// Kernels and entry function, all in `module`.
absl::Status EmitProgram(const Program& program, const std::string& entry,
                         const TargetTraits& traits, llvm::Module* module) {
  const ProgramKernels kernels = CollectKernels(program, /*internal=*/true);
  for (const KernelEmission& kernel : kernels.functions) {
    CERMET_RETURN_IF_ERROR(EmitKernel(kernel, traits, module));
  }
  EmitEntry(program, kernels, entry, traits, module);
  return absl::OkStatus();
}

// Objects link with nothing: an undefined symbol other than C's memory functions (and WebAssembly's
// memory and stack) means that LLVM made a library call of an instruction, which the emitters must
// not let happen.
absl::Status CheckStandsAlone(const std::string& object) {
  llvm::Expected<std::unique_ptr<llvm::object::ObjectFile>> file =
      llvm::object::ObjectFile::createObjectFile(llvm::MemoryBufferRef(object, "object"));
  if (!file) return absl::InternalError("reading an object: " + llvm::toString(file.takeError()));
  static constexpr absl::string_view kAllowed[] = {"",
                                                   "memcpy",
                                                   "memmove",
                                                   "memset",
                                                   "__linear_memory",
                                                   "__stack_pointer",
                                                   "__indirect_function_table"};
  for (const llvm::object::SymbolRef& symbol : (*file)->symbols()) {
    llvm::Expected<uint32_t> flags = symbol.getFlags();
    llvm::Expected<llvm::StringRef> name = symbol.getName();
    if (!flags || !name) return absl::InternalError("reading the symbols of an object");
    if ((*flags & llvm::object::SymbolRef::SF_Undefined) == 0) continue;
    if (absl::c_linear_search(kAllowed, absl::string_view(name->data(), name->size()))) continue;
    return absl::InternalError(
        absl::StrCat("compiled code calls ", name->str(), ", a library function"));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> ToArchive(const std::string& object, const std::string& name) {
  std::vector<llvm::NewArchiveMember> members;
  const std::string member = name + ".o";
  members.emplace_back(llvm::MemoryBufferRef(object, member));
  llvm::Expected<std::unique_ptr<llvm::MemoryBuffer>> archive = llvm::writeArchiveToBuffer(
      members, llvm::SymtabWritingMode::NormalSymtab, llvm::object::Archive::K_GNU,
      /*Deterministic=*/true, /*Thin=*/false);
  if (!archive) {
    return absl::InternalError("writing an archive: " + llvm::toString(archive.takeError()));
  }
  return (*archive)->getBuffer().str();
}

std::string PrintModule(const llvm::Module& module) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  module.print(stream, nullptr);
  return stream.str();
}

enum class DumpKind { kLlvm, kAssembly };

absl::StatusOr<std::string> Dump(const Program& program, const Target& target, DumpKind kind) {
  CERMET_ASSIGN_OR_RETURN(std::unique_ptr<llvm::TargetMachine> machine,
                          CreateMachine(target, CodeUse::kObject));
  llvm::LLVMContext context;
  llvm::Module module(Identifier(program.name), context);
  SetTarget(*machine, &module);
  CERMET_RETURN_IF_ERROR(
      EmitProgram(program, Identifier(program.name) + "_entry", Traits(*machine), &module));
  CERMET_RETURN_IF_ERROR(Optimize(machine.get(), &module));
  if (kind == DumpKind::kLlvm) return PrintModule(module);
  return EmitMachineCode(machine.get(), &module, FileKind::kAssembly);
}

}  // namespace

std::string Identifier(absl::string_view name) {
  std::string result;
  for (char c : name) result += absl::ascii_isalnum(c) ? c : '_';
  if (result.empty() || absl::ascii_isdigit(result[0])) result.insert(0, "_");
  return result;
}

absl::StatusOr<std::string> EmitObject(const Program& program, const ConstantStore& constants,
                                       const Target& target, const ObjectOptions& options) {
  if (target.kind != TargetKind::kCpu) {
    return absl::InvalidArgumentError("an object file is for a CPU; a GPU takes PTX (-o NAME.ptx)");
  }
  CERMET_ASSIGN_OR_RETURN(std::unique_ptr<llvm::TargetMachine> machine,
                          CreateMachine(target, CodeUse::kObject));
  CERMET_RETURN_IF_ERROR(CheckSymbols(program));
  const std::string name = ExportName(program, options);
  llvm::LLVMContext context;
  llvm::Module module(name, context);
  SetTarget(*machine, &module);
  module.setPICLevel(llvm::PICLevel::BigPIC);

  const std::string entry = name + "_entry";
  CERMET_RETURN_IF_ERROR(EmitProgram(program, entry, Traits(*machine), &module));
  CERMET_ASSIGN_OR_RETURN(const std::vector<llvm::Constant*> data,
                          EmitConstants(program, constants, &module));
  RunEmitter run(program, &module);
  llvm::Function* const check_dims = run.EmitCheckDims(name + "_check_dims");
  llvm::Function* const run_on =
      run.EmitRunOn(name + "_run_on", module.getFunction(entry), check_dims, data);
  run.EmitRun(name + "_run", run_on);
  CERMET_RETURN_IF_ERROR(Optimize(machine.get(), &module));

  switch (options.kind) {
    case OutputKind::kLlvmIr:
      return PrintModule(module);
    case OutputKind::kAssembly:
      return EmitMachineCode(machine.get(), &module, FileKind::kAssembly);
    case OutputKind::kObject:
    case OutputKind::kArchive:
    case OutputKind::kSharedObject:
      break;
  }
  CERMET_ASSIGN_OR_RETURN(const std::string object,
                          EmitMachineCode(machine.get(), &module, FileKind::kObject));
  CERMET_RETURN_IF_ERROR(CheckStandsAlone(object));
  if (options.kind == OutputKind::kArchive) return ToArchive(object, name);
  if (options.kind == OutputKind::kSharedObject) return LinkSharedObject(object, target.triple);
  return object;
}

absl::StatusOr<std::string> DumpLlvm(const Program& program, const Target& target) {
  return Dump(program, target, DumpKind::kLlvm);
}

absl::StatusOr<std::string> DumpAsm(const Program& program, const Target& target) {
  return Dump(program, target, DumpKind::kAssembly);
}

}  // namespace cermet::codegen
