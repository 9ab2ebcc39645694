#include <kiln/kiln.hpp>
#include <kiln/testing.hpp>
#include "unit/library/record_file.hpp"

#include <fmt/core.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

/// Random records, written by the plainest of writers in random order and spacing, some of them spoiled, must be read
/// as what was written, whatever the split; the spoiled ones are rejected with their line.
namespace kiln {
namespace {

struct Thing {
  std::int16_t small = 0;
  std::uint64_t large = 0;
  double value = 0;
  std::string text;
  std::optional<std::int32_t> maybe;
  bool yes = false;
};
KILN_COLUMNS(Thing, small, large, value, text, maybe, yes)

class Random {
 public:
  explicit Random(std::uint32_t seed) : engine_(seed) {}
  std::uint64_t below(std::uint64_t n) { return engine_() % n; }
  std::uint64_t bits() { return engine_(); }
  template <class T>
  const T& one_of(const std::vector<T>& all) {
    return all[below(all.size())];
  }
  template <class T>
  void shuffle(std::vector<T>& all) {
    std::shuffle(all.begin(), all.end(), engine_);
  }

 private:
  std::mt19937_64 engine_;
};

Thing random_thing(Random& random) {
  Thing thing;
  thing.small = static_cast<std::int16_t>(random.bits());
  thing.large = random.bits() >> random.below(64);
  thing.value = static_cast<double>(static_cast<std::int64_t>(random.bits())) * (random.below(2) == 0 ? 1e-30 : 1e10);
  const std::vector<std::string> pieces{"a", "\"", "\\", ",",          "\u00e4", "\t", " ",
                                        "{", "}",  ":",  "\U0001F600", "/",      "'"};
  for (std::uint64_t i = random.below(12); i > 0; --i) thing.text += random.one_of(pieces);
  if (random.below(2) == 0) thing.maybe = static_cast<std::int32_t>(random.bits());
  thing.yes = random.below(2) == 0;
  return thing;
}

std::string shown(const Thing& thing) {
  return fmt::format("{} {} {} {} {} {}", thing.small, thing.large, thing.value, thing.text,
                     thing.maybe ? std::to_string(*thing.maybe) : "none", thing.yes);
}

std::string json_text(const std::string& text, Random& random) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    if (c == '\t') {
      out += random.below(2) == 0 ? "\\t" : "\\u0009";
    } else {
      out += c;
    }
  }
  return out + "\"";
}

std::string json_of(const Thing& thing, Random& random) {
  std::vector<std::string> members{fmt::format("\"small\":{}", thing.small), fmt::format("\"large\":{}", thing.large),
                                   fmt::format("\"value\" : {}", thing.value),
                                   "\"text\": " + json_text(thing.text, random), fmt::format("\"yes\":{}", thing.yes)};
  if (thing.maybe) members.push_back(fmt::format("\"maybe\":{}", *thing.maybe));
  if (!thing.maybe && random.below(2) == 0) members.emplace_back("\"maybe\":null");
  if (random.below(3) == 0) members.emplace_back("\"other\":{\"small\":[1,{\"text\":\"}\"}]}");
  random.shuffle(members);
  std::string line = random.below(4) == 0 ? " {" : "{";
  for (const std::string& member : members)
    line += (line.size() > 2 ? (random.below(4) == 0 ? " , " : ",") : "") + member;
  return line + "}";
}

std::string csv_text(const std::string& text, Random& random) {
  if (text.find_first_of(",\"") == std::string::npos && random.below(2) == 0) return text;
  std::string out = "\"";
  for (const char c : text) out += c == '"' ? "\"\"" : std::string(1, c);
  return out + "\"";
}

std::string csv_of(const Thing& thing, Random& random) {
  return fmt::format("{},{},{},x,{},{},{}", thing.maybe ? std::to_string(*thing.maybe) : "", thing.large,
                     csv_text(thing.text, random), thing.yes ? 1 : 0, thing.value, thing.small);
}

struct Written {
  std::string text;
  std::vector<std::string> good;
  std::vector<std::int64_t> bad;  // lines
};

template <class Write>
Written write_things(Random& random, const std::string& header, const std::vector<std::string>& spoilt, Write write) {
  Written written{header, {}, {}};
  std::int64_t line = header.empty() ? 0 : 1;
  for (std::uint64_t left = 1 + random.below(60); left > 0; --left) {
    ++line;
    if (random.below(6) == 0) {
      written.text += random.one_of(spoilt);
      written.bad.push_back(line);
    } else if (random.below(10) != 0) {  // else a blank line
      const Thing thing = random_thing(random);
      written.text += write(thing, random);
      written.good.push_back(shown(thing));
    }
    if (left != 1 || random.below(2) == 0) written.text += random.below(3) == 0 ? "\r\n" : "\n";
  }
  return written;
}

template <class Stream>
void expect_read(const Stream& things, const Written& written, const std::string& which) {
  const auto result = testing::run(things.map(shown).rows("things"), {.batch = 3});
  EXPECT_EQ(result.template rows<std::string>("things"), written.good) << which << "\n" << written.text;
  std::vector<std::int64_t> lines;
  for (const auto& rejected : result.rejected) lines.push_back(rejected.line);
  EXPECT_EQ(lines, written.bad) << which << "\n" << written.text;
  EXPECT_TRUE(result.dead_letters.empty());
}

TEST(RecordsProperty, WhatIsWrittenIsRead) {
  const RecordFiles files;
  for (std::uint32_t seed = 0; seed < 150; ++seed) {
    Random random(seed);
    const Flow flow("things");
    const std::uint64_t split = 1 + random.below(400);
    const std::string which = fmt::format("seed {} split {}", seed, split);
    const Written json =
        write_things(random, "", {"{}", "[", "{\"small\":1", "x", "{\"small\":\"\\q\"}", "\xC3", "1e5"},
                     [](const Thing& thing, Random& r) { return json_of(thing, r); });
    expect_read(flow.json_lines<Thing>(files.write(json.text), {.split = split}), json, "json " + which);
    const Written csv =
        write_things(random, "maybe,large,text,more,yes,value,small\n",
                     {"1", ",,,,,,", "1,2,a,x,1,2,3,4", "1,2,\"a,x,1,2,3", "1,2,a\xFF,x,1,2,3", "1,2,a,x,maybe,2,3"},
                     [](const Thing& thing, Random& r) { return csv_of(thing, r); });
    expect_read(flow.csv<Thing>(files.write(csv.text), {.split = split}), csv, "csv " + which);
  }
}

}  // namespace
}  // namespace kiln
