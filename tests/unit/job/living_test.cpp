#include "job/living.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <optional>
#include <string>
#include <vector>

#include "job/clock.hpp"
#include "store/owner.hpp"

namespace kiln::job {
namespace {

using namespace std::chrono_literals;
using protocol::Beat;

/// Rank 0 of four, to whom nobody writes.
class Silence final : public net::Transport {
 public:
  Rank rank() const override { return Rank(0); }
  std::int32_t size() const override { return 4; }
  void send(Rank /*to*/, Bytes /*message*/) override {}
  std::optional<net::Received> receive() override { return std::nullopt; }
  std::size_t unsent() override { return 0; }
  bool under_way() const override { return false; }
  const std::vector<Rank>& lost() const override { return told; }

  std::vector<Rank> told;
};

/// A process that sleeps until it is killed.
class Sleeper {
 public:
  Sleeper() : pid_(fork()) {
    if (pid_ == 0) {
      alarm(60);
      for (;;) pause();
    }
  }
  ~Sleeper() { end(); }
  Sleeper(const Sleeper&) = delete;
  Sleeper& operator=(const Sleeper&) = delete;

  /// Where it says that it is.
  Beat place() const {
    Beat own = own_place();
    own.pid = pid_;
    own.started = store::process_start(pid_).value_or(0);
    return own;
  }
  void end() {
    if (ended_) return;
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
    ended_ = true;
  }

 private:
  const pid_t pid_;
  bool ended_ = false;
};

// Some time later for ProcessWatch, which does not look each time.
Instant later(int times) { return now() + times * 2 * ProcessWatch::kEvery; }

TEST(ProcessWatch, SaysOnceWhenAProcessOfThisMachineEnds) {
  Silence silence;
  ProcessWatch watch(silence, own_place().machine);
  Sleeper one, other;
  watch.watch(Rank(1), one.place());
  watch.watch(Rank(2), other.place());
  EXPECT_TRUE(watch.ended(later(1)).empty());
  one.end();
  EXPECT_EQ(watch.ended(later(2)), std::vector<Rank>{Rank(1)});
  EXPECT_TRUE(watch.ended(later(3)).empty());
}

TEST(ProcessWatch, AsksTheKernelNotAtEachTurn) {
  Silence silence;
  ProcessWatch watch(silence, own_place().machine);
  Sleeper one;
  watch.watch(Rank(1), one.place());
  const Instant first = later(1);
  EXPECT_TRUE(watch.ended(first).empty());
  one.end();
  EXPECT_TRUE(watch.ended(first + ProcessWatch::kEvery / 2).empty());
  EXPECT_EQ(watch.ended(first + ProcessWatch::kEvery).size(), 1U);
}

TEST(ProcessWatch, APidThatIsAnotherProcessByNowHasEnded) {
  Silence silence;
  ProcessWatch watch(silence, own_place().machine);
  Sleeper one;
  Beat place = one.place();
  ++place.started;
  watch.watch(Rank(1), place);
  EXPECT_EQ(watch.ended(later(1)), std::vector<Rank>{Rank(1)});
}

TEST(ProcessWatch, OneThatHadEndedBeforeItWasWatched) {
  Silence silence;
  ProcessWatch watch(silence, own_place().machine);
  Sleeper one;
  const Beat place = one.place();
  one.end();
  watch.watch(Rank(3), place);
  EXPECT_EQ(watch.ended(later(1)), std::vector<Rank>{Rank(3)});
}

TEST(ProcessWatch, ProcessesOfOtherMachinesAreNotLookedFor) {
  Silence silence;
  ProcessWatch watch(silence, own_place().machine);
  Sleeper one;
  Beat place = one.place();
  place.machine = "another boot";
  watch.watch(Rank(1), place);
  one.end();
  EXPECT_TRUE(watch.ended(later(1)).empty());
}

TEST(ProcessWatch, TellsWhomMpiHasLostOnce) {
  Silence silence;
  ProcessWatch watch(silence, own_place().machine);
  EXPECT_TRUE(watch.ended(later(1)).empty());
  silence.told = {Rank(3), Rank(1)};
  EXPECT_EQ(watch.ended(later(2)), (std::vector<Rank>{Rank(3), Rank(1)}));
  silence.told.emplace_back(2);
  EXPECT_EQ(watch.ended(later(3)), std::vector<Rank>{Rank(2)});
}

TEST(Living, AProcessThatEndsIsADeathAtOnce) {
  Silence silence;
  Living living(silence, 10s, nullptr);
  Sleeper one;
  living.hear(Rank(2), one.place());
  EXPECT_TRUE(living.look(later(1)).empty());
  EXPECT_FALSE(living.lost_any());
  one.end();
  const auto deaths = living.look(later(2));
  ASSERT_EQ(deaths.size(), 1U);
  EXPECT_EQ(deaths[0].rank, Rank(2));
  EXPECT_TRUE(deaths[0].ended);
  EXPECT_EQ(deaths[0].host, own_place().host);
  EXPECT_EQ(deaths[0].pid, one.place().pid);
  EXPECT_TRUE(living.lost_any());
  EXPECT_FALSE(living.lives(Rank(2)));
  EXPECT_EQ(living.ranks(), (std::vector<Rank>{Rank(0), Rank(1), Rank(3)}));
}

TEST(Living, SilenceIsADeathAfterTheDeadline) {
  Silence silence;
  const Instant begun = now();
  Living living(silence, 1s, nullptr);  // a moment later, or on a busy machine more than that
  // Looked at often, as a loop does: one that stood still itself would forgive.
  for (int step = 1; step <= 9; ++step) EXPECT_TRUE(living.look(begun + step * 100ms).empty());
  std::vector<Living::Death> deaths;
  for (int step = 10; step <= 600 && deaths.empty(); ++step) deaths = living.look(begun + step * 100ms);
  ASSERT_EQ(deaths.size(), 3U);
  EXPECT_FALSE(deaths[0].ended);
  EXPECT_GE(deaths[0].silence, 1s);
}

TEST(Living, WithoutADeadlineNobodyIsDeclaredDead) {
  Silence silence;
  Living living(silence, Duration::zero(), nullptr);
  Sleeper one;
  living.hear(Rank(1), one.place());
  one.end();
  silence.told = {Rank(2)};
  EXPECT_TRUE(living.look(later(1)).empty());
  EXPECT_TRUE(living.beats_due(now() + 1h).empty());
  EXPECT_EQ(living.living(), 3U);
}

TEST(Living, AnHeirKnowsWhoWasLostAndHasNoPredecessor) {
  Silence silence;
  Inheritance inheritance;
  inheritance.before = Rank(1);
  inheritance.living = {Rank(0), Rank(2)};
  Living living(silence, 10s, &inheritance);
  EXPECT_TRUE(living.lost_any());
  EXPECT_EQ(living.ranks(), (std::vector<Rank>{Rank(0), Rank(2)}));
  EXPECT_FALSE(living.members().knows(Rank(1)));
  EXPECT_TRUE(living.members().knows(Rank(3)));
}

}  // namespace
}  // namespace kiln::job
