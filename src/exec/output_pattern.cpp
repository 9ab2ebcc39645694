#include "exec/output_pattern.hpp"

#include "base/quantity.hpp"
#include "base/text.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <kiln/error.hpp>

namespace kiln::exec {
namespace {

constexpr std::uint64_t kMostDigits = 20;
constexpr std::string_view kKnown =
    "{unit}, {unit:06}, {index} (with --array), {attempt}, {stream}; {{ and }} are braces";

[[noreturn]] void refuse(std::string_view text, const std::string& why) {
  throw Error(ExitCode::usage, fmt::format("--output-files '{}': {}", for_message(text, 200), why));
}

[[noreturn]] void refuse_at(std::string_view text, std::size_t at, const std::string& why) {
  refuse(text, fmt::format("character {}: {}; known: {}", at + 1, why, kKnown));
}

bool has_non_digit(std::string_view text) { return text.find_first_not_of("0123456789") != std::string_view::npos; }

}  // namespace

OutputPattern::OutputPattern(std::string_view text) {
  const auto literal = [this](char c) {
    if (pieces_.empty() || pieces_.back().kind != Kind::text) pieces_.emplace_back();
    pieces_.back().text.push_back(c);
  };
  for (std::size_t at = 0; at < text.size();) {
    const bool doubled = at + 1 < text.size() && text[at + 1] == text[at];
    if ((text[at] == '{' || text[at] == '}') && doubled) {
      literal(text[at]);
      at += 2;
    } else if (text[at] == '{') {
      at = take_placeholder(text, at);
    } else if (text[at] == '}') {
      refuse_at(text, at, "a } without its {");
    } else {
      literal(text[at++]);
    }
  }
  check(text);
}

// The position behind it.
std::size_t OutputPattern::take_placeholder(std::string_view text, std::size_t at) {
  const std::size_t end = text.find('}', at);
  if (end == std::string_view::npos) refuse_at(text, at, "a { without its }");
  const std::string_view inside = text.substr(at + 1, end - at - 1);
  const std::size_t colon = inside.find(':');
  const std::string_view name = inside.substr(0, colon);
  Piece piece;
  if (name == "unit") {
    piece.kind = Kind::unit;
  } else if (name == "index") {
    piece.kind = Kind::index;
  } else if (name == "attempt") {
    piece.kind = Kind::attempt;
  } else if (name == "stream") {
    piece.kind = Kind::stream;
  } else {
    refuse_at(text, at, fmt::format("there is no {{{}}}", for_message(inside, 40)));
  }
  if (colon != std::string_view::npos) {
    const auto digits = parse_count(inside.substr(colon + 1));
    if (piece.kind == Kind::stream || !digits || *digits == 0 || *digits > kMostDigits) {
      refuse_at(text, at + colon + 1, fmt::format("behind the : stands a number of digits, 1 to {}", kMostDigits));
    }
    piece.digits = *digits;
  }
  pieces_.push_back(std::move(piece));
  return end + 1;
}

bool OutputPattern::names(Kind kind) const {
  return std::any_of(pieces_.begin(), pieces_.end(), [kind](const Piece& piece) { return piece.kind == kind; });
}

void OutputPattern::check(std::string_view text) const {
  if (!names(Kind::unit) && !names(Kind::index)) {
    refuse(text, "all units would write the same file: it needs {unit}");
  }
  if (text.ends_with('/')) refuse(text, "it names a folder: end it with the name of a file, such as {unit}.{stream}");
  // Unit 1, attempt 11 and unit 11, attempt 1 must not be one name.
  const Piece* number = nullptr;  // the last one, with nothing but digits behind it
  for (const Piece& piece : pieces_) {
    if (piece.kind == Kind::stream || (piece.kind == Kind::text && has_non_digit(piece.text))) number = nullptr;
    if (piece.kind == Kind::text || piece.kind == Kind::stream) continue;
    if (number != nullptr && number->kind != piece.kind) {
      refuse(
          text,
          "two units could write the same file: between {unit}, {index} and {attempt} something other than digits is "
          "needed");
    }
    number = &piece;
  }
}

std::string OutputPattern::path(OutputStream stream, UnitId unit, std::uint32_t attempt,
                                std::optional<std::uint64_t> index) const {
  const std::string_view name = stream == OutputStream::out ? "out" : "err";
  std::string path;
  for (const Piece& piece : pieces_) {
    switch (piece.kind) {
      case Kind::text:
        path += piece.text;
        break;
      case Kind::unit:
        path += fmt::format("{:0{}}", unit.value(), piece.digits);
        break;
      case Kind::index:
        path += fmt::format("{:0{}}", index.value_or(unit.value()), piece.digits);
        break;
      case Kind::attempt:
        path += fmt::format("{:0{}}", attempt, piece.digits);
        break;
      case Kind::stream:
        path += name;
        break;
    }
  }
  if (!names(Kind::stream)) path.append(".").append(name);
  return path;
}

}  // namespace kiln::exec
