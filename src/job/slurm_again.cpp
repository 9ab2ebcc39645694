#include "job/slurm_again.hpp"

#include "base/json_number.hpp"
#include "base/log.hpp"
#include "base/quantity.hpp"
#include "base/text.hpp"
#include "job/environment.hpp"
#include "job/launch_outcome.hpp"
#include "job/until_note.hpp"
#include "store/run_reader.hpp"
#include "store/small_file.hpp"

#include <fmt/core.h>

#include <filesystem>
#include <kiln/exit_code.hpp>
#include <nlohmann/json.hpp>

namespace kiln::job {
namespace {

constexpr int kFirstSignal = 129;  // 128 and the number of the signal that ended it
constexpr const char* kNoteName = "slurm.json";

std::string done_text(const EndedJob& job) {
  if (job.units == 0) return "nothing is committed yet";
  return fmt::format("{} of {} units are committed", format_count(job.settled), format_count(job.units));
}

std::string describe_code(int code) {
  switch (static_cast<ExitCode>(code)) {
    case ExitCode::ok:
      return "all is done";
    case ExitCode::units_failed:
      return "the run has ended, and some units failed: kiln results --failed shows them, kiln retry runs them again";
    case ExitCode::usage:
    case ExitCode::bad_input:
    case ExitCode::run_directory:
      return fmt::format("exit code {}: it would end the same way again; the log says why", code);
    default:
      return fmt::format("exit code {} is not that of a run that stopped early (75)", code);
  }
}

void keep(const std::string& directory, const AgainNote& note) try {
  std::filesystem::create_directories(directory);
  store::write_replaced(std::filesystem::path(directory) / kNoteName, to_json(note), store::Durable::no);
} catch (const std::exception& error) {
  log::debug("{}", error.what());
}

std::string variable(const Variables& variables, const char* name) {
  const auto found = variables.find(name);
  return found == variables.end() ? "" : found->second;
}

}  // namespace

AgainAnswer shall_go_on(const EndedJob& job) {
  AgainAnswer answer;
  const std::uint64_t before = job.before ? job.before->settled : 0;
  const bool same = job.before && job.before->chain == job.chain;
  const bool progress = job.began && job.settled > before;
  // Where there is nothing to keep a note in, Slurm's own count is all there is.
  const std::uint32_t in_vain = !job.began ? job.restarts : same ? job.before->in_vain : 0;
  answer.note = {job.chain, job.settled, progress ? 0 : in_vain + 1, ""};

  if (job.code != to_int(ExitCode::stopped_early) && job.code < kFirstSignal) {
    answer.reason = describe_code(job.code);
  } else if (job.storage) {
    answer.reason = fmt::format(
        "the run directory, or the folder of --scratch, could not be written (the log says which); {}: make room, then "
        "submit the same line again",
        done_text(job));
  } else if (job.until) {
    answer.reason = fmt::format("--until {} has come; {}: to go on, submit it again, with a later --until or without",
                                for_message(*job.until, 40), done_text(job));
  } else if (answer.note.in_vain >= kMostInVain) {
    answer.reason = fmt::format("{} starts in a row got nowhere; {}: {}, then submit the same line again", kMostInVain,
                                done_text(job), job.cut_off ? cut_off_text(*job.cut_off) : "see why");
  } else {
    answer.again = true;
    answer.note.next = job.next;
    answer.reason = done_text(job);
    if (!progress) {
      answer.reason += fmt::format(", none since its last start ({} of {})", in_vain + 1, kMostInVain);
      if (job.cut_off) answer.reason += "; " + cut_off_text(*job.cut_off);
    }
  }
  return answer;
}

std::string to_json(const AgainNote& note) {
  const nlohmann::ordered_json json = {{"chain", to_utf8(note.chain)},
                                       {"settled", note.settled},
                                       {"in_vain", note.in_vain},
                                       {"next", to_utf8(note.next)}};
  return json.dump() + "\n";
}

std::optional<AgainNote> parse_again_note(std::string_view text) {
  const auto json = nlohmann::json::parse(text, nullptr, false);
  if (!json.is_object()) return std::nullopt;
  try {
    return AgainNote{json.at("chain").get<std::string>(), whole_number<std::uint64_t>(json.at("settled")),
                     whole_number<std::uint32_t>(json.at("in_vain")), json.value("next", "")};
  } catch (const std::exception&) {  // the parser's own, a number out of range
    return std::nullopt;
  }
}

std::optional<AgainNote> read_again_note(const std::string& directory) try {
  const auto text = store::read_small_file(std::filesystem::path(directory) / kNoteName);
  return text ? parse_again_note(*text) : std::nullopt;
} catch (const std::exception& error) {
  log::debug("{}", error.what());
  return std::nullopt;
}

std::string chain_of(const Variables& variables, const std::optional<AgainNote>& note) {
  std::string job = variable(variables, "SLURM_JOB_ID");
  if (note && !note->chain.empty() && !note->next.empty() &&
      (note->next == job || note->next == variable(variables, "KILN_NEXT_JOB"))) {
    return note->chain;
  }
  std::string chain = variable(variables, "KILN_CHAIN");
  return chain.empty() ? job : chain;
}

void note_next_job(const std::string& directory, const std::string& job) {
  const auto before = read_again_note(directory);
  AgainNote note = before.value_or(AgainNote());
  std::string chain = chain_of(read_variables(), before);
  if (chain != note.chain) note.in_vain = 0;
  note.chain = std::move(chain);
  note.next = job;
  keep(directory, note);
}

void note_submitted_job(const std::string& directory, const std::string& job) {
  AgainNote note = read_again_note(directory).value_or(AgainNote());
  note.chain.clear();
  note.in_vain = 0;
  note.next = job;
  keep(directory, note);
}

AgainAnswer ask_whether_again(const std::string& directory, std::optional<int> code) {
  const Variables variables = read_variables();
  const std::filesystem::path note = std::filesystem::path(directory) / kNoteName;
  EndedJob job;
  job.code = code.value_or(to_int(ExitCode::stopped_early));
  job.before = read_again_note(directory);
  job.chain = chain_of(variables, job.before);
  job.next = variable(variables, "KILN_NEXT_JOB");
  if (job.next.empty()) job.next = variable(variables, "SLURM_JOB_ID");
  job.restarts = static_cast<std::uint32_t>(
      std::min<std::uint64_t>(parse_count(variable(variables, "SLURM_RESTART_COUNT")).value_or(0), 1'000'000));
  try {
    const store::RunReader run = store::RunReader::open(directory);
    job.began = true;
    const auto end = run.last_end();
    if (!code && end) job.code = end->exit_code;
    job.storage = end && end->outcome == protocol::Outcome::storage;
    if (const auto asked = read_until_note(directory); asked && asked->chain == job.chain && asked->reached) {
      job.until = asked->asked;
    }
    if (!run.is_program()) job.cut_off = read_cut_off(directory);
  } catch (const Error& error) {
    log::debug("{}", error.what());
  }
  const LaunchOutcome outcome = read_outcome(directory, "");
  job.settled = outcome.settled;
  job.units = outcome.units;
  AgainAnswer answer = shall_go_on(job);
  if (!job.began) return answer;
  try {
    store::write_replaced(note, to_json(answer.note), store::Durable::no);
  } catch (const std::exception& error) {
    if (answer.again)
      answer.reason = fmt::format("how far it is cannot be noted, so it could go on for ever: {}", error.what());
    answer.again = false;
  }
  return answer;
}

}  // namespace kiln::job
