#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#if defined(__x86_64__)
#include <emmintrin.h>
#endif

/// The hash of keyed data: fixed for ever and the same on every machine, as shards, runs on disk and the order of
/// results depend on it. Two multiplications of 64 x 64 bits, each half of whose product goes on; no seed, so it does
/// not withstand keys that were chosen to collide.
namespace kiln::detail {

static_assert(std::endian::native == std::endian::little);

/// The first 16 bytes of a key, zeros where it has none.
struct KeyWords {
  std::uint64_t a = 0, b = 0;
  friend constexpr bool operator==(const KeyWords&, const KeyWords&) = default;
};

__extension__ typedef unsigned __int128 Product;  // NOLINT(modernize-use-using): __extension__ wants it

inline std::uint64_t load_word(const char* at) {
  std::uint64_t word = 0;
  std::memcpy(&word, at, sizeof word);
  return word;
}

namespace hash_constants {
// The first 64 bits behind the point of the square roots of 2, 3, 5, 7, made odd.
inline constexpr std::uint64_t k0 = 0x6a09e667f3bcc909, k1 = 0xbb67ae8584caa73b, k2 = 0x3c6ef372fe94f82b,
                               k3 = 0xa54ff53a5f1d36f1;
}  // namespace hash_constants

/// The words of a key of at most 16 bytes, byte by byte.
inline KeyWords copy_words(const char* data, std::size_t size) {
  char bytes[16] = {};
  if (size != 0) std::memcpy(bytes, data, size);
  return {load_word(bytes), load_word(bytes + 8)};
}

/// The same. What lies behind the key in its page may be read, never used: lengths of words cannot be predicted, and a
/// branch on them costs more than the rest.
inline KeyWords short_words(const char* data, std::size_t size) {
#if defined(__x86_64__)
  static constexpr unsigned char kMask[32] = {255, 255, 255, 255, 255, 255, 255, 255,
                                              255, 255, 255, 255, 255, 255, 255, 255};
  constexpr std::uintptr_t kPage = 4096;  // the smallest there is
  const char* at = size == 0 ? reinterpret_cast<const char*>(kMask) : data;
  if ((reinterpret_cast<std::uintptr_t>(at) & (kPage - 1)) <= kPage - 16) [[likely]] {
    __m128i bytes;
    // Not an intrinsic, and the pointer from nowhere: neither the compiler nor a sanitizer is to draw conclusions from
    // the bytes behind the key.
    __asm__("" : "+r"(at));
    __asm__("movdqu %1, %0" : "=x"(bytes) : "m"(*reinterpret_cast<const char(*)[16]>(at)));
    bytes = _mm_and_si128(bytes, _mm_loadu_si128(reinterpret_cast<const __m128i*>(kMask + 16 - size)));
    return {static_cast<std::uint64_t>(_mm_cvtsi128_si64(bytes)),
            static_cast<std::uint64_t>(_mm_cvtsi128_si64(_mm_unpackhi_epi64(bytes, bytes)))};
  }
#endif
  return copy_words(data, size);
}

/// `state`: of what came before these words, 0 where nothing did.
inline std::uint64_t finish_hash(KeyWords words, std::uint64_t size, std::uint64_t state) {
  using namespace hash_constants;
  const Product first = Product{words.a ^ k0 ^ state} * (words.b ^ k1 ^ (size << 32));
  const Product second =
      Product{static_cast<std::uint64_t>(first) ^ k2 ^ size} * (static_cast<std::uint64_t>(first >> 64) ^ k3);
  return static_cast<std::uint64_t>(second) ^ static_cast<std::uint64_t>(second >> 64);
}

/// The hash of a key of at most 16 bytes, from its words.
inline std::uint64_t hash_words(KeyWords words, std::size_t size) { return finish_hash(words, size, 0); }

/// The hash of a key of more than 16 bytes: steps of 32 bytes in two lanes, then the last 16 as they are.
inline std::uint64_t hash_long(const char* data, std::size_t size) {
  using namespace hash_constants;
  const auto fold = [](std::uint64_t left, std::uint64_t right) {
    const Product product = Product{left} * right;
    return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
  };
  std::uint64_t one = k2, two = k3;
  std::size_t at = 0;
  for (; at + 32 < size; at += 32) {
    one = fold(load_word(data + at) ^ k0, load_word(data + at + 8) ^ one);
    two = fold(load_word(data + at + 16) ^ k1, load_word(data + at + 24) ^ two);
  }
  if (at + 16 < size) one = fold(load_word(data + at) ^ k0, load_word(data + at + 8) ^ one);
  const KeyWords last{load_word(data + size - 16), load_word(data + size - 8)};
  return finish_hash(last, size, one ^ std::rotl(two, 29));
}

inline std::uint64_t hash_bytes(std::string_view key) {
  if (key.size() > 16) return hash_long(key.data(), key.size());
  return hash_words(short_words(key.data(), key.size()), key.size());
}

}  // namespace kiln::detail
