#include "ir/mapped_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>

namespace cermet {
namespace {

using ::testing::HasSubstr;

std::string Write(const std::string& name, const std::string& text) {
  const std::string path = ::testing::TempDir() + "/mapped_file_" + name;
  std::ofstream(path, std::ios::binary | std::ios::trunc) << text;
  return path;
}

TEST(MappedFile, HoldsTheBytesOfTheFile) {
  const auto file = MappedFile::Open(Write("text", "some bytes"));
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_EQ(std::string((*file)->data(), (*file)->size()), "some bytes");
}

TEST(MappedFile, OutlivesTheFile) {
  const std::string path = Write("removed", "here");
  const auto file = MappedFile::Open(path);
  ASSERT_TRUE(file.ok()) << file.status();
  std::remove(path.c_str());
  EXPECT_EQ(std::string((*file)->data(), (*file)->size()), "here");
}

TEST(MappedFile, MayBeEmpty) {
  const auto file = MappedFile::Open(Write("empty", ""));
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_EQ((*file)->size(), 0);
  EXPECT_EQ((*file)->data(), nullptr);
}

TEST(MappedFile, ErrorsNameThePath) {
  EXPECT_THAT(std::string(MappedFile::Open("/no/such/file").status().message()),
              HasSubstr("/no/such/file: cannot open"));
  EXPECT_THAT(std::string(MappedFile::Open("/").status().message()),
              HasSubstr("/: cannot read: it is a folder"));
  EXPECT_THAT(std::string(MappedFile::Open("/dev/null").status().message()),
              HasSubstr("/dev/null: not a regular file"));
}

}  // namespace
}  // namespace cermet
