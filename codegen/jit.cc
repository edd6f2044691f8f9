// A cold start emits the program as several LLVM modules, compiles them to objects side by side,
// and links the objects with JITLink; a warm start gets the objects from the cache and only links.
#include "codegen/jit.h"

#include <atomic>
#include <cstring>
#include <functional>
#include <optional>
#include <thread>

#include "absl/strings/str_cat.h"
#include "codegen/kernel_emitter.h"
#include "codegen/machine.h"
#include "codegen/program_emitter.h"
#include "ir/constant_store.h"
#include "ir/status.h"
#include "llvm/ExecutionEngine/Orc/AbsoluteSymbols.h"
#include "llvm/ExecutionEngine/Orc/Core.h"
#include "llvm/ExecutionEngine/Orc/ObjectLinkingLayer.h"
#include "llvm/ExecutionEngine/Orc/SelfExecutorProcessControl.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Target/TargetMachine.h"

namespace cermet::codegen {
namespace {

constexpr char kEntry[] = "cermet.entry";

absl::Status ToStatus(llvm::Error error) {
  return absl::InternalError("linking compiled code: " + llvm::toString(std::move(error)));
}

// What one thread needs to compile modules.
class ModuleCompiler {
 public:
  static absl::StatusOr<ModuleCompiler> Create(const Target& target) {
    CERMET_ASSIGN_OR_RETURN(std::unique_ptr<llvm::TargetMachine> machine,
                            CreateMachine(target, CodeUse::kJit));
    return ModuleCompiler(std::move(machine));
  }
  TargetTraits traits() const { return Traits(*machine_); }

  // An object of what `emit` puts into a new module.
  absl::StatusOr<std::string> Compile(const std::function<absl::Status(llvm::Module*)>& emit) {
    llvm::LLVMContext context;
    context.setDiscardValueNames(true);
    llvm::Module module("cermet", context);
    SetTarget(*machine_, &module);
    CERMET_RETURN_IF_ERROR(emit(&module));
    CERMET_RETURN_IF_ERROR(Optimize(machine_.get(), &module));
    return EmitMachineCode(machine_.get(), &module, FileKind::kObject);
  }

 private:
  explicit ModuleCompiler(std::unique_ptr<llvm::TargetMachine> machine)
      : machine_(std::move(machine)) {}
  std::unique_ptr<llvm::TargetMachine> machine_;
};

// The kernels of one module: [begin, end) of ProgramKernels::functions; the module of the entry
// function has none.
struct Batch {
  size_t begin = 0;
  size_t end = 0;
};

// Enough to keep threads busy to the end; independent of their number, so that the objects are too.
constexpr size_t kBatches = 32;

// Compiles the entry function and every kernel, one object per batch, on `threads` threads.
absl::StatusOr<std::vector<std::string>> CompileObjects(const program::Program& program,
                                                        const Target& target,
                                                        const JitOptions& options) {
  const int threads = std::max(1, options.threads);
  const ProgramKernels kernels = CollectKernels(program, /*internal=*/false);
  std::vector<Batch> batches = {Batch{}};
  const size_t count = kernels.functions.size();
  const size_t size = std::max<size_t>(1, count / kBatches);
  for (size_t i = 0; i < count; i += size) batches.push_back({i, std::min(i + size, count)});

  std::vector<std::string> objects(batches.size());
  std::vector<absl::Status> statuses(batches.size());
  std::atomic<size_t> next = 0;
  auto work = [&] {
    absl::StatusOr<ModuleCompiler> compiler = ModuleCompiler::Create(target);
    for (size_t i = next++; i < batches.size(); i = next++) {
      if (!compiler.ok()) {
        statuses[i] = compiler.status();
        continue;
      }
      absl::StatusOr<std::string> object = compiler->Compile([&](llvm::Module* module) {
        const TargetTraits traits = compiler->traits();
        if (i == 0) {
          EmitEntry(program, kernels, kEntry, traits, module, options.on_launch != nullptr);
        }
        for (size_t k = batches[i].begin; k < batches[i].end; ++k) {
          CERMET_RETURN_IF_ERROR(EmitKernel(kernels.functions[k], traits, module));
        }
        return absl::OkStatus();
      });
      statuses[i] = object.status();
      if (object.ok()) objects[i] = *std::move(object);
    }
  };
  std::vector<std::thread> pool;
  for (int i = 1; i < std::min<int>(threads, static_cast<int>(batches.size())); ++i) {
    pool.emplace_back(work);
  }
  work();
  for (std::thread& thread : pool) thread.join();
  for (const absl::Status& status : statuses) CERMET_RETURN_IF_ERROR(status);
  return objects;
}

// Linked code. JITLink owns the memory, the session owns JITLink.
class JitCode : public program::NativeCode {
 public:
  JitCode(std::unique_ptr<llvm::orc::ExecutionSession> session,
          std::unique_ptr<llvm::orc::ObjectLinkingLayer> layer)
      : session_(std::move(session)), layer_(std::move(layer)) {}
  ~JitCode() override {
    if (llvm::Error error = session_->endSession()) llvm::consumeError(std::move(error));
  }
  program::EntryFunction entry() const override { return entry_; }
  int64_t code_bytes() const override { return code_bytes_; }

  absl::Status Link(const std::vector<std::string>& objects, LaunchHook on_launch) {
    using namespace llvm::orc;  // NOLINT: a dozen names
    JITDylib& library = session_->createBareJITDylib("program");
    auto exported = [](auto* function) {
      return ExecutorSymbolDef(ExecutorAddr::fromPtr(function), llvm::JITSymbolFlags::Exported);
    };
    SymbolMap symbols;
    symbols[session_->intern("memcpy")] = exported(&memcpy);
    symbols[session_->intern("memmove")] = exported(&memmove);
    symbols[session_->intern("memset")] = exported(&memset);
    if (on_launch != nullptr) symbols[session_->intern(kLaunchHook)] = exported(on_launch);
    if (llvm::Error error = library.define(absoluteSymbols(std::move(symbols)))) {
      return ToStatus(std::move(error));
    }
    for (const std::string& object : objects) {
      code_bytes_ += static_cast<int64_t>(object.size());
      auto buffer = llvm::MemoryBuffer::getMemBufferCopy(object, "kernels");
      if (llvm::Error error = layer_->add(library, std::move(buffer)))
        return ToStatus(std::move(error));
    }
    llvm::Expected<ExecutorSymbolDef> entry = session_->lookup({&library}, kEntry);
    if (!entry) return ToStatus(entry.takeError());
    entry_ = entry->getAddress().toPtr<program::EntryFunction>();
    return absl::OkStatus();
  }

 private:
  std::unique_ptr<llvm::orc::ExecutionSession> session_;
  std::unique_ptr<llvm::orc::ObjectLinkingLayer> layer_;
  program::EntryFunction entry_ = nullptr;
  int64_t code_bytes_ = 0;
};

absl::StatusOr<std::unique_ptr<program::NativeCode>> Link(const std::vector<std::string>& objects,
                                                          LaunchHook on_launch) {
  auto control = llvm::orc::SelfExecutorProcessControl::Create(
      nullptr, std::make_unique<llvm::orc::InPlaceTaskDispatcher>());
  if (!control) return ToStatus(control.takeError());
  auto session = std::make_unique<llvm::orc::ExecutionSession>(std::move(*control));
  session->setErrorReporter([](llvm::Error error) { llvm::consumeError(std::move(error)); });
  auto layer = std::make_unique<llvm::orc::ObjectLinkingLayer>(*session);
  auto code = std::make_unique<JitCode>(std::move(session), std::move(layer));
  CERMET_RETURN_IF_ERROR(code->Link(objects, on_launch));
  return code;
}

// A cache entry: a magic word, the number of objects, and each object's size and bytes, in the
// machine's byte order.
constexpr char kMagic[] = "cermet objects 1";

std::string Pack(const std::vector<std::string>& objects) {
  std::string bytes(kMagic, sizeof(kMagic));
  auto put = [&](uint64_t value) {
    bytes.append(reinterpret_cast<const char*>(&value), sizeof(value));
  };
  put(objects.size());
  for (const std::string& object : objects) {
    put(object.size());
    bytes += object;
  }
  return bytes;
}

std::optional<std::vector<std::string>> Unpack(const std::string& bytes) {
  size_t at = sizeof(kMagic);
  if (bytes.size() < at || bytes.compare(0, at, kMagic, at) != 0) return std::nullopt;
  auto get = [&]() -> uint64_t {
    uint64_t value = UINT64_MAX;
    if (bytes.size() - at < sizeof(value)) return value;
    std::memcpy(&value, bytes.data() + at, sizeof(value));
    at += sizeof(value);
    return value;
  };
  std::vector<std::string> objects;
  const uint64_t count = get();
  for (uint64_t i = 0; i < count; ++i) {
    const uint64_t size = get();
    if (size > bytes.size() - at) return std::nullopt;
    objects.push_back(bytes.substr(at, size));
    at += size;
  }
  return at == bytes.size() ? std::make_optional(std::move(objects)) : std::nullopt;
}

void AppendLaunches(const program::CommandList& commands,
                    std::vector<const program::Command*>* launches) {
  for (const program::Command& command : commands) {
    const bool is_leaf = command.bodies.empty();
    if (is_leaf) launches->push_back(&command);
    for (const program::CommandList& body : command.bodies) AppendLaunches(body, launches);
  }
}

}  // namespace

std::vector<const program::Command*> Launches(const program::Program& program) {
  std::vector<const program::Command*> launches;
  AppendLaunches(program.commands, &launches);
  return launches;
}

std::string CodeCacheKey(absl::string_view program_text, const Target& target) {
  return CacheKey(absl::StrCat("objects\n", program_text, "\n", target.ToString()));
}

absl::StatusOr<std::unique_ptr<program::NativeCode>> JitCompile(const program::Program& program,
                                                                const Target& target,
                                                                const JitOptions& options) {
  std::string key;
  if (options.cache != nullptr) {
    key = CodeCacheKey(
        options.program_text.empty() ? program::Print(program) : options.program_text, target);
    if (options.on_launch != nullptr) key += "observed";
    if (const std::optional<std::string> bytes = options.cache->Find(key)) {
      if (const std::optional<std::vector<std::string>> objects = Unpack(*bytes)) {
        // What does not link is a miss.
        absl::StatusOr<std::unique_ptr<program::NativeCode>> code =
            Link(*objects, options.on_launch);
        if (code.ok()) return code;
      }
    }
  }
  CERMET_ASSIGN_OR_RETURN(const std::vector<std::string> objects,
                          CompileObjects(program, target, options));
  if (options.cache != nullptr) options.cache->Store(key, Pack(objects));
  return Link(objects, options.on_launch);
}

}  // namespace cermet::codegen
