#include "check.hpp"

#include "event.hpp"
#include "figures.hpp"

#include <array>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <kiln/monoids.hpp>
#include <map>
#include <string>
#include <tuple>
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
BadLine bare(BadLine line) {
  const std::filesystem::path name = std::filesystem::path(line.file).filename();
  const bool packed = name.extension() == ".gz" || name.extension() == ".zst";
  line.file = (packed ? name.stem() : name).string();
  return line;
}

/// The rows that are on one side only, each with how often: more in the first file, or less.
template <class Row>
auto compared(const std::string& run, const std::string& folder, const std::string& table) {
  const auto side = [](std::int64_t sign) { return [sign](const Row& row) { return std::pair(row, sign); }; };
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

/// A row of the table of rejected records: of a unit with very many, one stands for all that are not listed.
struct RejectedRow {
  std::string file;
  std::uint64_t offset = 0;
  std::int64_t line = 0;
  std::uint64_t count = 0;
};
KILN_COLUMNS(RejectedRow, file, offset, line, count)

/// The same of the rejected lines, file by file. Where not all of a file are listed, those that are must be in the
/// truth, and all of them as many as there.
auto compared_lines(const std::string& run, const std::string& folder) {
  // Offset and line; how many lines it stands for, less than 0 in the truth.
  using Place = std::tuple<std::uint64_t, std::int64_t, std::int64_t>;
  const kiln::Flow flow("check rejected");
  const auto reported = [](const RejectedRow& row) {
    const BadLine line = bare(BadLine{row.file, row.offset, row.line});
    return std::pair(line.file, Place(line.offset, line.line, static_cast<std::int64_t>(row.count)));
  };
  const auto true_line = [](const BadLine& line) { return std::pair(line.file, Place(line.offset, line.line, -1)); };
  return flow.csv<RejectedRow>(exported(run, "rejected"))
      .map(reported)
      .merge(flow.csv<BadLine>(truth_file(folder, "rejected")).map(true_line))
      .group_by_key()
      .template flat_map<Difference>([](kiln::Group<std::string, Place>& group, auto& emit) {
        std::map<std::pair<std::uint64_t, std::int64_t>, std::int64_t> more;
        std::int64_t all = 0;
        bool listed = true;
        for (const auto& [offset, line, count] : group) {
          more[{offset, line}] += count < 0 ? -1 : 1;
          all += count;
          listed = listed && count <= 1;
        }
        for (const auto& [place, times] : more) {
          if (times > 0 || (listed && times < 0)) {
            emit(Difference{text_of_row(BadLine{group.key, place.first, place.second}), times});
          }
        }
        if (!listed && all != 0) emit(Difference{group.key, all});
      })
      .into(kiln::to_rows("rejected_differs"), kiln::to_reduce(kiln::Count{}, "rejected"));
}

}  // namespace

int check(kiln::Session& session, const std::string& run, const std::string& folder) {
  expect_files(run, folder);
  const auto report =
      session.run(kiln::together(compared<HourRow>(run, folder, "hours"), compared<PageRow>(run, folder, "pages"),
                                 compared<PageRow>(run, folder, "top_pages"), compared<UserRow>(run, folder, "users"),
                                 compared<CountryRow>(run, folder, "countries"), compared_lines(run, folder)));
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
