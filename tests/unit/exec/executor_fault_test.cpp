#include "command_fixture.hpp"
#include "exec/executor.hpp"

#include <gtest/gtest.h>
#include <kiln/error.hpp>

#include <functional>
#include <stdexcept>
#include <utility>

namespace kiln::exec {
namespace {

/// Its units end in what `fail` throws.
class Failing final : public Runner {
 public:
  explicit Failing(std::function<void()> fail) : fail_(std::move(fail)) {}
  const Tables& tables() const override {
    static const Tables kTables = {{"", {{"a", ColumnType::u64, "", ""}}}};
    return kTables;
  }
  void run(const Work&, Interval, Results&) override { fail_(); }
  std::uint64_t claim(double) const override { return 16; }
  void cancel() override {}
  void signal() override {}

 private:
  std::function<void()> fail_;
};

/// The text of the executor's fault, and its exit code.
std::pair<std::string, int> fault_of(std::function<void()> fail) {
  Executor executor(std::make_unique<Failing>(std::move(fail)), {}, [] {});
  Work work;
  work.id = BatchId(1);
  work.units = make_interval(0, 10);
  executor.submit(std::move(work));
  EXPECT_TRUE(eventually([&] { return !executor.fault().empty(); }));
  return {executor.fault(), executor.fault_code()};
}

TEST(ExecutorFault, HasTheCodeOfTheErrorThatLeftTheRunner) {
  const auto fault = fault_of([] { throw Error(ExitCode::bad_input, "wet clay"); });
  EXPECT_EQ(fault, std::make_pair(std::string("wet clay"), to_int(ExitCode::bad_input)));
}

TEST(ExecutorFault, IsKilnsOwnWhereNoErrorSaysOtherwise) {
  const auto thrown = fault_of([] { throw std::runtime_error("no more clay"); });
  EXPECT_EQ(thrown, std::make_pair(std::string("no more clay"), to_int(ExitCode::internal)));
  EXPECT_EQ(fault_of([] { throw 7; }).second, to_int(ExitCode::internal));
}

/// Cannot be joined; what was joined to it would be wrong from then on.
class Apart final : public Harvest {
 public:
  void absorb(Harvest&) override { throw std::runtime_error("cannot be joined"); }
  std::size_t bytes() const override { return 1; }
  void encode(ByteWriter& out) const override { out.put_text("half"); }
};

class Sound final : public Runner {
 public:
  const Tables& tables() const override {
    static const Tables kTables = {{"", {{"a", ColumnType::u64, "", ""}}}};
    return kTables;
  }
  std::unique_ptr<Harvest> make_harvest() const override { return std::make_unique<Apart>(); }
  void run(const Work&, Interval claimed, Results& results) override { results.succeeded(claimed); }
  std::uint64_t claim(double) const override { return 1; }
  void cancel() override {}
  void signal() override {}
};

TEST(ExecutorFault, OfJoiningKeepsBackWhatWasJoinedInPart) {
  Executor::Options options;
  options.report_every = std::chrono::milliseconds(20);
  Executor executor(std::make_unique<Sound>(), options, [] {});
  Work work;
  work.id = BatchId(1);
  work.units = make_interval(0, 10);
  executor.submit(std::move(work));
  ASSERT_TRUE(eventually([&] { return !executor.fault().empty(); }));
  const auto due = std::chrono::steady_clock::now() + 2 * options.report_every;
  protocol::Part part;
  bool any = false;
  EXPECT_TRUE(eventually([&] {
    any = any || executor.poll(part);
    return std::chrono::steady_clock::now() > due;
  }));
  EXPECT_FALSE(any) << "of units whose values are joined in part";
}

}  // namespace
}  // namespace kiln::exec
