#pragma once

#include <kiln/detail/keyed/entry.hpp>
#include <kiln/detail/keyed/key_failure.hpp>
#include <kiln/detail/tree_counter.hpp>
#include <kiln/detail/tree_forest.hpp>

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kiln::detail {

/// The values of one key, in order, once: a range that is read from its beginning to its end, or left.
template <class Format, class Entries>
class GroupValues {
 public:
  GroupValues(Entries& entries, std::string_view key) : entries_(&entries), key_(key) { order_ = entries.order(); }

  class Iterator {
   public:
    using value_type = typename Format::Values::View;
    using difference_type = std::ptrdiff_t;
    using iterator_concept = std::input_iterator_tag;

    explicit Iterator(GroupValues* group) : group_(group) {}
    /// Text lives until the next step.
    value_type operator*() const { return Format::Values::decode(group_->entries_->at().value); }
    /// The unit that emitted it.
    std::uint64_t unit() const { return group_->entries_->at().unit; }
    Iterator& operator++() {
      group_->next();
      return *this;
    }
    void operator++(int) { group_->next(); }
    friend bool operator==(const Iterator& one, std::default_sentinel_t) { return one.group_->ended(); }

   private:
    GroupValues* group_;
  };
  Iterator begin() { return Iterator(this); }
  static std::default_sentinel_t end() { return {}; }

  const Entry& entry() const { return entries_->at(); }
  bool ended() const { return ended_; }
  void next() {
    entries_->next();
    ended_ = entries_->ended() || entries_->order() != order_ || !Format::is_same_key(entries_->at().key, key_);
  }

 private:
  Entries* entries_;
  std::string_view key_;
  std::uint64_t order_;
  bool ended_ = false;
};

/// The groups of entries in order, one after the other.
template <class Format, class Entries>
class Groups {
 public:
  explicit Groups(Entries& entries) : entries_(&entries) {}

  bool ended() const { return entries_->ended(); }
  /// Encoding of the key of the next group.
  std::string_view key() const { return entries_->at().key; }
  std::uint64_t order() const { return entries_->order(); }
  const Entry& entry() const { return entries_->at(); }
  /// f(key's encoding, GroupValues&) with the next group; what it leaves of it is passed over.
  template <class F>
  void take(F&& f) {
    key_.assign(key());  // the entry may be gone when the key is compared
    GroupValues<Format, Entries> values(*entries_, key_);
    f(std::string_view(key_), values);
    while (!values.ended()) values.next();
  }
  void skip() {
    take([](std::string_view, auto&) {});
  }

 private:
  Entries* entries_;
  std::string key_;
};

template <class Format, class Entries, class F>
void for_each_group(Entries& entries, F&& f) {
  for (Groups<Format, Entries> groups(entries); !groups.ended();) groups.take(f);
}

/// The value of leaves that come in ascending order of their units, in the shape of the dyadic tree; units that gave
/// none are empty. The same bits as TreeForest::typed_value() of the same leaves.
template <Monoid M>
class DyadicFold {
 public:
  using Value = typename M::value_type;

  void push(const M& monoid, std::uint64_t unit, Value value) {
    // Neighbours are joined where their places meet: at the highest bit in which they differ.
    while (parts_.size() > 1 && (parts_[parts_.size() - 2].unit ^ parts_.back().unit) < (parts_.back().unit ^ unit)) {
      join_last(monoid);
    }
    parts_.push_back({std::move(value), unit});
  }
  /// Of at least one leaf; then it is empty.
  Value take(const M& monoid) {
    while (parts_.size() > 1) join_last(monoid);
    Value value = std::move(parts_.front().value);
    parts_.clear();
    return value;
  }

 private:
  struct Part {
    Value value;
    std::uint64_t unit;
  };
  void join_last(const M& monoid) {
    monoid.merge(parts_[parts_.size() - 2].value, std::move(parts_.back().value));
    parts_.pop_back();
  }

  std::vector<Part> parts_;
};

/// f(key's encoding, value) for each key, of entries of lifted values that carry units, for a monoid that is not exact:
/// inside a unit in order of emission, by the tree over their number; then by the tree over units. So the value has
/// the bits of a reduce() of the items of this key alone.
template <class Format, Monoid M, class Entries, class F>
void fold_groups(const M& monoid, Entries& entries, F&& f) {
  DyadicFold<M> units;
  TreeCounter<M> items;
  const auto push_all = [&](auto& values) {
    while (!values.ended()) {
      const std::uint64_t unit = values.entry().unit;
      typename M::value_type value(Format::Values::decode(values.entry().value));
      values.next();
      if (!values.ended() && values.entry().unit == unit) {
        items.push(monoid, {0, 0}, std::move(value));
        for (std::uint64_t number = 1; !values.ended() && values.entry().unit == unit; values.next(), ++number) {
          items.push(monoid, {number, 0}, typename M::value_type(Format::Values::decode(values.entry().value)));
        }
        value = std::move(*items.take_value(monoid));
      }
      units.push(monoid, unit, std::move(value));
    }
    return units.take(monoid);
  };
  for_each_group<Format>(entries, [&](std::string_view key, auto& values) {
    std::optional<typename M::value_type> value;
    for_key<Format>(key, [&] { value.emplace(push_all(values)); });
    f(key, std::move(*value));
  });
}

}  // namespace kiln::detail
