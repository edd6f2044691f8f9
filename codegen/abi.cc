// The host ABI in LLVM types, and the recording of failed checks.
#include "codegen/abi.h"

namespace cermet::codegen {

using llvm::Value;

AbiTypes::AbiTypes(llvm::LLVMContext& context) {
  llvm::Type* const i32 = llvm::Type::getInt32Ty(context);
  llvm::Type* const i64 = llvm::Type::getInt64Ty(context);
  llvm::Type* const none = llvm::Type::getVoidTy(context);
  pointer = llvm::PointerType::get(context, 0);
  host = llvm::StructType::get(context, {pointer, pointer, i64, pointer});
  error = llvm::StructType::get(context, {i32, i32, i64, i32});
  kernel = llvm::FunctionType::get(none, {pointer, pointer, pointer, i64, i64, pointer}, false);
  entry = llvm::FunctionType::get(i32, {pointer, pointer, pointer}, false);
  iterations = llvm::FunctionType::get(i64, {pointer, pointer}, false);
  parallel_for = llvm::FunctionType::get(none, {pointer, i64, i64, pointer, pointer}, false);
  body = llvm::FunctionType::get(none, {pointer, i64, i64, i64}, false);
}

Value* LoadHostField(llvm::IRBuilder<>& b, const AbiTypes& abi, Value* host, HostField field) {
  return b.CreateLoad(abi.host->getElementType(field), b.CreateStructGEP(abi.host, host, field));
}

Value* LoadErrorCode(llvm::IRBuilder<>& b, const AbiTypes& abi, Value* host) {
  Value* const error = LoadHostField(b, abi, host, kHostError);
  return b.CreateLoad(b.getInt32Ty(), b.CreateStructGEP(abi.error, error, kErrorCode));
}

llvm::Function* CheckFailedFunction(llvm::Module* module, const AbiTypes& abi) {
  const char* const name = "cermet.check_failed";
  if (llvm::Function* const existing = module->getFunction(name)) return existing;
  llvm::LLVMContext& context = module->getContext();
  llvm::IRBuilder<> b(context);
  llvm::Function* const function = llvm::Function::Create(
      llvm::FunctionType::get(b.getVoidTy(),
                              {abi.pointer, b.getInt32Ty(), b.getInt32Ty(), b.getInt64Ty()}, false),
      llvm::GlobalValue::InternalLinkage, name, module);
  function->setDoesNotThrow();
  function->addFnAttr(llvm::Attribute::NoInline);
  function->addFnAttr(llvm::Attribute::Cold);
  Value* const error = function->getArg(0);
  Value* const code = function->getArg(1);
  Value* const check = function->getArg(2);
  Value* const index = function->getArg(3);
  auto block = [&](const char* label) {
    return llvm::BasicBlock::Create(context, label, function);
  };
  llvm::BasicBlock* const entry = block("entry");
  llvm::BasicBlock* const spin = block("spin");
  llvm::BasicBlock* const locked = block("locked");
  llvm::BasicBlock* const record = block("record");
  llvm::BasicBlock* const unlock = block("unlock");
  auto field = [&](ErrorField i) { return b.CreateStructGEP(abi.error, error, i); };

  b.SetInsertPoint(entry);
  b.CreateBr(spin);
  b.SetInsertPoint(spin);
  Value* const was = b.CreateAtomicRMW(llvm::AtomicRMWInst::Xchg, field(kErrorLock), b.getInt32(1),
                                       llvm::Align(4), llvm::AtomicOrdering::Acquire);
  b.CreateCondBr(b.CreateICmpEQ(was, b.getInt32(0)), locked, spin);

  b.SetInsertPoint(locked);
  Value* const old_code = b.CreateLoad(b.getInt32Ty(), field(kErrorCode));
  Value* const old_check = b.CreateLoad(b.getInt32Ty(), field(kErrorCheck));
  Value* const old_index = b.CreateLoad(b.getInt64Ty(), field(kErrorIndex));
  Value* const tie =
      b.CreateAnd(b.CreateICmpEQ(index, old_index), b.CreateICmpSLT(check, old_check));
  Value* const lower = b.CreateOr(b.CreateICmpSLT(index, old_index), tie);
  b.CreateCondBr(b.CreateOr(b.CreateICmpEQ(old_code, b.getInt32(0)), lower), record, unlock);

  b.SetInsertPoint(record);
  b.CreateStore(code, field(kErrorCode));
  b.CreateStore(check, field(kErrorCheck));
  b.CreateStore(index, field(kErrorIndex));
  b.CreateBr(unlock);

  b.SetInsertPoint(unlock);
  b.CreateAlignedStore(b.getInt32(0), field(kErrorLock), llvm::Align(4))
      ->setAtomic(llvm::AtomicOrdering::Release);
  b.CreateRetVoid();
  return function;
}

}  // namespace cermet::codegen
