// clickstream: what the users of a shop do, from its events of each night. docs/programs/clickstream.md
#include "check.hpp"
#include "generate.hpp"
#include "report.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <kiln/kiln.hpp>
#include <string>
#include <vector>

namespace {

using namespace clickstream;
namespace fs = std::filesystem;

[[noreturn]] void refuse(const std::string& why) { throw kiln::Error(kiln::ExitCode::usage, why); }

unsigned long long printable(std::uint64_t number) { return number; }

void print(kiln::Session& session, const Found& found) {
  const Figures& figures = found.figures;
  session.at_root("print", [&] {
    std::printf("%llu events, %llu of bots; %llu lines rejected\n", printable(figures.events), printable(figures.bots),
                printable(figures.rejected));
    std::printf("%llu views, %llu purchases: conversion %.4f; %llu users with an account\n",
                printable(figures.people.views), printable(figures.people.purchases), conversion_of(figures.people),
                printable(figures.users));
    for (std::size_t i = 0; i < std::min<std::size_t>(3, found.top.size()); ++i) {
      std::printf("%10llu %s\n", printable(found.top[i].views), found.top[i].page.c_str());
    }
  });
}

/// Where the folder has its truth, against that.
int make_report(kiln::Session& session, const std::string& folder) {
  const Found found = report(session, folder);
  if (found.exit_code != 0) return found.exit_code;
  print(session, found);
  if (!has_truth(folder)) return 0;
  const std::string differs = differences(found.figures, read_figures(folder));
  session.at_root("say",
                  [&] { std::printf("check: %s\n", differs.empty() ? "good" : ("NOT GOOD: " + differs).c_str()); });
  return differs.empty() ? 0 : 1;
}

int run(kiln::Session& session, const std::vector<std::string>& words, const Shop& shop, std::uint64_t days) {
  if (words == std::vector<std::string>{""}) {
    const std::string folder = fs::proximate(session.beside("shop-" + std::to_string(shop.seed))).string();
    const int made = generate(session, shop, days, folder);
    return made != 0 ? made : make_report(session, folder);
  }
  const std::string& action = words.front();
  if (action == "generate" && words.size() == 2) return generate(session, shop, days, words[1]);
  if (action == "report" && words.size() == 2) return make_report(session, words[1]);
  if (action == "check" && words.size() == 3) return check(session, words[1], words[2]);
  refuse("give 'generate FOLDER', 'report FOLDER' or 'check RUN FOLDER', or nothing at all (--help)");
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<std::string> words{""};
  Shop shop{0, 30'000, 5'000, 0.5};
  std::uint64_t days = 3;
  kiln::Program program("clickstream", "What the users of a shop do, from its events of each night.");
  program.option("--days", days, "generate: so many days, a file each")
      .option("--events", shop.events, "generate: lines of a day, about 150 bytes each")
      .option("--users", shop.users, "generate: users of the shop")
      .option("--malformed", shop.malformed, "generate: percent of the lines that are no events", "P");
  program.files(words,
                "generate FOLDER, report FOLDER or check RUN FOLDER; without any, a report of data that is made beside "
                "the run directory",
                "WORD");
  program.footer("Exit code 1: something differs from the truth. 3: no events, no user table, or no truth to check.\n");
  return kiln::run_main(program, argc, argv, [&](kiln::Session& session) {
    if (days == 0 || shop.events == 0 || shop.users == 0) refuse("--days, --events and --users want at least 1 each");
    if (!(shop.malformed >= 0 && shop.malformed <= 50)) refuse("--malformed wants 0 to 50");
    shop.seed = session.seed();
    return run(session, words, shop, days);
  });
}
