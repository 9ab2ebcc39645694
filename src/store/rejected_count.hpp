#pragma once

#include <kiln/detail/rows.hpp>
#include "store/journal_view.hpp"

#include <cstdint>
#include <optional>
#include <vector>

/// How many records the rows of a table of rejected ones stand for. Of a unit with very many a row stands for all that
/// are not listed. A row of an older kiln, which did not write that, stands for one.
namespace kiln::store {

/// Counts the rows of one schema.
class RejectedCount {
 public:
  explicit RejectedCount(const Schema& schema);
  std::uint64_t of(const Rows& rows, std::size_t row) const;
  std::uint64_t of_all(const Rows& rows) const;

 private:
  std::optional<std::size_t> column_;
};

/// Of the rows of a stage's tables, one Rows a table.
std::uint64_t rejected_in(const std::vector<Rows>& rows, const Tables& tables);
/// Of all rows that count of the parts' tables (JournalView::parts_of). Throws as EntryFile.
std::uint64_t rejected_in(const std::vector<RowsPart>& parts);

}  // namespace kiln::store
