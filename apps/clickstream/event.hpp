#pragma once

#include <cstdint>
#include <kiln/columns.hpp>
#include <optional>
#include <string>

/// What users do in a shop: events as their files have them, what is made of them, and the tables that come out.
namespace clickstream {

/// A line of an events file.
struct Event {
  std::int64_t time = 0;  ///< Unix seconds UTC
  std::uint64_t user = 0;
  std::string kind;  ///< "view" or "purchase"
  std::string page;
  std::string agent;                  ///< what the client says it is
  std::optional<std::int64_t> cents;  ///< of a purchase
};
KILN_COLUMNS(Event, time, user, kind, page, agent, cents)

/// An event that makes sense.
struct Action {
  std::int64_t time = 0;
  std::uint64_t user = 0;
  std::string page;
  std::uint64_t cents = 0;
  bool purchase = false, bot = false;
};
KILN_COLUMNS(Action, time, user, page, cents, purchase, bot)

/// A line of the user table.
struct Account {
  std::uint64_t user = 0;
  std::string country;
};
KILN_COLUMNS(Account, user, country)

/// How much was done.
struct Activity {
  std::uint64_t views = 0, purchases = 0, cents = 0;

  void add(const Activity& other) {
    views += other.views;
    purchases += other.purchases;
    cents += other.cents;
  }
};
KILN_COLUMNS(Activity, views, purchases, cents)

/// What one user did.
struct Visitor {
  std::uint64_t user = 0;
  Activity activity;
  std::int64_t first = 0, last = 0;  ///< times of events

  void see(std::int64_t time, const Activity& done) {
    if (activity.views + activity.purchases == 0 || time < first) first = time;
    if (activity.views + activity.purchases == 0 || time > last) last = time;
    activity.add(done);
  }
};
KILN_COLUMNS(Visitor, user, activity, first, last)

inline double conversion_of(const Activity& done) {
  return done.views == 0 ? 0 : static_cast<double>(done.purchases) / static_cast<double>(done.views);
}

// ---- Tables

struct HourRow {
  std::int64_t hour = 0;  ///< Unix seconds UTC
  std::uint64_t views = 0, purchases = 0, cents = 0;
};
KILN_COLUMNS(HourRow, hour, views, purchases, cents)
KILN_DESCRIBE(HourRow, hour, "s", "when the hour begins, Unix time UTC")

struct PageRow {
  std::string page;
  std::uint64_t views = 0, purchases = 0, cents = 0;
  double conversion = 0;
};
KILN_COLUMNS(PageRow, page, views, purchases, cents, conversion)
KILN_DESCRIBE(PageRow, conversion, "", "purchases a view")

struct UserRow {
  std::uint64_t user = 0;
  std::string country;
  std::uint64_t views = 0, purchases = 0, cents = 0;
  std::int64_t first = 0, last = 0;
  double conversion = 0;
};
KILN_COLUMNS(UserRow, user, country, views, purchases, cents, first, last, conversion)
KILN_DESCRIBE(UserRow, first, "s", "time of the user's first event, Unix time UTC")
KILN_DESCRIBE(UserRow, last, "s", "time of the last one")

struct CountryRow {
  std::string country;
  std::uint64_t users = 0, views = 0, purchases = 0, cents = 0;
  double conversion = 0;
};
KILN_COLUMNS(CountryRow, country, users, views, purchases, cents, conversion)

/// A line that is no event: of the truth, and of the table of rejected records.
struct BadLine {
  std::string file;  ///< without its folder
  std::uint64_t offset = 0;
  std::int64_t line = 0;  ///< from 1
};
KILN_COLUMNS(BadLine, file, offset, line)

inline constexpr std::uint64_t kTopPages = 20;

inline HourRow hour_row(std::int64_t hour, const Activity& done) {
  return {hour, done.views, done.purchases, done.cents};
}
inline PageRow page_row(const std::string& page, const Activity& done) {
  return {page, done.views, done.purchases, done.cents, conversion_of(done)};
}
inline UserRow user_row(const std::string& country, const Visitor& who) {
  const Activity& done = who.activity;
  return {who.user, country, done.views, done.purchases, done.cents, who.first, who.last, conversion_of(done)};
}
inline CountryRow country_row(const std::string& country, std::uint64_t users, const Activity& done) {
  return {country, users, done.views, done.purchases, done.cents, conversion_of(done)};
}
inline std::int64_t hour_of(std::int64_t time) { return time - time % 3600; }

}  // namespace clickstream
