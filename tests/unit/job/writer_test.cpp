#include "job/writer.hpp"

#include "unit/job/fake_archive.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <stdexcept>

namespace kiln::job {
namespace {

using testing::ElementsAre;

std::unique_ptr<protocol::CommitPlan> plan(std::uint64_t id) {
  auto made = std::make_unique<protocol::CommitPlan>();
  made->id = id;
  return made;
}

class WriterTest : public testing::Test {
 protected:
  void start() {
    writer_.emplace(archive_, [this] { woken_.open(); });
  }

  /// What became of the commit; throws what cannot be recovered from.
  std::optional<Writer::Committed> outcome() {
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (std::chrono::steady_clock::now() < until) {
      if (auto committed = writer_->poll()) return committed;
      std::this_thread::yield();
    }
    return std::nullopt;
  }
  void finish_tasks() {
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (writer_->running() && std::chrono::steady_clock::now() < until) std::this_thread::yield();
    EXPECT_FALSE(writer_->running());
  }

  /// A task is run behind the status that was given before.
  void finish_status() {
    writer_->run([] {});
    finish_tasks();
  }

  FakeArchive archive_;
  Gate woken_;
  std::optional<Writer> writer_;
};

TEST_F(WriterTest, TicksWithoutBeingAskedAndBearsAFullDisk) {
  int calls = 0;
  archive_.on_tick = [&calls] {
    if (++calls == 1) throw FullDisk();
  };
  start();
  EXPECT_TRUE(archive_.eventually([this] { return archive_.ticks >= 1; }));
  writer_->commit(plan(7));
  EXPECT_TRUE(outcome());
}

TEST_F(WriterTest, CommitsWakesAndThenKeepsHouse) {
  start();
  writer_->commit(plan(7));
  const auto committed = outcome();
  ASSERT_TRUE(committed);
  EXPECT_EQ(committed->failed, nullptr);
  woken_.pass();
  EXPECT_TRUE(archive_.eventually([&] { return archive_.maintained == 1; }));
  EXPECT_THAT(archive_.commits, ElementsAre(7));
  EXPECT_FALSE(writer_->poll());
}

TEST_F(WriterTest, SaysWhoHasEndedARank) {
  archive_.crashed = {Rank(3)};
  start();
  for (const int rank : {2, 3, 2}) writer_->look_who_ended(Rank(rank));
  std::vector<std::pair<int, bool>> found;
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (found.size() < 3 && std::chrono::steady_clock::now() < until) {
    if (const auto ended = writer_->poll_ended()) found.emplace_back(ended->rank.value(), ended->end.itself);
    std::this_thread::yield();
  }
  EXPECT_THAT(found, ElementsAre(std::pair(2, false), std::pair(3, true), std::pair(2, false)));
  EXPECT_FALSE(writer_->poll_ended());
  woken_.pass();
}

// Status, beats and events meet the same disk again and again, each with a file of its own.
TEST_F(WriterTest, WhatCannotBeWrittenIsSaidOnceForEachCause) {
  std::atomic<int> error = EROFS, tries = 0;
  const auto refuse = [&](const char* name) {
    ++tries;
    throw store::StorageError(error, "write", std::string("r.kiln/") + name + std::to_string(tries));
  };
  archive_.on_beat = [&] { refuse("owner.json"); };
  archive_.on_status = [&] { refuse("status.json"); };
  testing::internal::CaptureStderr();
  start();
  const auto try_status = [&](int times) {
    for (int i = 0; i < times; ++i) {
      writer_->status("x");
      finish_status();
    }
  };
  try_status(5);
  error = ENOSPC;
  try_status(5);
  writer_.reset();
  const std::string said = testing::internal::GetCapturedStderr();
  EXPECT_GE(tries, 10);
  EXPECT_EQ(std::ranges::count(said, '\n'), 2) << said;
  EXPECT_THAT(said, testing::ContainsRegex(
                        "cannot write r.kiln/[a-z.]*[0-9]*: Read-only file system; make it writable again\n"));
  EXPECT_THAT(said,
              testing::ContainsRegex("cannot write r.kiln/[a-z.]*[0-9]*: No space left on device; make room there\n"));
}

// Nobody waits for it for ever: it counts as one that others may have ended.
TEST_F(WriterTest, WhereItCannotBeSeenWhoEndedARankAnAnswerComesAllTheSame) {
  archive_.crashed = {Rank(3)};
  archive_.on_look = [] { throw FullDisk(); };
  start();
  writer_->look_who_ended(Rank(3));
  std::optional<Writer::Ended> found;
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!found && std::chrono::steady_clock::now() < until) found = writer_->poll_ended();
  ASSERT_TRUE(found);
  EXPECT_FALSE(found->end.itself);
}

TEST_F(WriterTest, SaysWhenWhatWasGivenIsDurableAndWhenTheDiskRefusedIt) {
  bool full = true;
  archive_.on_give = [&] {
    if (full) throw FullDisk();
  };
  start();
  const auto why = [this]() -> std::optional<std::string> {
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (std::chrono::steady_clock::now() < until) {
      if (auto given = writer_->poll_given()) return given;
      std::this_thread::yield();
    }
    return std::nullopt;
  };
  writer_->give(schedule::IntervalSet(make_interval(0, 3)));
  EXPECT_EQ(why(), "no space left");
  EXPECT_TRUE(archive_.given.empty());
  full = false;
  writer_->give(schedule::IntervalSet(make_interval(0, 3)));
  EXPECT_EQ(why(), "");
  EXPECT_EQ(archive_.given.count(), 3U);
  EXPECT_FALSE(writer_->poll_given());
}

TEST_F(WriterTest, GivesBackAPlanThatAFullDiskRefused) {
  bool full = true;
  archive_.on_commit = [&] {
    if (std::exchange(full, false)) throw FullDisk();
  };
  start();
  writer_->commit(plan(1));
  auto refused = outcome();
  ASSERT_TRUE(refused);
  ASSERT_NE(refused->failed, nullptr);
  EXPECT_EQ(refused->failed->id, 1U);
  EXPECT_EQ(refused->why, "no space left");
  writer_->commit(std::move(refused->failed));
  const auto committed = outcome();
  ASSERT_TRUE(committed);
  EXPECT_EQ(committed->failed, nullptr);
  writer_.reset();
  EXPECT_THAT(archive_.commits, ElementsAre(1));
}

TEST_F(WriterTest, WhoIsDeposedWritesNothingMore) {
  archive_.on_commit = [] { throw Error(ExitCode::run_directory, "another run has taken over"); };
  start();
  writer_->commit(plan(1));
  EXPECT_THROW(outcome(), Error);
  archive_.on_commit = [] {};
  bool ran = false;
  writer_->status("late");
  writer_->event("late");
  writer_->run([&] { ran = true; });
  writer_->commit(plan(2));
  finish_tasks();
  writer_.reset();
  EXPECT_FALSE(ran);
  EXPECT_THAT(archive_.commits, ElementsAre());
  EXPECT_THAT(archive_.statuses, ElementsAre());
  EXPECT_THAT(archive_.events, ElementsAre());
}

TEST_F(WriterTest, WhetherItReignsIsFoundOutBeforeAllElse) {
  Gate looked;
  archive_.on_reign = [&] { looked.open(); };
  start();
  EXPECT_FALSE(writer_->looks_at_reign());
  writer_->look_at_reign();
  looked.pass();
  finish_status();
  EXPECT_FALSE(writer_->looks_at_reign());
}

TEST_F(WriterTest, WhoDoesNotReignAnyMoreWritesNothing) {
  Gate busy, asked;
  archive_.on_commit = [&] {
    busy.open();
    asked.pass();
  };
  archive_.on_reign = [] { throw Error(ExitCode::run_directory, "another rank has taken over"); };
  start();
  writer_->commit(plan(1));
  busy.pass();
  writer_->status("late");
  writer_->look_at_reign();
  EXPECT_TRUE(writer_->looks_at_reign()) << "what is under way comes first";
  asked.open();
  EXPECT_THROW(while (writer_->looks_at_reign()) std::this_thread::yield(), Error);
  writer_.reset();
  EXPECT_THAT(archive_.statuses, ElementsAre());
}

TEST_F(WriterTest, AFaultThatIsNoErrorOfKilnsIsToldToo) {
  archive_.on_maintain = [] { throw std::logic_error("bug"); };
  start();
  writer_->commit(plan(1));
  EXPECT_THROW(
      {
        outcome();  // of the commit, or already the fault
        outcome();
      },
      std::logic_error);
}

TEST_F(WriterTest, BeingDeposedWhileBeatingEndsTheRun) {
  archive_.on_beat = [] { throw Error(ExitCode::run_directory, "another run has taken over"); };
  start();
  EXPECT_THROW(outcome(), Error);
}

TEST_F(WriterTest, AFullDiskIsNoMatterForBeatsStatusAndHousekeeping) {
  archive_.on_maintain = archive_.on_status = archive_.on_event = [] { throw FullDisk(); };
  start();
  writer_->status("text");
  writer_->event("line");
  writer_->commit(plan(1));
  EXPECT_TRUE(outcome());
  writer_->commit(plan(2));
  EXPECT_TRUE(outcome());
  writer_.reset();
  EXPECT_THAT(archive_.commits, ElementsAre(1, 2));
}

TEST_F(WriterTest, BeatsWhileACommitTakesLong) {
  Gate disk;
  archive_.on_commit = [&] { disk.pass(); };
  start();
  writer_->commit(plan(1));
  EXPECT_TRUE(archive_.eventually([&] { return archive_.beats >= 2; }));
  EXPECT_TRUE(archive_.commits.empty());
  disk.open();
  EXPECT_TRUE(outcome());
}

TEST_F(WriterTest, OnlyTheLatestStatusIsWrittenWhenTheDiskIsSlow) {
  Gate disk, begun;
  archive_.on_commit = [&] {
    begun.open();
    disk.pass();
  };
  start();
  writer_->commit(plan(1));
  begun.pass();
  for (const char* text : {"one", "two", "three"}) writer_->status(text);
  disk.open();
  EXPECT_TRUE(outcome());
  writer_.reset();
  EXPECT_THAT(archive_.statuses, ElementsAre("three"));
}

TEST_F(WriterTest, TasksComeAfterWhatWasAskedForBefore) {
  Gate disk;
  archive_.on_commit = [&] { disk.pass(); };
  start();
  writer_->commit(plan(1));
  writer_->status("before");
  bool last = false;
  writer_->run([&] { last = archive_.commits.size() == 1 && archive_.statuses.size() == 1; });
  EXPECT_TRUE(writer_->running());
  disk.open();
  finish_tasks();
  EXPECT_TRUE(last);
}

TEST_F(WriterTest, WhatATaskThrowsIsToldByRunning) {
  start();
  writer_->run([] { throw Error(ExitCode::internal, "no results"); });
  EXPECT_THROW(
      {
        finish_tasks();
        finish_tasks();
      },
      Error);
}

TEST_F(WriterTest, ItsEndDoesWhatWasAskedFor) {
  start();
  writer_->event("first");
  writer_->event("second");
  writer_->commit(plan(3));
  writer_->status("last");
  bool ran = false;
  writer_->run([&] { ran = true; });
  writer_.reset();
  EXPECT_TRUE(ran);
  EXPECT_THAT(archive_.commits, ElementsAre(3));
  EXPECT_THAT(archive_.statuses, ElementsAre("last"));
  EXPECT_THAT(archive_.events, ElementsAre("first", "second"));
}

}  // namespace
}  // namespace kiln::job
