#pragma once

#include "base/value.hpp"
#include "store/run_reader.hpp"

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace kiln::store {

/// What of a record is no column of its rows.
enum class OwnField : std::uint8_t { stage, unit, line, status, attempts, reason };

/// The values of a unit's record by name, as CSV shows them and conditions ask for them.
class RecordFields {
 public:
  /// Of commands: unit, line, status, attempts, reason, then the other columns of the rows.
  explicit RecordFields(const Schema& schema);
  /// Of programs: these, then all columns. A NaN is a value there, and so is every other number.
  RecordFields(std::vector<OwnField> own, const Schema& schema);

  /// Of a table of a program: which unit gave a row, and of rejected records which stage.
  static RecordFields of_table(std::string_view table, const Schema& schema);

  const std::vector<Field>& fields() const { return fields_; }
  /// Text lives as long as the record.
  Value value(const UnitRecord& record, std::size_t field) const;

 private:
  struct Place {
    std::size_t column = 0;  // of the schema
    ColumnType type = ColumnType::text;
    bool is_list = false;
    std::optional<std::int64_t> missing;  // the integer that stands for none
  };

  void add_column(std::size_t place, const Column& column);
  Value own_value(const UnitRecord& record, OwnField field) const;
  std::string_view status(const UnitRecord& record) const;
  std::uint64_t attempts(const UnitRecord& record) const;

  std::vector<OwnField> own_;
  std::vector<Field> fields_;
  std::vector<Place> places_;  // of the fields behind own_
  bool missing_numbers_;       // some numbers stand for none
  std::optional<std::size_t> status_, attempts_;
};

}  // namespace kiln::store
