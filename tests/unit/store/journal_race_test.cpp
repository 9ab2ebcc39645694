#include "store/compaction.hpp"
#include "store/journal.hpp"
#include "unit/temp_folder.hpp"

#include "unit/store/journal_fixture.hpp"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>

#include <cstdio>
#include <functional>
#include <memory>
#include <set>

namespace kiln::store {
namespace {

using namespace testing;

constexpr int kDeposed = 42;
constexpr int kCommitted = 43;

/// A child process that runs `work` and exits with its answer. It is ended with the test, come what may.
class Child {
 public:
  explicit Child(const std::function<int()>& work) : pid_(::fork()) {
    if (pid_ != 0) return;
    int code = 1;
    try {
      code = work();
    } catch (const std::exception& error) {
      fprintf(stderr, "child: %s\n", error.what());
    }
    ::_exit(code);
  }
  ~Child() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  bool wait_until_stopped() {
    int status = 0;
    return ::waitpid(pid_, &status, WUNTRACED) == pid_ && WIFSTOPPED(status);
  }
  void go_on() { ::kill(pid_, SIGCONT); }
  int exit_code() {
    int status = 0;
    const bool ended = ::waitpid(std::exchange(pid_, 0), &status, 0) > 0 && WIFEXITED(status);
    return ended ? WEXITSTATUS(status) : -1;
  }

 private:
  pid_t pid_;
};

int try_append(Journal& journal, const CommitEntry& commit) {
  try {
    journal.append(commit);
    return kCommitted;
  } catch (const Deposed&) {
    return kDeposed;
  }
}

TEST(JournalRace, AWriterStoppedBeforeItsLinkIsDeposedWhenItWakes) {
  const TempFolder folder;
  Child sleeper([&] {
    FaultyOps ops;
    Journal journal(folder.path(), {"first", 1000}, ops);
    journal.begin_epoch({"first", "here", 1, 0});
    ops.before_link = [] { ::raise(SIGSTOP); };
    return try_append(journal, done_only(0, 10));
  });
  ASSERT_TRUE(sleeper.wait_until_stopped());
  Journal second(folder.path(), {"second", 1000});
  second.begin_epoch({"second", "here", 2, 0});
  second.append(done_only(5, 20));
  sleeper.go_on();
  EXPECT_EQ(sleeper.exit_code(), kDeposed);
  const Picture picture = read_picture(folder.path());
  EXPECT_TRUE(picture.scan.problems.empty());
  EXPECT_EQ(picture.ledger.done, schedule::IntervalSet(make_interval(5, 20)));
}

TEST(JournalRace, AWriterThatSleptThroughRetirementIsDeposed) {
  const TempFolder folder;
  Child sleeper([&] {
    FaultyOps ops;
    Journal journal(folder.path(), {"first", 4}, ops);
    journal.begin_epoch({"first", "here", 1, 0});
    ops.before_link = [] { ::raise(SIGSTOP); };
    return try_append(journal, done_only(0, 10));
  });
  ASSERT_TRUE(sleeper.wait_until_stopped());
  Journal second(folder.path(), {"second", 4});
  second.begin_epoch({"second", "here", 2, 0});
  Compactor compactor(second, read_picture(folder.path(), 4).scan, {3});
  for (std::uint64_t i = 0; i < 12; ++i) second.append(done_only(100 + i, 101 + i));
  while (compactor.step()) {
  }
  ASSERT_TRUE(fs::is_regular_file(folder.path() / "journal/000"));
  sleeper.go_on();
  EXPECT_EQ(sleeper.exit_code(), kDeposed);
  EXPECT_EQ(read_picture(folder.path(), 4).ledger.done.count(), 12u);
}

TEST(JournalRace, ManyWritersNeverContradictEachOther) {
  const TempFolder folder;
  constexpr std::uint64_t kWriters = 4;
  constexpr std::uint64_t kReigns = 15;
  // Each writer tells by a file of its own what it was told is committed.
  const auto work = [&](std::uint64_t writer) {
    std::ofstream told(folder.path() / ("told-" + std::to_string(writer)));
    std::uint64_t unit = writer * 1000;
    for (std::uint64_t reign = 0; reign < kReigns; ++reign) {
      try {
        Journal journal(folder.path(), {"w" + std::to_string(writer), 16});
        journal.begin_epoch({"w" + std::to_string(writer), "here", 1, 0});
        for (int i = 0; i < 3; ++i, ++unit) {
          journal.append(done_only(unit, unit + 1));
          told << unit << '\n';
        }
      } catch (const Deposed&) {
        ++unit;
      }
    }
    told.flush();
    return told ? kCommitted : 1;
  };
  std::vector<std::unique_ptr<Child>> writers;
  for (std::uint64_t i = 0; i < kWriters; ++i) writers.push_back(std::make_unique<Child>([&] { return work(i); }));
  for (auto& writer : writers) EXPECT_EQ(writer->exit_code(), kCommitted);
  schedule::IntervalSet told;
  for (std::uint64_t i = 0; i < kWriters; ++i) {
    std::ifstream in(folder.path() / ("told-" + std::to_string(i)));
    for (std::uint64_t unit = 0; in >> unit;) told.insert(make_interval(unit, unit + 1));
  }
  const Picture picture = read_picture(folder.path(), 16);
  EXPECT_TRUE(picture.scan.problems.empty());
  EXPECT_EQ(picture.ledger.done, told);
  EXPECT_GT(told.count(), 0u);
  std::set<Epoch> epochs;
  for (const auto& epoch : picture.ledger.epochs) EXPECT_TRUE(epochs.insert(epoch.epoch).second) << "an epoch twice";
}

TEST(JournalRace, AReaderSeesAWholePictureWhileAWriterMerges) {
  const TempFolder folder;
  Journal first(folder.path(), {"first", 8});
  first.begin_epoch({"first", "here", 1, 0});
  Child writer([&] {
    Compactor compactor(first, ScanResult(), {3});
    for (std::uint64_t i = 0; i < 400; ++i) {
      first.append(sample_commit(i, i + 1), sample_schema());
      while (compactor.step()) {
      }
    }
    return kCommitted;
  });
  std::uint64_t seen = 0;
  int looks = 0;
  for (; seen < 400 && looks < 100000; ++looks) {
    const Picture picture = read_picture(folder.path(), 8);
    for (const std::string& line : picture.scan.lines()) ADD_FAILURE() << line;
    const std::uint64_t done = picture.ledger.done.count();
    EXPECT_GE(done, seen) << "what was committed once is always seen";
    // Commits come in order of units, so a whole picture has no gap.
    EXPECT_LE(picture.ledger.done.size(), 1u);
    EXPECT_EQ(picture.rows.size(), done);
    seen = done;
    if (HasFailure()) break;
  }
  EXPECT_EQ(writer.exit_code(), kCommitted);
  EXPECT_GT(looks, 3);
}

}  // namespace
}  // namespace kiln::store
