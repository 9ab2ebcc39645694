#include "units/task_stages.hpp"

#include "base/caret.hpp"
#include "base/did_you_mean.hpp"
#include "base/text.hpp"

#include <fmt/core.h>
#include <kiln/error.hpp>

#include <algorithm>
#include <utility>

namespace kiln::units {
namespace {

constexpr std::string_view kBlanks = " \t\v\f\r";
constexpr std::string_view kName = "#kiln";
constexpr std::string_view kAfter = "after=";

std::string_view word_at(std::string_view line, std::size_t at) {
  line.remove_prefix(at);
  return line.substr(0, line.find_first_of(kBlanks));
}

// Where the next word begins; the line's size where there is none.
std::size_t next_word(std::string_view line, std::size_t at) {
  return std::min(line.find_first_not_of(kBlanks, at), line.size());
}

// Behind "#kiln" or "#kiln:".
std::size_t first_word(std::string_view line) {
  std::size_t at = next_word(line, 0) + kName.size();
  if (at < line.size() && line[at] == ':') ++at;
  return next_word(line, at);
}

bool may_be_in_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.';
}

}  // namespace

bool StageLines::is_stage(std::string_view line) {
  const std::string_view word = word_at(line, first_word(line));
  return word.substr(0, word.find('=')) == "stage";
}

void StageLines::bad_line(std::int64_t number, std::string_view line, std::size_t at, const std::string& why) const {
  throw Error(ExitCode::bad_input, with_caret(fmt::format("{}:{}: #kiln stage: {}", file_, number, why), line, at));
}

void StageLines::bad(std::size_t stage, std::size_t at, const std::string& why) const {
  bad_line(stages_[stage].line, lines_[stage].text, at, why);
}

void StageLines::check_name(std::string_view name, std::size_t at, std::int64_t number, std::string_view line) const {
  const auto wrong = std::ranges::find_if_not(name, may_be_in_name);
  if (wrong != name.end()) {
    bad_line(number, line, at + static_cast<std::size_t>(wrong - name.begin()),
             "a name has letters, digits, '_', '-' and '.' only");
  }
  if (name.size() > kLongestStageName) {
    bad_line(number, line, at,
             fmt::format("a name has at most {} letters, this one {}", kLongestStageName, name.size()));
  }
}

void StageLines::add(std::string_view line, std::int64_t number, std::uint64_t place) {
  if (stages_.empty() && place != 0) {
    stages_.push_back({});
    lines_.emplace_back();
  } else if (!stages_.empty()) {
    check_filled(place);
  }
  std::size_t at = first_word(line);
  at = next_word(line, at + word_at(line, at).size());
  const std::string_view name = word_at(line, at);
  if (name.empty() || name.find('=') != std::string_view::npos) {
    bad_line(number, line, at, "a name is missing; meant: #kiln stage NAME after=NAME,NAME");
  }
  check_name(name, at, number, line);
  if (const std::size_t same = find(name); same != stages_.size()) {
    bad_line(
        number, line, at,
        fmt::format("there is a stage {} already, in line {}; a stage stands in one piece", name, stages_[same].line));
  }
  Line read{line, {}};
  bool after = false;
  for (at = next_word(line, at + name.size()); at < line.size(); at = next_word(line, at)) {
    const std::string_view word = word_at(line, at);
    if (!word.starts_with(kAfter)) {
      const std::string_view key = word.substr(0, word.find('='));
      bad_line(number, line, at,
               fmt::format("'{}' is not understood here.{} Meant: #kiln stage NAME after=NAME,NAME, without blanks "
                           "between the names",
                           for_message(word, 40), did_you_mean(key, {"after="})));
    }
    if (std::exchange(after, true)) bad_line(number, line, at, "after= is given twice; write after=NAME,NAME");
    read_after(word, at, number, read);
    at += word.size();
  }
  by_name_.emplace(name, stages_.size());
  stages_.push_back({std::string(name), number, place, {}});
  lines_.push_back(std::move(read));
}

void StageLines::read_after(std::string_view word, std::size_t at, std::int64_t number, Line& line) const {
  std::string_view names = word.substr(kAfter.size());
  at += kAfter.size();
  for (bool more = true; more;) {
    const std::size_t comma = names.find(',');
    const std::string_view name = names.substr(0, comma);
    if (name.empty()) bad_line(number, line.text, at, "a name is missing; meant: after=NAME,NAME, without blanks");
    check_name(name, at, number, line.text);
    line.after.push_back({name, at});
    more = comma != std::string_view::npos;
    if (more) names.remove_prefix(comma + 1);
    at += name.size() + 1;
  }
}

void StageLines::check_filled(std::uint64_t places) const {
  const std::size_t last = stages_.size() - 1;
  if (stages_[last].first != places) return;
  bad(last, next_word(lines_[last].text, 0),
      fmt::format("stage {} has no commands: they stand below this line, up to the next stage", stages_[last].name));
}

std::size_t StageLines::find(std::string_view name) const {
  const auto found = by_name_.find(name);
  return found == by_name_.end() ? stages_.size() : found->second;
}

std::vector<TaskStage> StageLines::end(std::uint64_t places) {
  if (stages_.empty()) return {};
  check_filled(places);
  resolve();
  check_order();
  return std::move(stages_);
}

// None comes after itself.
std::vector<std::string> StageLines::names_but(std::size_t stage) const {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < stages_.size(); ++i) {
    if (i != stage && !stages_[i].name.empty()) names.push_back(stages_[i].name);
  }
  return names;
}

void StageLines::resolve() {
  for (std::size_t i = 0; i < stages_.size(); ++i) {
    for (const Name& name : lines_[i].after) {
      const std::size_t before = find(name.text);
      if (before == stages_.size()) {
        bad(i, name.at, fmt::format("there is no stage {}.{}", name.text, did_you_mean(name.text, names_but(i))));
      }
      stages_[i].after.push_back(before);
    }
    std::ranges::sort(stages_[i].after);
    const auto twice = std::ranges::unique(stages_[i].after);
    stages_[i].after.erase(twice.begin(), twice.end());
  }
}

// Walks back from each stage; a stage that is met again on the same way closes a ring.
void StageLines::check_order() const {
  enum class Mark : std::uint8_t { fresh, on_way, good };
  std::vector<Mark> marks(stages_.size(), Mark::fresh);
  struct Step {
    std::size_t stage, next;
  };
  for (std::size_t begin = 0; begin < stages_.size(); ++begin) {
    std::vector<Step> way;
    if (marks[begin] == Mark::fresh) way.push_back({begin, 0});
    while (!way.empty()) {
      Step& step = way.back();
      marks[step.stage] = Mark::on_way;
      if (step.next == stages_[step.stage].after.size()) {
        marks[step.stage] = Mark::good;
        way.pop_back();
        continue;
      }
      const std::size_t before = stages_[step.stage].after[step.next++];
      if (marks[before] == Mark::good) continue;
      if (marks[before] == Mark::fresh) {
        way.push_back({before, 0});
        continue;
      }
      std::string ring;
      for (auto it = std::ranges::find(way, before, &Step::stage); it != way.end(); ++it) {
        ring += stages_[it->stage].name + " after ";
      }
      ring += stages_[before].name;
      bad(before, next_word(lines_[before].text, 0), fmt::format("stages wait for each other: {}", ring));
    }
  }
}

}  // namespace kiln::units
