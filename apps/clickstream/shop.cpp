#include "shop.hpp"

#include "whole_file.hpp"

#include <algorithm>
#include <array>
#include <cinttypes>
#include <cstdio>
#include <kiln/random.hpp>
#include <string>
#include <string_view>

namespace clickstream {
namespace {

constexpr std::int64_t kFirstDay = 1'767'225'600, kDaySeconds = 86'400;  // 2026-01-01
constexpr std::uint64_t kPages = 400;
constexpr double kBots = 0.1, kPurchases = 0.04, kWindowsLines = 0.02;

constexpr std::array kAgents = {"Mozilla/5.0 (X11; Linux x86_64)", "Mozilla/5.0 (Macintosh)",
                                "Mozilla/5.0 (Android 16)", "ShopApp/4.2"};
constexpr std::array kBotAgents = {"examplebot/2.1 (+http://example.org/bot)", "SiteSpider (robot)"};
constexpr std::array kCountries = {"AT", "BR", "CH", "DE", "FR", "IN", "JP", "KE", "NO", "US"};

// Streams of random numbers.
constexpr std::uint64_t kOfEvents = 0, kOfAccounts = 1;

/// A few are frequent: of n, the first one is so with a chance of about the third root of 1/n.
std::uint64_t uneven(kiln::Random& random, std::uint64_t n) {
  const double part = random.uniform();
  return std::min(n - 1, static_cast<std::uint64_t>(part * part * part * static_cast<double>(n)));
}

/// A line, field by field as JSON; an empty one is left out.
struct Fields {
  std::string time, user, kind, page, agent, cents;

  Fields(const Action& action, const char* client)
      : time(std::to_string(action.time)),
        user(std::to_string(action.user)),
        kind(action.purchase ? "\"purchase\"" : "\"view\""),
        page('"' + action.page + '"'),
        agent('"' + std::string(client) + '"'),
        cents(action.purchase ? std::to_string(action.cents) : "") {}

  std::string line() const {
    std::string text = "{";
    const auto put = [&text](const char* name, const std::string& value) {
      if (!value.empty()) text += (text.size() == 1 ? "\"" : ",\"") + std::string(name) + "\":" + value;
    };
    put("time", time);
    put("user", user);
    put("kind", kind);
    put("page", page);
    put("agent", agent);
    put("client", R"({"tags":["a","b"],"size":[390,844]})");
    put("referrer", "null");
    put("cents", cents);
    return text + "}";
  }
};

/// A line that is no event, in one of the ways in which lines are bad.
std::string spoiled(kiln::Random& random, Fields fields) {
  const std::string good = fields.line();
  switch (random.below(10)) {
    case 0:
      return good.substr(0, 1 + random.below(good.size() - 2));  // cut off
    case 1:
      return "[" + good + "]";
    case 2:
      return good + "}";
    case 3:
      fields.user = "\"somebody\"";
      break;
    case 4:
      fields.user = "18446744073709551616";  // out of range
      break;
    case 5:
      fields.user += ",\"user\":1";  // twice
      break;
    case 6:
      fields.page = "";
      break;
    case 7:
      fields.page = "\"/\xff\"";  // no UTF-8
      break;
    case 8:
      fields.kind = "\"hover\"";
      break;
    default:
      fields.kind = "\"purchase\"";  // of nothing
      fields.cents = "null";
  }
  return fields.line();
}

Action make_action(kiln::Random& random, const Shop& shop, std::uint64_t day, std::uint64_t number) {
  Action action;
  const auto second = static_cast<std::int64_t>(static_cast<double>(number) / static_cast<double>(shop.events) *
                                                static_cast<double>(kDaySeconds));
  action.time = kFirstDay + static_cast<std::int64_t>(day) * kDaySeconds + second;
  action.user = uneven(random, shop.users);
  char page[32];
  std::snprintf(page, sizeof page, "/shop/%03u", static_cast<unsigned>(uneven(random, kPages)));
  action.page = page;
  action.bot = random.uniform() < kBots;
  action.purchase = random.uniform() < kPurchases && !action.bot;
  action.cents = action.purchase ? 100 + random.below(20'000) : 0;
  return action;
}

void count(Sums& sums, const Action& action) {
  ++sums.events;
  if (action.bot) {
    ++sums.bots;
    return;
  }
  const Activity done = action.purchase ? Activity{0, 1, action.cents} : Activity{1, 0, 0};
  sums.hours[hour_of(action.time)].add(done);
  sums.pages[action.page].add(done);
  Visitor& who = sums.visitors[action.user];
  who.user = action.user;
  who.see(action.time, done);
}

/// A table of the truth.
class Csv {
 public:
  Csv(const std::string& folder, const std::string& table, std::string_view header) : file_(truth_file(folder, table)) {
    file_.add(std::string(header) + "\n");
  }
  template <class Row>
  void add(const Row& row) {
    file_.add(text_of_row(row) + "\n");
  }
  void finish() { file_.finish(); }

 private:
  WholeFile file_;
};

constexpr std::string_view kPageHeader = "page,views,purchases,cents,conversion";

void write_pages(const Sums& sums, const std::string& folder, Figures& figures) {
  std::vector<PageRow> pages;
  Csv all(folder, "pages", kPageHeader), top(folder, "top_pages", kPageHeader);
  for (const auto& [page, done] : sums.pages) {
    pages.push_back(page_row(page, done));
    all.add(pages.back());
    figures.pages_sum += hash_of(pages.back());
  }
  std::sort(pages.begin(), pages.end(), [](const PageRow& a, const PageRow& b) {
    return a.views != b.views ? a.views > b.views : a.page < b.page;
  });
  for (std::size_t i = 0; i < std::min<std::size_t>(kTopPages, pages.size()); ++i) top.add(pages[i]);
  all.finish();
  top.finish();
}

void write_people(const Shop& shop, const Sums& sums, const std::string& folder, Figures& figures) {
  Csv users(folder, "users", "user,country,views,purchases,cents,first,last,conversion");
  std::map<std::string, CountryRow> countries;
  for (const auto& [user, who] : sums.visitors) {
    figures.people.add(who.activity);
    const std::string country = country_of(shop, user);
    if (country.empty()) continue;
    const UserRow row = user_row(country, who);
    users.add(row);
    figures.users_sum += hash_of(row);
    ++figures.users;
    const CountryRow before = countries[country];
    Activity all{before.views, before.purchases, before.cents};
    all.add(who.activity);
    countries[country] = country_row(country, before.users + 1, all);
  }
  users.finish();
  Csv table(folder, "countries", "country,users,views,purchases,cents,conversion");
  for (const auto& [name, row] : countries) {
    table.add(row);
    figures.countries_sum += hash_of(row);
  }
  table.finish();
}

}  // namespace

void Sums::encode(kiln::ByteWriter& out) const {
  const auto put = [&out]<class Part>(const Part& part) { kiln::Codec<Part>::write(out, part); };
  put(events), put(bots), put(hours), put(pages), put(visitors), put(bad);
}

Sums Sums::decode(kiln::ByteReader& in) {
  Sums sums;
  const auto get = [&in]<class Part>(Part& part) { part = kiln::Codec<Part>::read(in); };
  get(sums.events), get(sums.bots), get(sums.hours), get(sums.pages), get(sums.visitors), get(sums.bad);
  return sums;
}

void AddUp::merge(Sums& left, const Sums& right) {
  left.events += right.events;
  left.bots += right.bots;
  for (const auto& [hour, done] : right.hours) left.hours[hour].add(done);
  for (const auto& [page, done] : right.pages) left.pages[page].add(done);
  for (const auto& [user, who] : right.visitors) {
    Visitor& all = left.visitors[user];
    const bool fresh = all.activity.views + all.activity.purchases == 0;
    all.user = user;
    all.first = fresh ? who.first : std::min(all.first, who.first);
    all.last = fresh ? who.last : std::max(all.last, who.last);
    all.activity.add(who.activity);
  }
  left.bad.insert(left.bad.end(), right.bad.begin(), right.bad.end());
}

std::string name_of_day(std::uint64_t day) {
  char name[32];
  std::snprintf(name, sizeof name, "day-%05" PRIu64 ".jsonl", day + 1);
  return name;
}

bool is_name_of_day(const std::string& name) {
  constexpr std::string_view kBegin = "day-", kEnd = ".jsonl";
  if (!name.starts_with(kBegin) || !name.ends_with(kEnd)) return false;
  const std::string number = name.substr(kBegin.size(), name.size() - kBegin.size() - kEnd.size());
  if (number.empty() || number.size() > 18 || number.find_first_not_of("0123456789") != std::string::npos) return false;
  const std::uint64_t day = std::stoull(number);
  return day != 0 && name == name_of_day(day - 1);
}

Sums make_day(const Shop& shop, const std::string& folder, std::uint64_t day) {
  const std::string name = name_of_day(day);
  WholeFile file(folder + "/events/" + name);
  kiln::Random random(shop.seed, kOfEvents, day);
  Sums sums;
  std::uint64_t offset = 0;
  for (std::uint64_t number = 0; number < shop.events; ++number) {
    const Action action = make_action(random, shop, day, number);
    const Fields fields(
        action, action.bot ? kBotAgents[random.below(kBotAgents.size())] : kAgents[random.below(kAgents.size())]);
    const bool good = 100 * random.uniform() >= shop.malformed;
    std::string line = good ? fields.line() : spoiled(random, fields);
    if (good) {
      count(sums, action);
    } else {
      sums.bad.push_back({name, offset, static_cast<std::int64_t>(number + 1)});
    }
    line += random.uniform() < kWindowsLines ? "\r\n" : "\n";
    file.add(line);
    offset += line.size();
  }
  file.finish();
  return sums;
}

std::string country_of(const Shop& shop, std::uint64_t user) {
  kiln::Random random(shop.seed, kOfAccounts, user);
  if (random.below(50) == 0) return "";
  return kCountries[uneven(random, kCountries.size())];
}

void write_users(const Shop& shop, const std::string& folder) {
  WholeFile file(users_file(folder));
  file.add("user,name,country\n");
  for (std::uint64_t user = 0; user < shop.users; ++user) {
    const std::string country = country_of(shop, user);
    const std::string number = std::to_string(user);
    if (country.empty()) continue;
    std::string line = number;
    line.append(",\"User, number ").append(number).append("\",").append(country).append("\n");
    file.add(line);
  }
  file.finish();
}

bool is_truth_of(const Shop& shop, const Sums& sums, const Figures& figures) {
  std::uint64_t hours_sum = 0, users = 0;
  for (const auto& [hour, done] : sums.hours) hours_sum += hash_of(hour_row(hour, done));
  for (const auto& [user, who] : sums.visitors) users += country_of(shop, user).empty() ? 0 : 1;
  return figures.events == sums.events && figures.bots == sums.bots && figures.rejected == sums.bad.size() &&
         figures.hours_sum == hours_sum && figures.users == users;
}

void write_truth(const Shop& shop, const Sums& sums, const std::string& folder) {
  Figures figures;
  figures.events = sums.events;
  figures.bots = sums.bots;
  figures.rejected = sums.bad.size();
  Csv hours(folder, "hours", "hour,views,purchases,cents");
  for (const auto& [hour, done] : sums.hours) {
    const HourRow row = hour_row(hour, done);
    hours.add(row);
    figures.hours_sum += hash_of(row);
  }
  hours.finish();
  write_pages(sums, folder, figures);
  write_people(shop, sums, folder, figures);
  Csv rejected(folder, "rejected", "file,offset,line");
  for (const BadLine& one : sums.bad) rejected.add(one);
  rejected.finish();
  WholeFile file(truth_file(folder, "figures"));
  file.add(text_of(figures));
  file.finish();
}

}  // namespace clickstream
