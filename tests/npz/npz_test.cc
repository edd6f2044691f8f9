// .npy and .npz: what numpy writes is read back to the bit, and damaged files are refused with a
// message.

#include "tools/npz/npz.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "absl/strings/str_cat.h"
#include "tools/npz/npy.h"

namespace cermet::npz {
namespace {

using ::testing::HasSubstr;

// A version 1 file with this header and these element bytes.
std::string Npy(absl::string_view header, absl::string_view elements) {
  std::string bytes("\x93NUMPY\x01\x00", 8);
  bytes.push_back(static_cast<char>(header.size() & 0xff));
  bytes.push_back(static_cast<char>(header.size() >> 8));
  return absl::StrCat(bytes, header, elements);
}

std::string TempPath(absl::string_view name) {
  return absl::StrCat(::testing::TempDir(), "/cermet_", name);
}

std::string FileBytes(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return std::string((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
}

void WriteBytes(const std::string& path, absl::string_view bytes) {
  std::ofstream(path, std::ios::binary)
      .write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

TEST(Npy, RoundTripsEveryDTypeAndRank) {
  for (int i = 0; i < kNumDTypes; ++i) {
    DType dtype = static_cast<DType>(i);
    if (dtype == DType::kToken) continue;
    for (const std::vector<int64_t>& shape :
         {std::vector<int64_t>{}, std::vector<int64_t>{3}, std::vector<int64_t>{0, 2},
          std::vector<int64_t>{2, 1, 3}}) {
      Literal value(dtype, shape);
      for (int64_t j = 0; j < value.byte_size(); ++j) {
        static_cast<uint8_t*>(value.data())[j] = dtype == DType::kBool ? j % 2 : 17 * j + 3;
      }
      std::string bytes = FormatNpy(value);
      EXPECT_EQ((bytes.size() - value.byte_size()) % 64, 0);
      absl::StatusOr<Literal> back = ParseNpy(bytes);
      ASSERT_TRUE(back.ok()) << back.status();
      EXPECT_TRUE(*back == value) << Name(dtype);
    }
  }
}

TEST(Npy, ReadsBigEndianAndColumnMajor) {
  absl::StatusOr<Literal> value =
      ParseNpy(Npy("{'descr': '>i2', 'fortran_order': True, 'shape': (2, 3), }\n",
                   absl::string_view("\0\1\0\4\0\2\0\5\0\3\0\6", 12)));
  ASSERT_TRUE(value.ok()) << value.status();
  EXPECT_TRUE(*value == Literal::FromValues<int16_t>({2, 3}, {1, 2, 3, 4, 5, 6}));
}

TEST(Npy, RefusesDamage) {
  struct Case {
    std::string bytes;
    const char* message;
  };
  const std::string good = Npy("{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }", "abcd");
  for (const Case& c : {
           Case{"", "does not start with"},
           Case{"PK\x03\x04 something else", "does not start with"},
           Case{good.substr(0, 9), "does not start with"},
           Case{good.substr(0, 30), "truncated"},
           Case{good.substr(0, good.size() - 1), "needs 4 bytes, the file holds 3"},
           Case{good + "x", "needs 4 bytes, the file holds 5"},
           Case{Npy("{'descr': '<c8', 'fortran_order': False, 'shape': (), }", "12345678"),
                "'<c8' is not supported"},
           Case{Npy("{'descr': '', 'fortran_order': False, 'shape': (), }", ""),
                "'' is not supported"},
           Case{Npy("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (), }", "1234"),
                "structures"},
           Case{Npy("{'descr': '<f4', 'shape': (), }", "1234"), "lacks"},
           Case{Npy("{'descr': '<f4', 'fortran_order': False, 'shape': (-1,), }", "1234"),
                "malformed"},
           Case{Npy("{'descr': '<f4', 'fortran_order': False, 'shape': (1", "1234"), "malformed"},
           Case{Npy("{'descr': '<f4", "1234"), "malformed"},
           Case{Npy("{'descr': '<f4', 'fortran_order': False, 'shape': (4611686018427387904, 4), }",
                    "1234"),
                "larger than memory"},
       }) {
    absl::StatusOr<Literal> value = ParseNpy(c.bytes);
    ASSERT_FALSE(value.ok()) << c.message;
    EXPECT_THAT(std::string(value.status().message()), HasSubstr(c.message));
  }
}

TEST(Npz, RoundTripsInOrderAndWithEqualBytes) {
  std::vector<NamedArray> arrays;
  arrays.push_back({"in_x", Literal::FromValues<float>({2, 2}, {1, 2, 3, 4})});
  arrays.push_back({"a/b:0", Literal::Scalar<int64_t>(7)});
  arrays.push_back({"empty", Literal(DType::kF64, {0, 3})});
  std::string path = TempPath("round_trip.npz");
  ASSERT_TRUE(WriteNpz(path, arrays).ok());
  std::string first = FileBytes(path);
  absl::StatusOr<std::vector<NamedArray>> back = ReadNpz(path);
  ASSERT_TRUE(back.ok()) << back.status();
  ASSERT_EQ(back->size(), arrays.size());
  for (size_t i = 0; i < arrays.size(); ++i) {
    EXPECT_EQ((*back)[i].name, arrays[i].name);
    EXPECT_TRUE((*back)[i].value == arrays[i].value);
  }
  ASSERT_TRUE(WriteNpz(path, arrays).ok());
  EXPECT_EQ(FileBytes(path), first);
}

TEST(Npz, AnArchiveWithoutArraysIsAFileToo) {
  const std::string path = TempPath("empty.npz");
  ASSERT_TRUE(WriteNpz(path, {{"x", Literal::Scalar(1.0f)}}).ok());
  ASSERT_TRUE(WriteNpz(path, {}).ok());
  const absl::StatusOr<std::vector<NamedArray>> arrays = ReadNpz(path);
  ASSERT_TRUE(arrays.ok()) << arrays.status();
  EXPECT_TRUE(arrays->empty());
}

TEST(Npz, WritesToWhatItCannotReplace) {
  EXPECT_TRUE(WriteNpz("/dev/null", {{"x", Literal::Scalar(1.0f)}}).ok());
  EXPECT_EQ(WriteNpz("/dev/full", {{"x", Literal::Scalar(1.0f)}}).message(),
            "/dev/full: cannot write: No space left on device");
  const std::string path = TempPath("target.npz"), link = TempPath("link.npz");
  std::filesystem::remove(link);
  std::filesystem::create_symlink(path, link);
  ASSERT_TRUE(WriteNpz(link, {{"x", Literal::Scalar(1.0f)}}).ok());
  EXPECT_TRUE(std::filesystem::is_symlink(link));
  EXPECT_TRUE(ReadNpz(path).ok());
}

// A folder can be opened, not read.
TEST(Npz, RefusesFolders) {
  const std::string folder = ::testing::TempDir();
  EXPECT_THAT(std::string(ReadNpz(folder).status().message()), HasSubstr("it is a folder"));
  EXPECT_THAT(std::string(ReadNpy(folder).status().message()), HasSubstr("it is a folder"));
}

TEST(Npz, ReadsWhatNumpyWrote) {
  absl::StatusOr<std::vector<NamedArray>> arrays = ReadNpz("tools/demo_network/case.npz");
  ASSERT_TRUE(arrays.ok()) << arrays.status();
  ASSERT_EQ(arrays->size(), 2);
  EXPECT_EQ((*arrays)[0].name, "in_image");
  EXPECT_THAT((*arrays)[0].value.shape(), ::testing::ElementsAre(48, 1, 8, 8));
  EXPECT_EQ((*arrays)[1].name, "out_probabilities");
  EXPECT_EQ((*arrays)[1].value.dtype(), DType::kF32);
}

TEST(Npz, RefusesAMissingFile) {
  absl::Status status = ReadNpz("no/such/file.npz").status();
  EXPECT_TRUE(absl::IsNotFound(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("no/such/file.npz"));
}

// Every truncation and many single-byte changes: an error or a value, never a crash.
TEST(Npz, SurvivesDamage) {
  std::string path = TempPath("damage.npz");
  std::vector<NamedArray> arrays;
  arrays.push_back({"x", Literal::FromValues<float>({2}, {1, 2})});
  ASSERT_TRUE(WriteNpz(path, arrays).ok());
  const std::string good = FileBytes(path);
  for (size_t size = 0; size < good.size(); ++size) {
    WriteBytes(path, good.substr(0, size));
    EXPECT_FALSE(ReadNpz(path).ok()) << "cut at " << size;
  }
  for (size_t at = 0; at < good.size(); ++at) {
    std::string bad = good;
    bad[at] = static_cast<char>(bad[at] ^ 0xff);
    WriteBytes(path, bad);
    ReadNpz(path).IgnoreError();
  }
}

}  // namespace
}  // namespace cermet::npz
