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

}  // namespace
}  // namespace kiln::exec
