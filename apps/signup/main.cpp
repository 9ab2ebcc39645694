// signup: what happens when people sign up, as a flow of the batch patterns. docs/programs/signup.md
#include "signups.hpp"

#include <cstdint>
#include <cstdio>
#include <functional>
#include <kiln/kiln.hpp>
#include <kiln/monoids.hpp>
#include <tuple>
#include <utility>
#include <vector>

namespace {

using signup::Signup;

constexpr std::uint64_t kOfAUnit = 100;

struct Region {
  std::uint64_t region = 0, accounts = 0, first_account = 0;
};
KILN_COLUMNS(Region, region, accounts, first_account)
struct Day {
  std::uint32_t day = 0;
  std::uint64_t accounts = 0;
};
KILN_COLUMNS(Day, day, accounts)

/// What the sign-ups give, counted in the plainest way.
struct Truth {
  std::uint64_t all = 0, accepted = 0;
};
Truth count_plainly(std::uint64_t seed, std::uint64_t signups) {
  Truth truth;
  for (std::uint64_t id = 0; id < signups; ++id) {
    const Signup one = signup::make_signup(seed, id);
    ++truth.all;
    if (signup::has_address(one) && (!signup::is_risky(one) || signup::passes_check(one))) ++truth.accepted;
  }
  return truth;
}

Region report_of(kiln::Shard<Signup>& shard) {
  Region region{shard.number, 0, 0};
  for (const Signup& one : shard) {
    if (region.accounts++ == 0) region.first_account = one.id;
  }
  return region;
}

}  // namespace

int main(int argc, char** argv) {
  std::uint64_t signups = 200'000;
  kiln::Program program("signup", "Opens accounts for people who sign up: the batch patterns in one flow.");
  program.option("--signups", signups, "how many people sign up, in hundreds at a time");
  return kiln::run_main(program, argc, argv, [&](kiln::Session& session) {
    const std::uint64_t units = signups / kOfAUnit, seed = session.seed();
    const auto all = kiln::Flow("signup").range(units).flat_map([seed](std::uint64_t unit) {
      std::vector<Signup> some;
      for (std::uint64_t i = 0; i < kOfAUnit; ++i) some.push_back(signup::make_signup(seed, unit * kOfAUnit + i));
      return some;
    });

    auto [live, archive] = all.copy<2>();                             // copier
    auto addressed = live.filter(signup::has_address);                // filter
    auto [risky, plain] = addressed.split(signup::is_risky);          // splitter
    auto cleared = risky.filter(signup::passes_check);                // the fraud check
    auto [regional, mailed, dated] = plain.merge(cleared).copy<3>();  // merger

    auto regions = regional.shard([](const Signup& one) { return one.region; }, kiln::by_number(signup::kRegions))
                       .map_shard(report_of);  // sharder
    auto welcome = mailed.join();              // join: nobody is written to before all are checked
    auto days = dated.map([](const Signup& one) { return std::pair(one.day, std::uint64_t{1}); })
                    .reduce_by_key(std::plus<>{})
                    .map([](const std::pair<std::uint32_t, std::uint64_t>& day) {
                      return Day{day.first, day.second};
                    });

    const auto of_accounts = kiln::Sum<std::uint64_t>{};
    const auto report = session.run(kiln::together(
        archive.reduce(kiln::Count{}, "archived"),
        regions.into(kiln::to_rows("regions"),
                     kiln::to_reduce(
                         of_accounts, [](const Region& one) { return one.accounts; }, "in_regions")),
        welcome.into(kiln::to_rows("welcome"), kiln::to_reduce(kiln::Count{}, "welcomed")),
        days.into(kiln::to_rows("days"), kiln::to_reduce(
                                             of_accounts, [](const Day& one) { return one.accounts; }, "in_days"))));

    const auto& [archived, in_regions, welcomed, in_days] = report.values;
    const Truth truth = count_plainly(seed, units * kOfAUnit);
    const bool good = archived == truth.all && in_regions == truth.accepted && welcomed == truth.accepted &&
                      in_days == truth.accepted;
    session.at_root("print", [&, archived = archived, welcomed = welcomed] {
      std::printf("%llu sign-ups, %llu accounts opened\ncheck: %s\n", static_cast<unsigned long long>(archived),
                  static_cast<unsigned long long>(welcomed), good ? "good" : "NOT GOOD");
    });
    return good ? report.exit_code() : 1;
  });
}
