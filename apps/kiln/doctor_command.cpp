#include "doctor_command.hpp"

#include "base/text.hpp"
#include "job/doctor.hpp"
#include "output.hpp"
#include "show_text.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <nlohmann/json.hpp>

namespace kiln::cli {
namespace {

constexpr int kSomethingBad = 1;

std::string_view word(job::Verdict verdict) {
  return verdict == job::Verdict::good ? "good" : verdict == job::Verdict::note ? "note" : "bad";
}

std::size_t count(const job::Findings& findings, job::Verdict verdict) {
  return static_cast<std::size_t>(
      std::count_if(findings.begin(), findings.end(), [&](const auto& one) { return one.verdict == verdict; }));
}

}  // namespace

std::string doctor_text(const job::Findings& findings) {
  std::string out;
  for (const job::Finding& one : findings) {
    out += fmt::format("{:<4}  {}\n", word(one.verdict), one.text);
    if (!one.advice.empty()) out += fmt::format("      -> {}\n", one.advice);
  }
  const std::size_t notes = count(findings, job::Verdict::note), bad = count(findings, job::Verdict::bad);
  return out + fmt::format("{} good, {} to note, {} bad{}\n", findings.size() - notes - bad, notes, bad,
                           bad == 0 ? ": kiln can run here" : ": mend what is bad first");
}

std::string doctor_json(const job::Findings& findings) {
  using Json = nlohmann::ordered_json;
  Json out = {{"good", count(findings, job::Verdict::good)},
              {"note", count(findings, job::Verdict::note)},
              {"bad", count(findings, job::Verdict::bad)},
              {"findings", Json::array()}};
  for (const job::Finding& one : findings) {
    out["findings"].push_back({{"check", one.check},
                               {"verdict", word(one.verdict)},
                               {"text", to_utf8(one.text)},
                               {"advice", one.advice.empty() ? Json(nullptr) : Json(to_utf8(one.advice))}});
  }
  return out.dump() + "\n";
}

int show_doctor(const DoctorCommand& command) {
  job::DoctorOptions options;
  if (!command.directory.empty()) options.directory = command.directory;
  options.trial = command.trial;
  const job::Findings findings = job::examine(options);
  if (command.json) {
    print(doctor_json(findings));
  } else {
    print_folded(doctor_text(findings));
  }
  return count(findings, job::Verdict::bad) == 0 ? 0 : kSomethingBad;
}

}  // namespace kiln::cli
