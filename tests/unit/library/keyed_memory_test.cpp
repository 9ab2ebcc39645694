#include "unit/library/keyed_model.hpp"

#include <gtest/gtest.h>
#include <malloc.h>

#include <cmath>
#include <kiln/detail/keyed/keyed_output.hpp>
#include <kiln/detail/keyed/ordered_shard.hpp>
#include <kiln/detail/keyed/shard_table.hpp>
#include <kiln/monoids.hpp>
#include <memory>
#include <string>

namespace kiln::testing {
namespace {

/// What malloc has handed out. Memory of 2 MiB and more that Pages takes is not in it.
double allocated() {
  const auto info = mallinfo2();
  return static_cast<double>(info.uordblks + info.hblkhd);
}

TEST(KeyedMemory, ATableTakesWhatItSays) {
  if (allocated() == 0) GTEST_SKIP() << "malloc does not count here";
  for (const std::size_t length : {0U, 40U, 300U}) {
    const double before = allocated();
    detail::ShardTable<std::string, Sum<std::uint64_t>> table{Sum<std::uint64_t>{}};
    {
      detail::PiecePool pool;
      detail::AppendingOutput<std::string, std::uint64_t, false> output(pool, 1);
      output.begin_unit(UnitId(0));
      for (int i = 0; i < 30'000; ++i) output.emit(std::string(length, 'x') + std::to_string(i), 1);
      output.end_unit();
      detail::KeyedShard* const shards[] = {&table};
      output.take_own(shards);
    }
    // Its slots are 65,536 of 32 bytes: outside of malloc.
    const double said = static_cast<double>(table.bytes()), slots = 65'536 * 32;
    EXPECT_NEAR(said, slots + allocated() - before, 0.1 * said) << length;
    table.clear();
    EXPECT_LT(allocated() - before, 10'000);
    EXPECT_LT(table.bytes(), 10'000U);
  }
}

TEST(KeyedMemory, PiecesAreEitherHeldOrFree) {
  detail::PiecePool pool;
  detail::AppendingOutput<std::uint64_t, std::uint64_t, true> output(pool, 8);
  std::vector<std::unique_ptr<detail::KeyedShard>> shards;
  std::vector<detail::KeyedShard*> all;
  for (int i = 0; i < 8; ++i) {
    shards.push_back(std::make_unique<detail::OrderedShard<decltype(output)::Format>>(pool));
    all.push_back(shards.back().get());
  }
  const std::size_t empty = output.bytes();
  Draw draw(1);
  for (std::uint64_t unit = 0; unit < 300; ++unit) {
    output.begin_unit(UnitId(unit));
    for (std::uint64_t n = draw.below(5000); n != 0; --n) output.emit(draw(), n);
    if (draw.one_in(3)) {
      output.drop_unit();
    } else {
      output.end_unit();
    }
    if (draw.one_in(5)) output.take_own(all);
    std::size_t held = output.bytes() - empty;
    for (const auto& shard : shards) held += shard->bytes();
    const double slabs = static_cast<double>(held + pool.free_bytes()) / (2 << 20);
    ASSERT_NEAR(slabs, std::round(slabs), 0.1);  // what lists take is not in the pool
  }
  output.clear();
  for (const auto& shard : shards) shard->clear();
  pool.trim();
  EXPECT_EQ(pool.free_bytes(), 0U);
}

/// A spill must leave a shard as it was where the disk says no.
TEST(KeyedMemory, ASpillThatFailsLosesNothing) {
  struct Full : detail::RunWriter {
    void write(std::string_view) override { throw Error(ExitCode::stopped_early, "full"); }
  } full;
  detail::PiecePool pool;
  detail::AppendingOutput<std::uint64_t, std::uint64_t, true> output(pool, 1);
  detail::OrderedShard<decltype(output)::Format> shard(pool);
  output.begin_unit(UnitId(0));
  for (std::uint64_t i = 0; i < 1000; ++i) output.emit(i, i);
  output.end_unit();
  detail::KeyedShard* const shards[] = {&shard};
  output.take_own(shards);
  EXPECT_THROW(shard.spill(full), Error);
  EXPECT_EQ(shard.entries(), 1000U);
  detail::MemoryRun run;
  shard.spill(run);
  EXPECT_TRUE(shard.empty());
  EXPECT_EQ(pool.free_bytes() % (2 << 20), 0U);
}

}  // namespace
}  // namespace kiln::testing
