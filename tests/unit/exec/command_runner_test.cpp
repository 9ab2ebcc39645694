#include "exec/command_runner.hpp"

#include "command_fixture.hpp"
#include "units/command_source.hpp"

#include <gmock/gmock.h>
#include <kiln/error.hpp>

#include <algorithm>
#include <map>

namespace kiln::exec {
namespace {

using namespace std::chrono_literals;

/// Commands through executor, runner and helper, as a rank runs them.
class CommandUnits : public CommandFixture {
 protected:
  Work work(const std::vector<std::string_view>& commands) {
    units::TaskFile tasks;
    tasks.commands = commands;
    const units::CommandSource source(tasks);
    Work work;
    work.id = BatchId(1);
    work.units = make_interval(0, source.size());
    work.attempt = 3;
    ByteWriter payloads;
    source.append_payloads(work.units, payloads);
    work.payloads = payloads.take();
    return work;
  }
  std::unique_ptr<Executor> start() {
    client_ = SpawnerClient::start(options_);
    auto runner = std::make_unique<CommandRunner>(*client_, setup_, Rank(5), "kiln-host");
    return std::make_unique<Executor>(std::move(runner), Executor::Options{}, [] {});
  }
  void collect(Executor& executor) {
    protocol::Part part;
    ASSERT_TRUE(eventually([&] {
      while (executor.poll(part)) {
        if (!part.rows.empty()) add_rows(part.rows);
        for (protocol::UnitFailure& failure : part.failures) {
          if (!failure.row.empty()) add_rows(failure.row);
          failures_[failure.unit.value()] = std::move(failure);
        }
        if (part.last) return true;
      }
      return false;
    }));
  }
  void add_rows(ByteView bytes) {
    ByteReader in(bytes, "rows");
    rows_.append(Rows::decode(in, command_schema()));
  }
  static std::size_t column(std::string_view name) {
    for (std::size_t i = 0; i < command_schema().size(); ++i) {
      if (command_schema()[i].name == name) return i;
    }
    ADD_FAILURE() << "no column " << name;
    return 0;
  }
  std::size_t row_of(std::uint64_t unit) const {
    const auto& units = rows_.units();
    return static_cast<std::size_t>(std::find(units.begin(), units.end(), unit) - units.begin());
  }
  std::string text(std::uint64_t unit, std::string_view name) const {
    return std::string(rows_.text_at(column(name), row_of(unit)));
  }
  template <class T>
  T value(std::uint64_t unit, std::string_view name) const {
    return rows_.at<T>(column(name), row_of(unit));
  }

  Rows rows_{command_schema()};
  std::map<std::uint64_t, protocol::UnitFailure> failures_;
};

TEST_F(CommandUnits, GiveRowsAndReasons) {
  setup_.timeout = 2s;
  const auto executor = start();
  executor->submit(work({"echo hello", "exit 3", "kill -SEGV $$", "no-such-program", "echo partly; sleep 1000",
                         "echo $KILN_UNIT $KILN_ATTEMPT", "/usr"}));
  collect(*executor);
  ASSERT_EQ(rows_.size(), 7U);
  EXPECT_EQ(failures_.size(), 5U);
  EXPECT_EQ(failures_[1].reason, "exit code 3");
  EXPECT_EQ(failures_[2].reason, "signal 11 (Segmentation fault)");
  EXPECT_EQ(failures_[3].reason, "exit code 127 (command not found)");
  EXPECT_EQ(failures_[4].reason, "timed out after 2s");
  EXPECT_EQ(failures_[6].reason, "exit code 126 (command not executable)");
  EXPECT_EQ(text(0, "units/command"), "echo hello");
  EXPECT_EQ(text(0, "units/status"), "ok");
  EXPECT_EQ(text(1, "units/status"), "failed");
  EXPECT_EQ(text(2, "units/status"), "signaled");
  EXPECT_EQ(text(4, "units/status"), "timeout");
  EXPECT_EQ(text(0, "output/stdout"), "hello\n");
  EXPECT_EQ(text(4, "output/stdout"), "partly\n");
  EXPECT_EQ(text(5, "output/stdout"), "5 3\n");
  EXPECT_EQ(value<std::int32_t>(1, "units/exit_code"), 3);
  EXPECT_EQ(value<std::int32_t>(1, "units/signal"), -1);
  EXPECT_EQ(value<std::int32_t>(2, "units/exit_code"), -1);
  EXPECT_EQ(value<std::int32_t>(2, "units/signal"), SIGSEGV);
  EXPECT_EQ(value<std::int32_t>(0, "units/attempts"), 3);
  EXPECT_EQ(value<std::int32_t>(0, "units/rank"), 5);
  EXPECT_EQ(text(0, "units/host"), "kiln-host");
  EXPECT_GT(value<double>(0, "units/start"), 1.7e9);
  EXPECT_GT(value<std::int64_t>(0, "units/max_rss"), 100'000);
  EXPECT_EQ(value<std::uint8_t>(0, "output/stdout_cut"), 0);
}

TEST_F(CommandUnits, SayWhyTheyCouldNotBegin) {
  setup_.working_directory = path("none");
  const auto executor = start();
  executor->submit(work({"true"}));
  collect(*executor);
  EXPECT_EQ(failures_[0].reason,
            "cannot enter the working directory " + path("none").string() + ": No such file or directory");
  EXPECT_EQ(failures_[0].kind, protocol::FailureKind::failed);
  EXPECT_EQ(value<std::int32_t>(0, "units/exit_code"), -1);
}

TEST_F(CommandUnits, AreCancelledWithoutCharge) {
  const auto executor = start();
  executor->submit(work({"echo $$ > pid; sleep 1000; sleep 1000", "true"}));
  pid_in("pid");
  EXPECT_EQ(executor->take_back(protocol::TakeBack::Share::all).size(), 1U);
  executor->cancel();
  collect(*executor);
  EXPECT_EQ(failures_[0].kind, protocol::FailureKind::cancelled);
  EXPECT_TRUE(failures_[0].row.empty());
  EXPECT_EQ(rows_.size(), 0U);
}

/// A cancel or signal that comes between the claim and the start of a command counts for it.
class EarlyOrders : public Results {
 public:
  std::vector<Rows>& tables() override { return tables_; }
  Harvest* harvest() override { return nullptr; }
  void succeeded(Interval) override { ++succeeded_; }
  void failed(protocol::UnitFailure failure) override { failures_.push_back(std::move(failure)); }
  bool cancelled() const override { return cancelled_; }
  bool signalled() const override { return signalled_; }

  std::vector<Rows> tables_{Rows(command_schema())};
  int succeeded_ = 0;
  std::vector<protocol::UnitFailure> failures_;
  bool cancelled_ = false, signalled_ = false;
};

TEST_F(CommandUnits, ObeyWhatCameBeforeTheyBegan) {
  setup_.task_signal = SIGUSR1;
  client_ = SpawnerClient::start(options_);
  CommandRunner runner(*client_, setup_, Rank(1), "host");
  const Work unit = work({"sleep 1000"});
  EarlyOrders cancelled, signalled;
  cancelled.cancelled_ = true;
  runner.run(unit, unit.units, cancelled);
  ASSERT_EQ(cancelled.failures_.size(), 1U);
  EXPECT_EQ(cancelled.failures_[0].kind, protocol::FailureKind::cancelled);
  signalled.signalled_ = true;
  runner.run(unit, unit.units, signalled);
  ASSERT_EQ(signalled.failures_.size(), 1U);
  EXPECT_EQ(signalled.failures_[0].reason, "signal 10 (User defined signal 1)");
}

TEST_F(CommandUnits, EndTheRankWhenTheHelperDies) {
  const auto executor = start();
  executor->submit(work({"sleep 1000 & echo $! > pid; wait"}));
  const pid_t pid = pid_in("pid");
  kill(client_->keeper(), SIGKILL);
  ASSERT_TRUE(eventually([&] { return !executor->fault().empty(); }));
  EXPECT_THAT(executor->fault(), testing::HasSubstr("helper process"));
  EXPECT_TRUE(eventually([&] { return !alive(pid); }));
}

TEST_F(CommandUnits, RefuseAnOutputLimitThatMemoryCannotHold) {
  client_ = SpawnerClient::start(options_);
  setup_.output_limit = kLargestOutputLimit + 1;
  try {
    const CommandRunner runner(*client_, setup_, Rank(0), "h");
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::usage);
    EXPECT_THAT(error.what(), testing::HasSubstr("64.0 MiB"));
  }
}

TEST_F(CommandUnits, TakeWhatBelongsToEachFromTheSource) {
  setup_.grace = 100ms;
  setup_.timeout = 100s;
  setup_.first_worker = 2;
  const std::string_view lines = "echo $KILN_LINE $KILN_WORKER $DISBATCH_TASKID\n#kiln timeout=50ms\nsleep 1000\n";
  const units::TaskFile tasks = units::parse_task_file({as_bytes(lines).begin(), as_bytes(lines).end()}, "tasks.txt");
  const units::CommandSource source(tasks);
  Work work;
  work.id = BatchId(1);
  work.units = make_interval(0, 2);
  ByteWriter payloads;
  source.append_payloads(work.units, payloads);
  work.payloads = payloads.take();
  const auto executor = start();
  executor->submit(std::move(work));
  collect(*executor);
  EXPECT_EQ(text(0, "output/stdout"), "1 3 0\n");
  EXPECT_EQ(text(0, "units/command"), "echo $KILN_LINE $KILN_WORKER $DISBATCH_TASKID");
  EXPECT_EQ(failures_.at(1).reason, "timed out after 50ms");
  EXPECT_EQ(text(1, "units/status"), "timeout");
}

}  // namespace
}  // namespace kiln::exec
