#include "base/condition_lexer.hpp"

#include "base/caret.hpp"

#include <fmt/core.h>
#include <kiln/error.hpp>

#include <array>
#include <utility>

namespace kiln {
namespace {

using Kind = ConditionToken::Kind;

// Longer ones first.
constexpr std::array<std::pair<std::string_view, std::string_view>, 9> kComparisons = {{{"==", "=="},
                                                                                        {"!=", "!="},
                                                                                        {"<=", "<="},
                                                                                        {">=", ">="},
                                                                                        {"!~", "!~"},
                                                                                        {"=", "=="},
                                                                                        {"<", "<"},
                                                                                        {">", ">"},
                                                                                        {"~", "~"}}};

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

// Bytes that end a bare word.
bool ends_word(char c) { return is_blank(c) || std::string_view("()<>=!~&|'\"").find(c) != std::string_view::npos; }

Kind kind_of_word(std::string_view word) {
  if (word == "and" || word == "AND") return Kind::both;
  if (word == "or" || word == "OR") return Kind::either;
  if (word == "not" || word == "NOT") return Kind::negation;
  return Kind::word;
}

class Lexer {
 public:
  Lexer(std::string_view option, std::string_view text) : option_(option), text_(text) {}

  std::vector<ConditionToken> run() {
    while (true) {
      while (at_ < text_.size() && is_blank(text_[at_])) ++at_;
      tokens_.push_back(next());
      if (tokens_.back().kind == Kind::end) return std::move(tokens_);
    }
  }

 private:
  [[noreturn]] void fail(std::string_view why, std::size_t at) const {
    throw Error(ExitCode::usage, with_caret(fmt::format("{}: {}", option_, why), text_, at));
  }

  ConditionToken take(Kind kind, std::size_t size, std::string text = {}) {
    const std::size_t begin = std::exchange(at_, at_ + size);
    return {kind, std::move(text), begin};
  }

  ConditionToken next() {
    const std::string_view rest = text_.substr(at_);
    if (rest.empty()) return take(Kind::end, 0);
    if (rest[0] == '(') return take(Kind::open, 1);
    if (rest[0] == ')') return take(Kind::close, 1);
    if (rest.starts_with("&&")) return take(Kind::both, 2, "&&");
    if (rest.starts_with("||")) return take(Kind::either, 2, "||");
    if (rest[0] == '\'' || rest[0] == '"') return quoted(rest[0]);
    for (const auto& [typed, usual] : kComparisons) {
      if (rest.starts_with(typed)) return take(Kind::compare, typed.size(), std::string(usual));
    }
    if (rest[0] == '!') return take(Kind::negation, 1, "!");
    if (rest[0] == '&' || rest[0] == '|') fail(fmt::format("'{0}' stands alone: write {0}{0}", rest[0]), at_);
    std::size_t size = 0;
    while (size < rest.size() && !ends_word(rest[size])) ++size;
    std::string word(rest.substr(0, size));
    const Kind kind = kind_of_word(word);
    return take(kind, size, std::move(word));
  }

  // A quote within is written twice.
  ConditionToken quoted(char quote) {
    const std::size_t begin = at_++;
    std::string text;
    while (at_ < text_.size()) {
      const char c = text_[at_++];
      if (c != quote) {
        text += c;
      } else if (at_ < text_.size() && text_[at_] == quote) {
        text += text_[at_++];
      } else {
        return {Kind::quoted, std::move(text), begin};
      }
    }
    fail(fmt::format("the text that begins with {} has no end", quote), begin);
  }

  std::string_view option_, text_;
  std::size_t at_ = 0;
  std::vector<ConditionToken> tokens_;
};

}  // namespace

std::vector<ConditionToken> condition_tokens(std::string_view option, std::string_view text) {
  return Lexer(option, text).run();
}

}  // namespace kiln
