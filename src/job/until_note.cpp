#include "job/until_note.hpp"

#include "base/json_number.hpp"
#include "base/log.hpp"
#include "base/quantity.hpp"
#include "base/start_directory.hpp"
#include "base/text.hpp"
#include "store/small_file.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace kiln::job {
namespace {

constexpr const char* kName = "until.json";

std::string variable(const Variables& variables, const char* name) {
  const auto found = variables.find(name);
  return found == variables.end() ? "" : found->second;
}

// For people and the next start: a run that cannot write it would soon say so anyway.
void write(const store::RunDirectory& directory, const UntilNote& note) {
  try {
    directory.write_replaced(kName, to_json(note));
  } catch (const std::exception& error) {
    log::debug("{}", error.what());
  }
}

}  // namespace

std::string to_json(const UntilNote& note) {
  const nlohmann::ordered_json json = {{"asked", to_utf8(note.asked)},
                                       {"chain", to_utf8(note.chain)},
                                       {"job", to_utf8(note.job)},
                                       {"restarts", note.restarts},
                                       {"time", note.time},
                                       {"first", note.first},
                                       {"reached", note.reached}};
  return json.dump() + "\n";
}

std::optional<UntilNote> parse_until_note(std::string_view text) {
  const auto json = nlohmann::json::parse(text, nullptr, false);
  if (!json.is_object()) return std::nullopt;
  try {
    return UntilNote{json.at("asked").get<std::string>(), json.at("chain").get<std::string>(),
                     json.at("job").get<std::string>(),   whole_number<std::uint32_t>(json.at("restarts")),
                     json.at("time").get<double>(),       json.at("first").get<bool>(),
                     json.at("reached").get<bool>()};
  } catch (const std::exception&) {  // the parser's own, a number out of range
    return std::nullopt;
  }
}

std::optional<UntilNote> read_until_note(const std::filesystem::path& run_directory) {
  try {
    const auto text = store::read_small_file(run_directory / kName);
    return text ? parse_until_note(*text) : std::nullopt;
  } catch (const std::exception& error) {
    log::debug("{}", error.what());
    return std::nullopt;
  }
}

UntilNote this_start(const Variables& variables, const std::optional<AgainNote>& chain) {
  UntilNote note;
  note.job = variable(variables, "SLURM_JOB_ID");
  note.chain = chain_of(variables, chain);
  note.restarts = static_cast<std::uint32_t>(
      std::min<std::uint64_t>(parse_count(variable(variables, "SLURM_RESTART_COUNT")).value_or(0), 1'000'000));
  return note;
}

std::optional<double> time_of_first_start(const UntilNote& before, const std::string& asked, const UntilNote& now) {
  const bool again = now.job != before.job || now.restarts > before.restarts;
  if (now.chain.empty() || before.chain != now.chain || before.asked != asked || !again) return std::nullopt;
  return before.time;
}

void keep_until(const store::RunDirectory& directory, const RunOptions& options, const Environment& environment) {
  if (options.until.kind != Until::Kind::at) {
    std::error_code ignored;
    std::filesystem::remove(from_start(directory.file(kName)), ignored);
    return;
  }
  UntilNote note = this_start(read_variables(), read_again_note(directory.path()));
  note.asked = options.until.asked;
  note.time = environment.until ? environment.until->time : options.until.time;
  const double end = environment.slurm_job_end.value_or(note.time);
  note.first = environment.until ? environment.until->first : end >= note.time;
  write(directory, note);
}

void note_stopped_in_time(const store::RunDirectory& directory) {
  auto note = read_until_note(directory.path());
  if (!note || !note->first) return;
  note->reached = true;
  write(directory, *note);
}

}  // namespace kiln::job
