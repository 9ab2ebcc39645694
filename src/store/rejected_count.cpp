#include "store/rejected_count.hpp"

#include "store/entry.hpp"
#include "store/entry_file.hpp"

#include <algorithm>

namespace kiln::store {
namespace {

constexpr std::uint64_t kPiece = 1 << 16;

std::uint64_t at_least_one(std::uint64_t count) { return std::max<std::uint64_t>(count, 1); }

}  // namespace

RejectedCount::RejectedCount(const Schema& schema) {
  for (std::size_t i = 0; i < schema.size(); ++i) {
    if (schema[i].name == kRejectedCount && schema[i].type == ColumnType::u64) column_ = i;
  }
}

std::uint64_t RejectedCount::of(const Rows& rows, std::size_t row) const {
  return column_ ? at_least_one(rows.at<std::uint64_t>(*column_, row)) : 1;
}

std::uint64_t RejectedCount::of_all(const Rows& rows) const {
  std::uint64_t sum = 0;
  for (std::size_t row = 0; row < rows.size(); ++row) sum += of(rows, row);
  return sum;
}

std::uint64_t rejected_in(const std::vector<Rows>& rows, const Tables& tables) {
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < tables.size(); ++i) {
    if (tables[i].name == kRejectedTable) sum += RejectedCount(tables[i].schema).of_all(rows[i]);
  }
  return sum;
}

std::uint64_t rejected_in(const std::vector<RowsPart>& parts) {
  std::uint64_t sum = 0;
  std::optional<EntryFile> file;
  for (const RowsPart& part : parts) {
    if (!file || file->path() != part.file) file.emplace(part.file);
    const std::uint64_t rows = file->row_count(part.place());
    for (std::uint64_t row = 0; row < rows; row += kPiece) {
      const std::uint64_t piece = std::min(kPiece, rows - row);
      const std::vector<std::uint64_t> units = file->row_units(part.place(), row, piece);
      const std::vector<std::uint64_t> counts = file->row_numbers(part.place(), kRejectedCount, row, piece);
      for (std::size_t i = 0; i < units.size(); ++i) {
        if (part.take.contains(UnitId(units[i]))) sum += at_least_one(counts[i]);
      }
    }
  }
  return sum;
}

}  // namespace kiln::store
