// The table of environment variables, and the one call of getenv.
#include "ir/env.h"

#include <cstdlib>

namespace cermet {

const std::vector<EnvVarInfo>& AllEnvVars() {
  static const std::vector<EnvVarInfo>* const table = new std::vector<EnvVarInfo>{
      {EnvVar::kDump, "CERMET_DUMP",
       "Directory for numbered dumps of what each pass changed, by `cermet run` and `bench`."},
      {EnvVar::kDisable, "CERMET_DISABLE",
       "Passes and rules to leave out, separated by commas: `cse,simplify/add_zero`."},
      {EnvVar::kPassLimit, "CERMET_PASS_LIMIT",
       "After this many changes of the module, only passes that lowering needs run: for bisecting "
       "a "
       "wrong result."},
      {EnvVar::kTrace, "CERMET_TRACE", "File for a profile of `cermet run` (Chrome trace format)."},
      {EnvVar::kVerify, "CERMET_VERIFY",
       "`eval`: `cermet run` checks each kernel against the evaluator first."},
      {EnvVar::kCacheDir, "CERMET_CACHE_DIR",
       "Directory of the disk cache of compiled programs and their code; `off` turns the cache "
       "off."},
      {EnvVar::kXdgCacheHome, "XDG_CACHE_HOME",
       "Without CERMET_CACHE_DIR, the disk cache is the folder `cermet` in this directory."},
      {EnvVar::kHome, "HOME",
       "Without either, the disk cache is `.cache/cermet` in this directory."},
      {EnvVar::kThreads, "CERMET_THREADS",
       "Threads of `cermet run` and `bench` where --threads does not say."},
      {EnvVar::kBless, "CERMET_BLESS", "`1`: golden tests write what they got into their files."},
  };
  return *table;
}

std::string GetEnv(EnvVar variable) {
  const EnvVarInfo& info = AllEnvVars()[static_cast<size_t>(variable)];
  const char* value = std::getenv(std::string(info.name).c_str());
  return value == nullptr ? std::string() : std::string(value);
}

}  // namespace cermet
