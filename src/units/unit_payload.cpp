#include "units/unit_payload.hpp"

#include "base/quantity.hpp"

#include <fmt/core.h>
#include <fmt/format.h>
#include <kiln/error.hpp>

#include <array>
#include <limits>

namespace kiln::units {
namespace {

constexpr char kNul = '\0';

using FieldText = std::array<char, kMostFieldBytes>;

class FieldWriter {
 public:
  explicit FieldWriter(FieldText& text) : text_(text) {}

  void put(char letter, const std::optional<std::uint64_t>& value) {
    if (!value) return;
    const fmt::format_int digits(*value);
    put(letter);
    for (const char digit : std::string_view(digits.data(), digits.size())) put(digit);
    put(kNul);
  }
  void put(char c) { text_.at(size_++) = c; }
  std::size_t size() const { return size_; }

 private:
  FieldText& text_;
  std::size_t size_ = 0;
};

std::size_t write_fields(const UnitFields& fields, FieldText& text) {
  FieldWriter out(text);
  out.put('l', fields.line);
  out.put('p', fields.place);
  out.put('r', fields.repeat);
  out.put('a', fields.array_index);
  if (fields.timeout) out.put('t', static_cast<std::uint64_t>(fields.timeout->count()));
  out.put(kNul);
  return out.size();
}

[[noreturn]] void bad_payload(std::string_view why) {
  throw Error(ExitCode::internal, fmt::format("the payload of a command is wrong: {}", why));
}

void read_field(std::string_view field, UnitFields& fields) {
  const auto value = parse_count(field.substr(1));
  if (!value) bad_payload("a number that is none");
  switch (field.front()) {
    case 'l':
      fields.line = value;
      return;
    case 'p':
      fields.place = value;
      return;
    case 'r':
      fields.repeat = value;
      return;
    case 'a':
      fields.array_index = value;
      return;
    case 't':
      if (*value > static_cast<std::uint64_t>(Duration::max().count())) bad_payload("a time limit that does not fit");
      fields.timeout = Duration(static_cast<Duration::rep>(*value));
      return;
    default:
      bad_payload("an unknown field: all ranks must run the same kiln");
  }
}

}  // namespace

std::size_t payload_size(const UnitFields& fields, std::string_view command) {
  FieldText text;
  return write_fields(fields, text) + command.size();
}

void append_payload(const UnitFields& fields, std::string_view command, ByteWriter& out) {
  FieldText text;
  out.put_raw(text.data(), write_fields(fields, text));
  out.put_raw(command.data(), command.size());
}

UnitPayload decode_payload(ByteView bytes) {
  UnitPayload payload;
  std::string_view rest = as_text(bytes);
  while (true) {
    const std::size_t end = rest.find(kNul);
    if (end == std::string_view::npos) bad_payload("it is cut off");
    const std::string_view field = rest.substr(0, end);
    rest.remove_prefix(end + 1);
    if (field.empty()) break;
    read_field(field, payload.fields);
  }
  if (rest.find(kNul) != std::string_view::npos) bad_payload("a NUL in the command");
  payload.command = rest;
  return payload;
}

}  // namespace kiln::units
