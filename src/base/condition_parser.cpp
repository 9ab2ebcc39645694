#include "base/condition_parser.hpp"

#include "base/caret.hpp"

#include <fmt/core.h>
#include <kiln/error.hpp>

#include <utility>

namespace kiln {
namespace {

using Kind = ConditionToken::Kind;
using Node = ConditionTree::Node;

constexpr int kDeepest = 200;

// One function a rule of the grammar, each returning the index of its node:
//   any = all {or all};  all = one {and one};  one = not one | ( any ) | value compare value
class Parser {
 public:
  Parser(std::string_view option, std::string_view text)
      : option_(option), text_(text), tokens_(condition_tokens(option, text)) {}

  ConditionTree run() {
    if (now().kind == Kind::end) fail("there is no condition: exit_code>1, for example", now());
    tree_.root = any(0);
    if (now().kind == Kind::close) fail("this parenthesis was not opened", now());
    if (now().kind != Kind::end) fail("`and` or `or` is missing before this", now());
    return std::move(tree_);
  }

 private:
  [[noreturn]] void fail(std::string_view why, const ConditionToken& token) const {
    throw Error(ExitCode::usage, with_caret(fmt::format("{}: {}", option_, why), text_, token.at));
  }

  const ConditionToken& now() const { return tokens_[at_]; }
  bool accept(Kind kind) {
    if (now().kind != kind) return false;
    ++at_;
    return true;
  }
  std::size_t add(Node node) {
    tree_.nodes.push_back(node);
    return tree_.nodes.size() - 1;
  }

  std::size_t any(int depth) {
    std::size_t node = all(depth);
    while (accept(Kind::either)) node = add({Node::Kind::either, node, all(depth)});
    return node;
  }

  std::size_t all(int depth) {
    std::size_t node = one(depth);
    while (accept(Kind::both)) node = add({Node::Kind::both, node, one(depth)});
    return node;
  }

  std::size_t one(int depth) {
    if (depth > kDeepest) fail(fmt::format("more than {} levels of parentheses and `not`", kDeepest), now());
    if (accept(Kind::negation)) return add({Node::Kind::negation, one(depth + 1), 0});
    const ConditionToken open = now();
    if (!accept(Kind::open)) return comparison();
    const std::size_t node = any(depth + 1);
    if (!accept(Kind::close)) {
      if (now().kind == Kind::end) fail("this parenthesis is not closed", open);
      fail("`and`, `or` or a closing parenthesis is missing before this", now());
    }
    return node;
  }

  ConditionToken value(std::string_view what) {
    ConditionToken token = now();
    if (!accept(Kind::word) && !accept(Kind::quoted)) fail(fmt::format("{} is missing here", what), token);
    return token;
  }

  std::size_t comparison() {
    ConditionToken left = value("the name of a column");
    ConditionToken compare = now();
    if (!accept(Kind::compare)) {
      fail(fmt::format("a comparison is missing behind '{}': ==, !=, <, <=, >, >=, ~ or !~", left.text), compare);
    }
    ConditionToken right = value("a value");
    if (now().kind == Kind::compare)
      fail("two comparisons in a row: join them with `and`, or put the value in quotes", now());
    tree_.comparisons.push_back({std::move(left), std::move(compare), std::move(right)});
    return add({Node::Kind::comparison, tree_.comparisons.size() - 1, 0});
  }

  std::string_view option_, text_;
  std::vector<ConditionToken> tokens_;
  std::size_t at_ = 0;
  ConditionTree tree_;
};

}  // namespace

ConditionTree parse_condition(std::string_view option, std::string_view text) { return Parser(option, text).run(); }

}  // namespace kiln
