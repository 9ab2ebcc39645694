#pragma once

#include <kiln/detail/keyed/key.hpp>

#include <cmath>
#include <cstddef>
#include <cstring>
#include <string>
#include <type_traits>
#include <utility>

namespace kiln {

/// A key, or a part of one, of which the greatest comes first. Made by descending().
template <class T>
struct Descending {
  T value;
};

/// For Stream::sort: `[](const Word& word) { return std::pair(kiln::descending(word.count), word.text); }`. A NaN comes
/// last here, too.
template <class T>
Descending<detail::KeyOf<T>> descending(T&& value) {
  return {detail::KeyOf<T>(std::forward<T>(value))};
}

namespace detail {

/// The bytes of the value, all bits the other way round: no encoding is the beginning of another.
template <class T>
struct KeyPart<Descending<T>> {
  static constexpr std::size_t kFixed = KeyPart<T>::kFixed;
  static char* put(const Descending<T>& key, char* to) {
    if constexpr (std::is_floating_point_v<T>) {
      if (std::isnan(key.value)) {
        std::memset(to, 0xff, kFixed);
        return to + kFixed;
      }
    }
    char* const end = KeyPart<T>::put(key.value, to);
    flip_bits(to, end);
    return end;
  }
  static void append(const Descending<T>& key, std::string& to) {
    const std::size_t begin = to.size();
    append_part(key.value, to);
    flip_bits(to.data() + begin, to.data() + to.size());
  }
  static Descending<T> read(KeyReader& in) {
    return in.flipped([](KeyReader& flipped) { return Descending<T>{KeyPart<T>::read(flipped)}; });
  }
};

}  // namespace detail
}  // namespace kiln
