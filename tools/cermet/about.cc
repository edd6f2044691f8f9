// What this build and this machine are: devices, version, ops.
#include <unistd.h>

#include <cstdio>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "codegen/machine.h"
#include "codegen/target.h"
#include "frontend/onnx/importer.h"
#include "ir/op.h"
#include "ir/status.h"
#include "tools/cermet/proc.h"
#include "tools/cermet/verbs.h"
#include "version.h"

namespace cermet::cli {
namespace {

absl::Status Devices(const Arguments&) {
  CERMET_ASSIGN_OR_RETURN(const Target host, codegen::HostTarget());
  std::printf("cpu\n");
  std::printf("  model      %s\n", ProcValue("/proc/cpuinfo", "model name").c_str());
  std::printf("  threads    %ld\n", sysconf(_SC_NPROCESSORS_ONLN));
  std::printf("  target     %s (%s)\n", host.cpu.c_str(), host.triple.c_str());
  std::printf("  vectors    %lld bytes, %lld registers\n",
              static_cast<long long>(host.vector_bytes),
              static_cast<long long>(host.vector_registers));
  std::printf("  caches     L1 %lld KiB, L2 %lld KiB\n",
              static_cast<long long>(host.l1_bytes / 1024),
              static_cast<long long>(host.l2_bytes / 1024));
  std::printf("  memory     %s, %s available\n", ProcValue("/proc/meminfo", "MemTotal").c_str(),
              ProcValue("/proc/meminfo", "MemAvailable").c_str());
  std::printf("reference\n  the evaluator: every op as it is defined, slowly\n");
  std::printf("cuda\n  not available: this build compiles PTX, and runs none\n");
  return absl::OkStatus();
}

absl::Status Version(const Arguments&) {
  std::printf("cermet %s\n", kVersion);
  std::printf("%s\n", codegen::CodeGeneratorVersion().c_str());
  std::printf("%s\n", ProcValue("/proc/cpuinfo", "model name").c_str());
  return absl::OkStatus();
}

absl::Status Ops(const Arguments& arguments) {
  std::string text;
  if (arguments.Has("--onnx")) {
    for (const OnnxOperator& op : OnnxOperators()) {
      const std::string newest = op.max_opset >= 1000 ? "" : absl::StrCat(op.max_opset);
      absl::StrAppend(&text, op.name, " ", op.min_opset, "..", newest, "\n");
    }
    return WriteResult(arguments, text);
  }
  for (const OpInfo& op : AllOps()) {
    const std::string operands = op.max_operands < 0 ? absl::StrCat(op.min_operands, "+")
                                 : op.min_operands == op.max_operands
                                     ? absl::StrCat(op.min_operands)
                                     : absl::StrCat(op.min_operands, "..", op.max_operands);
    std::string left = absl::StrCat(op.name, "(", operands, ")");
    if (left.size() < 26) left.resize(26, ' ');
    absl::StrAppend(&text, left, " ", op.doc, "\n");
    if (op.attrs.empty()) continue;
    absl::StrAppend(&text, std::string(27, ' '), "{",
                    absl::StrJoin(op.attrs, ", ",
                                  [](std::string* out, const AttrSpec& attr) {
                                    absl::StrAppend(out, attr.name, attr.optional ? "?" : "");
                                  }),
                    "}\n");
  }
  return WriteResult(arguments, text);
}

}  // namespace

Verb DevicesVerb() {
  return {"devices", "", "shows the devices that programs run on", "", {}, Devices};
}
Verb VersionVerb() {
  return {"version", "", "shows the versions of Cermet and LLVM, and the processor",
          "",        {}, Version};
}
Verb OpsVerb() {
  return {"ops",
          "",
          "lists the ops of the graph IR: operands, attributes and meaning",
          "",
          {{"--onnx", "",
            "lists the ONNX operators that can be imported, with the operator sets, instead"},
           {"-o", "OUT", "writes to a file", FlagKind::kOutput}},
          Ops};
}

}  // namespace cermet::cli
