// The trace format is an object with an array of complete events ("ph": "X") whose times are
// microseconds.
#include "runtime/profile.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "ir/output_file.h"

namespace cermet::runtime {
namespace {

std::string JsonString(absl::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      quoted += '\\';
      quoted += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      absl::StrAppendFormat(&quoted, "\\u%04x", static_cast<unsigned>(c));
    } else {
      quoted += c;
    }
  }
  return quoted + "\"";
}

}  // namespace

void Profile::Add(absl::string_view name, absl::string_view category, absl::string_view detail,
                  Clock::time_point start, Clock::time_point end) {
  const auto nanoseconds = [](Clock::duration duration) {
    return static_cast<int64_t>(
        std::chrono::duration_cast<std::chrono::nanoseconds>(duration).count());
  };
  const std::lock_guard<std::mutex> lock(mutex_);
  events_.push_back({std::string(name), std::string(category), std::string(detail),
                     nanoseconds(start - origin_), nanoseconds(end - start)});
}

std::vector<Profile::Event> Profile::events() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return events_;
}

std::string Profile::ToJson() const {
  std::vector<Event> sorted = events();
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const Event& a, const Event& b) { return a.start_ns < b.start_ns; });
  std::string json = "{\"traceEvents\": [";
  for (size_t i = 0; i < sorted.size(); ++i) {
    const Event& event = sorted[i];
    absl::StrAppendFormat(
        &json,
        "%s\n{\"ph\": \"X\", \"pid\": 0, \"tid\": 0, \"name\": %s, \"cat\": %s, \"ts\": %.3f, "
        "\"dur\": %.3f, \"args\": {\"detail\": %s}}",
        i > 0 ? "," : "", JsonString(event.name), JsonString(event.category),
        static_cast<double>(event.start_ns) / 1000, static_cast<double>(event.duration_ns) / 1000,
        JsonString(event.detail));
  }
  return json + "\n], \"displayTimeUnit\": \"ms\"}\n";
}

absl::Status Profile::WriteTo(const std::string& path) const { return WriteFile(path, {ToJson()}); }

}  // namespace cermet::runtime
