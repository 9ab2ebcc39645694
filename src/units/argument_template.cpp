#include "units/argument_template.hpp"

#include "base/text.hpp"
#include "units/argument_text.hpp"

#include <fmt/core.h>
#include <kiln/error.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <utility>

namespace kiln::units {
namespace {

[[noreturn]] void usage(const std::string& message) { throw Error(ExitCode::usage, message); }

// {= perl =} and {=3 perl =}.
bool is_perl(std::string_view rest) { return rest.starts_with("{=") && rest.find("=}", 2) != std::string_view::npos; }

}  // namespace

class TemplateParser {
 public:
  using Piece = ArgumentTemplate::Piece;
  using What = ArgumentTemplate::What;
  using Part = ArgumentTemplate::Part;

  explicit TemplateParser(const std::vector<ColumnName>& names) : names_(names) {
    // The longest first, so that "a" does not hide "a.b".
    std::stable_sort(names_.begin(), names_.end(),
                     [](const ColumnName& a, const ColumnName& b) { return a.name.size() > b.name.size(); });
  }

  std::vector<Piece> parse(std::string_view command) {
    bool replaces = false;
    for (std::string_view rest = command; !rest.empty();) {
      const std::size_t open = std::min(rest.find('{'), rest.size());
      put_text(rest.substr(0, open));
      rest.remove_prefix(open);
      if (rest.empty()) break;
      refuse_foreign(rest);
      if (auto piece = replacement(rest)) {
        rest.remove_prefix(piece->text.size());
        pieces_.push_back(std::move(*piece));
        replaces = true;
      } else {
        put_text(rest.substr(0, 1));
        rest.remove_prefix(1);
      }
    }
    if (!replaces) {
      put_text(" ");
      pieces_.push_back({What::all, Part::whole, "{}"});
    }
    return std::move(pieces_);
  }

  /// Of what parse() returned: whether values stay as they are. They name the program where a replacement string is
  /// part of the first word and no blank or = stands before it.
  static bool verbatim(const std::vector<Piece>& pieces) {
    return pieces.front().what != What::text || pieces.front().text.find_first_of(" \t\n\r\f\v=") == std::string::npos;
  }

 private:
  static void refuse_foreign(std::string_view rest) {
    if (rest.starts_with("{%}")) {
      usage("{%}, the number of a job slot, is not supported; a command learns its number from {#} or $KILN_UNIT");
    }
    if (is_perl(rest)) {
      usage(
          fmt::format("{} is a Perl expression of GNU Parallel's, which is not supported; do it in the shell: kiln "
                      "run 'x={{}}; echo ${{x%.log}}' ::: *.log",
                      for_message(rest.substr(0, rest.find("=}") + 2), 60)));
    }
  }

  // The replacement string at the front of `rest`, its text as typed; nothing where there is none.
  std::optional<Piece> replacement(std::string_view rest) const {
    if (rest.starts_with("{#}")) return Piece{What::number, Part::whole, "{#}"};
    if (auto piece = with_part({What::all, Part::whole, "{"}, rest)) return piece;
    for (const ColumnName& name : names_) {
      if (name.name.empty() || !rest.substr(1).starts_with(name.name)) continue;
      auto piece = with_part({What::column, Part::whole, "{" + name.name, 0, name.source, name.column}, rest);
      if (!piece) continue;
      refuse_twice(name.name);
      return piece;
    }
    return position(rest);
  }

  void refuse_twice(const std::string& name) const {
    if (std::count_if(names_.begin(), names_.end(), [&](const ColumnName& one) { return one.name == name; }) > 1) {
      usage(fmt::format("the header names '{0}' more than once, so that {{{0}}} may mean either; use positions: {{1}}",
                        for_message(name, 60)));
    }
  }

  static std::optional<Piece> position(std::string_view rest) {
    const std::size_t end = rest.find_first_not_of("0123456789", rest.substr(1).starts_with('-') ? 2 : 1);
    if (end == std::string_view::npos || end == 1 || rest[end - 1] == '-') return std::nullopt;
    Piece piece{What::position, Part::whole, std::string(rest.substr(0, end))};
    const auto parsed = std::from_chars(rest.data() + 1, rest.data() + end, piece.position);
    auto found = with_part(std::move(piece), rest);
    if (!found) return std::nullopt;
    constexpr std::int64_t kMost = 1'000'000'000;
    if (parsed.ec != std::errc{} || found->position > kMost || found->position < -kMost)
      usage(fmt::format("{} is no position of a value", for_message(found->text, 40)));
    if (found->position == 0) usage(fmt::format("{}: positions count from 1", found->text));
    return found;
  }

  // `piece` with what stands between its text and the closing brace; nothing where that is no known part.
  static std::optional<Piece> with_part(Piece piece, std::string_view rest) {
    constexpr std::array<std::pair<std::string_view, Part>, 5> kParts{{{"}", Part::whole},
                                                                       {".}", Part::no_extension},
                                                                       {"/}", Part::base},
                                                                       {"//}", Part::directory},
                                                                       {"/.}", Part::base_no_extension}}};
    rest.remove_prefix(piece.text.size());
    for (const auto& [text, part] : kParts) {
      if (!rest.starts_with(text)) continue;
      piece.part = part;
      piece.text += text;
      return piece;
    }
    return std::nullopt;
  }

  void put_text(std::string_view text) {
    if (text.empty()) return;
    if (pieces_.empty() || pieces_.back().what != What::text) pieces_.push_back({What::text, Part::whole, ""});
    pieces_.back().text += text;
  }

  std::vector<ColumnName> names_;
  std::vector<Piece> pieces_;
};

ArgumentTemplate::ArgumentTemplate(std::string_view command, const std::vector<ColumnName>& names)
    : pieces_(TemplateParser(names).parse(command)), verbatim_(TemplateParser::verbatim(pieces_)) {}

std::string_view ArgumentTemplate::part_of(std::string_view value, Part part) {
  switch (part) {
    case Part::whole:
      return value;
    case Part::no_extension:
      return without_extension(value);
    case Part::base:
      return base_name(value);
    case Part::directory:
      return directory_name(value);
    case Part::base_no_extension:
      return without_extension(base_name(value));
  }
  return value;
}

void ArgumentTemplate::append_part(std::string& out, Part part, std::string_view value) const {
  if (verbatim_) {
    out += part_of(value, part);
  } else {
    append_quoted(out, part_of(value, part));
  }
}

void ArgumentTemplate::expand(std::span<const ArgumentRow> rows, std::uint64_t number, std::string& out) const {
  const auto append_all = [&](Part part) {
    bool first = true;
    for (const ArgumentRow row : rows) {
      for (const std::string_view value : row) {
        if (!first) out += ' ';
        first = false;
        append_part(out, part, value);
      }
    }
  };
  const auto append_position = [&](std::int64_t position, Part part) {
    std::size_t columns = 0;
    for (const ArgumentRow row : rows) columns += row.size();
    const std::int64_t index = position > 0 ? position - 1 : static_cast<std::int64_t>(columns) + position;
    if (index < 0 || index >= static_cast<std::int64_t>(columns)) return;
    auto left = static_cast<std::size_t>(index);
    for (const ArgumentRow row : rows) {
      if (left < row.size()) return append_part(out, part, row[left]);
      left -= row.size();
    }
  };
  for (const Piece& piece : pieces_) {
    switch (piece.what) {
      case What::text:
        out += piece.text;
        break;
      case What::all:
        append_all(piece.part);
        break;
      case What::position:
        append_position(piece.position, piece.part);
        break;
      case What::column:
        if (piece.column < rows[piece.source].size()) append_part(out, piece.part, rows[piece.source][piece.column]);
        break;
      case What::number:
        out += std::to_string(number);
        break;
    }
  }
}

void ArgumentTemplate::check_positions(std::size_t columns, std::size_t sources) const {
  for (const Piece& piece : pieces_) {
    const std::int64_t wanted = piece.position < 0 ? -piece.position : piece.position;
    if (piece.what != What::position || wanted <= static_cast<std::int64_t>(columns)) continue;
    const std::string_view plural = columns == 1 ? "" : "s";
    usage(fmt::format(
        "{} names value {} of a command, but there {} {} {}{}", piece.text, piece.position, columns == 1 ? "is" : "are",
        columns == sources ? "only" : "at most", columns,
        columns == sources ? fmt::format(" source{} of values", plural) : fmt::format(" column{}", plural)));
  }
}

}  // namespace kiln::units
