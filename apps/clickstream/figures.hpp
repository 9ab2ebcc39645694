#pragma once

#include "event.hpp"

#include <bit>
#include <cstdint>
#include <kiln/columns.hpp>
#include <string>
#include <string_view>
#include <tuple>

namespace clickstream {

/// What a report comes to in numbers: what is printed, and compared with the truth. Tables count by a checksum, the
/// sum of a hash of each row, which no order changes.
struct Figures {
  std::uint64_t events = 0;    ///< that make sense
  std::uint64_t rejected = 0;  ///< lines that are none
  std::uint64_t bots = 0;      ///< events of theirs
  Activity people;             ///< what all others did
  std::uint64_t users = 0;     ///< in the table of users
  std::uint64_t hours_sum = 0, pages_sum = 0, users_sum = 0, countries_sum = 0;
};

std::string field_text(const std::string& text);
std::string field_text(std::uint64_t number);
std::string field_text(std::int64_t number);
std::string field_text(double number);

/// Of the fields of a row.
class Hash {
 public:
  void add(std::string_view text) {
    for (const char byte : text) mix(static_cast<unsigned char>(byte));
    mix(text.size());
  }
  void add(std::uint64_t number) { mix(number); }
  void add(std::int64_t number) { mix(static_cast<std::uint64_t>(number)); }
  void add(double number) { mix(std::bit_cast<std::uint64_t>(number)); }
  std::uint64_t value() const { return state_ ^ state_ >> 32; }

 private:
  void mix(std::uint64_t word) {
    state_ = (state_ ^ word) * 0x9e3779b97f4a7c15;
    state_ ^= state_ >> 29;
  }

  std::uint64_t state_ = 0x243f6a8885a308d3;
};

inline auto fields_of(const HourRow& row) { return std::tie(row.hour, row.views, row.purchases, row.cents); }
inline auto fields_of(const PageRow& row) {
  return std::tie(row.page, row.views, row.purchases, row.cents, row.conversion);
}
inline auto fields_of(const UserRow& row) {
  return std::tie(row.user, row.country, row.views, row.purchases, row.cents, row.first, row.last, row.conversion);
}
inline auto fields_of(const CountryRow& row) {
  return std::tie(row.country, row.users, row.views, row.purchases, row.cents, row.conversion);
}
inline auto fields_of(const BadLine& row) { return std::tie(row.file, row.offset, row.line); }

template <class Row>
std::uint64_t hash_of(const Row& row) {
  Hash hash;
  std::apply([&hash](const auto&... field) { (hash.add(field), ...); }, fields_of(row));
  return hash.value();
}

/// Fields with commas between: a line of the truth.
template <class Row>
std::string text_of_row(const Row& row) {
  std::string line;
  const auto put = [&line](const auto& field) {
    if (!line.empty()) line += ',';
    line += field_text(field);
  };
  std::apply([&put](const auto&... field) { (put(field), ...); }, fields_of(row));
  return line;
}

/// What differs from the truth, for people: "views 12, truth 13"; "" where nothing does.
std::string differences(const Figures& found, const Figures& truth);

/// Where a folder of data has what. The truth stands beside the data where the generator made it.
std::string event_files(const std::string& folder);
std::string users_file(const std::string& folder);
std::string truth_file(const std::string& folder, const std::string& table);

/// The figures of FOLDER/truth/figures.csv. Throws kiln::Error (bad input) where it is no such file.
Figures read_figures(const std::string& folder);
bool has_truth(const std::string& folder);
std::string text_of(const Figures& figures);

}  // namespace clickstream
