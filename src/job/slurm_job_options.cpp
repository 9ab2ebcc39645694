#include "job/slurm_job_options.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <map>
#include <optional>
#include <utility>

namespace kiln::job {
namespace {

struct Named {
  const char* name;
  const char* option;
};

// As `scontrol show job` names them, where the value is that of the option.
constexpr std::array kSame{
    Named{"JobName", "--job-name"},     Named{"TimeLimit", "--time"},      Named{"TimeMin", "--time-min"},
    Named{"Partition", "--partition"},  Named{"Account", "--account"},     Named{"QOS", "--qos"},
    Named{"Features", "--constraint"},  Named{"Comment", "--comment"},     Named{"Reservation", "--reservation"},
    Named{"Licenses", "--licenses"},    Named{"Network", "--network"},     Named{"WCKey", "--wckey"},
    Named{"ReqNodeList", "--nodelist"}, Named{"ExcNodeList", "--exclude"}, Named{"MailType", "--mail-type"},
    Named{"MailUser", "--mail-user"},   Named{"Nice", "--nice"},           Named{"CoreSpec", "--core-spec"},
    Named{"MinTmpDiskNode", "--tmp"},   Named{"MinCPUsNode", "--mincpus"}};

// Slurm sets these only where they were asked for, but for the number of nodes, which in scontrol is that of those
// left.
constexpr std::array kVariables{Named{"SLURM_JOB_NUM_NODES", "--nodes"},
                                Named{"SLURM_NTASKS", "--ntasks"},
                                Named{"SLURM_NTASKS_PER_NODE", "--ntasks-per-node"},
                                Named{"SLURM_CPUS_PER_TASK", "--cpus-per-task"},
                                Named{"SLURM_MEM_PER_NODE", "--mem"},
                                Named{"SLURM_MEM_PER_CPU", "--mem-per-cpu"},
                                Named{"SLURM_THREADS_PER_CORE", "--threads-per-core"}};
constexpr std::array kElse{Named{"SLURM_JOB_PARTITION", "--partition"}, Named{"SLURM_JOB_ACCOUNT", "--account"},
                           Named{"SLURM_JOB_QOS", "--qos"}, Named{"SLURM_JOB_RESERVATION", "--reservation"}};

// "gres:gpu:a100:2,gres:shard:4", "gres/gpu:2": without "gres".
constexpr std::array kGenericResources{Named{"TresPerNode", "--gres"}};
// Of GPUs alone, without "gres:gpu:".
constexpr std::array kGpus{Named{"TresPerJob", "--gpus"}, Named{"TresPerTask", "--gpus-per-task"},
                           Named{"TresPerSocket", "--gpus-per-socket"}, Named{"CpusPerTres", "--cpus-per-gpu"},
                           Named{"MemPerTres", "--mem-per-gpu"}};

// Values that may have blanks stand alone on their line, or last.
bool has_its_line(std::string_view name) {
  return name == "Comment" || name == "JobName" || name == "StdOut" || name == "StdErr" || name == "WorkDir" ||
         name == "Command" || name == "AdminComment" || name == "SystemComment";
}

bool says_nothing(const std::string& name, const std::string& value) {
  if (value.empty() || value == "(null)" || value == "N/A" || value == "*") return true;
  if (name == "Nice" || name == "MinTmpDiskNode") return value == "0" || value.starts_with('-');
  return name == "MinCPUsNode" && value == "1";
}

// "" where it is of something else than GPUs.
std::string resources(std::string_view value, bool gpus) {
  std::string all;
  while (!value.empty()) {
    std::string_view one = value.substr(0, value.find(','));
    value.remove_prefix(std::min(value.size(), one.size() + 1));
    if (one.starts_with("gres:") || one.starts_with("gres/")) one.remove_prefix(5);
    if (gpus) {
      if (!one.starts_with("gpu:")) return "";
      one.remove_prefix(4);
    }
    if (!all.empty()) all += ',';
    all += one;
  }
  return all;
}

// Its file as a pattern: where the number of the job stands in it, that of the next one shall.
std::string pattern_of(const std::string& file, const std::string& job) {
  std::string pattern;
  const auto digit = [&](std::size_t at) {
    return at < file.size() && std::isdigit(static_cast<unsigned char>(file[at]));
  };
  for (std::size_t at = 0; at < file.size();) {
    const bool here = !job.empty() && file.compare(at, job.size(), job) == 0 && !digit(at + job.size()) &&
                      (at == 0 || !digit(at - 1));
    if (here) {
      pattern += "%j";
      at += job.size();
    } else {
      if (file[at] == '%') pattern += '%';
      pattern += file[at++];
    }
  }
  return pattern;
}

}  // namespace

std::map<std::string, std::string> fields_of_job(std::string_view shown) {
  std::map<std::string, std::string> fields;
  while (!shown.empty()) {
    std::string_view line = shown.substr(0, shown.find('\n'));
    shown.remove_prefix(std::min(shown.size(), line.size() + 1));
    while (true) {
      line.remove_prefix(std::min(line.size(), line.find_first_not_of(' ')));
      const std::size_t equals = line.find('=');
      if (equals == std::string_view::npos) break;
      const std::string_view name = line.substr(0, equals);
      line.remove_prefix(equals + 1);
      const std::size_t end = has_its_line(name) ? line.size() : std::min(line.size(), line.find(' '));
      std::string value(line.substr(0, end));
      while (value.ends_with(' ')) value.pop_back();
      fields.emplace(name, std::move(value));
      line.remove_prefix(end);
    }
  }
  return fields;
}

std::vector<std::string> options_of_job(std::string_view shown, const Variables& variables) {
  std::vector<std::string> options;
  const auto add = [&](const char* option, const std::string& value) {
    options.push_back(fmt::format("{}={}", option, value));
  };
  for (const Named& one : kVariables) {
    if (const auto found = variables.find(one.name); found != variables.end()) add(one.option, found->second);
  }
  const std::map<std::string, std::string> fields = fields_of_job(shown);
  if (fields.empty()) {
    for (const Named& one : kElse) {
      if (const auto found = variables.find(one.name); found != variables.end()) add(one.option, found->second);
    }
    return options;
  }
  const auto field = [&](const char* name) -> std::optional<std::string> {
    const auto found = fields.find(name);
    if (found == fields.end() || says_nothing(name, found->second)) return std::nullopt;
    return found->second;
  };
  for (const Named& one : kSame) {
    if (const auto value = field(one.name)) add(one.option, *value);
  }
  for (const Named& one : kGenericResources) {
    if (const auto value = field(one.name)) add(one.option, resources(*value, false));
  }
  for (const Named& one : kGpus) {
    const auto value = field(one.name);
    if (const std::string gpus = resources(value.value_or(""), true); !gpus.empty()) add(one.option, gpus);
  }
  if (field("Contiguous") == "1") options.emplace_back("--contiguous");
  if (field("OverSubscribe") == "YES") options.emplace_back("--oversubscribe");
  if (field("OverSubscribe") == "USER") options.emplace_back("--exclusive=user");
  const auto out = field("StdOut"), error = field("StdErr");
  const std::string job = field("JobId").value_or("");
  if (out) add("--output", pattern_of(*out, job));
  if (error && error != out) add("--error", pattern_of(*error, job));
  return options;
}

}  // namespace kiln::job
