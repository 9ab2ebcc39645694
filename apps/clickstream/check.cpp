#include "check.hpp"

#include "event.hpp"
#include "figures.hpp"

#include <array>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <kiln/monoids.hpp>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>

namespace clickstream {
namespace {

constexpr std::array kTables = {"hours", "pages", "top_pages", "users", "countries", "rejected"};

std::string exported(const std::string& run, const std::string& table) { return run + "/export/" + table + ".csv"; }

void expect_files(const std::string& run, const std::string& folder) {
  if (!has_truth(folder)) {
    throw kiln::Error(kiln::ExitCode::bad_input,
                      folder + " has no truth/figures.csv: only data that 'clickstream generate' made can be checked");
  }
  for (const char* const table : kTables) {
    if (std::filesystem::exists(exported(run, table))) continue;
    throw kiln::Error(kiln::ExitCode::bad_input, exported(run, table) +
                                                     " is not there: give the report --export csv; the same command "
                                                     "with it makes the files of a run that has ended");
  }
}

/// A row that is not on both sides.
struct Difference {
  std::string row;
  std::int64_t more = 0;  ///< how much more often the report has it than the truth
};
KILN_COLUMNS(Difference, row, more)

/// Without its folder, and without the ending of a file that was packed since: offset and line are those of what is in
/// it.
template <class Row>
Row bare(Row row) {
  if constexpr (std::is_same_v<Row, BadLine>) {
    const std::filesystem::path name = std::filesystem::path(row.file).filename();
    const bool packed = name.extension() == ".gz" || name.extension() == ".zst";
    row.file = (packed ? name.stem() : name).string();
  }
  return row;
}

/// The rows that are on one side only, each with how often: more in the first file, or less.
template <class Row>
auto compared(const std::string& run, const std::string& folder, const std::string& table) {
  const auto side = [](std::int64_t sign) { return [sign](const Row& row) { return std::pair(bare(row), sign); }; };
  const kiln::Flow flow("check " + table);
  return flow.csv<Row>(exported(run, table))
      .map(side(1))
      .merge(flow.csv<Row>(truth_file(folder, table)).map(side(-1)))
      .reduce_by_key(std::plus<>{})
      .filter([](const auto& one) { return one.second != 0; })
      .map([](const std::pair<Row, std::int64_t>& one) {
        return Difference{text_of_row(one.first), one.second};
      })
      .into(kiln::to_rows(table + "_differs"), kiln::to_reduce(kiln::Count{}, table));
}

}  // namespace

int check(kiln::Session& session, const std::string& run, const std::string& folder) {
  expect_files(run, folder);
  const auto report = session.run(
      kiln::together(compared<HourRow>(run, folder, "hours"), compared<PageRow>(run, folder, "pages"),
                     compared<PageRow>(run, folder, "top_pages"), compared<UserRow>(run, folder, "users"),
                     compared<CountryRow>(run, folder, "countries"), compared<BadLine>(run, folder, "rejected")));
  const std::array<std::uint64_t, kTables.size()> counts =
      std::apply([](auto... count) { return std::array<std::uint64_t, kTables.size()>{count...}; }, report.values);
  bool good = report.exit_code() == 0 && report.counts.rejected + report.rejected_before == 0;
  for (const std::uint64_t count : counts) good = good && count == 0;
  session.at_root("say", [&] {
    for (std::size_t i = 0; i < kTables.size(); ++i) {
      if (counts[i] == 0) continue;
      std::printf("%s: %llu rows are not in both\n", kTables[i], static_cast<unsigned long long>(counts[i]));
    }
    std::printf("check: %s\n", good ? "good" : "NOT GOOD");
  });
  return good ? 0 : 1;
}

}  // namespace clickstream
