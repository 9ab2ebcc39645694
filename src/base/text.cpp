#include "base/text.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace kiln {
namespace {

struct Decoded {
  char32_t code = 0;
  std::size_t length = 0;  // 0: not valid UTF-8 here
};

// One code point at the front, by RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF.
Decoded decode_one(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return {lead, 1};
  const std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || text.size() < length) return {};
  char32_t code = lead & (0x7Fu >> length);
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0u) != 0x80) return {};
    code = code << 6 | (byte(i) & 0x3Fu);
  }
  const bool overlong = (length == 3 && code < 0x800) || (length == 4 && code < 0x10000);
  if (overlong || (code >= 0xD800 && code <= 0xDFFF) || code > 0x10FFFF) return {};
  return {code, length};
}

void append_escaped(std::string& out, char byte) { out += fmt::format("\\x{:02X}", static_cast<unsigned char>(byte)); }

bool is_hex(char c) { return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'F'); }

// Whether append_escaped could have written a part of it.
bool looks_escaped(std::string_view text) {
  for (std::size_t at = 0; (at = text.find("\\x", at)) != std::string_view::npos; at += 2) {
    if (at + 3 < text.size() && is_hex(text[at + 2]) && is_hex(text[at + 3])) return true;
  }
  return false;
}

}  // namespace

std::string to_utf8(std::string_view bytes, bool* changed) {
  std::string out;
  out.reserve(bytes.size());
  while (!bytes.empty()) {
    const Decoded one = decode_one(bytes);
    if (one.length == 0 || one.code == 0) {
      append_escaped(out, bytes.front());
      if (changed != nullptr) *changed = true;
      bytes.remove_prefix(1);
    } else {
      out.append(bytes.substr(0, one.length));
      bytes.remove_prefix(one.length);
    }
  }
  return out;
}

bool is_table_text(std::string_view bytes) {
  return bytes.find('\0') == std::string_view::npos && is_utf8(bytes) && !looks_escaped(bytes);
}

std::string table_text(std::string_view bytes, bool* escaped) {
  if (is_table_text(bytes)) return std::string(bytes);
  if (escaped != nullptr) *escaped = true;
  std::string doubled;
  doubled.reserve(bytes.size() + 16);
  for (const char c : bytes) doubled.append(c == '\\' ? 2 : 1, c);
  return to_utf8(doubled);
}

bool is_utf8(std::string_view bytes) {
  const auto above = [](char c) { return static_cast<signed char>(c) < 0; };
  while (!bytes.empty()) {
    const auto ascii = std::find_if(bytes.begin(), bytes.end(), above);
    bytes.remove_prefix(static_cast<std::size_t>(ascii - bytes.begin()));
    if (bytes.empty()) break;
    const std::size_t length = decode_one(bytes).length;
    if (length == 0) return false;
    bytes.remove_prefix(length);
  }
  return true;
}

std::string for_message(std::string_view bytes, std::size_t limit) {
  std::string out;
  std::size_t shown = 0;
  while (!bytes.empty()) {
    if (shown == limit) return out + "…";
    const Decoded one = decode_one(bytes);
    const bool control = one.length == 1 && (one.code < 0x20 || one.code == 0x7F);
    const std::size_t length = one.length == 0 ? 1 : one.length;
    if (bytes.front() == '\n') {
      out += "\\n";
    } else if (bytes.front() == '\t') {
      out += "\\t";
    } else if (one.length == 0 || control) {
      append_escaped(out, bytes.front());
    } else {
      out.append(bytes.substr(0, length));
    }
    bytes.remove_prefix(length);
    ++shown;
  }
  return out;
}

}  // namespace kiln
