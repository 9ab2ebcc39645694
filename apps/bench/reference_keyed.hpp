#pragma once

#include "keyed_data.hpp"

#include <span>
#include <string_view>
#include <vector>

/// What one would write by hand for one thread and one kind of data: no failures, no canonical order, no spill, no
/// other ranks.
namespace kiln::bench {

/// Counts of words: open addressing, words of up to 15 bytes in the slot, longer ones where they lie in the text.
Digest reference_word_count(std::string_view text);
/// The sum of each group: partitions by hash, in each a table of places and values side by side.
Digest reference_group(std::span<const Row> rows);
/// Pairs of equal keys, the keys of `right` being unique: partitions by hash, a table of the right side.
Digest reference_join(std::span<const Row> left, std::span<const Row> right);

}  // namespace kiln::bench
