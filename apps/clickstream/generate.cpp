#include "generate.hpp"

#include <cstdio>
#include <filesystem>
#include <kiln/error.hpp>
#include <set>
#include <string>

namespace clickstream {
namespace {

namespace fs = std::filesystem;

/// A file of events that is none of these days is read by a report all the same. One that generate() made for more days
/// goes; of others nothing is known. Throws kiln::Error (bad input) then.
void keep_only(std::uint64_t days, const fs::path& folder) {
  std::set<std::string> wanted;
  for (std::uint64_t day = 0; day < days; ++day) wanted.insert(name_of_day(day));
  const bool ours = fs::exists(folder / "truth");
  for (const auto& file : fs::directory_iterator(folder / "events")) {
    const std::string name = file.path().filename().string();
    if (wanted.contains(name) || name.starts_with('.') || name.find(".jsonl") == std::string::npos) continue;
    if (!ours || !is_name_of_day(name)) {
      throw kiln::Error(
          kiln::ExitCode::bad_input,
          file.path().string() + " is none of the " + std::to_string(days) +
              " days that are made here, and a report would read it: move it away, or name another folder");
    }
    fs::remove(file.path());
  }
}

/// Folders, the user table, and no truth as long as not all is there. What a run that was killed had not finished goes.
void prepare(const Shop& shop, std::uint64_t days, const std::string& folder) {
  const fs::path events = fs::path(folder) / "events";
  fs::create_directories(events);
  keep_only(days, folder);
  fs::create_directories(fs::path(folder) / "truth");
  fs::remove(truth_file(folder, "figures"));
  for (const auto& file : fs::directory_iterator(events)) {
    if (file.path().filename().string().starts_with(".day-")) fs::remove(file.path());
  }
  write_users(shop, folder);
}

/// Where an earlier launch has made all, another run may have been here since.
void expect_truth(const Shop& shop, const Sums& made, const std::string& folder) {
  if (has_truth(folder) && is_truth_of(shop, made, read_figures(folder))) return;
  throw kiln::Error(kiln::ExitCode::bad_input,
                    folder + " does not hold any more what this run made there: --fresh makes it again");
}

}  // namespace

int generate(kiln::Session& session, const Shop& shop, std::uint64_t days, const std::string& folder) {
  session.at_root("make the folder", [&] { prepare(shop, days, folder); });
  const auto job = kiln::Flow("generate")
                       .range(days)
                       .map([=](std::uint64_t day) { return make_day(shop, folder, day); })
                       .reduce(AddUp{}, "made");
  const auto report = session.run(job, kiln::inputs(folder, shop.events, shop.users, shop.malformed));
  if (report.exit_code() != 0) return report.exit_code();
  const Sums& made = report.value;
  session.at_root("write the truth", [&] {
    keep_only(days, folder);  // the folder may have been made by an earlier launch, for more days
    write_truth(shop, made, folder);
    std::printf("generated %llu days: %llu events, %zu bad lines\n", static_cast<unsigned long long>(days),
                static_cast<unsigned long long>(made.events), made.bad.size());
  });
  expect_truth(shop, made, folder);
  return 0;
}

}  // namespace clickstream
