// kiln_bench_engine: units that do nothing (or spin), through kiln's own engine; one rank's part of it.
#include "base/quantity.hpp"
#include "job/clock.hpp"
#include "job/rank_loop.hpp"
#include "job/run_archive.hpp"
#include "net/mpi_transport.hpp"
#include "noop_work.hpp"
#include "store/run_store.hpp"

#include <fmt/core.h>
#include <sys/resource.h>
#include <CLI/CLI.hpp>

#include <csignal>
#include <kiln/error.hpp>
#include <memory>
#include <optional>

namespace kiln::bench {
namespace {

struct Asked {
  std::uint64_t units = 0;
  std::uint64_t stop_after = 0;
  std::string batch = "adaptive";
  std::string unit_time = "0";
  std::string checkpoint_every = "1000s";
  std::string heartbeat = "0";
  std::string out;  // "": nothing is kept
};

/// Commits nothing: for what handing out alone costs.
class Nowhere final : public job::Archive {
 public:
  void commit(protocol::CommitPlan&) override {}
  void beat() override {}
  void maintain() override {}
  void write_status(const std::string&) override {}
  void write_event(const std::string&) override {}
  bool may_recover(const Error&) const override { return false; }
};

class Quiet final : public job::Observer {
 public:
  void snapshot(const protocol::Coordinator&, Instant) override {}
  void failure(UnitId, Rank, std::uint32_t, const std::string&, bool) override {}
  void commit_failed(const std::string& why) override { fmt::print(stderr, "kiln_bench_engine: {}\n", why); }
  void interrupted(int, bool) override {}
};

/// Notes when the first batch leaves.
class TimedSource final : public units::Source {
 public:
  explicit TimedSource(std::uint64_t units) : source_(units) {}
  std::uint64_t size() const override { return source_.size(); }
  std::uint64_t payload_bytes(UnitId unit) const override { return source_.payload_bytes(unit); }
  std::uint64_t most_payload_bytes() const override { return source_.most_payload_bytes(); }
  void append_payloads(Interval units, ByteWriter& out) const override {
    if (!first_) first_ = job::now();
    source_.append_payloads(units, out);
  }
  Instant first() const { return first_.value_or(job::now()); }

 private:
  NoopSource source_;
  mutable std::optional<Instant> first_;  // the coordinator's thread alone hands out
};

std::unique_ptr<store::RunStore> open_store(const Asked& asked) {
  if (asked.out.empty()) return nullptr;
  store::RunStoreOptions options;
  options.path = asked.out;
  options.kind = "bench";
  options.program = "kiln_bench_engine";
  options.launch_id = fmt::format("bench-{}", getpid());
  return store::RunStore::open(options);
}

std::uint64_t max_rss() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<std::uint64_t>(usage.ru_maxrss) * 1024;
}

int coordinate(const Asked& asked, Instant begun, net::Transport& transport, job::Waiter& waiter,
               const job::Execution& execution) {
  const std::unique_ptr<store::RunStore> store = open_store(asked);
  const Schema schema = NoopRunner(Duration::zero()).tables().front().schema;
  std::unique_ptr<job::Archive> archive;
  if (store) {
    archive = std::make_unique<job::RunArchive>(*store, schema, [] {});
  } else {
    archive = std::make_unique<Nowhere>();
  }
  job::Writer writer(*archive, [&waiter] { waiter.wake(); });
  const TimedSource source(asked.units);
  Quiet observer;
  job::StageStart stage;
  stage.options.batch = asked.batch;
  stage.options.checkpoint_every = parse_duration(asked.checkpoint_every).value();
  stage.options.checkpoint_adapts = false;
  stage.start.units = asked.units;
  if (store) stage.start.done = store->recovered().done;
  if (asked.stop_after != 0) stage.start.removed.insert(make_interval(asked.stop_after, asked.units));
  std::vector<Rank> workers;
  for (std::int32_t rank = 1; rank < transport.size(); ++rank) workers.emplace_back(rank);
  const Epoch epoch = store ? store->recovered().epoch : Epoch(1);
  const std::uint64_t before = stage.start.done.count();
  job::CoordinatorLoop loop(transport, waiter, epoch, workers, writer, observer, execution);
  loop.run(std::move(stage), source);
  const double seconds = to_seconds(job::now() - source.first());
  const std::uint64_t done = loop.coordinator().counts().done - before;
  loop.stop_workers(0);
  if (store) store->release();
  fmt::print("{{\"units\": {}, \"seconds\": {}, \"first_after\": {}, \"max_rss\": {}}}\n", done, seconds,
             to_seconds(source.first() - begun), max_rss());
  return to_int(asked.stop_after != 0 ? ExitCode::stopped_early : ExitCode::ok);
}

int run(const Asked& asked) {
  const Instant begun = job::now();
  job::Waiter waiter({SIGUSR1});
  int argc = 0;
  char** argv = nullptr;
  net::MpiTransport transport(argc, argv);
  job::Execution execution;
  execution.heartbeat = parse_duration(asked.heartbeat).value();
  execution.make_runner = [&asked](const protocol::Setup&, Rank) {
    return std::make_unique<NoopRunner>(parse_duration(asked.unit_time).value());
  };
  try {
    if (transport.rank() == Rank(0)) return coordinate(asked, begun, transport, waiter, execution);
    return job::work(transport, waiter, execution).exit_code;
  } catch (const Error& error) {
    fmt::print(stderr, "kiln_bench_engine: {}\n", error.what());
    transport.abort(to_int(error.code()));
  }
}

}  // namespace
}  // namespace kiln::bench

int main(int argc, char** argv) {
  kiln::bench::Asked asked;
  CLI::App app("Units that do nothing, through kiln's engine; started under mpirun by kiln_bench.");
  app.add_option("--units", asked.units)->required();
  app.add_option("--batch", asked.batch);
  app.add_option("--unit-time", asked.unit_time);
  app.add_option("--checkpoint-every", asked.checkpoint_every);
  app.add_option("--heartbeat", asked.heartbeat, "as that of kiln run");
  app.add_option("--out", asked.out, "run directory; without it nothing is kept");
  app.add_option("--stop-after", asked.stop_after, "end with 75 once the first so many units are done; 0: never");
  CLI11_PARSE(app, argc, argv);
  return kiln::bench::run(asked);
}
