// Internal to codegen: ir/program/host_abi.h and the kernel function as LLVM types.
//
// A kernel is void k(const CermetHost* host, void* const* args, const int64_t* dims, int64_t begin,
// int64_t end, void* scratch): `args` are the kGlobal buffers in order, `dims` the values of
// Kernel::Symbols(), [begin, end) a range of the iterations of the top-level parallel loop ([0, 1)
// for a kernel without one), `scratch` this worker's scratch memory, aligned to 64 bytes.
#ifndef CERMET_CODEGEN_ABI_H_
#define CERMET_CODEGEN_ABI_H_

#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/Module.h"

namespace cermet::codegen {

enum HostField { kHostParallelFor, kHostPool, kHostMaxWorkers, kHostError };
enum ErrorField { kErrorCode, kErrorCheck, kErrorIndex, kErrorLock };

struct AbiTypes {
  explicit AbiTypes(llvm::LLVMContext& context);
  llvm::PointerType* pointer;
  llvm::StructType* host;   // CermetHost
  llvm::StructType* error;  // CermetError
  llvm::FunctionType* kernel;
  llvm::FunctionType* entry;  // int32_t(const CermetHost*, void* const* buffers, void* workspace)
  llvm::FunctionType* iterations;    // int64_t(void* const* args, const int64_t* dims)
  llvm::FunctionType* parallel_for;  // CermetHost::parallel_for
  llvm::FunctionType* body;          // CermetBody
};

// Loads host->error or host->max_workers, or the error's code.
llvm::Value* LoadHostField(llvm::IRBuilder<>& builder, const AbiTypes& abi, llvm::Value* host,
                           HostField field);
llvm::Value* LoadErrorCode(llvm::IRBuilder<>& builder, const AbiTypes& abi, llvm::Value* host);

// The function void(CermetError*, int32_t code, int32_t check, int64_t index) that records a failed
// check: the lowest index wins, then the lowest check. Added to the module on first use; safe from
// many threads.
llvm::Function* CheckFailedFunction(llvm::Module* module, const AbiTypes& abi);

}  // namespace cermet::codegen

#endif  // CERMET_CODEGEN_ABI_H_
