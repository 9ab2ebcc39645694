#pragma once

#include "base/condition.hpp"
#include "reduced_choice.hpp"
#include "results_text.hpp"
#include "selection_options.hpp"
#include "store/record_fields.hpp"
#include "store/run_reader.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace kiln::cli {

/// Rows of a program's run that are wanted: those of a table, of a reduced value, or its dead letters. Memory is
/// bounded.
class ProgramRows {
 public:
  /// Borrows the run, and chooses its table. Where no table is named, its only one is meant. Throws kiln::Error (usage)
  /// where names do not fit the run.
  ProgramRows(store::RunReader& run, const SelectionOptions& options);

  /// The columns of the rows.
  const std::vector<Field>& fields() const { return shown_; }
  /// What they are, for messages: "rows in table 'points'".
  const std::string& what() const { return what_; }

  /// "so far: 9,728 of 20,000 units" where they are of a value that is not complete; else "".
  std::string so_far() const { return reduced_ ? so_far_text(reduced_->value) : std::string(); }

  /// Ascending by stage and unit. Texts live during the visit.
  void for_each(const std::function<void(RowValues)>& visit) const;
  /// The rows of one unit in the table, whatever else is wanted.
  void for_unit(UnitId unit, const std::function<void(RowValues)>& visit) const;

 private:
  using Visit = std::function<bool(const store::UnitRecord&)>;

  store::RecordFields fields_of_table(const std::string& name);
  store::RecordFields choose_fields(const SelectionOptions& options);
  void visit_all(const Visit& visit) const;
  void visit_reduced(const Visit& visit) const;
  void read(const store::UnitRecord& record, std::vector<Value>& values) const;

  store::RunReader& run_;
  std::optional<ReducedTable> reduced_;
  bool failed_only_;
  std::optional<std::uint64_t> stage_, limit_;
  std::string what_;
  store::RecordFields fields_;
  std::vector<std::size_t> places_;  // of the shown among all
  std::vector<Field> shown_;
  std::optional<Condition> where_;
};

/// Throws kiln::Error (bad_input) where --stage names one that has not begun.
void refuse_other_stages(const store::RunReader& run, const SelectionOptions& options);

/// The table of that name. Throws kiln::Error (usage) where there is none, with those there are.
void choose_table(store::RunReader& run, const std::string& name);

}  // namespace kiln::cli
