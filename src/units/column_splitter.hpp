#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace kiln::units {

/// Splits values into columns at a regular expression (RE2's syntax, over bytes).
class ColumnSplitter {
 public:
  /// Throws kiln::Error (usage) that points at what is wrong with the expression.
  explicit ColumnSplitter(const std::string& separator);
  ~ColumnSplitter();
  ColumnSplitter(ColumnSplitter&&) noexcept;
  ColumnSplitter& operator=(ColumnSplitter&&) noexcept;

  /// Appends the columns, at least one: views into `value`, without the white space around each.
  void split(std::string_view value, std::vector<std::string_view>& columns) const;

 private:
  struct Engine;
  std::unique_ptr<Engine> engine_;
};

}  // namespace kiln::units
