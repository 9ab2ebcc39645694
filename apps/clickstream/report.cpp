#include "report.hpp"

#include <algorithm>
#include <filesystem>
#include <kiln/monoids.hpp>
#include <map>
#include <tuple>
#include <utility>

namespace clickstream {
namespace {

/// All that has the same key, added up.
struct AddActivity {
  using value_type = Activity;
  static constexpr bool exact = true;

  static std::string describe() { return "activity"; }
  static Activity lift(const Activity& done) { return done; }
  static void merge(Activity& left, const Activity& right) { left.add(right); }
};

/// Whoever says so is a bot.
bool is_bot(std::string_view agent) {
  return agent.find("bot") != std::string_view::npos || agent.find("Spider") != std::string_view::npos;
}

Action action_of(const Event& event) {
  const bool purchase = event.kind == "purchase";
  if (!purchase && event.kind != "view") throw kiln::Rejected("kind is neither view nor purchase");
  if (purchase && !event.cents) throw kiln::Rejected("a purchase without cents");
  if (purchase && *event.cents < 0) throw kiln::Rejected("a purchase of less than nothing");
  if (event.time < 0) throw kiln::Rejected("a time before 1970");
  return {event.time, event.user,         event.page, purchase ? static_cast<std::uint64_t>(*event.cents) : 0,
          purchase,   is_bot(event.agent)};
}

Activity activity_of(const Action& action) {
  return action.purchase ? Activity{0, 1, action.cents} : Activity{1, 0, 0};
}

/// Everybody in a shard of the events: all events of a user are in one.
std::vector<Visitor> visitors_of(kiln::Shard<Action>& shard) {
  std::map<std::uint64_t, Visitor> all;
  for (const Action& action : shard) {
    Visitor& who = all[action.user];
    who.user = action.user;
    who.see(action.time, activity_of(action));
  }
  std::vector<Visitor> visitors;
  visitors.reserve(all.size());
  for (const auto& [user, who] : all) visitors.push_back(who);
  return visitors;
}

/// A table, and the sum of a hash of its rows.
template <class Rows>
auto kept(const Rows& rows, const std::string& name) {
  return rows.into(kiln::to_rows(name),
                   kiln::to_reduce(
                       kiln::Sum<std::uint64_t>{}, [](const auto& row) { return hash_of(row); }, name + "_sum"));
}

/// How much there was of everything, and how much of it in each hour.
template <class Actions>
auto hours_of(const Actions& people) {
  return people.map([](const Action& action) { return std::pair(hour_of(action.time), activity_of(action)); })
      .reduce_by_key(AddActivity{})
      .map([](const std::pair<std::int64_t, Activity>& one) { return hour_row(one.first, one.second); })
      .sort([](const HourRow& row) { return row.hour; });
}

template <class Views, class Purchases>
auto pages_of(const Views& views, const Purchases& purchases) {
  const auto of_page = [](const Action& action) { return std::pair(action.page, activity_of(action)); };
  return views.map(of_page)
      .merge(purchases.map(of_page))
      .reduce_by_key(AddActivity{})
      .map([](const std::pair<std::string, Activity>& one) { return page_row(one.first, one.second); });
}

/// By user: what each has done, with the country of the account.
template <class Actions>
auto users_of(const Actions& people, const std::string& table) {
  const auto accounts = kiln::Flow("accounts").csv<Account>(table).map([](const Account& account) {
    return std::pair(account.user, account.country);
  });
  return people.shard([](const Action& action) { return action.user; })
      .map_shard(visitors_of)
      .flat_map([](std::vector<Visitor>&& visitors) { return std::move(visitors); })
      .map([](const Visitor& who) { return std::pair(who.user, who); })
      .join_by_key(accounts)
      .map([](const std::pair<std::uint64_t, std::pair<Visitor, std::string>>& one) {
        return user_row(one.second.second, one.second.first);
      });
}

/// Of a country: how many users, and what they did.
struct AddCountry {
  using value_type = std::pair<std::uint64_t, Activity>;
  static constexpr bool exact = true;

  static std::string describe() { return "users and activity"; }
  static value_type lift(const value_type& one) { return one; }
  static void merge(value_type& left, const value_type& right) {
    left.first += right.first;
    left.second.add(right.second);
  }
};

template <class Users>
auto countries_of(const Users& users) {
  return users
      .map([](const UserRow& row) {
        return std::pair(row.country, std::pair(std::uint64_t{1}, Activity{row.views, row.purchases, row.cents}));
      })
      .reduce_by_key(AddCountry{})
      .map([](const std::pair<std::string, std::pair<std::uint64_t, Activity>>& one) {
        return country_row(one.first, one.second.first, one.second.second);
      })
      .sort([](const CountryRow& row) { return row.country; });
}

}  // namespace

Found report(kiln::Session& session, const std::string& folder) {
  // The flow would look for it only when all events are read.
  if (const std::string table = clickstream::users_file(folder); !std::filesystem::exists(table)) {
    throw kiln::Error(kiln::ExitCode::bad_input,
                      table + ", the table of accounts, is not there: 'clickstream generate' makes one");
  }
  const auto actions = kiln::Flow("events").json_lines<Event>(event_files(folder)).map(action_of);
  auto [all, live] = actions.copy<2>();                                         // copier
  auto people = live.filter([](const Action& action) { return !action.bot; });  // filter
  auto [sold, hourly, personal, counted] = people.copy<4>();
  auto [purchases, views] = sold.split([](const Action& action) { return action.purchase; });  // splitter
  auto [every_page, ranked] = pages_of(views, purchases).copy<2>();
  auto top =
      ranked.top_k(kTopPages, [](const PageRow& row) { return std::pair(row.views, kiln::descending(row.page)); });
  auto [users, grouped] = users_of(personal, clickstream::users_file(folder)).copy<2>();  // sharder, join

  const auto is_bots = [](const Action& action) { return std::uint64_t{action.bot}; };
  const auto job = kiln::together(
      all.into(kiln::to_reduce(kiln::Count{}, "events"), kiln::to_reduce(kiln::Sum<std::uint64_t>{}, is_bots, "bots")),
      counted.map(activity_of).reduce(AddActivity{}, "people"), kept(hours_of(hourly), "hours"),
      kept(every_page, "pages"), top.into(kiln::to_rows("top_pages"), kiln::to_reduce(kiln::Collect<PageRow>{}, "top")),
      users.into(kiln::to_rows("users"), kiln::to_reduce(kiln::Count{}, "known_users"),
                 kiln::to_reduce(
                     kiln::Sum<std::uint64_t>{}, [](const UserRow& row) { return hash_of(row); }, "users_sum")),
      kept(countries_of(grouped), "countries"));
  const auto report = session.run(job);

  Found found;
  found.exit_code = report.exit_code();
  Figures& figures = found.figures;
  std::tie(figures.events, figures.bots, figures.people, figures.hours_sum, figures.pages_sum, found.top, figures.users,
           figures.users_sum, figures.countries_sum) = report.values;
  figures.rejected = report.counts.rejected + report.rejected_before;
  return found;
}

}  // namespace clickstream
