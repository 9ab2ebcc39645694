#include "reduced_choice.hpp"

#include "base/quantity.hpp"
#include "base/text.hpp"
#include "chosen_columns.hpp"

#include <fmt/core.h>
#include <kiln/detail/keyed/keyed_forest.hpp>
#include <kiln/error.hpp>

#include <algorithm>
#include <vector>

namespace kiln::cli {
namespace {

[[noreturn]] void usage(const std::string& message) { throw Error(ExitCode::usage, message); }

// Of stages that have begun, over or not.
std::vector<std::string> planned_names(const store::RunReader& run) {
  std::vector<std::string> names;
  for (std::uint32_t i = 0; i < run.stages(); ++i) {
    for (const auto& reduce : run.stage(StageId(i)).plan->body.reduces) {
      if (detail::is_keyed_name(reduce.name)) continue;
      if (std::find(names.begin(), names.end(), reduce.name) == names.end()) names.push_back(reduce.name);
    }
  }
  return names;
}

// The reduction of that name, or of a part's name, in the stage that goes on.
const store::PlanEntry::Reduce* reduce_under_way(const store::RunReader& run, const std::string& text,
                                                 std::optional<std::uint64_t> stage) {
  for (std::uint32_t i = 0; i < run.stages(); ++i) {
    const store::LedgerState& ledger = run.stage(StageId(i));
    if (ledger.end || (stage && *stage != i)) continue;
    for (const auto& reduce : ledger.plan->body.reduces) {
      if (detail::is_keyed_name(reduce.name)) continue;
      if (text == reduce.name || text.starts_with(reduce.name + "/")) return &reduce;
    }
  }
  return nullptr;
}

[[noreturn]] void refuse_under_way(const std::string& shown, const store::PlanEntry::Reduce& reduce) {
  const char* const why =
      reduce.exact ? "; what it has come to is there some seconds after its first units, where it is at most 1 MiB"
                   : ", and its parts are joined in a fixed order: the value is there when it is";
  throw Error(ExitCode::bad_input, fmt::format("--reduced: the stage that gives '{}' is not over yet{}", shown, why));
}

[[noreturn]] void refuse(const store::RunReader& run, const std::string& text, std::optional<std::uint64_t> stage) {
  const std::vector<std::string> names = planned_names(run);
  const bool known = std::find(names.begin(), names.end(), text) != names.end();
  const std::string shown = for_message(text, 60);
  if (const auto* const reduce = reduce_under_way(run, text, stage)) refuse_under_way(shown, *reduce);
  if (known && stage) {
    usage(fmt::format("--reduced: stage {} has no value '{}'; kiln results {} lists stages and values", *stage, shown,
                      for_message(run.directory().path().native())));
  }
  for (const store::RunReader::TableInfo& table : run.tables()) {
    if (table.name == text) usage(fmt::format("--reduced: '{0}' is a table: --table {0}", shown));
  }
  usage(fmt::format("--reduced: there is no value '{}'{}.{}", shown, names.empty() ? " yet" : "",
                    what_there_is(text, names)));
}

std::vector<std::string> part_names(const store::ReducedValue& value) {
  std::vector<std::string> names;
  for (const auto* shown : value.tables()) {
    if (!shown->table.name.empty()) names.push_back(value.reduce->name + "/" + shown->table.name);
  }
  return names;
}

}  // namespace

std::string so_far_text(const store::ReducedValue& value) {
  if (!value.so_far) return "";
  const auto& counts = value.end->counts;
  return fmt::format("so far: {} of {} units", format_count(counts.done), format_count(counts.units));
}

ReducedChoice choose_reduced(const store::RunReader& run, const std::string& text, std::optional<std::uint64_t> stage) {
  std::optional<ReducedChoice> found;
  std::vector<store::ReducedValue> values = run.reduced();
  for (const store::ReducedValue& value : run.reduced_so_far()) values.push_back(value);
  for (const store::ReducedValue& value : values) {
    if (stage ? value.stage.value() != *stage : !value.newest) continue;
    const std::string& name = value.reduce->name;
    if (text == name) return {value, ""};
    if (text.starts_with(name + "/")) found = ReducedChoice{value, text.substr(name.size() + 1)};
  }
  if (!found) refuse(run, text, stage);
  return *found;
}

ReducedTable choose_reduced_table(const store::RunReader& run, const std::string& text,
                                  std::optional<std::uint64_t> stage) {
  const ReducedChoice choice = choose_reduced(run, text, stage);
  const auto tables = choice.value.tables();
  if (tables.empty()) return {choice.value, nullptr};
  for (const auto* shown : tables) {
    if (shown->table.name == choice.part) return {choice.value, shown};
  }
  if (choice.part.empty() && tables.size() == 1) return {choice.value, tables.front()};
  const std::string name = for_message(choice.value.reduce->name, 60);
  if (choice.part.empty()) {
    usage(fmt::format("--reduced: the value '{}' has several tables: name one of them: {}", name,
                      names_text(part_names(choice.value))));
  }
  usage(fmt::format("--reduced: the value '{}' has no table '{}'.{}", name, for_message(choice.part, 60),
                    what_there_is(text, part_names(choice.value))));
}

}  // namespace kiln::cli
