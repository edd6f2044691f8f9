// A folder for the files of one test.
#ifndef CERMET_TESTS_SUPPORT_TEMPORARY_FOLDER_H_
#define CERMET_TESTS_SUPPORT_TEMPORARY_FOLDER_H_

#include <filesystem>
#include <string>

namespace cermet::testing {

// New and empty, in the directory that GoogleTest names; removed with all that is in it.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }
  std::string operator/(const std::string& name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

}  // namespace cermet::testing

#endif  // CERMET_TESTS_SUPPORT_TEMPORARY_FOLDER_H_
