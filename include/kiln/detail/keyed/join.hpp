#pragma once

#include <kiln/detail/keyed/groups.hpp>
#include <kiln/detail/keyed/keyed_shard.hpp>
#include <kiln/detail/keyed/run.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kiln::detail {

/// The values of one key on the right side of a join, to be read once for each value on the left: in memory up to a
/// limit, beyond it in a run of its own. Every reading gives a pair, so that costs no more than the pairs.
template <class Format>
class JoinSide {
 public:
  using View = typename Format::Values::View;
  using MakeRun = std::function<std::unique_ptr<RewindableRun>()>;

  JoinSide(std::size_t limit, MakeRun make_run) : limit_(limit), make_run_(std::move(make_run)) {}

  template <class Values>
  void collect(Values& values) {
    bytes_.clear();
    decoded_.clear();
    run_.reset();
    for (; !values.ended(); values.next()) {
      const Entry& entry = values.entry();
      if (bytes_.size() + entry.size() > limit_) move_to_run();
      bytes_.append(entry.begin, entry.size());
    }
    if (run_) {
      move_to_run();
      return;
    }
    Format::for_each(bytes_, [&](const Entry& entry) { decoded_.push_back(Format::Values::decode(entry.value)); });
  }
  /// f(value) for each, in order.
  template <class F>
  void for_each(F&& f) {
    if (!run_) {
      for (const View& value : decoded_) f(value);
      return;
    }
    run_->rewind();
    for (std::string_view block; run_->next(block);) {
      Format::for_each(block, [&](const Entry& entry) { f(Format::Values::decode(entry.value)); });
    }
  }

 private:
  void move_to_run() {
    if (!run_) run_ = make_run_();
    if (!bytes_.empty()) run_->write(bytes_);
    bytes_.clear();
  }

  std::size_t limit_;
  MakeRun make_run_;
  std::string bytes_;  // entries
  std::vector<View> decoded_;
  std::unique_ptr<RewindableRun> run_;
};

/// f(key's encoding, left value, right value) for each pair of values of one key, in the order of the keys, then of the
/// left side, then of the right: whatever the limit. Both sides are made by hash of one type of keys.
template <class Left, class Right, class LeftEntries, class RightEntries, class F>
void join_entries(LeftEntries& left_entries, RightEntries& right_entries, JoinSide<Right>& side, F&& f) {
  Groups<Left, LeftEntries> left(left_entries);
  Groups<Right, RightEntries> right(right_entries);
  while (!left.ended() && !right.ended()) {
    const std::uint64_t left_order = left.order(), right_order = right.order();
    const int order =
        left_order != right_order ? (left_order < right_order ? -1 : 1) : Left::compare_keys(left.key(), right.key());
    if (order < 0) {
      left.skip();
    } else if (order > 0) {
      right.skip();
    } else {
      right.take([&](std::string_view, auto& values) { side.collect(values); });
      left.take([&](std::string_view key, auto& values) {
        for (; !values.ended(); values.next()) {
          const auto value = Left::Values::decode(values.entry().value);
          side.for_each([&](const auto& other) { f(key, value, other); });
        }
      });
    }
  }
}

}  // namespace kiln::detail
