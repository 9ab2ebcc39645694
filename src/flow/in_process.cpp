#include "base/start_directory.hpp"

#include <kiln/detail/in_process.hpp>

#include <fmt/core.h>
#include <kiln/error.hpp>
#include "base/tables.hpp"
#include "flow/fold.hpp"
#include "flow/rejected_table.hpp"
#include "flow/source_resolver.hpp"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <iterator>
#include <numeric>

namespace kiln::detail {
namespace {

/// A folder of temporary files that is made when it is first needed.
class Scratch {
 public:
  Scratch() = default;
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  ~Scratch() {
    std::error_code ignored;
    if (!folder_.empty()) std::filesystem::remove_all(folder_, ignored);
  }
  std::string of(UnitId unit) {
    if (folder_.empty()) {
      std::string name = (from_start(std::filesystem::temp_directory_path()) / "kiln-XXXXXX").native();
      if (::mkdtemp(name.data()) == nullptr) {
        throw Error(ExitCode::bad_input, fmt::format("{}: no scratch directory can be made there", name));
      }
      folder_ = name;
    }
    const std::filesystem::path folder = folder_ / std::to_string(unit.value());
    std::filesystem::create_directories(folder);
    return folder.native();
  }

 private:
  std::filesystem::path folder_;
};

class InProcess {
 public:
  InProcess(const StagePlan& plan, const InProcessOptions& options)
      : plan_(plan), options_(options), code_(plan.make_code()), fold_(plan) {
    for (const RowsSink& sink : plan.rows) stage_.tables.push_back(sink.table);
    stage_.rows = make_tables(stage_.tables);
    host_.seed = options.seed;
    host_.stage = options.stage;
    host_.scratch = [this](UnitId unit) { return scratch_.of(unit); };
  }

  InProcessStage run() {
    const auto began = std::chrono::steady_clock::now();
    const flow::ResolvedSource source = flow::resolve_source(plan_.source, {});
    const auto input = flow::open_input(plan_.source, source.descriptor);
    host_.input = input.get();
    const std::uint64_t batch = std::max<std::uint64_t>(options_.batch, 1);
    for (std::uint64_t first = 0; first < source.units; first += std::min(batch, source.units - first)) {
      run_units(make_interval(first, first + std::min(batch, source.units - first)), 1);
      if (source.units - first > batch) tell_so_far();
    }
    sort_rows();
    stage_.result.values = fold_.values();
    stage_.result.counts = {source.units, source.units - stage_.dead.size(), stage_.dead.size(), records_rejected()};
    stage_.result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
    return std::move(stage_);
  }

 private:
  void run_units(Interval units, std::uint32_t attempt) {
    std::vector<Rows> tables = make_tables(stage_.tables);
    flow::StageHarvest harvest(plan_.reduces);
    StageOutput output;
    output.tables = &tables;
    output.forests = &harvest.forests();
    host_.attempt = attempt;
    code_->run(units, host_, output);

    for (std::size_t i = 0; i < tables.size(); ++i) stage_.rows[i].append(tables[i]);
    ByteWriter partials;
    harvest.encode(partials);
    fold_.admit(partials.view());
    stage_.rejected.insert(stage_.rejected.end(), std::make_move_iterator(output.rejected.begin()),
                           std::make_move_iterator(output.rejected.end()));
    for (FailedUnit& failure : output.failures) {
      if (attempt < options_.attempts) {
        run_units(single(failure.unit), attempt + 1);
      } else {
        stage_.dead.push_back({failure.unit.value(), attempt, std::move(failure.reason)});
      }
    }
  }

  /// After each batch but the last, whatever the time.
  void tell_so_far() const {
    for (std::size_t i = 0; i < plan_.reduces.size(); ++i) {
      if (plan_.reduces[i].tell_so_far) fold_.tell(i, plan_.reduces[i]);
    }
  }

  std::uint64_t records_rejected() const {
    std::uint64_t sum = 0;
    for (const RejectedRecord& record : stage_.rejected) sum += record.count;
    return sum;
  }

  /// Units that were tried again came later.
  void sort_rows() {
    const auto by_unit = [](const auto& a, const auto& b) { return a.unit < b.unit; };
    std::stable_sort(stage_.rejected.begin(), stage_.rejected.end(), by_unit);
    std::stable_sort(stage_.dead.begin(), stage_.dead.end(), by_unit);
    for (std::size_t i = 0; i < stage_.rows.size(); ++i) {
      const std::vector<std::uint64_t>& units = stage_.rows[i].units();
      if (std::is_sorted(units.begin(), units.end())) continue;
      std::vector<std::size_t> order(units.size());
      std::iota(order.begin(), order.end(), std::size_t{0});
      std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return units[a] < units[b]; });
      Rows sorted(stage_.tables[i].schema);
      for (const std::size_t row : order) sorted.append_row(stage_.rows[i], row);
      stage_.rows[i] = std::move(sorted);
    }
  }

  const StagePlan& plan_;
  const InProcessOptions options_;
  const std::unique_ptr<StageCode> code_;
  flow::Fold fold_;
  Scratch scratch_;
  StageHost host_;
  InProcessStage stage_;
};

}  // namespace

InProcessStage run_in_process(const StagePlan& plan, const InProcessOptions& options) {
  return InProcess(plan, options).run();
}

}  // namespace kiln::detail
