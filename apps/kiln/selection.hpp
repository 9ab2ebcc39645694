#pragma once

#include "base/condition.hpp"
#include "exec/column_extractor.hpp"
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

/// The units of a run that are wanted, as rows of values. Memory is bounded but for --slow, which holds its rows.
class Selection {
 public:
  /// Borrows the run. Throws kiln::Error (usage) where names or definitions do not fit the run.
  Selection(const store::RunReader& run, const SelectionOptions& options);

  /// The columns of the rows.
  const std::vector<Field>& fields() const { return shown_; }
  /// So many of them, the last ones, were taken from output.
  std::size_t from_output() const { return from_output_; }

  /// Ascending by unit, or longest first. Texts live during the visit.
  void for_each(const std::function<void(RowValues)>& visit) const;
  /// One unit, whatever else is wanted; false where it has no result.
  bool find_unit(UnitId unit, const std::function<void(RowValues)>& visit) const;
  /// Units among those seen whose output was longer than what was kept: definitions may have missed something there.
  std::uint64_t cut_outputs() const { return cut_; }

 private:
  Value value(const store::UnitRecord& record, std::size_t field) const;
  bool wanted(const store::UnitRecord& record) const;
  void read(const store::UnitRecord& record, std::vector<Value>& values) const;
  void for_slowest(std::uint64_t count, const std::function<void(RowValues)>& visit) const;

  const store::RunReader& run_;
  store::RecordFields stored_;
  exec::ColumnExtractor extractor_;
  std::vector<Field> all_, shown_;
  std::vector<std::size_t> places_;  // of the shown among all
  std::size_t from_output_ = 0;
  std::optional<Condition> where_;
  std::optional<std::size_t> out_, err_, out_cut_, err_cut_, seconds_;  // among all
  bool failed_only_;
  std::optional<std::uint64_t> slow_, limit_;
  mutable std::uint64_t cut_ = 0;
};

}  // namespace kiln::cli
