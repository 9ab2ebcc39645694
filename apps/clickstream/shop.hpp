#pragma once

#include "event.hpp"
#include "figures.hpp"

#include <cstdint>
#include <kiln/codec.hpp>
#include <map>
#include <string>
#include <vector>

/// A shop that was never there: its users, and what they do, made from a seed.
namespace clickstream {

struct Shop {
  std::uint64_t seed = 0;
  std::uint64_t events = 0;  ///< lines of a day
  std::uint64_t users = 0;
  double malformed = 0;  ///< percent of the lines
};

/// What is known of some days: added up line by line as they are made, with no step of a flow.
struct Sums {
  std::uint64_t events = 0, bots = 0;
  std::map<std::int64_t, Activity> hours;
  std::map<std::string, Activity> pages;
  std::map<std::uint64_t, Visitor> visitors;
  std::vector<BadLine> bad;

  void encode(kiln::ByteWriter& out) const;
  static Sums decode(kiln::ByteReader& in);
};

/// As a reduction, of days in their order.
struct AddUp {
  using value_type = Sums;
  static constexpr bool exact = false;

  static std::string describe() { return "sums of days"; }
  static Sums lift(Sums day) { return day; }
  static void merge(Sums& left, const Sums& right);
};

/// "day-00001.jsonl" for day 0.
std::string name_of_day(std::uint64_t day);
bool is_name_of_day(const std::string& name);

/// Writes the events of a day, the same for every run with these numbers, to a file that appears complete or not at
/// all: FOLDER/events/day-00001.jsonl for day 0. Throws std::runtime_error.
Sums make_day(const Shop& shop, const std::string& folder, std::uint64_t day);

/// The country of a user's account; "" where there is none.
std::string country_of(const Shop& shop, std::uint64_t user);

/// FOLDER/users.csv. Throws std::runtime_error.
void write_users(const Shop& shop, const std::string& folder);
/// The tables that a report of these days must come to, and its figures, as FOLDER/truth/*.csv. The figures come last:
/// without them there is no truth. Throws std::runtime_error.
void write_truth(const Shop& shop, const Sums& sums, const std::string& folder);

/// Whether these are the figures that write_truth() wrote: those that can be told without making its tables.
bool is_truth_of(const Shop& shop, const Sums& sums, const Figures& figures);

}  // namespace clickstream
