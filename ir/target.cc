// The text of a target: all that code depends on, for cache keys and `cermet devices`.
#include "ir/target.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace cermet {

std::string Target::ToString() const {
  return absl::StrCat(kind == TargetKind::kCpu ? "cpu" : "cuda", " triple=", triple, " cpu=", cpu,
                      " vector_bytes=", vector_bytes, " vector_registers=", vector_registers,
                      " l1_bytes=", l1_bytes, " l2_bytes=", l2_bytes,
                      " threads_per_block=", threads_per_block,
                      " features=", absl::StrJoin(features, ","));
}

}  // namespace cermet
