#include "store/record_fields.hpp"

#include "exec/result_column.hpp"
#include "store/results_tables.hpp"

#include <algorithm>
#include <cmath>

namespace kiln::store {
namespace {

constexpr std::string_view kRemoved = "removed", kDone = "ok", kFailed = "failed";

bool is_list(const Column& column) { return column.list || column.count != 1; }

}  // namespace

RecordFields::RecordFields(const Schema& schema)
    : fields_{{"unit", false, ""},
              {"line", false, ""},
              {"status", true, ""},
              {"attempts", false, ""},
              {"reason", true, ""}} {
  // Of a program's own numbers each may be a result.
  const bool commands = has_unit_table(schema);
  for (std::size_t i = 0; i < schema.size(); ++i) {
    const Column& column = schema[i];
    if (column.name == "units/status" && column.type == ColumnType::text) {
      status_ = i;
    } else if (column.name == "units/attempts" && column.type == ColumnType::i32) {
      attempts_ = i;
    } else {
      fields_.push_back({column.name.substr(column.name.rfind('/') + 1), column.type == ColumnType::text, column.unit,
                         is_list(column)});
      places_.push_back({i, column.type, is_list(column), commands ? exec::missing_integer(column) : std::nullopt});
    }
  }
}

std::string_view RecordFields::status(const UnitRecord& record) const {
  if (record.removed) return kRemoved;
  if (record.rows != nullptr && status_) return record.rows->text_at(*status_, record.row);
  return record.done ? kDone : kFailed;
}

// Of a dead letter the attempts that were charged to it; else the one that succeeded.
std::uint64_t RecordFields::attempts(const UnitRecord& record) const {
  if (!record.done || record.rows == nullptr || !attempts_) return record.attempts;
  return static_cast<std::uint64_t>(std::max(1, record.rows->at<std::int32_t>(*attempts_, record.row)));
}

Value RecordFields::value(const UnitRecord& record, std::size_t field) const {
  switch (field) {
    case 0:
      return record.unit.value();
    case 1:
      return record.line < 0 ? Value() : Value(record.line);
    case 2:
      return status(record);
    case 3:
      return attempts(record);
    case 4:
      return record.reason ? Value(std::string_view(*record.reason)) : Value();
    default:
      break;
  }
  const Place& place = places_[field - kOwn];
  if (record.rows == nullptr) return {};
  if (place.type == ColumnType::text) return record.rows->text_at(place.column, record.row);
  const ByteView bytes = record.rows->value_at(place.column, record.row);
  if (place.is_list) return ListView{place.type, bytes};
  const Value value = number_from(place.type, bytes);
  if (const auto* const real = std::get_if<double>(&value); real != nullptr && std::isnan(*real)) return {};
  const auto* const number = std::get_if<std::int64_t>(&value);
  return number != nullptr && place.missing == *number ? Value() : value;
}

}  // namespace kiln::store
