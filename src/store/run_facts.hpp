#pragma once

#include <kiln/error.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace kiln::store {

/// Kinds of runs: of commands, and of programs on the library.
inline constexpr std::string_view kCommandsKind = "commands";
inline constexpr const char* kProgramKind = "program";

/// What a run is and never ceases to be: the content of run.json.
struct RunFacts {
  static constexpr std::uint32_t kFormatVersion = 3;

  std::uint32_t format_version = kFormatVersion;
  std::string kind = "commands";
  std::string program;                 ///< for commands: "kiln"
  std::vector<std::string> arguments;  ///< as the caller gave them when the run began
  std::string source;                  ///< the task file as it was named; "" for none, and from older kilns
  std::uint64_t seed = 0;
  double created = 0;                ///< Unix seconds UTC
  std::string kiln_version;          ///< that made the run directory
  std::string directory;             ///< of a program: where it was started; "" else
  std::string build;                 ///< of a program: which executable began the run (PlanEntry::build)
  std::vector<std::string> columns;  ///< exec::to_text of the columns that are taken from output

  friend bool operator==(const RunFacts&, const RunFacts&) = default;
};

/// What a kiln must know to go on with the run: version 3 is written for programs only, 2 only where there
/// are columns.
std::uint32_t needed_version(const RunFacts& facts);

/// Strings that are not UTF-8 are kept with \xNN escapes.
std::string to_json(const RunFacts& facts);

/// run.json does not say what the run is.
class DamagedFacts : public Error {
 public:
  explicit DamagedFacts(const std::string& message) : Error(ExitCode::run_directory, message) {}
};

/// Throws DamagedFacts, naming `where`; kiln::Error (run_directory) for a newer format version. With `may_choose` they
/// advise another directory too: the caller is about to write.
RunFacts parse_run_facts(std::string_view text, std::string_view where, bool may_choose = true);

}  // namespace kiln::store
