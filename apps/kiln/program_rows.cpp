#include "program_rows.hpp"

#include "base/text.hpp"
#include "chosen_columns.hpp"

#include <fmt/core.h>
#include <kiln/error.hpp>

#include <limits>

namespace kiln::cli {
namespace {

using store::OwnField;

[[noreturn]] void usage(const std::string& message) { throw Error(ExitCode::usage, message); }

std::vector<std::string> table_names(const store::RunReader& run) {
  std::vector<std::string> names;
  for (const store::RunReader::TableInfo& table : run.tables()) names.push_back(table.name);
  return names;
}

// "" where there is not exactly one.
std::string only_table(const store::RunReader& run) {
  const std::vector<std::string> names = table_names(run);
  if (names.size() == 1 || (names.size() == 2 && names.back() == store::kRejectedTable)) return names.front();
  if (names.empty()) {
    usage(fmt::format("{} has no table{}", for_message(run.directory().path().native()),
                      run.reduced().empty() ? " yet" : ": --reduced NAME shows a value"));
  }
  return "";
}

[[noreturn]] void refuse_table(const store::RunReader& run, const std::string& name) {
  for (const store::ReducedValue& value : run.reduced()) {
    if (value.reduce->name == name) usage(fmt::format("--table: '{0}' is a reduced value: --reduced {0}", name));
  }
  if (name == "dead_letters") usage("--table: the dead letters are shown by --failed");
  const std::vector<std::string> names = table_names(run);
  usage(fmt::format("--table: there is no table '{}'{}.{}", for_message(name, 60), names.empty() ? " yet" : "",
                    what_there_is(name, names)));
}

}  // namespace

void refuse_other_stages(const store::RunReader& run, const SelectionOptions& options) {
  if (!options.stage || *options.stage < run.stages()) return;
  const std::uint32_t begun = run.stages();
  const std::string known = begun == 0   ? "none has begun"
                            : begun == 1 ? "only stage 0 has begun"
                                         : fmt::format("stages 0 to {} have begun", begun - 1);
  throw Error(ExitCode::bad_input, fmt::format("--stage {}: {}", *options.stage, known));
}

void choose_table(store::RunReader& run, const std::string& name) {
  if (!run.choose_table(name)) refuse_table(run, name);
}

ProgramRows::ProgramRows(store::RunReader& run, const SelectionOptions& options)
    : run_(run),
      failed_only_(options.failed_only),
      stage_(options.stage),
      limit_(options.limit),
      fields_(choose_fields(options)),
      places_(choose_columns(fields_.fields(), options.only)) {
  for (const std::size_t place : places_) shown_.push_back(fields_.fields()[place]);
  if (options.where.empty()) return;
  where_.emplace("--where", options.where);
  where_->bind(fields_.fields());
}

store::RecordFields ProgramRows::choose_fields(const SelectionOptions& options) {
  if (failed_only_) {
    what_ = "failed units";
    return {{OwnField::stage, OwnField::unit, OwnField::attempts, OwnField::reason}, {}};
  }
  if (!options.reduced.empty()) {
    reduced_ = choose_reduced_table(run_, options.reduced, options.stage);
    what_ = fmt::format("rows in the value '{}'", for_message(options.reduced, 60));
    return {{}, reduced_->shown == nullptr ? Schema() : reduced_->shown->table.schema};
  }
  return fields_of_table(options.table.empty() ? only_table(run_) : options.table);
}

store::RecordFields ProgramRows::fields_of_table(const std::string& name) {
  if (name.empty()) usage("which table? --table NAME; there are: " + names_text(table_names(run_)));
  choose_table(run_, name);
  what_ = fmt::format("rows in table '{}'", for_message(name, 60));
  return store::RecordFields::of_table(name, run_.schema());
}

void ProgramRows::visit_reduced(const Visit& visit) const {
  if (reduced_->shown == nullptr) return;
  store::UnitRecord record;
  record.rows = &reduced_->shown->rows;
  for (; record.row < record.rows->size(); ++record.row) {
    if (!visit(record)) return;
  }
}

void ProgramRows::visit_all(const Visit& visit) const {
  using Which = store::RunReader::Which;
  if (reduced_) return visit_reduced(visit);
  run_.for_each_while(failed_only_ ? Which::failed : Which::all, [&](const store::UnitRecord& record) {
    return (stage_ && record.stage.value() != *stage_) || visit(record);
  });
}

void ProgramRows::read(const store::UnitRecord& record, std::vector<Value>& values) const {
  values.clear();
  for (const std::size_t place : places_) values.push_back(fields_.value(record, place));
}

void ProgramRows::for_each(const std::function<void(RowValues)>& visit) const {
  std::vector<Value> values;
  std::uint64_t left = limit_.value_or(std::numeric_limits<std::uint64_t>::max());
  if (left == 0) return;
  visit_all([&](const store::UnitRecord& record) {
    if (where_ && !where_->holds([&](std::size_t field) { return fields_.value(record, field); })) return true;
    read(record, values);
    visit(values);
    return --left != 0;
  });
}

void ProgramRows::for_unit(UnitId unit, const std::function<void(RowValues)>& visit) const {
  std::vector<Value> values;
  run_.find_unit(unit, [&](const store::UnitRecord& record) {
    if (record.rows == nullptr || (stage_ && record.stage.value() != *stage_)) return;
    read(record, values);
    visit(values);
  });
}

}  // namespace kiln::cli
