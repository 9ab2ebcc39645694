#include "flow/slice_cache.hpp"

#include <gtest/gtest.h>

#include <string>

using namespace kiln;
using flow::Buffer;
using flow::SliceCache;

namespace {

/// Whether it was kept.
bool keep(SliceCache& cache, const std::string& key, std::size_t size) {
  Buffer buffer = Buffer::of(size);
  for (std::size_t i = 0; i < size; ++i) buffer.bytes[i] = static_cast<std::byte>(key.back());
  const Buffer* values = cache.keep(key, buffer);
  EXPECT_EQ(values->size, size);
  EXPECT_EQ(values->view().back(), static_cast<std::byte>(key.back()));
  return values != &buffer;
}

}  // namespace

TEST(SliceCache, KeepsWithinItsBound) {
  SliceCache cache(100);
  EXPECT_TRUE(keep(cache, "a", 60));
  EXPECT_FALSE(keep(cache, "b", 41));
  EXPECT_TRUE(keep(cache, "c", 40));
  EXPECT_FALSE(keep(cache, "d", 101));
  EXPECT_EQ(cache.bytes(), 100U);
  ASSERT_NE(cache.find("a"), nullptr);
  EXPECT_EQ(cache.find("a")->view().front(), std::byte{'a'});
  EXPECT_EQ(cache.find("b"), nullptr);
}

TEST(SliceCache, StagesThatWalkMoreThanFitsFindWhatFits) {
  SliceCache cache(100);
  for (int stage = 0; stage < 4; ++stage) {
    cache.begin_stage();
    int found = 0;
    for (int slice = 0; slice < 15; ++slice) {
      const std::string key = "k" + std::to_string(slice);
      if (cache.find(key) != nullptr) {
        ++found;
      } else {
        keep(cache, key, 10);
      }
    }
    EXPECT_EQ(found, stage == 0 ? 0 : 10);
  }
}

TEST(SliceCache, WhatWasUsedLongestAgoMakesRoomOnceAStageWentByWithoutIt) {
  SliceCache cache(100);
  keep(cache, "a1", 50);
  keep(cache, "a2", 50);
  cache.begin_stage();
  EXPECT_FALSE(keep(cache, "b1", 50));
  ASSERT_NE(cache.find("a1"), nullptr);
  cache.begin_stage();
  EXPECT_TRUE(keep(cache, "b1", 50)) << "a2 was not used for a whole stage";
  EXPECT_EQ(cache.find("a2"), nullptr);
  EXPECT_NE(cache.find("a1"), nullptr);
  EXPECT_FALSE(keep(cache, "b2", 50));
}
