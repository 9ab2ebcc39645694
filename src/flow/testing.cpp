#include <kiln/testing.hpp>

#include <fmt/core.h>

#include <iterator>

namespace kiln::testing {

detail::StageResult Gathered::add(detail::InProcessStage stage) {
  for (std::size_t i = 0; i < stage.tables.size(); ++i) {
    tables_.emplace_back(std::move(stage.tables[i]), std::move(stage.rows[i]));
  }
  dead_letters.insert(dead_letters.end(), std::make_move_iterator(stage.dead.begin()),
                      std::make_move_iterator(stage.dead.end()));
  rejected.insert(rejected.end(), std::make_move_iterator(stage.rejected.begin()),
                  std::make_move_iterator(stage.rejected.end()));
  return std::move(stage.result);
}

const Rows& Gathered::table(std::string_view name) const {
  for (auto at = tables_.rbegin(); at != tables_.rend(); ++at) {
    if (at->first.name == name) return at->second;
  }
  throw Error(ExitCode::usage, fmt::format("the job has no rows sink '{}'", name));
}

const Rows& Gathered::find(std::string_view name, const Schema& schema) const {
  const Rows& rows = table(name);
  for (const auto& [table, its_rows] : tables_) {
    if (&its_rows == &rows && table.schema != schema) {
      throw Error(ExitCode::usage, fmt::format("the rows of '{}' are of another type than asked for", name));
    }
  }
  return rows;
}

}  // namespace kiln::testing
