#include "base/caret.hpp"

#include "base/text.hpp"

#include <fmt/core.h>

#include <algorithm>

namespace kiln {
namespace {

constexpr std::size_t kAround = 60;  // bytes shown on each side
constexpr std::size_t kAll = 1000;

bool continues_character(char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; }

std::size_t characters(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return !continues_character(c); }));
}

}  // namespace

std::string with_caret(std::string_view message, std::string_view text, std::size_t at) {
  at = std::min(at, text.size());
  std::size_t first = at > kAround ? at - kAround : 0;
  while (first < at && continues_character(text[first])) ++first;
  std::size_t last = std::min(text.size(), at + kAround);
  while (last < text.size() && continues_character(text[last])) ++last;
  const std::string before = (first == 0 ? "" : "…") + for_message(text.substr(first, at - first), kAll);
  const std::string after = for_message(text.substr(at, last - at), kAll) + (last == text.size() ? "" : "…");
  return fmt::format("{}\n  {}{}\n  {}^", message, before, after, std::string(characters(before), ' '));
}

}  // namespace kiln
