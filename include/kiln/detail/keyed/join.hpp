#pragma once

#include <kiln/detail/keyed/groups.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kiln::detail {

/// f(key's encoding, left value, right value) for each pair of values of one key, in the order of the keys, then of the
/// left side, then of the right. The right values of one key are in memory, of the left one at a time. Both sides are
/// made by hash of one type of keys.
template <class Left, class Right, class LeftEntries, class RightEntries, class F>
void join_entries(LeftEntries& left_entries, RightEntries& right_entries, F&& f) {
  Groups<Left, LeftEntries> left(left_entries);
  Groups<Right, RightEntries> right(right_entries);
  std::string bytes;
  std::vector<std::size_t> ends;  // of the right values in them
  while (!left.ended() && !right.ended()) {
    const std::uint64_t left_order = left.order(), right_order = right.order();
    const int order =
        left_order != right_order ? (left_order < right_order ? -1 : 1) : Left::compare_keys(left.key(), right.key());
    if (order < 0) {
      left.skip();
      continue;
    }
    if (order > 0) {
      right.skip();
      continue;
    }
    bytes.clear();
    ends.clear();
    right.take([&](std::string_view, auto& values) {
      for (; !values.ended(); values.next()) {
        bytes += values.entry().value;
        ends.push_back(bytes.size());
      }
    });
    left.take([&](std::string_view key, auto& values) {
      for (; !values.ended(); values.next()) {
        std::size_t begin = 0;
        for (const std::size_t end : ends) {
          f(key, Left::Values::decode(values.entry().value),
            Right::Values::decode(std::string_view(bytes).substr(begin, end - begin)));
          begin = end;
        }
      }
    });
  }
}

}  // namespace kiln::detail
