// The one place where LLVM is configured: targets, code generation options, and the pass pipeline.
// What comes in is already vector code in SSA form, so the pipeline is short; compile time is a
// feature (docs/codegen.md has the measurements).
#include "codegen/machine.h"

#include <mutex>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "llvm/Analysis/AliasAnalysis.h"
#include "llvm/Analysis/CGSCCPassManager.h"
#include "llvm/Analysis/LoopAnalysisManager.h"
#include "llvm/Config/llvm-config.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Module.h"
#include "llvm/IR/PassManager.h"
#include "llvm/IR/Verifier.h"
#include "llvm/MC/MCSubtargetInfo.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/Target/TargetMachine.h"
#include "llvm/Transforms/InstCombine/InstCombine.h"
#include "llvm/Transforms/Scalar/EarlyCSE.h"
#include "llvm/Transforms/Scalar/LICM.h"
#include "llvm/Transforms/Scalar/LoopPassManager.h"
#include "llvm/Transforms/Scalar/SimplifyCFG.h"

namespace cermet::codegen {
namespace {

void InitializeTargets() {
  static std::once_flag once;
  std::call_once(once, [] {
    LLVMInitializeX86TargetInfo();
    LLVMInitializeX86Target();
    LLVMInitializeX86TargetMC();
    LLVMInitializeX86AsmPrinter();
    LLVMInitializeAArch64TargetInfo();
    LLVMInitializeAArch64Target();
    LLVMInitializeAArch64TargetMC();
    LLVMInitializeAArch64AsmPrinter();
    LLVMInitializeRISCVTargetInfo();
    LLVMInitializeRISCVTarget();
    LLVMInitializeRISCVTargetMC();
    LLVMInitializeRISCVAsmPrinter();
    LLVMInitializeWebAssemblyTargetInfo();
    LLVMInitializeWebAssemblyTarget();
    LLVMInitializeWebAssemblyTargetMC();
    LLVMInitializeWebAssemblyAsmPrinter();
    LLVMInitializeNVPTXTargetInfo();
    LLVMInitializeNVPTXTarget();
    LLVMInitializeNVPTXTargetMC();
    LLVMInitializeNVPTXAsmPrinter();
  });
}

}  // namespace

absl::StatusOr<std::unique_ptr<llvm::TargetMachine>> CreateMachine(const Target& target,
                                                                   CodeUse use) {
  InitializeTargets();
  const llvm::Triple triple(target.triple);
  std::string error;
  const llvm::Target* const backend = llvm::TargetRegistry::lookupTarget(triple, error);
  if (backend == nullptr) {
    return absl::InvalidArgumentError(
        absl::StrCat("LLVM has no backend for the target ", target.triple, ": ", error));
  }
  std::unique_ptr<llvm::MCSubtargetInfo> info(backend->createMCSubtargetInfo(triple, "", ""));
  if (info == nullptr || !info->isCPUStringValid(target.cpu)) {
    return absl::InvalidArgumentError(absl::StrCat("LLVM knows no CPU ", target.cpu, " for ",
                                                   target.triple,
                                                   "; `llc -march=ARCH -mcpu=help` lists them"));
  }
  llvm::TargetOptions options;
  // WebAssembly's position-independent code is for its dynamic linker; everything else can go into
  // a shared object.
  const llvm::Reloc::Model relocation = triple.isWasm() ? llvm::Reloc::Static : llvm::Reloc::PIC_;
  options.AllowFPOpFusion =
      llvm::FPOpFusion::Strict;  // a multiply-add is fused where the IR says fma
  std::unique_ptr<llvm::TargetMachine> machine(backend->createTargetMachine(
      triple, target.cpu, absl::StrJoin(target.features, ","), options, relocation, std::nullopt,
      llvm::CodeGenOptLevel::Default, use == CodeUse::kJit));
  if (machine == nullptr) {
    return absl::InvalidArgumentError(
        absl::StrCat("LLVM cannot generate code for ", target.triple, ", CPU ", target.cpu));
  }
  return machine;
}

TargetTraits Traits(const llvm::TargetMachine& machine) {
  TargetTraits traits;
  const llvm::MCSubtargetInfo& info = *machine.getMCSubtargetInfo();
  switch (machine.getTargetTriple().getArch()) {
    case llvm::Triple::x86_64:
      traits.native_half = info.checkFeatures("+f16c");
      traits.native_fma = info.checkFeatures("+fma");
      break;
    case llvm::Triple::nvptx64:
      traits.is_gpu = true;
      [[fallthrough]];
    case llvm::Triple::aarch64:
      traits.native_half = true;
      traits.native_fma = true;
      break;
    case llvm::Triple::riscv64:
      traits.native_fma = info.checkFeatures("+d");
      break;
    default:  // LLVM's enum of every architecture: none of the others has these for certain
      break;
  }
  return traits;
}

void SetTarget(const llvm::TargetMachine& machine, llvm::Module* module) {
  module->setDataLayout(machine.createDataLayout());
  module->setTargetTriple(machine.getTargetTriple());
}

absl::Status Optimize(llvm::TargetMachine* machine, llvm::Module* module) {
  std::string errors;
  llvm::raw_string_ostream stream(errors);
  if (llvm::verifyModule(*module, &stream)) {
    return absl::InternalError(absl::StrCat("emitted LLVM IR is malformed: ", stream.str()));
  }
  llvm::PassBuilder builder(machine);
  llvm::LoopAnalysisManager loops;
  llvm::FunctionAnalysisManager functions;
  llvm::CGSCCAnalysisManager sccs;
  llvm::ModuleAnalysisManager modules;
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(sccs);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, sccs, modules);

  llvm::FunctionPassManager passes;
  passes.addPass(llvm::EarlyCSEPass());
  passes.addPass(llvm::InstCombinePass());
  passes.addPass(llvm::SimplifyCFGPass());
  passes.addPass(llvm::createFunctionToLoopPassAdaptor(llvm::LICMPass(llvm::LICMOptions()),
                                                       /*UseMemorySSA=*/true));
  passes.addPass(llvm::EarlyCSEPass(/*UseMemorySSA=*/true));
  llvm::ModulePassManager pipeline;
  pipeline.addPass(llvm::createModuleToFunctionPassAdaptor(std::move(passes)));
  pipeline.run(*module, modules);
  return absl::OkStatus();
}

absl::StatusOr<std::string> EmitMachineCode(llvm::TargetMachine* machine, llvm::Module* module,
                                            FileKind kind) {
  llvm::SmallVector<char, 0> bytes;
  llvm::raw_svector_ostream stream(bytes);
  llvm::legacy::PassManager passes;
  const llvm::CodeGenFileType type = kind == FileKind::kObject
                                         ? llvm::CodeGenFileType::ObjectFile
                                         : llvm::CodeGenFileType::AssemblyFile;
  if (machine->addPassesToEmitFile(passes, stream, nullptr, type, /*DisableVerify=*/true)) {
    return absl::InternalError("LLVM cannot emit this kind of file for " +
                               machine->getTargetTriple().str());
  }
  passes.run(*module);
  return std::string(bytes.begin(), bytes.end());
}

std::string CodeGeneratorVersion() { return "LLVM " LLVM_VERSION_STRING "; pipeline 1"; }

}  // namespace cermet::codegen
