#include "support/random_flow.hpp"

#include <kiln/kiln.hpp>

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

/// A random flow of its seed. `flows model SEED BALLAST DIRECTORY` writes what its tables and values should be.
namespace {

using kiln::testing::FlowOptions;
using kiln::testing::Items;
using kiln::testing::Known;
using kiln::testing::RandomFlow;

/// One job, or two behind one stream that is kept for both.
std::vector<RandomFlow> flows_of(std::uint64_t seed, std::size_t ballast) {
  FlowOptions options{.seed = seed, .keyed = true, .ballast = ballast, .prefix = "a"};
  if (seed % 3 != 0) return {RandomFlow(options)};
  const auto data = RandomFlow::data_of(options);
  const auto kept = RandomFlow::source_of(options).cache();
  std::vector<RandomFlow> flows{RandomFlow(options, kiln::testing::own(kept), data)};
  options.prefix = "b";
  options.shape = 1;
  flows.emplace_back(options, kiln::testing::own(kept), data);
  return flows;
}

/// TABLE.order or TABLE.items: two numbers a row. PREFIX.values: the sum, and what comes of the tree where that is
/// known.
void write_model(const RandomFlow& flow, const std::string& prefix, const std::filesystem::path& folder) {
  for (std::size_t i = 0; i < flow.pipes(); ++i) {
    const Items all = flow.model(i).all();
    std::ofstream file(
        folder / (prefix + std::to_string(i) + (flow.model(i).known == Known::items ? ".items" : ".order")),
        std::ios::binary);
    for (const auto& [key, value] : all) {
      file.write(reinterpret_cast<const char*>(&key), sizeof key);
      file.write(reinterpret_cast<const char*>(&value), sizeof value);
    }
  }
  std::ofstream values(folder / (prefix + ".values"));
  values << flow.sum() << '\n';
  if (const auto tree = flow.tree()) values << std::hexfloat << *tree << '\n';
}

/// How many files steps by key, shards and barriers have left.
std::size_t runs_in(const std::string& directory) {
  std::size_t runs = 0;
  if (!std::filesystem::exists(directory + "/shuffle")) return 0;
  for (const auto& entry : std::filesystem::directory_iterator(directory + "/shuffle")) {
    runs += entry.path().extension() == ".run" ? 1 : 0;
  }
  return runs;
}

std::uint64_t number_of(std::string_view text) {
  std::uint64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 5 && std::string_view(argv[1]) == "model") {
    const auto flows = flows_of(number_of(argv[2]), number_of(argv[3]));
    for (std::size_t i = 0; i < flows.size(); ++i) write_model(flows[i], i == 0 ? "a" : "b", argv[4]);
    return 0;
  }
  std::uint64_t seed = 0;
  std::size_t ballast = 0;
  kiln::Program program("flows", "A random flow.");
  program.option("--graph", seed, "of which seed").option("--ballast", ballast, "more bytes of each key");
  return kiln::run_main(program, argc, argv, [&](kiln::Session& session) {
    int code = 0;
    for (const RandomFlow& flow : flows_of(seed, ballast)) {
      const auto report = session.run(flow.job());
      if (code == 0) code = report.exit_code();
    }
    session.at_root("count", [&] { std::ofstream(session.beside("runs")) << runs_in(session.directory()) << '\n'; });
    return code;
  });
}
