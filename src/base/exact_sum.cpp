#include <kiln/monoids/exact_sum.hpp>

#include <kiln/detail/number.hpp>

#include <cmath>
#include <limits>

namespace kiln {
namespace {

constexpr std::uint64_t kLow = 0xffffffff;

}  // namespace

void ExactSumValue::add_special(double item) {
  if (item != item) {
    ++nans_;
  } else if (item > 0) {
    ++above_;
  } else {
    ++below_;
  }
}

void ExactSumValue::carry() {
  std::int64_t over = 0;
  for (std::size_t i = 0; i + 1 < kDigits; ++i) {
    const std::int64_t digit = digits_[i] + over;
    over = digit >> 32;
    digits_[i] = digit & static_cast<std::int64_t>(kLow);
  }
  digits_.back() += over;
  waiting_ = 0;
}

void ExactSumValue::merge(const ExactSumValue& right) {
  if (waiting_ + right.waiting_ + 2 >= kMostWaiting) {
    carry();
    if (right.waiting_ + 2 >= kMostWaiting) {
      ExactSumValue carried = right;
      carried.carry();
      return merge(carried);
    }
  }
  for (std::size_t i = 0; i < kDigits; ++i) digits_[i] += right.digits_[i];
  waiting_ += right.waiting_ + 1;
  nans_ += right.nans_;
  above_ += right.above_;
  below_ += right.below_;
}

double ExactSumValue::value() const {
  if (nans_ != 0 || (above_ != 0 && below_ != 0)) return detail::kNan;
  if (above_ != 0 || below_ != 0) return std::copysign(std::numeric_limits<double>::infinity(), above_ != 0 ? 1 : -1);
  ExactSumValue sum = *this;
  sum.carry();
  const bool negative = sum.digits_.back() < 0;
  if (negative) {
    for (std::int64_t& digit : sum.digits_) digit = -digit;
    sum.carry();
  }
  std::array<std::uint64_t, kDigits + 3> digits{};  // two of 0 in front, and the last one as two
  for (std::size_t i = 0; i < kDigits; ++i) digits[i + 2] = static_cast<std::uint64_t>(sum.digits_[i]);
  digits[kDigits + 2] = digits[kDigits + 1] >> 32;
  digits[kDigits + 1] &= kLow;
  std::size_t top = digits.size() - 1;
  while (top >= 2 && digits[top] == 0) --top;
  if (top < 2) return 0.0;

  // The highest 64 bits, and whether anything is below them; then 53 of them, rounded to even.
  std::uint64_t bits = digits[top] << 32 | digits[top - 1];
  const int zeros = std::countl_zero(bits);  // less than 32
  const std::uint64_t next = digits[top - 2];
  bits = bits << zeros | next >> (32 - zeros);
  bool below = (next << zeros & kLow) != 0;
  for (std::size_t i = 0; i + 2 < top; ++i) below = below || digits[i] != 0;
  std::uint64_t mantissa = bits >> 11;
  const std::uint64_t rest = bits & 0x7ff;
  if (rest > 0x400 || (rest == 0x400 && (below || (mantissa & 1) != 0))) ++mantissa;
  const int exponent = 32 * (static_cast<int>(top) - 3) - zeros + 11 - 1074;
  const double magnitude = std::ldexp(static_cast<double>(mantissa), exponent);
  return negative ? -magnitude : magnitude;
}

void ExactSumValue::encode(ByteWriter& out) const {
  ExactSumValue sum = *this;
  sum.carry();
  for (std::size_t i = 0; i + 1 < kDigits; ++i) out.put(static_cast<std::uint32_t>(sum.digits_[i]));
  out.put(sum.digits_.back());
  for (const std::uint64_t count : {nans_, above_, below_}) out.put(count);
}

ExactSumValue ExactSumValue::decode(ByteReader& in) {
  ExactSumValue sum;
  for (std::size_t i = 0; i + 1 < kDigits; ++i) sum.digits_[i] = in.get<std::uint32_t>();
  sum.digits_.back() = in.get<std::int64_t>();
  sum.nans_ = in.get<std::uint64_t>();
  sum.above_ = in.get<std::uint64_t>();
  sum.below_ = in.get<std::uint64_t>();
  return sum;
}

detail::Shown ExactSumValue::show() const {
  detail::Shown shown;
  detail::add_table(shown, "",
                    {{"value", std::vector<double>{value()}, "the sum, rounded once"},
                     {"not_finite", std::vector<std::uint64_t>{not_finite()}, "items that were NaN or infinite"}});
  return shown;
}

}  // namespace kiln
