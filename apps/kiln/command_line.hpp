#pragma once

#include "args/help_page.hpp"
#include "args/option_parser.hpp"
#include "job/run_options.hpp"
#include "selection_options.hpp"
#include "slurm/slurm_commands.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace kiln::cli {

using args::HelpPage;
using args::OptionText;

/// `kiln run` and `kiln retry`.
struct RunCommand {
  job::RunOptions options;
  std::vector<args::GivenOption> given;  ///< of retry
};

struct StatusCommand {
  std::string directory;
  bool json = false;
  bool watch = false;  ///< until the run has ended
  Duration every = std::chrono::seconds(2);
};

struct ResultsCommand {
  enum class Format { table, csv, json };
  enum class Stream { none, out, err };
  std::string directory;
  SelectionOptions selection;
  std::optional<std::uint64_t> unit;
  Stream stream = Stream::none;  ///< the raw bytes of one stream of `unit`, nothing else
  Format format = Format::table;
};

/// `kiln doctor`.
struct DoctorCommand {
  std::string directory;  ///< "": the working directory
  bool json = false;
  bool trial = true;
};

/// What is written; "": not asked for, "-": standard output.
struct ExportCommand {
  std::string directory;
  SelectionOptions selection;
  std::string csv, json, joblog, hdf5, output_dir;
  bool force = false;  ///< files that are there are replaced
};

/// Text to standard output, and success: help, version.
struct ShowText {
  std::string text;              ///< lines of at most 80 columns
  std::optional<HelpPage> page;  ///< where the text is the help of a command
  bool verbatim = false;         ///< for programs: never broken to the width of a terminal
};

using Command = std::variant<RunCommand, StatusCommand, ResultsCommand, ExportCommand, DoctorCommand, SlurmRunCommand,
                             SlurmAgainCommand, SlurmWatchCommand, SlurmEstimateCommand, SlurmConvertCommand, ShowText>;

/// Takes argv apart (without the program's name). Throws kiln::Error (usage) that says what is wrong and what was
/// meant.
Command parse_command_line(const std::vector<std::string>& arguments);

}  // namespace kiln::cli
