#include "base/text.hpp"
#include "store/column_set.hpp"
#include "store/program_tables.hpp"
#include "store/reduced_values.hpp"
#include "store/stage_identity.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <limits>
#include <map>
#include <set>
#include <string>
#include <utility>

/// The values of reductions, and the list of stages.
namespace kiln::store {
namespace {

// Names of tables come from the value's type, which may be the user's.
std::string member_name(const std::string& wanted, std::set<std::string>& taken) {
  std::string name = to_utf8(wanted);
  std::replace(name.begin(), name.end(), '/', '_');
  if (name.empty() || name == "." || name == "..") name = "table";
  while (!taken.insert(name).second) name += "_table";
  return name;
}

}  // namespace

void write_reduced_value(const h5::Handle& file, const std::string& path, const ReducedValue& reduced,
                         const std::function<void()>& check) {
  const h5::Handle group = h5::create_group(file, path);
  h5::write_attribute(group, "stage", static_cast<std::int32_t>(reduced.stage.value()));
  h5::write_attribute(group, "reduction", to_utf8(reduced.reduce->description));
  h5::write_attribute(group, "exact", static_cast<std::uint8_t>(reduced.reduce->exact));
  h5::write_attribute(group, "empty", static_cast<std::uint8_t>(reduced.empty()));
  std::set<std::string> taken;
  const std::vector<const StageEndEntry::Shown*> tables = reduced.tables();
  for (const auto* show : tables) {
    if (!show->table.name.empty()) continue;
    for (const Column& column : show->table.schema) {
      taken.insert({column.name, column.name + "_offsets", column.name + "_escaped"});
    }
  }
  for (const auto* show : tables) {
    std::string prefix = path + "/";
    if (!show->table.name.empty()) prefix += member_name(show->table.name, taken) + "/";
    ColumnSet columns(file, prefix, show->table.schema, show->rows.size(), false);
    columns.put(show->rows, 0, show->rows.size());
    columns.finish();
    check();
  }
}

namespace {

template <class T, class Get>
void write_stage_column(const h5::Handle& file, const JournalView& view, const char* name, ColumnType type,
                        std::string_view unit, std::string_view description, bool missing, Get get) {
  ColumnWriter column(file, std::string("stages/") + name, type, view.standing);
  column.describe(unit, description, missing);
  for (std::uint32_t i = 0; i < view.standing; ++i) column.put(static_cast<T>(get(*view.stage(StageId(i)))));
  column.finish();
}

template <class Get>
void write_stage_texts(const h5::Handle& file, const JournalView& view, const char* name, std::string_view description,
                       Get get) {
  TextColumnWriter column(file, std::string("stages/") + name, view.standing, false);
  column.describe("", description);
  for (std::uint32_t i = 0; i < view.standing; ++i) column.put(get(view.stage(StageId(i))->plan->body));
  column.finish();
}

}  // namespace

void write_reduced(const GuardedFile& file, const JournalView& view) {
  for (const ReducedValue& one : reduced_values(view)) {
    const std::string& name = one.reduce->name;
    write_reduced_value(file.file(),
                        one.newest ? "reduced/" + name : fmt::format("reduced_of_stage/{}/{}", one.stage.value(), name),
                        one, [&file] { file.check(); });
  }
}

void write_stages(const h5::Handle& file, const JournalView& view, const std::map<StageId, std::uint64_t>& rejected) {
  if (!view.ledger.plan) return;  // no stage has begun
  ColumnWriter number(file, "stages/stage", ColumnType::i32, view.standing);
  number.describe("", "number of the stage");
  for (std::uint32_t i = 0; i < view.standing; ++i) number.put(static_cast<std::int32_t>(i));
  number.finish();
  write_stage_texts(file, view, "name", "of the flow", [](const PlanEntry& plan) { return plan.name; });
  write_stage_texts(file, view, "description", "source, steps and sinks", description_for_people);
  using Ledger = LedgerState;
  const auto counts = [&](const char* name, std::string_view description, auto get) {
    write_stage_column<std::uint64_t>(file, view, name, ColumnType::u64, "", description, false, get);
  };
  counts("units", "all of the stage", [](const Ledger& ledger) { return ledger.plan->body.units; });
  counts("done", "units that are done", [](const Ledger& ledger) { return ledger.done.count(); });
  counts("failed", "dead letters", [](const Ledger& ledger) { return ledger.dead.size(); });
  ColumnWriter records(file, "stages/rejected", ColumnType::u64, view.standing);
  records.describe("", "rejected records");
  for (std::uint32_t i = 0; i < view.standing; ++i) {
    const auto found = rejected.find(StageId(i));
    records.put(found == rejected.end() ? std::uint64_t{0} : found->second);
  }
  records.finish();
  write_stage_column<std::uint8_t>(file, view, "over", ColumnType::u8, "", "1: every unit is done or a dead letter",
                                   false, [](const Ledger& ledger) { return ledger.end.has_value(); });
  write_stage_column<double>(file, view, "seconds", ColumnType::f64, "s", "time of the launch that ended it", true,
                             [](const Ledger& ledger) {
                               return ledger.end ? ledger.end->body.seconds : std::numeric_limits<double>::quiet_NaN();
                             });
}

}  // namespace kiln::store
