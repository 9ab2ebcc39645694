#pragma once

#include "base/value.hpp"
#include "store/run_reader.hpp"

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace kiln::store {

/// The values of a unit's record by name, as CSV shows them and conditions ask for them: unit, line, status, attempts,
/// reason, then the other columns of the rows.
class RecordFields {
 public:
  explicit RecordFields(const Schema& schema);

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

  static constexpr std::size_t kOwn = 5;  // fields that are not columns of the rows
  std::string_view status(const UnitRecord& record) const;
  std::uint64_t attempts(const UnitRecord& record) const;

  std::vector<Field> fields_;
  std::vector<Place> places_;  // of the fields behind the first kOwn
  std::optional<std::size_t> status_, attempts_;
};

}  // namespace kiln::store
