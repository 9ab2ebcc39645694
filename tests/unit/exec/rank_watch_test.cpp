#include "exec/rank_watch.hpp"

#include "command_fixture.hpp"

namespace kiln::exec {
namespace {

using namespace std::chrono_literals;

TEST(RankWatch, ExpectsNothingBeforeTheFirstBeat) {
  const std::atomic<std::uint64_t> beats = 0;
  RankWatch watch(beats, 1ns);
  watch.restart();
  EXPECT_FALSE(watch.silent());
  EXPECT_FALSE(watch.silent());
}

TEST(RankWatch, SeesSilenceAndItsEnd) {
  std::atomic<std::uint64_t> beats = 1;
  RankWatch watch(beats, 20ms);
  watch.restart();
  EXPECT_TRUE(eventually([&] { return watch.silent(); }));
  beats = 2;
  EXPECT_FALSE(watch.silent());
}

TEST(RankWatch, DoesNotTakeItsOwnSleepForSilence) {
  const std::atomic<std::uint64_t> beats = 1;
  RankWatch watch(beats, 40ms);
  watch.restart();
  const auto woken = std::chrono::steady_clock::now() + 60ms;
  EXPECT_TRUE(eventually([&] { return std::chrono::steady_clock::now() >= woken; }));
  EXPECT_FALSE(watch.silent()) << "one long step counts as a quarter";
}

}  // namespace
}  // namespace kiln::exec
