// Relative links between the pages of the documentation lead somewhere.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/match.h"

namespace cermet {
namespace {

namespace fs = std::filesystem;

// The targets of [text](target), without #fragments and web addresses.
std::vector<std::string> LinksOf(const fs::path& page) {
  std::ifstream in(page);
  const std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  std::vector<std::string> links;
  for (size_t at = text.find("]("); at != std::string::npos; at = text.find("](", at + 1)) {
    std::string target = text.substr(at + 2, text.find(')', at) - at - 2);
    target = target.substr(0, target.find('#'));
    if (!target.empty() && !absl::StrContains(target, "://")) links.push_back(target);
  }
  return links;
}

std::set<fs::path> Pages() {
  std::set<fs::path> pages = {"README.md", "CONTRIBUTING.md"};
  for (const auto& entry : fs::recursive_directory_iterator("docs")) {
    if (entry.path().extension() == ".md") pages.insert(entry.path());
  }
  return pages;
}

TEST(Links, LeadSomewhere) {
  for (const fs::path& page : Pages()) {
    for (const std::string& link : LinksOf(page)) {
      EXPECT_TRUE(fs::exists(page.parent_path() / link)) << page << " links to " << link;
    }
  }
}

}  // namespace
}  // namespace cermet
