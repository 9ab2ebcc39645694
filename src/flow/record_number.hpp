#pragma once

#include <kiln/schema.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace kiln::flow {

/// Room for a number of any column.
struct AnyNumber {
  alignas(8) std::byte bytes[8];
};

enum class NumberRead : std::uint8_t { ok, none, out_of_range };

/// The whole text as a number of the type: decimal, without blanks or a plus; of floats also nan and inf. Of text
/// that is too large, or too small to be other than 0, for the type: out_of_range. `type` is not text.
NumberRead read_number(std::string_view text, ColumnType type, AnyNumber& number);

/// An integer that was read already, as a number of the type; out_of_range where it does not fit.
NumberRead narrow_number(std::int64_t value, ColumnType type, AnyNumber& number);

/// What a column holds, for people: "an integer of 32 bits".
const char* shown_type(ColumnType type);

}  // namespace kiln::flow
