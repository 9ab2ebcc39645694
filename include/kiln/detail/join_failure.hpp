#pragma once

#include <kiln/detail/interval.hpp>

#include <exception>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace kiln::detail {

/// The user's merge threw where values of these units were joined. For who knows which reduction it was.
class JoinFailure : public std::runtime_error {
 public:
  /// `where`: "of unit 7 with those of units 8 to 15".
  JoinFailure(std::string where, std::exception_ptr cause)
      : std::runtime_error("a merge of values " + where + " threw"),
        where_(std::move(where)),
        cause_(std::move(cause)) {}
  const std::string& where() const { return where_; }
  const std::exception_ptr& cause() const { return cause_; }

 private:
  std::string where_;
  std::exception_ptr cause_;
};

/// "unit 7", "units 0 to 511 and 1,024 to 1,535"; of more than three intervals the first two and the last.
std::string units_text(const std::vector<Interval>& units);
/// In a catch block: throws a JoinFailure of what is caught; a kiln::Error, and what names units, goes on as it is.
[[noreturn]] void throw_join_failed(const std::vector<Interval>& left, const std::vector<Interval>& right);
/// The same of values of the units `right` that were joined to those of the other units of `all`. Both ascend.
[[noreturn]] void throw_join_failed_in(const std::vector<Interval>& all, const std::vector<Interval>& right);

}  // namespace kiln::detail
