#pragma once

#include "exec/command_setup.hpp"
#include "store/run_store.hpp"
#include "unit/temp_folder.hpp"

#include <fmt/core.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace kiln::store {

/// What a command's row says in these tests.
struct SampleRow {
  std::uint64_t unit = 0;
  std::string status = "ok";
  std::int32_t exit_code = 0;
  std::string out = "out";
  std::string err = "";
  std::string command() const { return fmt::format("command {}", unit); }
};

inline void put_row(Rows& rows, const SampleRow& row) {
  rows.begin_row(UnitId(row.unit));
  rows.put_text(row.command());
  rows.put_text(row.status);
  rows.put(row.exit_code);
  rows.put(std::int32_t{-1});                            // signal
  rows.put(std::int32_t{1});                             // attempts
  rows.put(std::int32_t{3});                             // rank
  rows.put_text("node");                                 // host
  rows.put(1e9 + static_cast<double>(row.unit));         // start
  rows.put(0.5);                                         // seconds
  rows.put(0.25);                                        // user
  rows.put(std::numeric_limits<double>::quiet_NaN());    // system
  rows.put(static_cast<std::int64_t>(1000 + row.unit));  // max_rss
  rows.put_text(row.out);
  rows.put_text(row.err);
  rows.put(std::uint8_t{0});
  rows.put(std::uint8_t{1});
}

inline Bytes blob(const std::vector<SampleRow>& samples) {
  Rows rows(exec::command_schema());
  for (const SampleRow& sample : samples) put_row(rows, sample);
  ByteWriter out;
  rows.encode(out);
  return out.take();
}

inline std::vector<SampleRow> samples(std::uint64_t first, std::uint64_t last) {
  std::vector<SampleRow> rows;
  for (std::uint64_t unit = first; unit < last; ++unit) rows.push_back({.unit = unit, .out = fmt::format("o{}", unit)});
  return rows;
}

/// Units [first, last) are done.
inline protocol::CommitPlan done_plan(std::uint64_t first, std::uint64_t last) {
  protocol::CommitPlan plan;
  plan.done.insert(make_interval(first, last));
  plan.rows.push_back(blob(samples(first, last)));
  plan.batches.push_back({BatchId(first), Rank(1), make_interval(first, last), last - first, 2e9, 0.5});
  return plan;
}

inline protocol::CommitPlan dead_plan(std::uint64_t unit, const std::string& reason) {
  protocol::CommitPlan plan;
  plan.dead.push_back({UnitId(unit), 3, reason});
  plan.rows.push_back(blob({{.unit = unit, .status = "failed", .exit_code = 3}}));
  return plan;
}

class RunFixture : public testing::Test {
 protected:
  RunStoreOptions options(const std::string& launch = "launch-a") {
    RunStoreOptions options;
    options.path = path();
    options.arguments = {"run", "tasks.txt"};
    options.seed = 5;
    options.launch_id = launch;
    options.owner_deadline = std::chrono::milliseconds(20);
    return options;
  }
  std::filesystem::path path() const { return scratch_ / "tasks.kiln"; }

  /// "command 0" … one a line, from line 1 on.
  static void set_commands(RunStore& store, const std::vector<std::uint64_t>& numbers) {
    std::vector<std::string> texts;
    std::string file;
    std::vector<std::int64_t> lines;
    for (const std::uint64_t number : numbers) {
      texts.push_back(fmt::format("command {}", number));
      file += texts.back() + "\n";
      lines.push_back(static_cast<std::int64_t>(lines.size()) + 1);
    }
    store.set_source(as_bytes(file), {texts.begin(), texts.end()}, lines);
  }
  static std::vector<std::uint64_t> up_to(std::uint64_t count) {
    std::vector<std::uint64_t> numbers(count);
    for (std::uint64_t i = 0; i < count; ++i) numbers[i] = i;
    return numbers;
  }
  static EndEntry complete(const std::string& launch) { return {launch, protocol::Outcome::complete, 0, 3e9}; }

  std::unique_ptr<RunStore> open(const std::string& launch = "launch-a") { return RunStore::open(options(launch)); }

  TempFolder scratch_;
};

/// Changes one byte of a file.
inline void flip_byte(const std::filesystem::path& path, std::size_t at) {
  std::string text = read_text(path);
  text.at(at) = static_cast<char>(text.at(at) ^ 0x10);
  write_text(path, text);
}

}  // namespace kiln::store
