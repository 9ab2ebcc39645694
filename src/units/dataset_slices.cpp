#include "units/dataset_slices.hpp"

#include <fmt/core.h>
#include <kiln/error.hpp>

#include <algorithm>
#include <string_view>

namespace kiln::units {
namespace {

constexpr std::uint8_t kVersion = 1;
constexpr std::uint8_t kMostDimensions = 32;  // HDF5's limit
constexpr std::uint64_t kMostBytes = std::uint64_t{1} << 62;

[[noreturn]] void damaged(std::string_view why) {
  throw Error(ExitCode::internal, fmt::format("the description of a source in HDF5 is damaged: {}", why));
}

bool is_number(std::uint8_t type) {
  return type >= 1 && type <= static_cast<std::uint8_t>(ColumnType::f32) &&
         type != static_cast<std::uint8_t>(ColumnType::text);
}

}  // namespace

bool fits(const std::vector<std::uint64_t>& dimensions, std::size_t value_width) {
  std::uint64_t values = 1;
  for (const std::uint64_t dimension : dimensions) {
    // An empty dimension does not make the others believable.
    const std::uint64_t counted = std::max<std::uint64_t>(dimension, 1);
    if (values > kMostBytes / value_width / counted) return false;
    values *= counted;
  }
  return true;
}

std::uint64_t DatasetSlices::row_values() const {
  std::uint64_t values = 1;
  for (std::size_t i = 1; i < dimensions.size(); ++i) values *= dimensions[i];
  return values;
}

std::uint64_t DatasetSlices::units() const { return rows() / unit_rows + (rows() % unit_rows == 0 ? 0 : 1); }

DatasetSlices::Part DatasetSlices::part_of(UnitId unit) const {
  if (unit.value() >= units()) {
    throw Error(ExitCode::internal, fmt::format("unit {} of {} units of {}", unit.value(), units(), dataset));
  }
  const std::uint64_t first = unit.value() * unit_rows;
  return {first, std::min(unit_rows, rows() - first)};
}

void DatasetSlices::encode(ByteWriter& out) const {
  out.put(kVersion);
  out.put_text(path);
  out.put_text(dataset);
  out.put(element);
  out.put(static_cast<std::uint8_t>(dimensions.size()));
  for (const std::uint64_t dimension : dimensions) out.put(dimension);
  out.put(unit_rows);
  out.put(file_size);
  out.put(modified);
}

DatasetSlices DatasetSlices::decode(ByteReader& in) {
  if (in.get<std::uint8_t>() != kVersion) damaged("an unknown version");
  DatasetSlices slices;
  slices.path = in.get_text();
  slices.dataset = in.get_text();
  for (const std::string* name : {&slices.path, &slices.dataset}) {
    if (name->empty() || name->find('\0') != std::string::npos) damaged("not a name");
  }
  const auto element = in.get<std::uint8_t>();
  if (!is_number(element)) damaged("not a type of numbers");
  slices.element = static_cast<ColumnType>(element);
  const auto rank = in.get<std::uint8_t>();
  if (rank == 0 || rank > kMostDimensions) damaged("a wrong number of dimensions");
  for (int i = 0; i < rank; ++i) slices.dimensions.push_back(in.get<std::uint64_t>());
  slices.unit_rows = in.get<std::uint64_t>();
  slices.file_size = in.get<std::uint64_t>();
  slices.modified = in.get<std::int64_t>();
  if (slices.unit_rows == 0) damaged("units of no rows");
  if (!fits(slices.dimensions, column_width(slices.element))) damaged("more values than can be counted");
  return slices;
}

}  // namespace kiln::units
