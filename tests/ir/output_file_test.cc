#include "ir/output_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "tests/support/temporary_folder.h"

namespace cermet {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;

class OutputFileTest : public ::testing::Test {
 protected:
  static std::string Read(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  std::vector<std::string> Names() const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(folder_))
      names.push_back(entry.path().filename());
    return names;
  }
  static mode_t Mode(const std::string& path) {
    struct stat info = {};
    stat(path.c_str(), &info);
    return info.st_mode & 07777;
  }

  const testing::TemporaryFolder temporary_;
  const std::string folder_ = temporary_.path(), path_ = temporary_ / "file";
};

TEST_F(OutputFileTest, HoldsThePieces) {
  ASSERT_TRUE(WriteFile(path_, {"one", "", "two"}).ok());
  EXPECT_EQ(Read(path_), "onetwo");
  ASSERT_TRUE(WriteFile(path_, {}).ok());
  EXPECT_EQ(Read(path_), "");
  EXPECT_THAT(Names(), ElementsAre("file"));
}

TEST_F(OutputFileTest, NothingChangesBeforeCommit) {
  ASSERT_TRUE(WriteFile(path_, {"old"}).ok());
  {
    const absl::StatusOr<OutputFile> file = OutputFile::Write(path_, {"new"});
    ASSERT_TRUE(file.ok()) << file.status();
    EXPECT_EQ(Read(path_), "old");
  }
  EXPECT_EQ(Read(path_), "old");
  EXPECT_THAT(Names(), ElementsAre("file"));
  absl::StatusOr<OutputFile> file = OutputFile::Write(path_, {"new"});
  ASSERT_TRUE(file.ok()) << file.status();
  ASSERT_TRUE(file->Commit().ok());
  EXPECT_EQ(Read(path_), "new");
}

TEST_F(OutputFileTest, LinksStayAndPermissionsToo) {
  ASSERT_TRUE(WriteFile(path_, {"old"}).ok());
  chmod(path_.c_str(), 0640);
  fs::create_symlink("file", folder_ + "/link");
  fs::create_symlink(folder_ + "/link", folder_ + "/link_to_link");
  ASSERT_TRUE(WriteFile(folder_ + "/link_to_link", {"new"}).ok());
  EXPECT_EQ(Read(path_), "new");
  EXPECT_EQ(Mode(path_), 0640);
  EXPECT_TRUE(fs::is_symlink(folder_ + "/link"));
  fs::create_symlink("not_yet", folder_ + "/dangling");
  ASSERT_TRUE(WriteFile(folder_ + "/dangling", {"made"}).ok());
  EXPECT_EQ(Read(folder_ + "/not_yet"), "made");
}

TEST_F(OutputFileTest, NewFilesHaveThePermissionsOfTheUser) {
  const mode_t mask = umask(027);
  ASSERT_TRUE(WriteFile(path_, {"x"}).ok());
  umask(mask);
  EXPECT_EQ(Mode(path_), 0640);
}

TEST_F(OutputFileTest, DevicesAndPipesAreNotReplaced) {
  EXPECT_FALSE(IsDeviceOrPipe(path_));
  EXPECT_FALSE(IsDeviceOrPipe(folder_));
  EXPECT_TRUE(IsDeviceOrPipe("/dev/null"));
  ASSERT_TRUE(WriteFile("/dev/null", {"x"}).ok());
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const std::string path = "/dev/fd/" + std::to_string(ends[1]);
  EXPECT_TRUE(IsDeviceOrPipe(path));
  ASSERT_TRUE(WriteFile(path, {"some", "text"}).ok());
  char read_back[8];
  EXPECT_EQ(read(ends[0], read_back, 8), 8);
  EXPECT_EQ(std::string(read_back, 8), "sometext");
  close(ends[0]);
  close(ends[1]);
}

TEST_F(OutputFileTest, ErrorsNameThePathAndLeaveNothing) {
  EXPECT_EQ(WriteFile("/dev/full", {"x"}).message(),
            "/dev/full: cannot write: No space left on device");
  EXPECT_EQ(WriteFile(folder_, {"x"}).message(), folder_ + ": cannot write: Is a directory");
  const std::string nowhere = folder_ + "/no/file";
  EXPECT_EQ(WriteFile(nowhere, {"x"}).message(),
            nowhere + ": cannot write: No such file or directory");
  EXPECT_TRUE(Names().empty());
}

// Whom permissions hold for: root becomes nobody.
class Unprivileged {
 public:
  Unprivileged() : user_(geteuid()) {
    if (user_ == 0) EXPECT_EQ(seteuid(65534), 0);
  }
  ~Unprivileged() { EXPECT_EQ(seteuid(user_), 0); }

 private:
  const uid_t user_;
};

TEST_F(OutputFileTest, ProtectedFilesStay) {
  ASSERT_TRUE(WriteFile(path_, {"old"}).ok());
  chmod(folder_.c_str(), 0777);
  chmod(path_.c_str(), 0444);
  const Unprivileged user;
  EXPECT_EQ(WriteFile(path_, {"new"}).message(), path_ + ": cannot write: Permission denied");
  EXPECT_EQ(Read(path_), "old");
}

TEST_F(OutputFileTest, AProtectedFolderSaysSo) {
  ASSERT_TRUE(WriteFile(path_, {"old"}).ok());
  chmod(folder_.c_str(), 0555);
  chmod(path_.c_str(), 0666);
  {
    const Unprivileged user;
    EXPECT_EQ(WriteFile(path_, {"new"}).message(),
              path_ + ": cannot write: its folder takes no file that could replace it");
    EXPECT_EQ(Read(path_), "old");
  }
  chmod(folder_.c_str(), 0777);
}

}  // namespace
}  // namespace cermet
