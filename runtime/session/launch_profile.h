// Times of the launches of native code, for profiles.
#ifndef CERMET_RUNTIME_SESSION_LAUNCH_PROFILE_H_
#define CERMET_RUNTIME_SESSION_LAUNCH_PROFILE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "ir/program/host_abi.h"
#include "ir/program/program.h"
#include "runtime/profile.h"

namespace cermet {

// Receives what code that was compiled with Hook reports, and adds it to a profile under the users'
// names of the nodes.
class LaunchProfile {
 public:
  // `profile` must outlive this; `program` is read only here.
  LaunchProfile(const program::Program& program, runtime::Profile* profile);

  // The hook to compile with (codegen::JitOptions::on_launch). Reports to the LaunchProfile whose
  // Scope the calling thread is in.
  static void Hook(const CermetHost* host, int32_t launch, int32_t end);
  // Around a run, on its thread; null: launches are not recorded.
  class Scope {
   public:
    explicit Scope(LaunchProfile* profile);
    ~Scope();
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;
  };

 private:
  struct Launch {
    std::string name, category, kernel;
  };
  runtime::Profile* const profile_;
  std::vector<Launch> launches_;
};

}  // namespace cermet

#endif  // CERMET_RUNTIME_SESSION_LAUNCH_PROFILE_H_
