#pragma once

#include <kiln/error.hpp>

#include <exception>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

/// What the user's code throws while one key is at hand, said with that key.
namespace kiln::detail {

/// The same failure with the key behind it, shortened, on one line. Throws std::runtime_error.
[[noreturn]] void throw_with_key(const std::exception& error, std::string_view key);

/// A key for people: text in quotes, numbers, parts in brackets; "" for what has no such text.
template <class K>
std::string key_text(const K& key) {
  if constexpr (std::is_convertible_v<const K&, std::string_view>) {
    return "'" + std::string(std::string_view(key)) + "'";
  } else if constexpr (std::is_enum_v<K>) {
    return std::to_string(static_cast<long long>(key));
  } else if constexpr (std::is_arithmetic_v<K>) {
    return std::to_string(key);
  } else if constexpr (
      requires { std::tuple_size<K>::value; } && !requires { key.data(); }) {
    std::string text;
    std::apply([&](const auto&... part) { ((text += (text.empty() ? "" : ", ") + key_text(part)), ...); }, key);
    return "(" + text + ")";
  } else {
    return "";
  }
}

/// Runs f() for a key of Format. What it throws names the key, but what stops the run, which is a kiln::Error.
template <class Format, class F>
void for_key(std::string_view key, F&& f) {
  try {
    std::forward<F>(f)();
  } catch (const Error&) {
    throw;
  } catch (const std::exception& error) {
    throw_with_key(error, key_text(Format::Keys::decode(key)));
  }
}

}  // namespace kiln::detail
