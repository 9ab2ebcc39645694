#include <kiln/detail/number.hpp>

#include <array>
#include <charconv>

namespace kiln::detail {

std::string exact_text(double number) {
  if (number != number) return "nan";
  std::array<char, 64> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), number, std::chars_format::hex).ptr;
  return {text.data(), end};
}

}  // namespace kiln::detail
