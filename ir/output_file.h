// Writing files without losing what they held: all goes to a temporary next to the file, which then
// takes its name.
#ifndef CERMET_IR_OUTPUT_FILE_H_
#define CERMET_IR_OUTPUT_FILE_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace cermet {

// Contents that wait to take the place of a file. Until Commit the file is as it was, and after it
// whoever reads or maps the old contents keeps them. What is written may therefore come from the
// very file. A symbolic link stays and its target is replaced; permissions are kept.
class OutputFile {
 public:
  // The end of the names of temporaries, which a crash may leave behind.
  static constexpr absl::string_view kTemporarySuffix = ".new";

  // Writes `pieces`, one after the other. Devices and pipes, which have no contents to lose, get
  // them at once. Errors name the path and leave no temporary.
  static absl::StatusOr<OutputFile> Write(const std::string& path,
                                          absl::Span<const absl::string_view> pieces);
  OutputFile(OutputFile&& other) noexcept;
  OutputFile& operator=(OutputFile&&) = delete;
  ~OutputFile();  // without Commit the temporary is removed

  absl::Status Commit();

 private:
  OutputFile(std::string path, std::string temporary)
      : path_(std::move(path)), temporary_(std::move(temporary)) {}

  std::string path_;       // where symbolic links lead
  std::string temporary_;  // empty: nothing to rename
};

// Write and Commit.
absl::Status WriteFile(const std::string& path, absl::Span<const absl::string_view> pieces);

// Where the symbolic links of `path` lead, whether anything is there or not.
std::string FollowLinks(const std::string& path);

// True for what WriteFile does not replace: devices, pipes.
bool IsDeviceOrPipe(const std::string& path);

}  // namespace cermet

#endif  // CERMET_IR_OUTPUT_FILE_H_
