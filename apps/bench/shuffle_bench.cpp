#include "bench.hpp"
#include "engine_program.hpp"
#include "keyed_data.hpp"
#include "process.hpp"
#include "record.hpp"
#include "said.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <kiln/error.hpp>
#include <string>
#include <vector>

namespace kiln::bench {
namespace {

namespace fs = std::filesystem;
using Words = std::vector<std::string>;

constexpr int kWorkers = 2;

/// What both say, by words.
class Shuffles {
 public:
  explicit Shuffles(const Settings& settings) : settings_(settings) {}

  std::string kiln(const Words& what, const Words& options = {}, int workers = kWorkers) const {
    const fs::path directory = settings_.work / "shuffle.kiln";
    Words words{(settings_.programs / "kiln_bench_shuffle").string(),
                "-n",
                std::to_string(workers),
                "--out",
                directory.string(),
                "--progress",
                "none"};
    words.insert(words.end(), options.begin(), options.end());
    words.insert(words.end(), what.begin(), what.end());
    std::string out = run(words, settings_.work).out;
    fs::remove_all(directory);
    return out;
  }
  std::string reference(const Words& what) const {
    Words words = under_mpirun(kWorkers, settings_.programs / "kiln_bench_reference_shuffle");
    words.insert(words.end(), what.begin(), what.end());
    return run(words, settings_.work).out;
  }
  /// Both in turn; they must have found the same. Seconds of the reference, then of kiln.
  std::vector<double> compare(const Words& what, const Words& options = {}) const {
    const auto begin = [](const std::string& out) { return out.substr(0, out.find(" seconds")); };
    std::string own, other;
    auto seconds = in_turn(settings_.rounds(), {[&] { return said(other = reference(what), "seconds"); },
                                                [&] { return said(own = kiln(what, options), "seconds"); }});
    if (begin(own) == begin(other)) return seconds;
    throw Error(ExitCode::internal, fmt::format("{}: kiln found '{}', the reference '{}'", what.front(), own, other));
  }
  const Settings& settings() const { return settings_; }

 private:
  const Settings& settings_;
};

/// At most so many times as long as the reference.
Line line_of(std::string what, const std::vector<double>& seconds, double most) {
  return {std::move(what), seconds[1], seconds[0], " s", Bound::at_most, most};
}

void sort(const Shuffles& shuffles, Lines& lines) {
  const Settings& settings = shuffles.settings();
  const std::uint64_t records = settings.quick ? 500'000 : 5'000'000;
  const fs::path in = settings.work / "records", out = settings.work / "sorted";
  {
    std::ofstream file(in, std::ios::binary);
    for (std::uint64_t i = 0; i < records; ++i) {
      const terasort::Record record = terasort::make_record(1, i);
      file.write(reinterpret_cast<const char*>(record.data()), static_cast<std::streamsize>(record.size()));
    }
  }
  const Words what{"sort", in.string(), out.string()};
  const std::string title = fmt::format("sort of {:.0e} records of 100 bytes, written", static_cast<double>(records));
  lines.push_back(line_of(title, shuffles.compare(what), 1.7));
  const std::uint64_t budget = std::max<std::uint64_t>(records * terasort::kRecord / 10, std::uint64_t{16} << 20);
  const Words small{"--memory", std::to_string(budget)};
  lines.push_back(line_of("the same within a tenth of the data", shuffles.compare(what, small), 4));
  const double fixed = said(shuffles.kiln({"nothing"}), "peak");
  const double peak = said(shuffles.kiln(what, small), "peak");
  lines.push_back({"its memory, besides that of a rank that does nothing, to the budget", (peak - fixed) / (1 << 20),
                   static_cast<double>(budget) / (1 << 20), " MiB", Bound::at_most, 1.2});
  fs::remove(in);
  fs::remove(out);
}

void group_and_join(const Shuffles& shuffles, Lines& lines) {
  const std::uint64_t rows = shuffles.settings().quick ? 200'000 : 10'000'000;
  for (const char* what : {"group", "join"}) {
    const Words words{what, std::to_string(rows), std::to_string(rows / 10)};
    lines.push_back(line_of(fmt::format("{} of {:.0e} rows with {:.0e} keys", what, static_cast<double>(rows),
                                        static_cast<double>(rows) / 10),
                            shuffles.compare(words), 2.5));
  }
}

/// Text that lies on the machine, one file behind the other; how much there is.
std::size_t gather_text(const fs::path& to, std::size_t most) {
  std::ofstream out(to, std::ios::binary);
  std::size_t size = 0;
  for (const char* folder : {"/usr/share/doc", "/usr/include", "/usr/lib/python3", "/usr/share/perl"}) {
    std::error_code error;
    const auto skip = fs::directory_options::skip_permission_denied;
    for (fs::recursive_directory_iterator at(folder, skip, error), end; !error && at != end; at.increment(error)) {
      const std::string kind = at->path().extension().string();
      const bool is_text = kind == ".h" || kind == ".hpp" || kind == ".txt" || kind == ".rst" || kind == ".html" ||
                           kind == ".py" || kind == ".pm" || kind.empty();
      std::error_code ignored;
      if (!is_text || !at->is_regular_file(ignored)) continue;
      const std::string text = read_text(at->path());
      if (text.find('\0') != std::string::npos) continue;
      out << text << '\n';
      size += text.size() + 1;
      if (size >= most) return size;
    }
  }
  return size;
}

void words(const Shuffles& shuffles, Lines& lines) {
  const Settings& settings = shuffles.settings();
  const fs::path file = settings.work / "text";
  const std::size_t bytes = std::size_t{512} << 20;
  std::ofstream(file, std::ios::binary) << zipf_text(settings.quick ? bytes / 100 : bytes, 100'000, 9);
  const Words what{"words", file.string()};
  lines.push_back(line_of("word count, 512 MiB of 100,000 words", shuffles.compare(what), 1.6));
  const auto alone = in_turn(settings.rounds(), {[&] { return said(shuffles.kiln(what), "seconds"); },
                                                 [&] { return said(shuffles.kiln(what, {}, 1), "seconds"); }});
  lines.push_back({"the same with 2 workers, to 1", 1 / alone[0], 1 / alone[1], "/s", Bound::at_least, 1.8});
  const std::size_t found = gather_text(file, settings.quick ? std::size_t{4} << 20 : std::size_t{200} << 20);
  lines.push_back(line_of(fmt::format("word count, {} MiB of text from /usr", found >> 20), shuffles.compare(what), 2));
  fs::remove(file);
}

/// Both into memory that they have not written before, as a program's first shuffle has it; then the call alone again,
/// when its memory is there.
void exchange(const Shuffles& shuffles, Lines& lines) {
  const std::size_t bytes = (shuffles.settings().quick ? std::size_t{16} : std::size_t{512}) << 20;
  const auto seconds = shuffles.compare({"exchange", std::to_string(bytes)});
  const auto rate = [&](double s) { return static_cast<double>(bytes) / s / (1 << 20); };
  lines.push_back({"items of 64 KiB to their shards, to MPI_Alltoallv of the same bytes into new memory",
                   rate(seconds[1]), rate(seconds[0]), " MiB/s", Bound::at_least, 0.7});
  const auto bare = in_turn(shuffles.settings().rounds(), {[&] {
                              return said(shuffles.reference({"bare", std::to_string(bytes)}), "seconds");
                            }});
  lines.push_back({"the same, to MPI_Alltoallv alone, into memory that was written before", rate(seconds[1]),
                   rate(bare[0]), " MiB/s", Bound::none, 0});
}

}  // namespace

Lines shuffle_bench(const Settings& settings) {
  const Shuffles shuffles(settings);
  Lines lines;
  sort(shuffles, lines);
  group_and_join(shuffles, lines);
  words(shuffles, lines);
  exchange(shuffles, lines);
  return lines;
}

}  // namespace kiln::bench
