#include "record.hpp"

#include <algorithm>
#include <cstdio>

namespace terasort {
namespace {

std::uint64_t mixed(std::uint64_t word) {
  word = (word ^ word >> 32) * 0x9e3779b97f4a7c15;
  word = (word ^ word >> 29) * 0xbf58476d1ce4e5b9;
  return word ^ word >> 32;
}

std::uint64_t hash_of(const Record& record) {
  std::uint64_t hash = 0;
  for (std::size_t at = 0; at < kRecord; at += sizeof hash) {
    std::uint64_t word = 0;
    std::memcpy(&word, record.data() + at, std::min(sizeof word, kRecord - at));
    hash = mixed(hash + word);
  }
  return hash;
}

}  // namespace

Record make_record(std::uint64_t seed, std::uint64_t number) {
  Record record;
  const std::uint64_t one = mixed(mixed(seed + 1) + number), other = mixed(one + seed);
  std::memcpy(record.data(), &one, sizeof one);
  std::memcpy(record.data() + sizeof one, &other, kKey - sizeof one);
  char text[kRecord - kKey + 1];
  std::snprintf(text, sizeof text, "%0*llu", static_cast<int>(kRecord - kKey), static_cast<unsigned long long>(number));
  std::memcpy(record.data() + kKey, text, kRecord - kKey);
  return record;
}

void Summary::add(const Record& record) {
  const Key key = key_of(record);
  if (records == 0) first = key;
  if (records != 0 && key < last) ++disorders;
  last = key;
  checksum += hash_of(record);
  ++records;
}

void Summary::add(const Summary& next) {
  if (next.records == 0) return;
  if (records == 0) first = next.first;
  if (records != 0 && next.first < last) ++disorders;
  disorders += next.disorders;
  last = next.last;
  checksum += next.checksum;
  records += next.records;
}

}  // namespace terasort
