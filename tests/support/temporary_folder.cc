// A name that the system finds free.
#include "tests/support/temporary_folder.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <system_error>

namespace cermet::testing {

TemporaryFolder::TemporaryFolder() {
  std::string name = ::testing::TempDir() + "/cermet_XXXXXX";  // the pattern that mkdtemp fills in
  const char* const made = mkdtemp(name.data());
  EXPECT_NE(made, nullptr) << "no folder can be made in " << ::testing::TempDir();
  path_ = name;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace cermet::testing
