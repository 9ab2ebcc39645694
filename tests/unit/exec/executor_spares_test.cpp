#include "command_fixture.hpp"
#include "exec/executor.hpp"

#include <gtest/gtest.h>

namespace kiln::exec {
namespace {

class Nothing final : public Runner {
 public:
  const Tables& tables() const override {
    static const Tables kTables = {{"", {{"a", ColumnType::u64, "", ""}}}};
    return kTables;
  }
  void run(const Work&, Interval claimed, Results& results) override { results.succeeded(claimed); }
  std::uint64_t claim(double) const override { return 16; }
  void cancel() override {}
  void signal() override {}
};

TEST(ExecutorSpares, AreTheBytesOfLargePayloadsThatAreDone) {
  constexpr std::uint64_t kBatches = 100;  // more than it keeps
  Executor executor(std::make_unique<Nothing>(), {}, [] {});
  for (std::uint64_t id = 1; id <= kBatches; ++id) {
    Work work;
    work.id = BatchId(id);
    work.units = make_interval(id * 10, id * 10 + 10);
    work.payloads = ByteSlice(Bytes(id == 1 ? 100 : 5000), 40, 60);
    executor.submit(std::move(work));
  }
  std::uint64_t ended = 0;
  protocol::Part part;
  ASSERT_TRUE(eventually([&] {
    while (executor.poll(part)) ended += part.last ? 1 : 0;
    return ended == kBatches;
  }));
  const std::vector<Bytes> spares = executor.take_spares();
  EXPECT_FALSE(spares.empty());
  EXPECT_LT(spares.size(), kBatches);
  for (const Bytes& bytes : spares) EXPECT_EQ(bytes.size(), 5000U);
  EXPECT_TRUE(executor.take_spares().empty());
}

}  // namespace
}  // namespace kiln::exec
