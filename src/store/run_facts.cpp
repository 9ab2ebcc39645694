#include "store/run_facts.hpp"

#include "base/json_number.hpp"
#include "base/text.hpp"

#include <fmt/core.h>

#include <exception>
#include <nlohmann/json.hpp>

namespace kiln::store {
namespace {

[[noreturn]] void damaged(std::string_view where, std::string_view why, bool may_choose) {
  throw DamagedFacts(fmt::format("{} is damaged: {}. Put it back from a copy (the journal beside it is not touched){}",
                                 where, why,
                                 may_choose ? ", choose another --out, or begin anew with --fresh, which deletes the "
                                              "run's results"
                                            : ""));
}

RunFacts from_json(const nlohmann::json& json) {
  RunFacts facts;
  facts.format_version = whole_number<std::uint32_t>(json.at("format_version"));
  facts.kind = json.at("kind").get<std::string>();
  facts.program = json.at("program").get<std::string>();
  facts.arguments = json.at("arguments").get<std::vector<std::string>>();
  facts.source = json.value("source", "");
  facts.seed = whole_number<std::uint64_t>(json.at("seed"));
  facts.created = json.at("created").get<double>();
  facts.kiln_version = json.at("kiln_version").get<std::string>();
  facts.directory = json.value("directory", "");
  facts.build = json.value("build", "");
  if (const auto columns = json.find("columns"); columns != json.end()) {
    facts.columns = columns->get<std::vector<std::string>>();
  }
  return facts;
}

void refuse_newer(const nlohmann::json& json, std::string_view where, bool may_choose) {
  const auto version = json.find("format_version");
  if (version == json.end() || !version->is_number_unsigned()) damaged(where, "it has no format_version", may_choose);
  if (version->get<std::uint64_t>() <= RunFacts::kFormatVersion) return;
  const auto maker = json.find("kiln_version");
  throw Error(ExitCode::run_directory,
              fmt::format("{} has format version {} (written by kiln {}); this kiln reads versions up to {}. Use the "
                          "newer kiln{}",
                          where, version->get<std::uint64_t>(),
                          maker != json.end() && maker->is_string() ? maker->get<std::string>() : "unknown",
                          RunFacts::kFormatVersion, may_choose ? ", or choose another --out" : ""));
}

}  // namespace

std::uint32_t needed_version(const RunFacts& facts) {
  if (facts.kind == kProgramKind) return 3;
  return facts.columns.empty() ? 1 : 2;
}

std::string to_json(const RunFacts& facts) {
  std::vector<std::string> arguments;
  for (const std::string& argument : facts.arguments) arguments.push_back(to_utf8(argument));
  nlohmann::ordered_json json = {{"format_version", facts.format_version},
                                 {"kind", to_utf8(facts.kind)},
                                 {"program", to_utf8(facts.program)},
                                 {"arguments", arguments},
                                 {"source", to_utf8(facts.source)},
                                 {"seed", facts.seed},
                                 {"created", facts.created},
                                 {"kiln_version", facts.kiln_version}};
  if (!facts.directory.empty()) json["directory"] = to_utf8(facts.directory);
  if (!facts.build.empty()) json["build"] = to_utf8(facts.build);
  if (!facts.columns.empty()) json["columns"] = facts.columns;
  return json.dump(2) + "\n";
}

RunFacts parse_run_facts(std::string_view text, std::string_view where, bool may_choose) {
  const nlohmann::json json = nlohmann::json::parse(text, nullptr, false);
  if (!json.is_object()) damaged(where, text.empty() ? "it is empty" : "it is not a JSON object", may_choose);
  refuse_newer(json, where, may_choose);
  try {
    return from_json(json);
  } catch (const std::exception& error) {  // the parser's own, a wrong type, a number out of range
    damaged(where, for_message(error.what()), may_choose);
  }
}

}  // namespace kiln::store
