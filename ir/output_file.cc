// The temporary lies in the folder of the file, since only inside a file system does a rename
// replace a file at once.
#include "ir/output_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <optional>
#include <system_error>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "ir/status.h"

namespace cermet {
namespace {

constexpr int kMostLinks = 40;  // as many as Linux follows
constexpr mode_t kNewFile = 0666;

absl::Status CannotWrite(absl::string_view path, int error) {
  return absl::UnavailableError(absl::StrCat(path, ": cannot write: ", std::strerror(error)));
}

// An open file of a process, such as /dev/stdout leads to: the name of a file it may be, or of none.
bool IsDescriptor(const std::string& path) {
  return absl::StartsWith(path, "/proc/") || absl::StartsWith(path, "/dev/fd/");
}

// The number of this process's descriptor that `path` is, if it is one.
std::optional<int> DescriptorOf(absl::string_view path) {
  if (!absl::ConsumePrefix(&path, "/proc/self/fd/") && !absl::ConsumePrefix(&path, "/dev/fd/"))
    return std::nullopt;
  int number;
  return absl::SimpleAtoi(path, &number) ? std::make_optional(number) : std::nullopt;
}

}  // namespace

std::string FollowLinks(const std::string& path) {
  std::filesystem::path followed = path;
  for (int i = 0; i < kMostLinks && !IsDescriptor(followed.string()); ++i) {
    std::error_code error;
    const std::filesystem::path target = std::filesystem::read_symlink(followed, error);
    if (error) break;
    followed = followed.parent_path() / target;  // which is `target` if that is absolute
  }
  return followed.string();
}

namespace {

// False if there is no file.
bool Stat(const std::string& path, struct stat* info) {
  *info = {};
  return stat(path.c_str(), info) == 0;
}

bool IsReplaced(const std::string& followed, const struct stat& info) {
  return S_ISREG(info.st_mode) && !IsDescriptor(followed);
}

// Makes a file that was not there: `path` with a number that no other thread or process uses.
int CreateTemporary(const std::string& path, std::string* name) {
  static std::atomic<int64_t> next_number{0};
  while (true) {
    *name = absl::StrCat(path, ".", getpid(), "-", next_number++, OutputFile::kTemporarySuffix);
    const int file = open(name->c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, kNewFile);
    if (file >= 0 || errno != EEXIST) return file;
  }
}

// These return 0 or the error's number.

int SetPermissions(int file, mode_t mode) {
  struct stat info = {};
  if (fstat(file, &info) == 0 && info.st_mode == mode) return 0;  // some file systems have but one
  return fchmod(file, mode & 07777) == 0 ? 0 : errno;
}

int WritePieces(int file, absl::Span<const absl::string_view> pieces) {
  for (absl::string_view piece : pieces) {
    while (!piece.empty()) {
      const ssize_t written = write(file, piece.data(), piece.size());
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) return errno;
      piece.remove_prefix(static_cast<size_t>(written));
    }
  }
  return 0;
}

// A device, a pipe or a descriptor. What standard output holds back goes first, and through a
// descriptor of this process goes on where that stands: opened anew, a file would be written from
// its beginning.
int OpenAsItIs(const std::string& followed) {
  std::fflush(stdout);
  if (const std::optional<int> descriptor = DescriptorOf(followed))
    return fcntl(*descriptor, F_DUPFD_CLOEXEC, 0);
  return open(followed.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC);
}

int WriteAndClose(int file, absl::Span<const absl::string_view> pieces) {
  const int error = WritePieces(file, pieces);
  // The last error of a full or remote disk may come here.
  if (close(file) != 0 && error == 0) return errno;
  return error;
}

}  // namespace

absl::StatusOr<OutputFile> OutputFile::Write(const std::string& path,
                                             absl::Span<const absl::string_view> pieces) {
  const std::string followed = FollowLinks(path);
  struct stat info;
  const bool exists = Stat(followed, &info);
  if (exists && !IsReplaced(followed, info)) {
    const int file = OpenAsItIs(followed);
    const int error = file < 0 ? errno : WriteAndClose(file, pieces);
    if (error != 0) return CannotWrite(path, error);
    return OutputFile(followed, "");
  }
  // A rename would also replace a file that is protected.
  if (exists && faccessat(AT_FDCWD, followed.c_str(), W_OK, AT_EACCESS) != 0 && errno != ENOENT) {
    return CannotWrite(path, errno);
  }
  std::string temporary;
  const int file = CreateTemporary(followed, &temporary);
  if (file < 0 && exists && errno == EACCES) {
    return absl::UnavailableError(
        absl::StrCat(path, ": cannot write: its folder takes no file that could replace it"));
  }
  if (file < 0) return CannotWrite(path, errno);
  OutputFile output(followed, std::move(temporary));
  const int denied = exists ? SetPermissions(file, info.st_mode) : 0;
  const int failed = WriteAndClose(file, pieces);
  if (denied != 0 || failed != 0) return CannotWrite(path, denied != 0 ? denied : failed);
  return output;
}

OutputFile::OutputFile(OutputFile&& other) noexcept
    : path_(std::move(other.path_)), temporary_(std::exchange(other.temporary_, "")) {}

OutputFile::~OutputFile() {
  if (!temporary_.empty()) unlink(temporary_.c_str());
}

absl::Status OutputFile::Commit() {
  if (temporary_.empty()) return absl::OkStatus();
  if (rename(temporary_.c_str(), path_.c_str()) != 0) return CannotWrite(path_, errno);
  temporary_.clear();
  return absl::OkStatus();
}

absl::Status WriteFile(const std::string& path, absl::Span<const absl::string_view> pieces) {
  CERMET_ASSIGN_OR_RETURN(OutputFile file, OutputFile::Write(path, pieces));
  return file.Commit();
}

bool IsDeviceOrPipe(const std::string& path) {
  const std::string followed = FollowLinks(path);
  struct stat info;
  return Stat(followed, &info) && !S_ISDIR(info.st_mode) && !IsReplaced(followed, info);
}

}  // namespace cermet
