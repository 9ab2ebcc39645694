#include "store/record_fields.hpp"

#include "exec/result_column.hpp"

#include <algorithm>
#include <cmath>

namespace kiln::store {
namespace {

constexpr std::string_view kRemoved = "removed", kDone = "ok", kFailed = "failed";

bool is_list(const Column& column) { return column.list || column.count != 1; }

Field described(OwnField field) {
  switch (field) {
    case OwnField::stage:
      return {"stage", false, ""};
    case OwnField::unit:
      return {"unit", false, ""};
    case OwnField::line:
      return {"line", false, ""};
    case OwnField::status:
      return {"status", true, ""};
    case OwnField::attempts:
      return {"attempts", false, ""};
    case OwnField::reason:
      return {"reason", true, ""};
  }
  return {};
}

}  // namespace

RecordFields::RecordFields(std::vector<OwnField> own, const Schema& schema)
    : own_(std::move(own)), missing_numbers_(false) {
  for (const OwnField field : own_) fields_.push_back(described(field));
  for (std::size_t i = 0; i < schema.size(); ++i) add_column(i, schema[i]);
}

RecordFields RecordFields::of_table(std::string_view table, const Schema& schema) {
  if (table == kRejectedTable) return {{OwnField::stage, OwnField::unit}, schema};
  return {{OwnField::unit}, schema};
}

RecordFields::RecordFields(const Schema& schema)
    : own_{OwnField::unit, OwnField::line, OwnField::status, OwnField::attempts, OwnField::reason},
      missing_numbers_(true) {
  for (const OwnField field : own_) fields_.push_back(described(field));
  for (std::size_t i = 0; i < schema.size(); ++i) {
    const Column& column = schema[i];
    if (column.name == "units/status" && column.type == ColumnType::text) {
      status_ = i;
    } else if (column.name == "units/attempts" && column.type == ColumnType::i32) {
      attempts_ = i;
    } else {
      add_column(i, column);
    }
  }
}

void RecordFields::add_column(std::size_t place, const Column& column) {
  const std::string name = missing_numbers_ ? column.name.substr(column.name.rfind('/') + 1) : column.name;
  fields_.push_back({name, column.type == ColumnType::text, column.unit, is_list(column)});
  places_.push_back(
      {place, column.type, is_list(column), missing_numbers_ ? exec::missing_integer(column) : std::nullopt});
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

Value RecordFields::own_value(const UnitRecord& record, OwnField field) const {
  switch (field) {
    case OwnField::stage:
      return std::uint64_t{record.stage.value()};
    case OwnField::unit:
      return record.unit.value();
    case OwnField::line:
      return record.line < 0 ? Value() : Value(record.line);
    case OwnField::status:
      return status(record);
    case OwnField::attempts:
      return attempts(record);
    case OwnField::reason:
      return record.reason ? Value(std::string_view(*record.reason)) : Value();
  }
  return {};
}

Value RecordFields::value(const UnitRecord& record, std::size_t field) const {
  if (field < own_.size()) return own_value(record, own_[field]);
  const Place& place = places_[field - own_.size()];
  if (record.rows == nullptr) return {};
  if (place.type == ColumnType::text) return record.rows->text_at(place.column, record.row);
  const ByteView bytes = record.rows->value_at(place.column, record.row);
  if (place.is_list) return ListView{place.type, bytes};
  const Value value = number_from(place.type, bytes);
  if (!missing_numbers_) return value;
  if (const auto* const real = std::get_if<double>(&value); real != nullptr && std::isnan(*real)) return {};
  const auto* const number = std::get_if<std::int64_t>(&value);
  return number != nullptr && place.missing == *number ? Value() : value;
}

}  // namespace kiln::store
