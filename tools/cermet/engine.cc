// The engines behind --device.
#include "tools/cermet/engine.h"

#include "absl/strings/str_cat.h"
#include "codegen/target.h"
#include "ir/env.h"
#include "ir/evaluator/evaluator.h"
#include "ir/status.h"
#include "runtime/executor.h"
#include "runtime/literal_arguments.h"
#include "runtime/session/compiled_module.h"
#include "runtime/session/disk_code_cache.h"
#include "runtime/session/verify_kernels.h"
#include "runtime/thread_pool.h"
#include "tools/cermet/case.h"
#include "tools/cermet/verbs.h"

namespace cermet::cli {
namespace {

class ReferenceEngine : public Engine {
 public:
  explicit ReferenceEngine(std::unique_ptr<Module> module) : module_(std::move(module)) {}
  absl::StatusOr<std::vector<Literal>> Run(const std::vector<Literal>& inputs) override {
    inputs_ = &inputs;
    return Evaluate(*module_, *module_->entry(), inputs);
  }
  absl::Status RunAgain() override {
    return Evaluate(*module_, *module_->entry(), *inputs_).status();
  }
  int64_t planned_bytes() const override { return 0; }
  int64_t peak_bytes() const override { return 0; }

 private:
  std::unique_ptr<Module> module_;
  const std::vector<Literal>* inputs_ = nullptr;
};

class CpuEngine : public Engine {
 public:
  explicit CpuEngine(const EngineOptions& options)
      : pool_(options.threads),
        code_cache_(options.use_cache ? OpenDiskCodeCache() : nullptr),
        verify_(options.verify) {}

  absl::Status Init(std::unique_ptr<Module> module, const CompileOptions& compile, CompileLog* log,
                    runtime::Profile* profile) {
    ModuleOptions options;
    options.compile = compile;
    options.compile_threads = static_cast<int>(pool_.max_workers());
    options.code_cache = code_cache_.get();
    options.profile = profile;
    options.executor.threads = pool_.threads();
    options_ = options;
    options_.profile = nullptr;
    options_.compile.passes.dumps = nullptr;  // which the caller owns, for this compilation
    CERMET_ASSIGN_OR_RETURN(module_, CompiledModule::Create(std::move(module), options, log));
    CERMET_ASSIGN_OR_RETURN(execution_, executor().NewExecution());
    return absl::OkStatus();
  }

  // Donated inputs are updated in place, so runs get copies.
  absl::StatusOr<std::vector<Literal>> Run(const std::vector<Literal>& inputs) override {
    if (verify_) CERMET_RETURN_IF_ERROR(VerifyKernels(module_->module(), inputs, options_));
    inputs_ = inputs;
    CERMET_ASSIGN_OR_RETURN(arguments_,
                            runtime::LiteralArguments::Create(executor().program(), &inputs_,
                                                              runtime::StateUpdates::kCopied));
    CERMET_RETURN_IF_ERROR(RunAgain());
    return arguments_.results();
  }
  absl::Status RunAgain() override {
    const LaunchProfile::Scope scope(module_->launches());
    return execution_->Run(arguments_.inputs(), arguments_.outputs());
  }
  int64_t planned_bytes() const override {
    return executor().PlannedBytes(arguments_.dims()).value_or(0);
  }
  int64_t peak_bytes() const override { return execution_->memory().peak_in_use_bytes; }

 private:
  runtime::Executor& executor() const { return module_->executor(); }

  runtime::ThreadPool pool_;
  std::unique_ptr<codegen::CodeCache> code_cache_;  // may be null
  bool verify_;
  ModuleOptions options_;
  std::unique_ptr<CompiledModule> module_;
  std::unique_ptr<runtime::Execution> execution_;
  std::vector<Literal> inputs_;
  runtime::LiteralArguments arguments_;
};

// The value of --threads, else of CERMET_THREADS, else 1.
absl::StatusOr<int64_t> ReadThreads(const Arguments& arguments) {
  constexpr int64_t kMostThreads = 1024;
  int64_t otherwise = 1;
  if (const std::string text = GetEnv(EnvVar::kThreads); !text.empty()) {
    CERMET_ASSIGN_OR_RETURN(otherwise, ParseInt("CERMET_THREADS", text, 1, kMostThreads));
  }
  return arguments.Int("--threads", otherwise, 1, kMostThreads);
}

}  // namespace

std::vector<Flag> EngineFlags() {
  return {
      {"--device", "cpu|cuda|reference",
       "what runs the model; reference: the evaluator, on one thread (default: cpu)"},
      {"--threads", "N", "threads of the run, 1 to 1024 (default: $CERMET_THREADS, else 1)"},
      {"--no-cache", "", "compiles anew, and leaves the disk cache alone (see CERMET_CACHE_DIR)"}};
}

Conflict ReferenceConflict(std::vector<absl::string_view> more) {
  more.push_back("--no-cache");
  for (absl::string_view name : NamesOf(CompileFlags())) more.push_back(name);
  return {std::move(more), "--device", "reference", "the evaluator compiles and launches nothing"};
}

absl::StatusOr<EngineOptions> ReadEngineOptions(const Arguments& arguments) {
  EngineOptions options;
  CERMET_ASSIGN_OR_RETURN(options.device,
                          arguments.Choice("--device", {"cpu", "cuda", "reference"}));
  CERMET_ASSIGN_OR_RETURN(options.threads, ReadThreads(arguments));
  if (options.device == "reference") options.threads = 1;
  options.use_cache = !arguments.Has("--no-cache");
  const std::string verify = GetEnv(EnvVar::kVerify);
  if (!verify.empty() && verify != "eval")
    return UsageError(absl::StrCat("CERMET_VERIFY needs eval, not \"", verify, "\""));
  options.verify = !verify.empty();
  if (options.device == "reference" && (options.verify || !GetEnv(EnvVar::kDump).empty()))
    return UsageError(
        "CERMET_VERIFY and CERMET_DUMP are for what the compiler makes, not for --device "
        "reference");
  CERMET_ASSIGN_OR_RETURN(const Target host, codegen::HostTarget());
  CERMET_ASSIGN_OR_RETURN(options.compile, ReadCompileOptions(arguments, host));
  return options;
}

absl::StatusOr<std::unique_ptr<Engine>> MakeEngine(const EngineOptions& options,
                                                   std::unique_ptr<Module> module, CompileLog* log,
                                                   runtime::Profile* profile) {
  if (options.device == "cuda")
    return absl::UnimplementedError(
        "device cuda: this build compiles PTX, and runs none; use --device cpu");
  if (options.device == "reference")
    return std::unique_ptr<Engine>(new ReferenceEngine(std::move(module)));
  DumpDirectory dumps(GetEnv(EnvVar::kDump));
  CompileOptions compile = options.compile;
  compile.passes.dumps = &dumps;
  auto engine = std::make_unique<CpuEngine>(options);
  CERMET_RETURN_IF_ERROR(engine->Init(std::move(module), compile, log, profile));
  return std::unique_ptr<Engine>(std::move(engine));
}

}  // namespace cermet::cli
