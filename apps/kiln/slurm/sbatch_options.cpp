#include "slurm/sbatch_options.hpp"

#include "base/text.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <kiln/error.hpp>

namespace kiln::cli {
namespace {

using Value = SbatchSpec::Value;

constexpr std::array kSpecs{
    SbatchSpec{"-N,--nodes", Value::needed, "N", "nodes of the job (default 1)"},
    SbatchSpec{"-t,--time", Value::needed, "TIME",
               "time limit: minutes, M:S, H:M:S, D-H, D-H:M, D-H:M:S\n(default 1:00:00)"},
    SbatchSpec{"-p,--partition", Value::needed, "NAME", "where it runs (default: the site's)"},
    SbatchSpec{"-A,--account", Value::needed, "NAME", "who pays"},
    SbatchSpec{"--qos", Value::needed, "NAME", "quality of service"},
    SbatchSpec{"--mem", Value::needed, "SIZE", "memory of each node, in Slurm's units: 64G"},
    SbatchSpec{"--gres", Value::needed, "LIST", "other resources of each node: gpu:4"},
    SbatchSpec{"--constraint", Value::needed, "LIST", "features that nodes must have"},
    SbatchSpec{"--ntasks", Value::needed, "N", "so many CPUs, wherever they are, instead of whole nodes"},
    SbatchSpec{"-J,--job-name", Value::needed, "NAME", "as squeue shows it (default: the run's name)"},
    SbatchSpec{"--output", Value::needed, "FILE", "the job's log (default kiln-%j.log)"},
    SbatchSpec{"--mail-type", Value::needed, "TYPE", "when a mail is sent: END, FAIL, ALL"},
    SbatchSpec{"--mail-user", Value::needed, "USER", "whom it goes to"},
    SbatchSpec{"--acctg-freq"},
    SbatchSpec{"-b,--begin"},
    SbatchSpec{"--bb"},
    SbatchSpec{"--bbf"},
    SbatchSpec{"--comment"},
    SbatchSpec{"--cpu-freq"},
    SbatchSpec{"-c,--cpus-per-task"},
    SbatchSpec{"-d,--dependency"},
    SbatchSpec{"--deadline"},
    SbatchSpec{"--delay-boot"},
    SbatchSpec{"-D,--chdir"},
    SbatchSpec{"-e,--error"},
    SbatchSpec{"--export"},
    SbatchSpec{"--export-file"},
    SbatchSpec{"--get-user-env", Value::maybe},
    SbatchSpec{"--gid"},
    SbatchSpec{"--gres-flags"},
    SbatchSpec{"-H,--hold", Value::none},
    SbatchSpec{"--ignore-pbs", Value::none},
    SbatchSpec{"--input"},
    SbatchSpec{"--kill-on-invalid-dep"},
    SbatchSpec{"--no-kill", Value::maybe},
    SbatchSpec{"-L,--licenses"},
    SbatchSpec{"-M,--clusters"},
    SbatchSpec{"--container"},
    SbatchSpec{"-m,--distribution"},
    SbatchSpec{"--mcs-label"},
    SbatchSpec{"--network"},
    SbatchSpec{"--nice", Value::maybe},
    SbatchSpec{"--no-requeue", Value::none},
    SbatchSpec{"--ntasks-per-node"},
    SbatchSpec{"--open-mode"},
    SbatchSpec{"-O,--overcommit", Value::none},
    SbatchSpec{"--power"},
    SbatchSpec{"--priority"},
    SbatchSpec{"--profile"},
    SbatchSpec{"--propagate", Value::maybe},
    SbatchSpec{"--reboot", Value::none},
    SbatchSpec{"--requeue", Value::none},
    SbatchSpec{"-s,--oversubscribe", Value::none},
    SbatchSpec{"-S,--core-spec"},
    SbatchSpec{"--signal"},
    SbatchSpec{"--spread-job", Value::none},
    SbatchSpec{"--switches"},
    SbatchSpec{"--thread-spec"},
    SbatchSpec{"--time-min"},
    SbatchSpec{"--uid"},
    SbatchSpec{"--use-min-nodes", Value::none},
    SbatchSpec{"--wait-all-nodes"},
    SbatchSpec{"--wckey"},
    SbatchSpec{"--cluster-constraint"},
    SbatchSpec{"--contiguous", Value::none},
    SbatchSpec{"-F,--nodefile"},
    SbatchSpec{"--mincpus"},
    SbatchSpec{"--reservation"},
    SbatchSpec{"--tmp"},
    SbatchSpec{"-w,--nodelist"},
    SbatchSpec{"--prefer"},
    SbatchSpec{"-x,--exclude"},
    SbatchSpec{"--exclusive", Value::maybe},
    SbatchSpec{"--mem-per-cpu"},
    SbatchSpec{"--mem-bind"},
    SbatchSpec{"--sockets-per-node"},
    SbatchSpec{"--cores-per-socket"},
    SbatchSpec{"--threads-per-core"},
    SbatchSpec{"-B,--extra-node-info"},
    SbatchSpec{"--ntasks-per-core"},
    SbatchSpec{"--ntasks-per-socket"},
    SbatchSpec{"--ntasks-per-gpu"},
    SbatchSpec{"--hint"},
    SbatchSpec{"--cpus-per-gpu"},
    SbatchSpec{"-G,--gpus"},
    SbatchSpec{"--gpu-bind"},
    SbatchSpec{"--gpu-freq"},
    SbatchSpec{"--gpus-per-node"},
    SbatchSpec{"--gpus-per-socket"},
    SbatchSpec{"--gpus-per-task"},
    SbatchSpec{"--mem-per-gpu"},
};

const SbatchSpec* spec_of(std::string_view name) {
  const auto found = std::find_if(kSpecs.begin(), kSpecs.end(), [&](const SbatchSpec& spec) {
    return fmt::format(",{},", spec.names).find(fmt::format(",{},", name)) != std::string::npos;
  });
  return found == kSpecs.end() ? nullptr : &*found;
}

}  // namespace

std::string_view SbatchSpec::long_name() const {
  const std::string_view all = names;
  const std::size_t comma = all.find(',');
  return comma == std::string_view::npos ? all : all.substr(comma + 1);
}

std::span<const SbatchSpec> sbatch_specs() { return kSpecs; }

std::vector<SbatchOption> sbatch_options(const std::vector<args::GivenOption>& given) {
  std::vector<SbatchOption> found;
  for (const args::GivenOption& one : given) {
    if (const SbatchSpec* const spec = spec_of(one.name)) {
      found.push_back({std::string(spec->long_name()), one.value});
    }
  }
  return found;
}

std::string sbatch_text(const SbatchOption& option) {
  if (!option.value) return option.name;
  const std::string& value = *option.value;
  if (value.find_first_of("\n\r") != std::string::npos) {
    throw Error(ExitCode::usage, fmt::format("{} must be one line, but is '{}'", option.name, for_message(value, 60)));
  }
  constexpr std::string_view kPlain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.,:;@%+-=/[]()*&|!~^";
  if (value.find_first_not_of(kPlain) == std::string::npos) return fmt::format("{}={}", option.name, value);
  std::string quoted;
  for (const char c : value) quoted += c == '"' || c == '\\' ? std::string{'\\', c} : std::string(1, c);
  return fmt::format("{}=\"{}\"", option.name, quoted);
}

const SbatchOption* find(const std::vector<SbatchOption>& options, std::string_view name) {
  const auto found =
      std::find_if(options.rbegin(), options.rend(), [&](const SbatchOption& one) { return one.name == name; });
  return found == options.rend() ? nullptr : &*found;
}

}  // namespace kiln::cli
