// terasort: sorts a file of records of 100 bytes by their keys of 10. docs/programs/terasort.md
#include "flat_file.hpp"
#include "record.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <kiln/kiln.hpp>
#include <string>
#include <system_error>
#include <vector>

namespace {

using namespace terasort;
namespace fs = std::filesystem;

/// Of the file that it makes itself.
constexpr std::uint64_t kOwnRecords = 200'000;
constexpr std::uint64_t kUnitRecords = 10'000;

/// A part of the sorted file.
struct Part {
  std::uint64_t first = 0, records = 0, checksum = 0;
};
KILN_COLUMNS(Part, first, records, checksum)

Record read(const kiln::Record& given) {
  Record record;
  std::memcpy(record.data(), given.bytes.data(), kRecord);
  return record;
}

/// Before the sorted file is begun. Throws kiln::Error (bad input).
void expect_records(const fs::path& file) {
  const auto refuse = [&](const std::string& why) {
    throw kiln::Error(kiln::ExitCode::bad_input, file.string() + " " + why);
  };
  std::error_code error;
  const std::uint64_t bytes = fs::file_size(file, error);
  if (error) refuse("cannot be read: " + error.message() + "; name a file of records of 100 bytes");
  if (bytes % kRecord == 0) return;
  refuse("has " + std::to_string(bytes) + " bytes: " + std::to_string(bytes / kRecord) + " records of 100 bytes, and " +
         std::to_string(bytes % kRecord) + " bytes more; see whether it was cut off");
}

kiln::Report<Summary> generate(kiln::Session& session, std::uint64_t records, const fs::path& file) {
  session.at_root("make the file", [&] { make_part(file); });
  const std::uint64_t seed = session.seed();
  const auto job = kiln::Flow("generate")
                       .range((records + kUnitRecords - 1) / kUnitRecords)
                       .map([=](std::uint64_t unit) {
                         const std::uint64_t first = unit * kUnitRecords;
                         PartWriter out(file, first * kRecord);
                         Summary summary;
                         for (std::uint64_t i = first; i < std::min(records, first + kUnitRecords); ++i) {
                           const Record record = make_record(seed, i);
                           summary.add(record);
                           out.add(record.data(), kRecord);
                         }
                         out.finish();
                         return summary;
                       })
                       .reduce(Summarize{}, "generated");
  auto report = session.run(job, kiln::inputs(file.string()));
  if (report.exit_code() == 0) {
    session.at_root("name the file", [&] { finish(file, records * kRecord); });
    expect_there(file, records * kRecord);
  }
  return report;
}

/// Each range of the order goes to its place in the file.
kiln::Report<Summary> sort(kiln::Session& session, const fs::path& from, const fs::path& to) {
  session.at_root("make the sorted file", [&] {
    expect_records(from);
    make_part(to);
  });
  const auto sorted =
      kiln::Flow("sort").records(from.string(), kRecord).map(read).sort(key_of).ranges().map([=](auto& range) {
        PartWriter out(to, range.first() * kRecord);
        Summary summary;
        for (const Record& record : range) {
          summary.add(record);
          out.add(record.data(), kRecord);
        }
        out.finish();
        return std::pair(range.first(), summary);
      });
  using Written = std::pair<std::uint64_t, Summary>;
  const auto part = [](const Written& one) { return Part{one.first, one.second.records, one.second.checksum}; };
  const auto summary = [](const Written& one) { return one.second; };
  auto report = session.run(sorted.into(kiln::to_rows("parts", part), kiln::to_reduce(Summarize{}, summary, "sorted")),
                            kiln::inputs(to.string()));
  if (report.exit_code() == 0) {
    session.at_root("name the sorted file", [&] { finish(to, report.value.records * kRecord); });
    expect_there(to, report.value.records * kRecord);
  }
  return report;
}

kiln::Report<Summary> validate(kiln::Session& session, const fs::path& file) {
  return session.run(kiln::Flow("validate").records(file.string(), kRecord).map(read).reduce(Summarize{}, "found"));
}

void print(kiln::Session& session, const char* what, const Summary& summary) {
  session.at_root(what, [&] {
    std::printf("%s %llu records, checksum %016llx", what, static_cast<unsigned long long>(summary.records),
                static_cast<unsigned long long>(summary.checksum));
    if (summary.disorders == 0) {
      std::printf(", in order\n");
    } else {
      std::printf(", %llu out of order\n", static_cast<unsigned long long>(summary.disorders));
    }
  });
}

[[noreturn]] void refuse(const std::string& why) { throw kiln::Error(kiln::ExitCode::usage, why); }

std::uint64_t number_of(const std::string& word, int base, const char* what) {
  std::uint64_t number = 0;
  const auto [rest, error] = std::from_chars(word.data(), word.data() + word.size(), number, base);
  if (error != std::errc{} || rest != word.data() + word.size()) refuse("'" + word + "' is no " + what);
  return number;
}

/// Makes a file, sorts it and looks at the result.
int check(kiln::Session& session) {
  const std::string seed = "-" + std::to_string(session.seed());
  const fs::path from = session.beside("records" + seed), to = session.beside("sorted" + seed);
  const auto made = generate(session, kOwnRecords, from);
  if (made.exit_code() != 0) return made.exit_code();
  const auto sorted = sort(session, from, to);
  if (sorted.exit_code() != 0) return sorted.exit_code();
  const auto found = validate(session, to);
  if (found.exit_code() != 0) return found.exit_code();
  print(session, "generated", made.value);
  print(session, "sorted", found.value);
  const bool good = found.value.disorders == 0 && found.value.records == kOwnRecords &&
                    found.value.checksum == made.value.checksum && sorted.value.checksum == made.value.checksum;
  session.at_root("say", [&] { std::printf("check: %s\n", good ? "good" : "NOT GOOD"); });
  return good ? 0 : 1;
}

int run(kiln::Session& session, const std::vector<std::string>& words, const std::string& checksum) {
  if (words == std::vector<std::string>{""}) return check(session);
  const std::string& action = words.front();
  if (action == "generate" && words.size() == 3) {
    const auto report = generate(session, number_of(words[1], 10, "number of records"), words[2]);
    if (report.exit_code() == 0) print(session, "generated", report.value);
    return report.exit_code();
  }
  if (action == "sort" && words.size() == 3) {
    const auto report = sort(session, words[1], words[2]);
    if (report.exit_code() == 0) print(session, "sorted", report.value);
    return report.exit_code();
  }
  if (action != "validate" || words.size() != 2) {
    refuse("give 'generate N FILE', 'sort IN OUT' or 'validate FILE', or nothing at all (--help)");
  }
  const std::uint64_t wanted = checksum.empty() ? 0 : number_of(checksum, 16, "checksum");  // before anything is read
  const auto report = validate(session, words[1]);
  if (report.exit_code() != 0) return report.exit_code();
  print(session, "found", report.value);
  const bool same = checksum.empty() || wanted == report.value.checksum;
  if (!same) session.at_root("differs", [&] { std::printf("not the records with checksum %s\n", checksum.c_str()); });
  return same && report.value.disorders == 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<std::string> words{""};
  std::string checksum;
  kiln::Program program("terasort", "Sorts a file of records of 100 bytes by their first 10.");
  program.option("--checksum", checksum, "validate: the checksum that the records must have", "HEX")
      .only_shown("--checksum");
  program.files(words,
                "generate N FILE, sort IN OUT or validate FILE; without any, all three with a small file beside the "
                "run directory",
                "WORD");
  return kiln::run_main(program, argc, argv, [&](kiln::Session& session) { return run(session, words, checksum); });
}
