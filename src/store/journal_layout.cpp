#include "store/journal_layout.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>

namespace kiln::store::layout {
namespace {

std::optional<std::uint64_t> parse_digits(std::string_view text, std::size_t least) {
  if (text.size() < least || text.size() > 18) return std::nullopt;
  if (text.size() > least && text.front() == '0') return std::nullopt;
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

constexpr std::size_t kFolderDigits = 3;
constexpr std::size_t kEntryDigits = 9;

}  // namespace

std::string folder_name(std::uint64_t folder) { return fmt::format("{:03}", folder); }
std::string retired_name(std::uint64_t folder) { return fmt::format("old-{:03}", folder); }
std::string entry_name(EntryNumber number) { return fmt::format("{:09}.h5", number.value()); }

std::filesystem::path entry_path(EntryNumber number, std::uint64_t per_folder) {
  return std::filesystem::path("journal") / folder_name(folder_of(number, per_folder)) / entry_name(number);
}

std::filesystem::path retired_entry_path(EntryNumber number, std::uint64_t per_folder) {
  return std::filesystem::path("journal") / retired_name(folder_of(number, per_folder)) / entry_name(number);
}

std::optional<EntryNumber> parse_entry_name(std::string_view name) {
  if (!name.ends_with(".h5")) return std::nullopt;
  const auto number = parse_digits(name.substr(0, name.size() - 3), kEntryDigits);
  if (!number || *number == 0) return std::nullopt;
  return EntryNumber(*number);
}

std::optional<std::uint64_t> parse_folder_name(std::string_view name) { return parse_digits(name, kFolderDigits); }

std::optional<std::uint64_t> parse_retired_name(std::string_view name) {
  if (!name.starts_with("old-")) return std::nullopt;
  return parse_folder_name(name.substr(4));
}

}  // namespace kiln::store::layout
