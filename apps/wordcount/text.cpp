#include "text.hpp"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <random>
#include <stdexcept>
#include <system_error>
#include <vector>

namespace wordcount {
namespace {

constexpr std::size_t kWords = 50'000;

/// The number of the word to the base of 20: words differ, and the rarer ones are longer.
std::string word_of(std::size_t number) {
  std::string word;
  do {
    word.push_back(static_cast<char>('a' + number % 20));
    number /= 20;
  } while (number != 0);
  return word;
}

}  // namespace

std::string make_text(std::uint64_t seed, std::size_t bytes) {
  std::vector<std::string> words;
  for (std::size_t i = 0; i < kWords; ++i) words.push_back(word_of(i));
  std::mt19937_64 random(seed);
  const double range = std::log(static_cast<double>(kWords));
  std::string text;
  text.reserve(bytes + 32);
  while (text.size() < bytes) {
    const double part = static_cast<double>(random() >> 11U) * 0x1p-53;
    const auto rank = static_cast<std::size_t>(std::exp(part * range));
    text += words[std::min(rank, kWords) - 1];
    text += random() % 12 == 0 ? '\n' : ' ';
  }
  return text;
}

void write_text(std::uint64_t seed, std::size_t bytes, const std::filesystem::path& path) {
  if (std::filesystem::exists(path)) return;
  const std::filesystem::path unfinished = path.string() + ".part";
  std::ofstream out(unfinished, std::ios::binary);
  const std::string text = make_text(seed, bytes);
  out.write(text.data(), static_cast<std::streamsize>(text.size()));
  out.close();
  std::error_code error;
  if (out) std::filesystem::rename(unfinished, path, error);
  if (!out || error) throw std::runtime_error("cannot write " + path.string() + ": see whether the disk has room");
}

}  // namespace wordcount
