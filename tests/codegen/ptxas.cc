// ptxas is on the path or where the CUDA toolkit puts it.
#include "tests/codegen/ptxas.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>

namespace cermet::testing {
namespace {

std::string PtxasPath() {
  if (access("/usr/local/cuda/bin/ptxas", X_OK) == 0) return "/usr/local/cuda/bin/ptxas";
  return std::system("command -v ptxas > /dev/null 2>&1") == 0 ? "ptxas" : "";
}

}  // namespace

void ExpectAssembles(const std::string& ptx, const std::vector<std::string>& architectures) {
  const std::string ptxas = PtxasPath();
  if (ptxas.empty()) GTEST_SKIP() << "there is no ptxas on the path or in /usr/local/cuda/bin";
  const std::string file = ::testing::TempDir() + "cermet_" + std::to_string(getpid()) + ".ptx";
  std::ofstream(file) << ptx;
  for (const std::string& architecture : architectures) {
    const std::string command = ptxas + " -arch=" + architecture + " " + file + " -o /dev/null";
    EXPECT_EQ(std::system(command.c_str()), 0) << architecture;
  }
  unlink(file.c_str());
}

}  // namespace cermet::testing
