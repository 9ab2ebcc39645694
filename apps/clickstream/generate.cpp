#include "generate.hpp"

#include <cstdio>
#include <filesystem>

namespace clickstream {
namespace {

namespace fs = std::filesystem;

/// Folders, the user table, and no truth as long as not all is there. What a run that was killed had not finished goes.
void prepare(const Shop& shop, const std::string& folder) {
  const fs::path events = fs::path(folder) / "events";
  fs::create_directories(events);
  fs::create_directories(fs::path(folder) / "truth");
  fs::remove(truth_file(folder, "figures"));
  for (const auto& file : fs::directory_iterator(events)) {
    if (file.path().filename().string().starts_with(".day-")) fs::remove(file.path());
  }
  write_users(shop, folder);
}

}  // namespace

int generate(kiln::Session& session, const Shop& shop, std::uint64_t days, const std::string& folder) {
  session.at_root("make the folder", [&] { prepare(shop, folder); });
  const auto job = kiln::Flow("generate")
                       .range(days)
                       .map([=](std::uint64_t day) { return make_day(shop, folder, day); })
                       .reduce(AddUp{}, "made");
  const auto report = session.run(job, kiln::inputs(folder, shop.events, shop.users, shop.malformed));
  if (report.exit_code() != 0) return report.exit_code();
  const Sums& made = report.value;
  session.at_root("write the truth", [&] {
    write_truth(shop, made, folder);
    std::printf("generated %llu days: %llu events, %zu bad lines\n", static_cast<unsigned long long>(days),
                static_cast<unsigned long long>(made.events), made.bad.size());
  });
  return 0;
}

}  // namespace clickstream
