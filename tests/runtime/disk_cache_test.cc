// The disk cache: what it keeps, what it refuses, what it evicts.
#include "runtime/disk_cache.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <thread>
#include <vector>

#include "tests/support/temporary_folder.h"

namespace cermet::runtime {
namespace {

namespace fs = std::filesystem;

class DiskCacheTest : public ::testing::Test {
 protected:
  std::vector<fs::path> Files() const {
    std::set<fs::path> files;
    for (const auto& entry : fs::directory_iterator(directory_)) files.insert(entry.path());
    return {files.begin(), files.end()};
  }
  static std::string Read(const fs::path& path) {
    std::ifstream stream(path, std::ios::binary);
    return std::string((std::istreambuf_iterator<char>(stream)), std::istreambuf_iterator<char>());
  }
  static void Write(const fs::path& path, const std::string& bytes) {
    std::ofstream(path, std::ios::binary) << bytes;
  }
  // Sets when an entry was used last.
  static void SetAge(const fs::path& path, int64_t seconds) {
    const timespec times[2] = {{time(nullptr) - seconds, 0}, {time(nullptr) - seconds, 0}};
    utimensat(AT_FDCWD, path.c_str(), times, 0);
  }

  const testing::TemporaryFolder temporary_;
  const std::string directory_ = temporary_ / "nested/cache";
};

TEST_F(DiskCacheTest, KeepsBytes) {
  const std::string bytes("a\0b", 3);
  {
    DiskCache cache(directory_);
    EXPECT_FALSE(cache.Find("key").has_value());
    ASSERT_TRUE(cache.Store("key", bytes).ok());
    ASSERT_TRUE(cache.Store("empty", "").ok());
  }
  DiskCache cache(directory_);
  EXPECT_EQ(cache.Find("key"), bytes);
  EXPECT_EQ(cache.Find("empty"), "");
  EXPECT_FALSE(cache.Find("other").has_value());
  ASSERT_TRUE(cache.Store("key", "new").ok());
  EXPECT_EQ(cache.Find("key"), "new");
  EXPECT_EQ(Files().size(), 2u);
}

TEST_F(DiskCacheTest, DamagedEntriesAreMisses) {
  DiskCache cache(directory_);
  ASSERT_TRUE(cache.Store("key", "some bytes").ok());
  const fs::path file = Files()[0];
  const std::string good = Read(file);
  for (size_t i = 0; i < good.size(); ++i) {
    std::string bad = good;
    bad[i] ^= 1;
    Write(file, bad);
    EXPECT_FALSE(cache.Find("key").has_value()) << "byte " << i;
    EXPECT_FALSE(fs::exists(file));
  }
  for (size_t size = 0; size < good.size(); ++size) {
    Write(file, good.substr(0, size));
    EXPECT_FALSE(cache.Find("key").has_value()) << "size " << size;
  }
  Write(file, good + "x");
  EXPECT_FALSE(cache.Find("key").has_value());
  Write(file, good);
  EXPECT_EQ(cache.Find("key"), "some bytes");
}

TEST_F(DiskCacheTest, AFolderInPlaceOfAnEntryIsAMiss) {
  DiskCache cache(directory_);
  ASSERT_TRUE(cache.Store("key", "some bytes").ok());
  const fs::path file = Files()[0];
  fs::remove(file);
  fs::create_directories(file / "inside");
  EXPECT_FALSE(cache.Find("key").has_value());
  EXPECT_FALSE(cache.Store("key", "some bytes").ok());
}

TEST_F(DiskCacheTest, AnEntryOfAnotherKeyIsAMiss) {
  DiskCache cache(directory_);
  ASSERT_TRUE(cache.Store("one", "1").ok());
  const fs::path one = Files()[0];
  const std::string bytes = Read(one);
  ASSERT_TRUE(cache.Store("two", "2").ok());
  for (const fs::path& file : Files()) {
    if (file != one) Write(file, bytes);
  }
  EXPECT_FALSE(cache.Find("two").has_value());
  EXPECT_EQ(cache.Find("one"), "1");
}

TEST_F(DiskCacheTest, EvictsWhatWasUsedLeastRecently) {
  DiskCache::Options options;
  options.limit_bytes = 4000;
  DiskCache cache(directory_, options);
  const std::string kilobyte(1000, 'x');
  std::set<fs::path> known;
  for (const char* key : {"a", "b", "c"}) {
    ASSERT_TRUE(cache.Store(key, kilobyte).ok());
    for (const fs::path& file : Files()) {
      if (known.insert(file).second) SetAge(file, 1000 - 100 * (key[0] - 'a'));
    }
  }
  EXPECT_TRUE(cache.Find("a").has_value());  // now it is the newest
  ASSERT_TRUE(cache.Store("d", kilobyte).ok());
  EXPECT_FALSE(cache.Find("b").has_value());
  EXPECT_TRUE(cache.Find("a").has_value());
  EXPECT_TRUE(cache.Find("c").has_value());
  EXPECT_TRUE(cache.Find("d").has_value());
}

TEST_F(DiskCacheTest, ReportsWhatItCannotWrite) {
  fs::create_directories(fs::path(directory_).parent_path());
  Write(directory_, "a file where the directory should be");
  DiskCache cache(directory_);
  EXPECT_FALSE(cache.Store("key", "bytes").ok());
  EXPECT_FALSE(cache.Find("key").has_value());
}

TEST_F(DiskCacheTest, ManyThreads) {
  DiskCache first(directory_), second(directory_);
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&, thread] {
      DiskCache& cache = thread % 2 == 0 ? first : second;
      for (int i = 0; i < 50; ++i) {
        const std::string bytes(static_cast<size_t>(100 + thread), 'a');
        ASSERT_TRUE(cache.Store("shared", bytes).ok());
        const std::optional<std::string> found = cache.Find("shared");
        ASSERT_TRUE(!found || (found->size() >= 100 && found->size() < 104));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_TRUE(first.Find("shared").has_value());
}

TEST(DiskCache, DefaultDirectory) {
  setenv("CERMET_CACHE_DIR", "/some/where", 1);
  EXPECT_EQ(DiskCache::DefaultDirectory(), "/some/where");
  setenv("CERMET_CACHE_DIR", "off", 1);
  EXPECT_EQ(DiskCache::DefaultDirectory(), "");
  unsetenv("CERMET_CACHE_DIR");
  setenv("XDG_CACHE_HOME", "/caches", 1);
  EXPECT_EQ(DiskCache::DefaultDirectory(), "/caches/cermet");
  unsetenv("XDG_CACHE_HOME");
  setenv("HOME", "/home/user", 1);
  EXPECT_EQ(DiskCache::DefaultDirectory(), "/home/user/.cache/cermet");
}

}  // namespace
}  // namespace cermet::runtime
