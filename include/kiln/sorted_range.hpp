#pragma once

#include <kiln/detail/keyed/sorted.hpp>

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <type_traits>
#include <variant>

namespace kiln {
namespace detail {

/// How items of type V lie in the entries of a sort by keys of type K; `kItself`: the key says all of the item.
template <class K, class V, bool kItself>
struct SortedItem {
  using Stored = std::conditional_t<kItself, std::monostate, V>;
  using Format = SortFormat<K, Stored>;
  /// What an item is read as: of text a view, of others the item.
  using View = typename ValueTraits<V>::View;
  static View read(const Entry& entry) {
    if constexpr (kItself) {
      return KeyTraits<K>::decode(entry.key);
    } else {
      return ValueTraits<V>::decode(entry.value);
    }
  }
};

}  // namespace detail

/// A part of all items in order: what Stream::ranges gives. Its items are a range that is read once, from its beginning
/// on; they need not fit into memory. All of it is valid while its step runs. Of text an item is a std::string_view,
/// valid until the next one.
///
///     stream.sort(by).ranges().map([](auto& range) { for (const Record& record : range) … })
template <class ItemFormat>
class SortedRange {
  using Entries = detail::RangeEntries<typename ItemFormat::Format>;

 public:
  /// For the engine. `most`: items that there are at most.
  SortedRange(UnitId unit, const detail::StageHost& host, std::uint64_t most) : entries_(unit, host), left_(most) {}

  /// How many items come before the range, in all of them.
  std::uint64_t first() const { return entries_.first(); }

  class Iterator {
   public:
    using value_type = typename ItemFormat::View;
    using difference_type = std::ptrdiff_t;
    using iterator_concept = std::input_iterator_tag;

    explicit Iterator(SortedRange* range) : range_(range) {}
    value_type operator*() const { return ItemFormat::read(range_->entries_.at()); }
    Iterator& operator++() {
      range_->next();
      return *this;
    }
    void operator++(int) { range_->next(); }
    friend bool operator==(const Iterator& one, std::default_sentinel_t) { return one.range_->ended(); }

   private:
    SortedRange* range_;
  };
  Iterator begin() { return Iterator(this); }
  static std::default_sentinel_t end() { return {}; }
  /// Whether there are no more items.
  bool ended() const { return left_ == 0 || entries_.ended(); }

 private:
  void next() {
    entries_.next();
    --left_;
  }

  Entries entries_;
  std::uint64_t left_;
};

}  // namespace kiln
