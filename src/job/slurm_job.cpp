#include "job/slurm_job.hpp"

#include <algorithm>
#include <array>

namespace kiln::job {
namespace {

// What squeue writes where there is nothing to say.
std::string known(std::string_view text) {
  constexpr std::array<std::string_view, 6> kNothing{"N/A", "NONE", "None", "INVALID", "NOT_SET", "Unknown"};
  if (std::find(kNothing.begin(), kNothing.end(), text) != kNothing.end()) return "";
  return std::string(text);
}

}  // namespace

std::optional<SlurmJob> parse_job(std::string_view text) {
  text = text.substr(0, text.find('\n'));
  if (std::count(text.begin(), text.end(), '|') != 3) return std::nullopt;
  std::array<std::string, 4> fields;
  for (std::string& field : fields) {
    const std::size_t end = std::min(text.find('|'), text.size());
    field = known(text.substr(0, end));
    text.remove_prefix(std::min(text.size(), end + 1));
  }
  if (fields[0].empty()) return std::nullopt;
  return SlurmJob{fields[0], fields[1], fields[2], fields[3]};
}

std::optional<SlurmJob> ask_job(const std::string& squeue, const std::string& id, const Ask& ask) {
  const bool number = !id.empty() && id.find_first_not_of("0123456789_+") == std::string::npos;
  if (squeue.empty() || !number) return std::nullopt;
  const Answer answer = ask({squeue, "--noheader", "--jobs=" + id, "--format=%T|%r|%L|%e"});
  return answer.well ? parse_job(answer.text) : std::nullopt;
}

}  // namespace kiln::job
