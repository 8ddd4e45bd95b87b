// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "costate/compiler/codegen/ObjectCache.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include <filesystem>
#include <fstream>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace costate::codegen {
namespace {

class ObjectCacheTest : public testing::Test {
protected:
  void SetUp() override {
    folder = std::filesystem::path(testing::TempDir()) / ("costate-cache-" + std::to_string(getpid()) + "-" +
                                                          testing::UnitTest::GetInstance()->current_test_info()->name());
  }
  void TearDown() override { std::filesystem::remove_all(folder); }

  std::vector<std::filesystem::path> files() const {
    std::vector<std::filesystem::path> found;
    for (auto &file : std::filesystem::directory_iterator(folder))
      found.push_back(file.path());
    return found;
  }

  std::filesystem::path folder;
};

TEST_F(ObjectCacheTest, FindsWhatWasStored) {
  ObjectCache cache(folder);
  std::string bytes("a\0b\xff", 4);
  EXPECT_EQ(cache.find("key"), std::nullopt);
  ASSERT_TRUE(cache.store("key", bytes).ok());
  EXPECT_EQ(cache.find("key"), bytes);
  EXPECT_EQ(ObjectCache(folder).find("key"), bytes);
  EXPECT_EQ(cache.find("other"), std::nullopt);
}

TEST_F(ObjectCacheTest, StoresEmptyBytes) {
  ObjectCache cache(folder);
  ASSERT_TRUE(cache.store("key", "").ok());
  EXPECT_EQ(cache.find("key"), "");
}

TEST_F(ObjectCacheTest, ForgetsEverythingWithoutAFolder) {
  ObjectCache cache;
  EXPECT_FALSE(cache.enabled());
  EXPECT_TRUE(cache.store("key", "bytes").ok());
  EXPECT_EQ(cache.find("key"), std::nullopt);
}

TEST_F(ObjectCacheTest, TreatsADamagedEntryAsAMiss) {
  ObjectCache cache(folder);
  ASSERT_TRUE(cache.store("key", std::string(1000, 'x')).ok());
  std::filesystem::path path = files().at(0);
  {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(500);
    file.put('y');
  }
  EXPECT_EQ(cache.find("key"), std::nullopt);
  std::filesystem::resize_file(path, 100);
  EXPECT_EQ(cache.find("key"), std::nullopt);
  std::filesystem::resize_file(path, 3);
  EXPECT_EQ(cache.find("key"), std::nullopt);
  ASSERT_TRUE(cache.store("key", "good").ok());
  EXPECT_EQ(cache.find("key"), "good");
}

TEST_F(ObjectCacheTest, EvictsWhatWasNotUsedForLongest) {
  ObjectCache cache(folder, 10'000);
  std::string bytes(2'000, 'x');
  for (int i = 0; i < 4; ++i) {
    ASSERT_TRUE(cache.store("key" + std::to_string(i), bytes).ok());
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  EXPECT_TRUE(cache.find("key0")); // now key1 is the oldest
  std::this_thread::sleep_for(std::chrono::milliseconds(10));
  ASSERT_TRUE(cache.store("key4", bytes).ok());
  EXPECT_FALSE(cache.find("key1"));
  EXPECT_TRUE(cache.find("key0"));
  EXPECT_TRUE(cache.find("key4"));
  uintmax_t total = 0;
  for (auto &file : files())
    total += std::filesystem::file_size(file);
  EXPECT_LE(total, 10'000u);
}

TEST_F(ObjectCacheTest, DoesNotStoreMoreThanItsBound) {
  ObjectCache cache(folder, 100);
  EXPECT_TRUE(cache.store("key", std::string(200, 'x')).ok());
  EXPECT_EQ(cache.find("key"), std::nullopt);
}

TEST_F(ObjectCacheTest, ReportsAFolderThatCannotBeMade) {
  ObjectCache cache("/proc/costate-cache");
  absl::Status status = cache.store("key", "bytes");
  EXPECT_THAT(std::string(status.message()), testing::HasSubstr("cannot create cache directory '/proc/costate-cache'"));
  EXPECT_EQ(cache.find("key"), std::nullopt);
}

// Two processes store, find and evict at the same time: each answer is a miss or the bytes of its key.
TEST_F(ObjectCacheTest, IsSafeUnderTwoProcesses) {
  auto work = [&](unsigned seed) {
    ObjectCache cache(folder, 20'000);
    for (int i = 0; i < 300; ++i) {
      seed = seed * 1664525u + 1013904223u;
      int number = (seed >> 16) % 20;
      std::string key = "key" + std::to_string(number), bytes(1000 + 100 * number, 'a' + number);
      if (std::optional<std::string> found = cache.find(key); found && *found != bytes)
        return 1;
      if (!cache.store(key, bytes).ok())
        return 2;
    }
    return 0;
  };
  pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0)
    _exit(work(1));
  EXPECT_EQ(work(2), 0);
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  for (auto &file : files())
    EXPECT_EQ(file.extension(), ".bin"); // no temporary file is left
}

TEST(ContentKeyTest, SeparatesItsParts) {
  EXPECT_EQ(contentKey({"ab", "c"}), contentKey({"ab", "c"}));
  EXPECT_NE(contentKey({"ab", "c"}), contentKey({"a", "bc"}));
  EXPECT_NE(contentKey({"ab"}), contentKey({"ab", ""}));
  EXPECT_EQ(contentKey({}).size(), 32u);
}

TEST(CompilerIdentityTest, NamesBothCodeGenerators) {
  EXPECT_THAT(compilerIdentity(), testing::MatchesRegex("22[.].*/21[.].*/[0-9]+/.*"));
}

} // namespace
} // namespace costate::codegen
