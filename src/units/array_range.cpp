#include "units/array_range.hpp"

#include "base/quantity.hpp"
#include "base/text.hpp"

#include <fmt/core.h>
#include <kiln/error.hpp>

#include <algorithm>

namespace kiln::units {
namespace {

[[noreturn]] void refuse(std::string_view text, std::string_view where, std::size_t character, std::string_view why) {
  throw Error(ExitCode::usage, fmt::format("{} {}: character {}: {}", where, for_message(text, 200), character, why));
}

}  // namespace

class ArrayRange::Parser {
 public:
  Parser(std::string_view text, std::string_view where) : text_(text), where_(where) {}

  std::vector<Piece> run() {
    if (text_.empty()) fail("an index is missing; meant: 1-1000, 0-15:4 or 1,3,7-9");
    std::vector<Piece> pieces{piece()};
    while (at_ < text_.size()) {
      if (text_[at_] != ',') strange();
      ++at_;
      pieces.push_back(piece());
    }
    return pieces;
  }

 private:
  [[noreturn]] void fail(std::string_view why) const { refuse(text_, where_, at_ + 1, why); }

  [[noreturn]] void strange() const {
    if (text_[at_] == '%') {
      fail(fmt::format("how many run at a time is not part of the range: leave out '{}' and give -n {}",
                       for_message(text_.substr(at_), 20), at_ + 1 < text_.size() ? text_.substr(at_ + 1) : "N"));
    }
    fail(fmt::format("'{}' is not understood; meant: 1-1000, 0-15:4 or 1,3,7-9", for_message(text_.substr(at_), 20)));
  }

  std::uint64_t number(std::string_view what) {
    const std::size_t end = std::min(text_.find_first_not_of("0123456789", at_), text_.size());
    const std::string_view digits = text_.substr(at_, end - at_);
    if (digits.empty() && at_ < text_.size() && text_[at_] == '-') fail("an index is 0 or more");
    if (digits.empty()) fail(fmt::format("{} is missing", what));
    const auto value = parse_count(digits);
    if (!value || *value > kLargestIndex) {
      fail(fmt::format("{} is too large; the largest is {}", for_message(digits, 40), format_count(kLargestIndex)));
    }
    at_ = end;
    return *value;
  }

  bool accept(char c) {
    if (at_ == text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  Piece piece() {
    Piece piece;
    piece.character = at_ + 1;
    piece.first = number("an index");
    std::uint64_t last = piece.first;
    if (accept('-')) {
      const std::size_t there = at_;
      last = number("the end of the range");
      if (last < piece.first) {
        at_ = there;
        fail(fmt::format("the range goes backwards: {} comes before {}; meant: {}-{}", last, piece.first, last,
                         piece.first));
      }
      if (accept(':')) {
        const std::size_t step_at = at_;
        piece.step = number("the step");
        if (piece.step == 0) {
          at_ = step_at;
          fail("a step of 0; give 1 or more");
        }
      }
    }
    piece.count = (last - piece.first) / piece.step + 1;
    return piece;
  }

  std::string_view text_, where_;
  std::size_t at_ = 0;
};

ArrayRange ArrayRange::parse(std::string_view text, std::string_view where) {
  ArrayRange range;
  range.pieces_ = Parser(text, where).run();
  std::uint64_t count = 0;
  for (const Piece& piece : range.pieces_) {
    if (piece.count > kMostIndices - count) {
      refuse(text, where, piece.character,
             fmt::format("more than {} indices; make several runs", format_count(kMostIndices)));
    }
    count += piece.count;
  }
  range.count_ = count;
  range.put_in_order(text, where);
  return range;
}

void ArrayRange::put_in_order(std::string_view text, std::string_view where) {
  const auto by_first = [](const Piece& a, const Piece& b) { return a.first < b.first; };
  std::stable_sort(pieces_.begin(), pieces_.end(), by_first);
  const auto interlock = [](const Piece& a, const Piece& b) { return b.first <= a.last(); };
  if (std::adjacent_find(pieces_.begin(), pieces_.end(), interlock) != pieces_.end()) write_out(text, where);
  std::uint64_t before = 0;
  for (Piece& piece : pieces_) {
    piece.before = before;
    before += piece.count;
  }
}

// A piece an index.
void ArrayRange::write_out(std::string_view text, std::string_view where) {
  if (count_ > kMostInterlocked) {
    refuse(text, where, pieces_.front().character,
           fmt::format("ranges that interlock may have {} indices together; give them as one range",
                       format_count(kMostInterlocked)));
  }
  std::vector<Piece> single;
  single.reserve(count_);
  for (const Piece& piece : pieces_) {
    for (std::uint64_t i = 0; i < piece.count; ++i) {
      single.push_back({piece.first + i * piece.step, 1, 1, piece.character, 0});
    }
  }
  std::stable_sort(single.begin(), single.end(), [](const Piece& a, const Piece& b) { return a.first < b.first; });
  const auto twice = std::adjacent_find(single.begin(), single.end(),
                                        [](const Piece& a, const Piece& b) { return a.first == b.first; });
  if (twice != single.end()) {
    refuse(text, where, std::max(twice->character, (twice + 1)->character),
           fmt::format("index {} is named twice", twice->first));
  }
  pieces_ = std::move(single);
}

std::uint64_t ArrayRange::at(std::uint64_t place) const {
  const auto behind = std::upper_bound(pieces_.begin(), pieces_.end(), place,
                                       [](std::uint64_t value, const Piece& piece) { return value < piece.before; });
  const Piece& piece = *(behind - 1);
  return piece.first + (place - piece.before) * piece.step;
}

}  // namespace kiln::units
