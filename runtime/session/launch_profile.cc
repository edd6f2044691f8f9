// The hook has no context of its own, so a thread remembers whose run it is in.
#include "runtime/session/launch_profile.h"

#include "codegen/jit.h"
#include "ir/status.h"

namespace cermet {
namespace {

struct ThreadState {
  LaunchProfile* profile = nullptr;
  runtime::Profile::Clock::time_point start;
};

ThreadState& State() {
  thread_local ThreadState state;
  return state;
}

absl::string_view Category(program::CommandKind kind) {
  switch (kind) {
    case program::CommandKind::kLaunch:
      return "launch";
    case program::CommandKind::kCopy:
      return "copy";
    case program::CommandKind::kPack:
      return "pack";
    case program::CommandKind::kIf:
      return "if";
    case program::CommandKind::kWhile:
      return "while";
  }
  CERMET_UNREACHABLE();
}

}  // namespace

LaunchProfile::LaunchProfile(const program::Program& program, runtime::Profile* profile)
    : profile_(profile) {
  for (const program::Command* command : codegen::Launches(program)) {
    Launch launch;
    launch.category = std::string(Category(command->kind));
    if (command->kernel >= 0) launch.kernel = program.kernels[command->kernel].name;
    launch.name = command->location.NamesToString();
    if (launch.name.empty()) launch.name = launch.kernel.empty() ? launch.category : launch.kernel;
    launches_.push_back(std::move(launch));
  }
}

void LaunchProfile::Hook(const CermetHost*, int32_t launch, int32_t end) {
  ThreadState& state = State();
  if (state.profile == nullptr) return;
  const runtime::Profile::Clock::time_point now = runtime::Profile::Clock::now();
  if (end == 0) {
    state.start = now;
    return;
  }
  const Launch& row = state.profile->launches_[launch];
  state.profile->profile_->Add(row.name, row.category, row.kernel, state.start, now);
}

LaunchProfile::Scope::Scope(LaunchProfile* profile) { State().profile = profile; }
LaunchProfile::Scope::~Scope() { State().profile = nullptr; }

}  // namespace cermet
