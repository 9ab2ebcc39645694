#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>

#if defined(__x86_64__)
#include <emmintrin.h>
#endif

namespace wordcount {

inline bool is_space(char byte) { return byte == ' ' || (byte >= '\t' && byte <= '\r'); }

/// A bit for each of 64 bytes: it is white space.
inline std::uint64_t space_mask(const char* at) {
#if defined(__x86_64__)
  std::uint64_t mask = 0;
  for (int part = 0; part < 4; ++part) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at + part * 16));
    const __m128i from_tab = _mm_sub_epi8(bytes, _mm_set1_epi8('\t'));
    const __m128i is_line = _mm_cmpeq_epi8(_mm_min_epu8(from_tab, _mm_set1_epi8('\r' - '\t')), from_tab);
    const __m128i spaces = _mm_or_si128(is_line, _mm_cmpeq_epi8(bytes, _mm_set1_epi8(' ')));
    mask |= static_cast<std::uint64_t>(static_cast<std::uint32_t>(_mm_movemask_epi8(spaces))) << (part * 16);
  }
  return mask;
#else
  std::uint64_t mask = 0;
  for (int i = 0; i < 64; ++i) mask |= std::uint64_t{is_space(at[i])} << i;
  return mask;
#endif
}

/// f(const char*, length) for each word: the bytes between white space.
template <class F>
void for_each_word(std::string_view text, F&& f) {
  const char* const end = text.data() + text.size();
  const char* word = text.data();  // where the present one begins
  const char* at = word;
  for (; end - at >= 64; at += 64) {
    for (std::uint64_t mask = space_mask(at); mask != 0; mask &= mask - 1) {
      const char* const space = at + std::countr_zero(mask);
      if (space != word) f(word, static_cast<std::size_t>(space - word));
      word = space + 1;
    }
  }
  for (; at != end; ++at) {
    if (!is_space(*at)) continue;
    if (at != word) f(word, static_cast<std::size_t>(at - word));
    word = at + 1;
  }
  if (word < end) f(word, static_cast<std::size_t>(end - word));
}

}  // namespace wordcount
