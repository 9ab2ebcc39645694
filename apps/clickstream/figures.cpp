#include "figures.hpp"

#include <array>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <kiln/error.hpp>
#include <map>
#include <utility>

namespace clickstream {
namespace {

struct Named {
  const char* name;
  std::uint64_t (*get)(const Figures&);
  void (*set)(Figures&, std::uint64_t);
};

template <auto Member>
constexpr Named named(const char* name) {
  return {name, [](const Figures& figures) { return figures.*Member; },
          [](Figures& figures, std::uint64_t number) { figures.*Member = number; }};
}
template <auto Member>
constexpr Named of_people(const char* name) {
  return {name, [](const Figures& figures) { return figures.people.*Member; },
          [](Figures& figures, std::uint64_t number) { figures.people.*Member = number; }};
}

constexpr std::array kNames = {named<&Figures::events>("events"),
                               named<&Figures::rejected>("rejected lines"),
                               named<&Figures::bots>("events of bots"),
                               of_people<&Activity::views>("views"),
                               of_people<&Activity::purchases>("purchases"),
                               of_people<&Activity::cents>("cents"),
                               named<&Figures::users>("users"),
                               named<&Figures::hours_sum>("checksum of hours"),
                               named<&Figures::pages_sum>("checksum of pages"),
                               named<&Figures::users_sum>("checksum of users"),
                               named<&Figures::countries_sum>("checksum of countries")};

[[noreturn]] void refuse(const std::string& path, const std::string& why) {
  throw kiln::Error(kiln::ExitCode::bad_input,
                    path + ": " + why + "; make the data again with 'clickstream generate', or take truth/ away");
}

}  // namespace

std::string field_text(const std::string& text) { return text; }
std::string field_text(std::uint64_t number) { return std::to_string(number); }
std::string field_text(std::int64_t number) { return std::to_string(number); }
std::string field_text(double number) {
  std::array<char, 32> text{};
  return {text.data(), std::to_chars(text.data(), text.data() + text.size(), number).ptr};
}

std::string differences(const Figures& found, const Figures& truth) {
  std::string all;
  for (const Named& one : kNames) {
    const std::uint64_t here = one.get(found), there = one.get(truth);
    if (here == there) continue;
    all += (all.empty() ? "" : "; ") + std::string(one.name) + " " + std::to_string(here) + ", truth " +
           std::to_string(there);
  }
  return all;
}

std::string event_files(const std::string& folder) { return folder + "/events/*.jsonl*"; }
std::string users_file(const std::string& folder) { return folder + "/users.csv"; }
std::string truth_file(const std::string& folder, const std::string& table) {
  return folder + "/truth/" + table + ".csv";
}

bool has_truth(const std::string& folder) { return std::filesystem::exists(truth_file(folder, "figures")); }

std::string text_of(const Figures& figures) {
  std::string text = "name,value\n";
  for (const Named& one : kNames) text += std::string(one.name) + "," + std::to_string(one.get(figures)) + "\n";
  return text;
}

Figures read_figures(const std::string& folder) {
  const std::string path = truth_file(folder, "figures");
  std::ifstream in(path);
  std::map<std::string, std::uint64_t> values;
  std::string line;
  for (std::getline(in, line); std::getline(in, line);) {
    const std::size_t comma = line.rfind(',');
    std::uint64_t value = 0;
    const char* const end = line.data() + line.size();
    if (comma == std::string::npos || std::from_chars(line.data() + comma + 1, end, value).ptr != end) {
      refuse(path, "'" + line + "' is no name and number");
    }
    values[line.substr(0, comma)] = value;
  }
  Figures figures;
  for (const Named& one : kNames) {
    const auto found = values.find(one.name);
    if (found == values.end()) refuse(path, "has no line '" + std::string(one.name) + ",…'");
    one.set(figures, found->second);
  }
  return figures;
}

}  // namespace clickstream
