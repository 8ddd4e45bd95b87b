// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "costate/compiler/codegen/ObjectCache.h"

#include "costate/compiler/codegen/Digest.h"

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

// A folder may be anybody's: `--cache-dir .`
TEST_F(ObjectCacheTest, RemovesNothingButItsOwn) {
  const std::filesystem::path mine = folder / "weights.bin", old = folder / "notes.tmp", left = folder / "key-00000000.costate-object.tmp";
  std::filesystem::create_directories(folder);
  for (const std::filesystem::path &path : {mine, old, left}) {
    std::ofstream(path) << std::string(500, 'x');
    std::filesystem::last_write_time(path, std::filesystem::file_time_type::clock::now() - std::chrono::hours(2));
  }
  ObjectCache cache(folder, 600);
  for (const char *key : {"a", "b"})
    ASSERT_TRUE(cache.store(key, std::string(400, 'x')).ok());
  EXPECT_FALSE(cache.find("a"));
  EXPECT_TRUE(cache.find("b"));
  EXPECT_TRUE(std::filesystem::exists(mine) && std::filesystem::exists(old));
  EXPECT_FALSE(std::filesystem::exists(left));
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
    EXPECT_EQ(file.extension(), ".costate-object"); // no temporary file is left
}

// What Python's hashlib.blake2b(..., digest_size=16) gives; a block has 128 bytes.
TEST(DigestTest, IsBlake2b) {
  auto digest = [](const std::string &text) {
    std::array<char, Digest::size> bytes = Digest::of(text);
    return toHex({bytes.data(), bytes.size()});
  };
  EXPECT_EQ(digest(""), "cae66941d9efbd404e4d88758ea67670");
  EXPECT_EQ(digest("abc"), "cf4ab791c62b8d2b2109c90275287816");
  EXPECT_EQ(digest(std::string(128, 'a')), "1271d28e731afb57bdfba6bdaf3501be");
  EXPECT_EQ(digest(std::string(1000, 'b')), "8a7cb6d1270e282d26200c073d5c1c77");
}

TEST(DigestTest, DoesNotDependOnThePieces) {
  const std::string text(1000, 'b');
  for (size_t piece : {1, 127, 128, 129, 999}) {
    Digest digest;
    for (size_t begin = 0; begin < text.size(); begin += piece)
      digest.update(std::string_view(text).substr(begin, piece));
    EXPECT_EQ(digest.finish(), Digest::of(text)) << piece;
  }
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

TEST(CompilerIdentityTest, IsThatOfTheFile) {
  EXPECT_EQ(compilerIdentity("/proc/self/exe"), compilerIdentity());
  EXPECT_NE(compilerIdentity("/dev/null"), compilerIdentity());
  EXPECT_NE(compilerIdentity("/not/there"), compilerIdentity());
}

} // namespace
} // namespace costate::codegen
