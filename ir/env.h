// The environment variables that Cermet reads: one table, and one getter.
//
// Libraries take options, never the environment: the command line, the session and the tests read
// the variables here and fill the options in.
#ifndef CERMET_IR_ENV_H_
#define CERMET_IR_ENV_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace cermet {

enum class EnvVar : uint8_t {
  kDump,
  kDisable,
  kPassLimit,
  kTrace,
  kVerify,
  kCacheDir,
  kXdgCacheHome,
  kHome,
  kThreads,
  kBless,
};

struct EnvVarInfo {
  EnvVar variable;
  absl::string_view name;
  absl::string_view doc;
};

// All rows, in the order of EnvVar.
const std::vector<EnvVarInfo>& AllEnvVars();

// The value of `variable`; empty when it is not set.
std::string GetEnv(EnvVar variable);

}  // namespace cermet

#endif  // CERMET_IR_ENV_H_
