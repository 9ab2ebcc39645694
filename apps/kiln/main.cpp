#include "args/run_words.hpp"
#include "command_line.hpp"
#include "doctor_command.hpp"
#include "dry_run.hpp"
#include "export_command.hpp"
#include "job/environment.hpp"
#include "job/launch_word.hpp"
#include "job/run_command.hpp"
#include "job/tell_fault.hpp"
#include "program_retry.hpp"
#include "results_command.hpp"
#include "show_text.hpp"
#include "slurm/convert.hpp"
#include "slurm/estimate.hpp"
#include "slurm/slurm_again.hpp"
#include "slurm/slurm_run.hpp"
#include "slurm/slurm_watch.hpp"
#include "status_command.hpp"

#include <kiln/error.hpp>

#include <algorithm>
#include <clocale>
#include <exception>
#include <string>
#include <variant>
#include <vector>

namespace {

using namespace kiln;

template <class... F>
struct Overloaded : F... {
  using F::operator()...;
};
template <class... F>
Overloaded(F...) -> Overloaded<F...>;

int run_it(const cli::Command& command, const std::vector<std::string>& arguments) {
  return std::visit(Overloaded{[&](const cli::RunCommand& run) {
                                 args::set_log_level(run.options);
                                 if (run.options.retry && cli::is_program_run(run.options.directory)) {
                                   return cli::retry_program(run.options.directory, run.given);
                                 }
                                 return run.options.dry_run ? cli::print_dry_run(run.options)
                                                            : job::run_command(run.options, arguments);
                               },
                               [](const cli::StatusCommand& status) { return cli::show_status(status); },
                               [](const cli::ResultsCommand& results) { return cli::show_results(results); },
                               [](const cli::DoctorCommand& doctor) { return cli::show_doctor(doctor); },
                               [](const cli::SlurmRunCommand& wanted) { return cli::make_job(wanted); },
                               [](const cli::SlurmAgainCommand& ended) { return cli::say_whether_again(ended); },
                               [](const cli::SlurmWatchCommand& watch) { return cli::watch_first_node(watch); },
                               [](const cli::SlurmConvertCommand& old) { return cli::show_converted(old.file); },
                               [](const cli::SlurmEstimateCommand& asked) { return cli::show_estimate(asked); },
                               [](const cli::ExportCommand& wanted) { return cli::export_results(wanted); },
                               [](const cli::ShowText& text) { return cli::show_text(text); }},
                    command);
}

// Under mpirun every rank comes here with the same arguments: only the first says what is wrong with them, and only
// the run itself is for all.
int carry_out(const std::vector<std::string>& arguments, bool first_rank) {
  cli::Command command;
  try {
    command = cli::parse_command_line(arguments);
  } catch (const Error&) {
    if (first_rank) throw;
    return to_int(ExitCode::ok);  // mpirun would end the first rank before it has said what is wrong
  }
  const auto* const run = std::get_if<cli::RunCommand>(&command);
  if (!first_rank && (run == nullptr || run->options.dry_run)) return to_int(ExitCode::ok);
  return run_it(command, arguments);
}

}  // namespace

int main(int argc, char** argv) {
  try {
    std::setlocale(LC_CTYPE, "");
    return carry_out({argv + std::min(argc, 1), argv + argc}, job::read_environment().first_rank());
  } catch (const std::exception& fault) {
    const int code = job::tell_fault(fault);
    job::tell_launcher(job::read_environment(), code);
    return code;
  }
}
