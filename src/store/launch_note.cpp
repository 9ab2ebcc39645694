#include "store/launch_note.hpp"

#include "base/text.hpp"

#include <fmt/core.h>
#include <nlohmann/json.hpp>

namespace kiln::store {
namespace {

constexpr const char* kName = "launch.json";
constexpr std::size_t kMostBytes = 16 << 20;  // several times what Linux hands to a program

std::vector<std::string> as_text(const std::vector<std::string>& words, bool& changed) {
  std::vector<std::string> texts;
  for (const std::string& word : words) texts.push_back(to_utf8(word, &changed));
  return texts;
}

}  // namespace

void write_launch_note(const RunDirectory& directory, const LaunchNote& note) {
  bool changed = !note.exact;
  nlohmann::ordered_json json = {{"launch_id", to_utf8(note.launch_id)},
                                 {"executable", to_utf8(note.executable, &changed)},
                                 {"directory", to_utf8(note.directory, &changed)},
                                 {"options", as_text(note.options, changed)},
                                 {"operands", as_text(note.operands, changed)}};
  json["exact"] = !changed;
  directory.write_replaced(kName, json.dump(2) + "\n");
}

std::optional<LaunchNote> read_launch_note(const RunDirectory& directory) {
  const auto text = read_small_file(directory.file(kName), kMostBytes);
  if (!text) return std::nullopt;
  try {
    const nlohmann::json json = nlohmann::json::parse(*text);
    LaunchNote note;
    note.launch_id = json.at("launch_id").get<std::string>();
    note.executable = json.at("executable").get<std::string>();
    note.directory = json.at("directory").get<std::string>();
    note.options = json.at("options").get<std::vector<std::string>>();
    note.operands = json.at("operands").get<std::vector<std::string>>();
    note.exact = json.at("exact").get<bool>();
    return note;
  } catch (const nlohmann::json::exception& error) {
    throw Error(ExitCode::run_directory, fmt::format("{} is damaged: {}. The next start of the program writes it anew",
                                                     directory.file(kName).string(), for_message(error.what())));
  }
}

}  // namespace kiln::store
