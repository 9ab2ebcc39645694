#include "net/buffer_pool.hpp"

#include <gtest/gtest.h>

namespace kiln::net {
namespace {

Bytes with_room(std::size_t size) {
  Bytes bytes;
  bytes.reserve(size);
  return bytes;
}

TEST(BufferPool, GivesTheLastOneThatFits) {
  BufferPool pool;
  pool.give(with_room(10'000));
  pool.give(with_room(12'000));
  pool.give(with_room(100'000));
  EXPECT_EQ(pool.take(9'000).capacity(), 12'000U);
  EXPECT_EQ(pool.take(9'000).capacity(), 10'000U);
  EXPECT_EQ(pool.take(9'000).capacity(), 0U) << "more than twice what is wanted";
  EXPECT_EQ(pool.take(100'000).capacity(), 100'000U);
  EXPECT_EQ(pool.take(100'000).capacity(), 0U);
}

TEST(BufferPool, KeepsNeitherSmallNorHugeOnes) {
  BufferPool pool;
  pool.give(with_room(BufferPool::kLeastBytes - 1));
  pool.give(with_room(BufferPool::kMostBytes + 1));
  EXPECT_EQ(pool.take(BufferPool::kLeastBytes - 1).capacity(), 0U);
  EXPECT_EQ(pool.take(BufferPool::kMostBytes).capacity(), 0U);
}

TEST(BufferPool, ForgetsTheOldestWhenItHoldsMuch) {
  BufferPool pool;
  const std::size_t third = BufferPool::kMostBytes / 3;
  for (const std::size_t extra : {0U, 1U, 2U, 3U}) pool.give(with_room(third - 5 + extra));
  for (const std::size_t extra : {3U, 2U, 1U}) EXPECT_EQ(pool.take(third - 5).capacity(), third - 5 + extra);
  EXPECT_EQ(pool.take(third - 5).capacity(), 0U);
  for (std::size_t i = 0; i < BufferPool::kMost + 9; ++i) pool.give(with_room(5000));
  std::size_t held = 0;
  while (pool.take(5000).capacity() != 0) ++held;
  EXPECT_EQ(held, BufferPool::kMost);
}

}  // namespace
}  // namespace kiln::net
