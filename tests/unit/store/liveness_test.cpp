#include "store/liveness.hpp"

#include "unit/temp_folder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

namespace kiln::store {
namespace {

using testing::HasSubstr;
using namespace std::chrono_literals;

// Time that passes only while somebody waits; on_wait may do what others do meanwhile.
struct FakeClock {
  Instant now{};
  std::function<void()> on_wait = [] {};
  std::optional<std::uint64_t> started = 77;  // of every process of this host
  int waits = 0;

  LivenessClock clock() {
    return {[this] { return now; },
            [this](Duration time) {
              now += time;
              ++waits;
              on_wait();
            },
            [this](std::int32_t) { return started; }};
  }
};

class Liveness : public testing::Test {
 protected:
  Liveness() {
    self_.host = "here";
    self_.boot_id = "boot";
    self_.pid = 1;
    self_.process_start = 5;
    self_.launch_id = "mine";
    owner_ = self_;
    owner_.pid = 4711;
    owner_.process_start = 77;
    owner_.launch_id = "theirs";
  }
  void write(const Owner& owner) { write_text(scratch_ / "owner.json", to_json(owner)); }
  OwnerCheck check() { return check_owner(scratch_.path(), self_, 5s, fake_.clock()); }

  TempFolder scratch_;
  Owner self_, owner_;
  FakeClock fake_;
};

TEST_F(Liveness, NobodyIsFree) {
  EXPECT_FALSE(check().in_use);
  EXPECT_EQ(fake_.waits, 0);
}

TEST_F(Liveness, ABeatThatChangesIsInUse) {
  write(owner_);
  fake_.on_wait = [&] {
    if (fake_.waits != 10) return;
    ++owner_.beat;
    write(owner_);
  };
  const OwnerCheck result = check();
  EXPECT_TRUE(result.in_use);
  EXPECT_THAT(result.why, HasSubstr("pid 4711 on here"));
  EXPECT_EQ(fake_.waits, 10);
}

TEST_F(Liveness, ABeatThatStandsStillForTwoDeadlinesIsFree) {
  owner_.host = "elsewhere";
  write(owner_);
  EXPECT_FALSE(check().in_use);
  EXPECT_GE(fake_.now.time_since_epoch(), 10s);
  EXPECT_LE(fake_.now.time_since_epoch(), 11s);
}

TEST_F(Liveness, AStoppedProcessOfThisHostMayWake) {
  write(owner_);
  EXPECT_TRUE(check().may_wake);
  owner_.host = "elsewhere";
  write(owner_);
  EXPECT_FALSE(check().may_wake);
}

TEST_F(Liveness, ADeadProcessOfThisHostDecidesAtOnce) {
  write(owner_);
  fake_.started = std::nullopt;
  EXPECT_FALSE(check().in_use);
  EXPECT_EQ(fake_.waits, 0);
}

TEST_F(Liveness, AnotherProcessWithThePidDecidesAtOnce) {
  write(owner_);
  fake_.started = 78;
  EXPECT_FALSE(check().in_use);
  EXPECT_EQ(fake_.waits, 0);
}

TEST_F(Liveness, AnotherHostOrBootOrContainerSaysNothingAboutThePid) {
  fake_.started = std::nullopt;
  for (int what = 0; what < 2; ++what) {
    Owner other = owner_;
    (what == 0 ? other.host : other.boot_id) = "other";
    write(other);
    const int before = fake_.waits;
    check();
    EXPECT_GT(fake_.waits, before) << what;
  }
}

TEST_F(Liveness, AHigherRestartCountOfTheJobDecidesAtOnce) {
  owner_.host = "elsewhere";
  owner_.job_id = self_.job_id = "42";
  owner_.restart_count = 1;
  self_.restart_count = 2;
  write(owner_);
  EXPECT_FALSE(check().in_use);
  EXPECT_EQ(fake_.waits, 0);
  self_.job_id = "43";
  check();
  EXPECT_GT(fake_.waits, 0) << "another job";
}

TEST_F(Liveness, AReleaseDecidesAtOnce) {
  owner_.host = "elsewhere";
  owner_.released = true;
  write(owner_);
  EXPECT_FALSE(check().in_use);
  EXPECT_EQ(fake_.waits, 0);
}

TEST_F(Liveness, ATornOwnerIsWatchedToo) {
  write_text(scratch_ / "owner.json", "{\"beat\":");
  EXPECT_FALSE(check().in_use);
  EXPECT_GE(fake_.now.time_since_epoch(), 10s);
  fake_.on_wait = [&] { write(owner_); };
  EXPECT_TRUE(check().in_use);
}

TEST_F(Liveness, TheHeartBeatsAndReleases) {
  RunDirectory directory = RunDirectory::create(scratch_ / "r", {});
  Heart heart(directory, owner_);
  heart.set_epoch(Epoch(9));
  heart.beat();
  const auto first = parse_owner(read_text(scratch_ / "r/owner.json"));
  heart.beat();
  const auto second = parse_owner(read_text(scratch_ / "r/owner.json"));
  heart.release();
  const auto last = parse_owner(read_text(scratch_ / "r/owner.json"));
  ASSERT_TRUE(first && second && last);
  EXPECT_LT(first->beat, second->beat);
  EXPECT_EQ(first->epoch, Epoch(9));
  EXPECT_FALSE(second->released);
  EXPECT_TRUE(last->released);
}

TEST(OwnerFile, RoundTripAndBadBytes) {
  Owner owner = this_process();
  owner.launch_id = "x";
  owner.beat = 1u << 31;
  const std::string text = to_json(owner);
  EXPECT_EQ(parse_owner(text), owner);
  for (std::size_t size = 0; size + 1 < text.size(); ++size) EXPECT_EQ(parse_owner(text.substr(0, size)), std::nullopt);
}

TEST(OwnerFile, NumbersThatDoNotFitAreNotTaken) {
  Owner owner = this_process();
  owner.pid = 77;
  const std::string text = to_json(owner);
  const std::size_t at = text.find("\"pid\":77");
  ASSERT_NE(at, std::string::npos);
  for (const char* pid : {"7.5", "1e300", "-3000000000", "4294967296", "\"77\""}) {
    EXPECT_EQ(parse_owner(std::string(text).replace(at + 6, 2, pid)), std::nullopt) << pid;
  }
}

TEST(OwnerFile, ThisProcessIsAlive) {
  const Owner self = this_process();
  EXPECT_EQ(self.pid, ::getpid());
  EXPECT_NE(self.process_start, 0u);
  EXPECT_EQ(process_start(self.pid), self.process_start);
  EXPECT_NE(self.boot_id, "");
  EXPECT_NE(self.host, "");
  EXPECT_EQ(process_start(-1), std::nullopt);
}

TEST(OwnerFile, AZombieIsDead) {
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) ::_exit(0);
  siginfo_t info{};
  ASSERT_EQ(::waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOWAIT), 0);
  EXPECT_EQ(process_start(child), std::nullopt);
  ASSERT_EQ(::waitpid(child, nullptr, 0), child);
  EXPECT_EQ(process_start(child), std::nullopt);
}

}  // namespace
}  // namespace kiln::store
