// What ran when: events written as a Chrome trace (chrome://tracing, Perfetto).
#ifndef CERMET_RUNTIME_PROFILE_H_
#define CERMET_RUNTIME_PROFILE_H_

#include <chrono>
#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace cermet::runtime {

// Collects timed events. Thread safe.
class Profile {
 public:
  using Clock = std::chrono::steady_clock;
  struct Event {
    std::string name;      // the user's nodes
    std::string category;  // launch, copy, pass, ...
    std::string detail;    // the kernel
    int64_t start_ns = 0;  // since the profile was made
    int64_t duration_ns = 0;
  };

  Profile() : origin_(Clock::now()) {}
  void Add(absl::string_view name, absl::string_view category, absl::string_view detail,
           Clock::time_point start, Clock::time_point end);
  std::vector<Event> events() const;
  // The trace's JSON, events by start.
  std::string ToJson() const;
  absl::Status WriteTo(const std::string& path) const;

 private:
  const Clock::time_point origin_;
  mutable std::mutex mutex_;
  std::vector<Event> events_;
};

}  // namespace cermet::runtime

#endif  // CERMET_RUNTIME_PROFILE_H_
