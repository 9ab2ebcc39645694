#include "protocol/succession.hpp"

#include <gtest/gtest.h>

namespace kiln::protocol {
namespace {

using namespace std::chrono_literals;

constexpr Duration kDeadline = 1s;
constexpr Duration kTurn = kDeadline / 8;

/// Ranks 0 to 4; 0 coordinates.
class SuccessionTest : public testing::Test {
 protected:
  Succession& rank(std::int32_t self) {
    auto& one = ranks[static_cast<std::size_t>(self)];
    if (!one) {
      one.emplace(Rank(self), 5, Rank(0), kDeadline);
      one->begin(now);
    }
    return *one;
  }
  /// Time passes; the first moment at which it is this rank's turn, if it comes within `most`.
  std::optional<Duration> waits(Succession& one, Duration most) {
    const Instant begin = now;
    while (now - begin < most) {
      now += kTurn;
      if (one.on_tick(now)) return now - begin;
    }
    return std::nullopt;
  }

  /// As a loop that looks when it is asked to; nothing more is heard.
  std::optional<Duration> looks_until_its_turn(Succession& one) const {
    Instant at = now;
    for (int looks = 0; looks < 100; ++looks) {
      const auto wake = one.next_wake();
      if (!wake || *wake <= at) return std::nullopt;
      at = *wake;
      if (one.on_tick(at)) return at - now;
    }
    return std::nullopt;
  }

  Instant now{};
  std::array<std::optional<Succession>, 5> ranks;
};

TEST_F(SuccessionTest, TheLowestRankGoesFirstAndTheKthWaitsKDeadlinesMore) {
  EXPECT_EQ(waits(rank(1), 10s), 1s);
  EXPECT_EQ(waits(rank(2), 10s), 2s);
  EXPECT_EQ(waits(rank(4), 10s), 4s);
}

// Whenever the coordinator was heard last: to look every eighth of the deadline alone would add up to that much.
TEST_F(SuccessionTest, ItLooksWhenItsTurnComes) {
  rank(1).heard(now + 20ms);
  EXPECT_EQ(looks_until_its_turn(rank(1)), 1020ms);
  rank(2).heard(now + 20ms);
  EXPECT_EQ(looks_until_its_turn(rank(2)), 2020ms);
  rank(3).heard(now + 20ms);
  rank(3).gone(Rank(0));
  EXPECT_EQ(looks_until_its_turn(rank(3)), 2020ms) << "known to have ended";
}

TEST_F(SuccessionTest, ItLooksWhenACandidateWasSilentForTheDeadline) {
  rank(2).candidate(Rank(1), now + 1170ms);
  EXPECT_EQ(looks_until_its_turn(rank(2)), 2170ms);
}

TEST_F(SuccessionTest, WhileTheCoordinatorIsHeardItLooksEveryEighthOfTheDeadline) {
  for (int looks = 0; looks < 100; ++looks) {
    if (looks % 2 == 0) rank(1).heard(now);
    ASSERT_EQ(rank(1).next_wake(), now + kTurn);
    now += kTurn;
    EXPECT_FALSE(rank(1).on_tick(now));
  }
}

TEST_F(SuccessionTest, NobodyTakesOverFromACoordinatorThatIsHeard) {
  for (int i = 0; i < 40; ++i) {
    EXPECT_EQ(waits(rank(1), 500ms), std::nullopt);
    rank(1).heard(now);
  }
}

TEST_F(SuccessionTest, ItIsSaidOnce) {
  ASSERT_TRUE(waits(rank(1), 10s));
  EXPECT_TRUE(rank(1).taking_over());
  EXPECT_EQ(waits(rank(1), 10s), std::nullopt);
  EXPECT_EQ(rank(1).next_wake(), std::nullopt);
}

// They had their turn a deadline ago: the one that takes over does not wait for them once more.
TEST_F(SuccessionTest, WhoLetItsTurnPassIsNoHeir) {
  ASSERT_EQ(waits(rank(3), 10s), 3s);
  EXPECT_EQ(rank(3).heirs(), (std::vector{Rank(3), Rank(4)}));
}

// A rank on another node does not know that the coordinator has ended: its turn has just come.
TEST_F(SuccessionTest, WhoMayOnlyBeginNowIsAnHeir) {
  rank(3).gone(Rank(0));
  ASSERT_EQ(waits(rank(3), 10s), 2s);
  EXPECT_EQ(rank(3).heirs(), (std::vector{Rank(2), Rank(3), Rank(4)}));
}

TEST_F(SuccessionTest, WhoLetItsTurnPassMayComeBack) {
  ASSERT_EQ(waits(rank(2), 10s), 2s);
  rank(2).beaten(now);
  rank(2).candidate(Rank(1), now);
  EXPECT_EQ(rank(2).heirs(), (std::vector{Rank(1), Rank(2), Rank(3), Rank(4)}));
}

TEST_F(SuccessionTest, WhoIsNotOnTheListComesLast) {
  rank(2).living(living_of({Rank(0), Rank(2), Rank(4)}));
  rank(3).living(living_of({Rank(0), Rank(2), Rank(4)}));
  EXPECT_EQ(waits(rank(2), 10s), 1s);
  const auto waited = waits(rank(3), 20s);
  ASSERT_TRUE(waited);
  EXPECT_GT(*waited, 2s);
}

TEST_F(SuccessionTest, WhoIsKnownToHaveEndedIsPassedOver) {
  rank(2).gone(Rank(1));
  EXPECT_EQ(waits(rank(2), 10s), 1s);
  rank(3).gone(Rank(0));
  rank(3).gone(Rank(1));
  rank(3).gone(Rank(2));
  EXPECT_EQ(waits(rank(3), 10s), kTurn) << "nobody is waited for";
}

TEST_F(SuccessionTest, ACandidateIsWaitedForWhileItIsHeard) {
  EXPECT_EQ(waits(rank(2), 1500ms), std::nullopt);
  for (int i = 0; i < 40; ++i) {
    rank(2).candidate(Rank(1), now);
    EXPECT_EQ(waits(rank(2), 750ms), std::nullopt);
  }
  rank(2).follow(Rank(1), now);
  EXPECT_EQ(rank(2).coordinator(), Rank(1));
  EXPECT_EQ(waits(rank(2), 750ms), std::nullopt);
}

TEST_F(SuccessionTest, ACandidateThatFallsSilentIsPassedOver) {
  rank(2).candidate(Rank(1), now);
  EXPECT_EQ(waits(rank(2), 10s), 1s);
  rank(4).candidate(Rank(1), now);
  EXPECT_EQ(waits(rank(4), 10s), 3s) << "2 and 3 come before it";
  rank(3).candidate(Rank(1), now);
  rank(3).gone(Rank(1));
  rank(3).gone(Rank(2));
  EXPECT_EQ(waits(rank(3), 10s), kTurn);
}

TEST_F(SuccessionTest, WhoIsBeatenWaitsForTheWinner) {
  ASSERT_TRUE(waits(rank(1), 10s));
  rank(1).beaten(now);
  EXPECT_EQ(waits(rank(1), 750ms), std::nullopt);
  rank(1).candidate(Rank(2), now);
  EXPECT_EQ(waits(rank(1), 750ms), std::nullopt);
  EXPECT_EQ(waits(rank(1), 10s), 250ms) << "the winner is silent";
}

TEST_F(SuccessionTest, TheNextCoordinatorMayDieAsWell) {
  rank(3).follow(Rank(1), now);
  rank(3).living(living_of({Rank(1), Rank(2), Rank(3)}));
  EXPECT_EQ(rank(3).heirs(), (std::vector{Rank(2), Rank(3)}));
  EXPECT_EQ(waits(rank(3), 10s), 2s);
}

TEST_F(SuccessionTest, AFormerCoordinatorThatIsBackMayTakeOverAgain) {
  Succession former(Rank(0), 5, Rank(2), kDeadline);
  former.begin(now);
  EXPECT_EQ(waits(former, 10s), 1s);
}

// All ranks were stopped: nobody takes over for that.
TEST_F(SuccessionTest, ItsOwnPauseIsForgiven) {
  EXPECT_EQ(waits(rank(1), 500ms), std::nullopt);
  now += 10s;
  EXPECT_FALSE(rank(1).on_tick(now));
  EXPECT_EQ(waits(rank(1), 10s), 500ms);
}

TEST_F(SuccessionTest, WithoutADeadlineNobodyTakesOver) {
  Succession none(Rank(1), 5, Rank(0), Duration::zero());
  none.begin(now);
  none.gone(Rank(0));
  EXPECT_EQ(waits(none, 100s), std::nullopt);
  EXPECT_EQ(none.next_wake(), std::nullopt);
}

TEST(LivingOf, JoinsNeighbours) {
  EXPECT_EQ(living_of({Rank(0), Rank(1), Rank(2), Rank(4)}).spans,
            (std::vector<Living::Span>{{Rank(0), Rank(3)}, {Rank(4), Rank(5)}}));
  EXPECT_TRUE(living_of({}).spans.empty());
}

}  // namespace
}  // namespace kiln::protocol
