#include <gtest/gtest.h>
#include <malloc.h>

#include <cstdint>
#include <kiln/detail/keyed/emitted.hpp>
#include <kiln/monoids.hpp>
#include <string>

namespace kiln::testing {
namespace {

/// What malloc has handed out. Memory of 2 MiB and more that Pages takes is not in it.
double allocated() {
  const auto info = mallinfo2();
  return static_cast<double>(info.uordblks + info.hblkhd);
}

/// So few that nothing of it is outside of malloc.
constexpr std::uint64_t kKeys = 10'000;

TEST(KeyedMemory, AForestTakesWhatItSays) {
  if (allocated() == 0) GTEST_SKIP() << "malloc does not count here";
  for (const std::size_t length : {0U, 40U, 150U}) {
    const double before = allocated();
    detail::CombinedForest<std::string, Sum<std::uint64_t>, std::uint64_t> table{Sum<std::uint64_t>{}};
    detail::AppendedForest<std::string, std::uint64_t> log;
    table.begin_unit(UnitId(0));
    log.begin_unit(UnitId(0));
    for (std::uint64_t i = 0; i < kKeys; ++i) table.emit(std::string(length, 'x') + std::to_string(i), i);
    for (std::uint64_t i = 0; i < kKeys; ++i) log.emit(std::string(length, 'x') + std::to_string(i), i);
    table.end_unit();
    log.end_unit();
    // With what sorting them would take: not for those of the table, which are sorted in a copy.
    const double sorting = kKeys * detail::kSortedEntry;
    const double said = static_cast<double>(table.bytes() + log.bytes());
    EXPECT_NEAR(said, sorting + allocated() - before, 0.15 * said) << length;
  }
}

}  // namespace
}  // namespace kiln::testing
