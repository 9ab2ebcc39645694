#pragma once

#include "base/condition_parser.hpp"
#include "base/value.hpp"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace kiln {

/// Which records are meant: `exit_code>1 and command~'alpha=0\.5'`, in the words of docs/guide.md. Numbers compare as
/// numbers, texts byte by byte. A comparison with a missing value is false; `loss==missing` asks for it.
class Condition {
 public:
  /// Throws kiln::Error (usage) that points at the character; `option` ("--where") names what was given.
  Condition(std::string option, std::string text);
  ~Condition();
  Condition(Condition&&) noexcept;
  Condition& operator=(Condition&&) noexcept;

  const std::string& text() const { return text_; }

  /// Looks the names up. Throws kiln::Error (usage) that points at the name or value that does not fit.
  void bind(const std::vector<Field>& fields);

  /// Of a field, by its index in what was bound.
  using Lookup = std::function<Value(std::size_t field)>;
  /// After bind().
  bool holds(const Lookup& lookup) const;

 private:
  struct Bound;  // a comparison whose names are looked up
  bool holds_at(std::size_t node, const Lookup& lookup) const;

  std::string option_, text_;
  ConditionTree tree_;
  std::vector<Bound> bound_;  // as tree_.comparisons
};

}  // namespace kiln
