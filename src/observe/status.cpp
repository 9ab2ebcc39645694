#include "observe/status.hpp"

#include "base/json_number.hpp"
#include "base/text.hpp"

#include <fmt/core.h>
#include <kiln/error.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <concepts>
#include <nlohmann/json.hpp>
#include <utility>

namespace kiln::observe {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::array<std::string_view, 5> kStates{"starting", "running", "draining", "assembling", "ended"};
constexpr std::array<std::string_view, 4> kGates{"waiting", "open", "over", "blocked"};
constexpr std::size_t kNameLength = 64;  // characters of host names and ids
constexpr std::size_t kCommandLength = 120;

// JSON has no NaN and no infinity.
Json number(double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); }
Json number(const std::optional<double>& value) { return value ? number(*value) : Json(nullptr); }
std::string name(std::string_view text) { return for_message(text, kNameLength); }

Json totals_to_json(const UnitTotals& totals) {
  return {{"units", totals.units},    {"done", totals.done},       {"committed", totals.committed},
          {"failed", totals.failed},  {"running", totals.running}, {"waiting", totals.waiting},
          {"removed", totals.removed}};
}

Json stage_to_json(const StageStatus& stage) { return {{"ordinal", stage.ordinal}, {"name", name(stage.name)}}; }

Json task_stage_to_json(const TaskStageStatus& stage) {
  return {{"name", name(stage.name)},
          {"units", stage.units},
          {"done", stage.done},
          {"failed", stage.failed},
          {"state", kGates.at(static_cast<std::size_t>(stage.state))}};
}

Json rank_to_json(const RankStatus& rank) {
  return {{"rank", rank.rank},         {"host", name(rank.host)},       {"pid", rank.pid},
          {"state", name(rank.state)}, {"units_done", rank.units_done}, {"busy_seconds", number(rank.busy_seconds)},
          {"running", rank.running}};
}

Json group_to_json(const RankGroup& group) {
  return {{"first", group.first},
          {"last", group.last},
          {"ranks", group.ranks},
          {"units_done", group.units_done},
          {"busy_seconds", number(group.busy_seconds)},
          {"running", group.running}};
}

Json task_stages_to_json(const std::vector<TaskStageStatus>& stages) {
  Json out = Json::array();
  for (const TaskStageStatus& stage : stages) {
    const bool listed = stages.size() <= kListedStages || stage.state != schedule::Gates::State::over;
    if (listed && out.size() < kListedStages) out.push_back(task_stage_to_json(stage));
  }
  return out;
}

void add(RankGroup& group, const RankStatus& rank) {
  group.first = group.ranks == 0 ? rank.rank : std::min(group.first, rank.rank);
  group.last = group.ranks == 0 ? rank.rank : std::max(group.last, rank.rank);
  ++group.ranks;
  group.units_done += rank.units_done;
  group.busy_seconds += rank.busy_seconds;
  group.running += rank.running;
}

// The ranks from `listed` on, in their order, in at most kRankGroups groups of about the same size.
std::vector<RankGroup> group_rest(const std::vector<RankStatus>& ranks, std::size_t listed) {
  std::vector<RankGroup> groups;
  const std::size_t rest = ranks.size() - std::min(listed, ranks.size());
  const std::size_t each = std::max<std::size_t>(1, (rest + kRankGroups - 1) / kRankGroups);
  for (std::size_t i = 0; i < rest; ++i) {
    if (i % each == 0) groups.emplace_back();
    add(groups.back(), ranks[listed + i]);
  }
  return groups;
}

Json write(const StatusSnapshot& s, std::size_t listed) {
  Json out = {{"version", kStatusVersion},
              {"state", to_text(s.state)},
              {"launch_id", name(s.launch_id)},
              {"epoch", s.epoch},
              {"host", name(s.host)},
              {"pid", s.pid},
              {"job_id", name(s.job_id)},
              {"started", number(s.started)},
              {"updated", number(s.updated)},
              {"stage", s.stage ? stage_to_json(*s.stage) : Json(nullptr)},
              {"task_stages", task_stages_to_json(s.task_stages)},
              {"totals", totals_to_json(s.totals)},
              {"done_before", s.done_before},
              {"rate", number(s.rate)},
              {"expected_end", number(s.expected_end)},
              {"result_bytes", s.result_bytes},
              {"last_commit", number(s.last_commit)},
              {"last_commit_seconds", number(s.last_commit_seconds)},
              {"workers", s.workers},
              {"lost_ranks", s.lost_ranks},
              {"copies", s.copies},
              {"copies_won", s.copies_won},
              {"ranks", Json::array()},
              {"groups", Json::array()},
              {"slowest", Json::array()}};
  listed = std::min(listed, s.ranks.size());
  for (std::size_t i = 0; i < listed; ++i) out["ranks"].push_back(rank_to_json(s.ranks[i]));
  for (const RankGroup& group : group_rest(s.ranks, listed)) out["groups"].push_back(group_to_json(group));
  if (listed == s.ranks.size()) {
    const std::size_t known = std::min(s.groups.size(), kRankGroups);
    for (std::size_t i = 0; i < known; ++i) out["groups"].push_back(group_to_json(s.groups[i]));
  }
  for (std::size_t i = 0; i < std::min(s.slowest.size(), kSlowUnits); ++i) {
    const SlowUnit& slow = s.slowest[i];
    out["slowest"].push_back({{"unit", slow.unit},
                              {"rank", slow.rank},
                              {"host", name(slow.host)},
                              {"seconds", number(slow.seconds)},
                              {"command", for_message(slow.command, kCommandLength)}});
  }
  return out;
}

const Json& object(const Json& in) {
  if (!in.is_object()) throw std::runtime_error("a list or a value stands where an object belongs");
  return in;
}

template <class T>
void read(const Json& from, const char* key, T& value) {
  const auto found = from.find(key);
  if (found == from.end() || found->is_null()) return;
  if constexpr (std::integral<T>) {
    value = whole_number<T>(*found);
  } else {
    found->get_to(value);
  }
}

void read(const Json& from, const char* key, std::optional<double>& value) {
  const auto found = from.find(key);
  if (found != from.end() && !found->is_null()) value = found->get<double>();
}

UnitTotals read_totals(const Json& in) {
  UnitTotals totals;
  read(in, "units", totals.units);
  read(in, "done", totals.done);
  read(in, "committed", totals.committed);
  read(in, "failed", totals.failed);
  read(in, "running", totals.running);
  read(in, "waiting", totals.waiting);
  read(in, "removed", totals.removed);
  return totals;
}

RankStatus read_rank(const Json& in) {
  RankStatus rank;
  read(in, "rank", rank.rank);
  read(in, "host", rank.host);
  read(in, "pid", rank.pid);
  read(in, "state", rank.state);
  read(in, "units_done", rank.units_done);
  read(in, "busy_seconds", rank.busy_seconds);
  read(in, "running", rank.running);
  return rank;
}

TaskStageStatus read_task_stage(const Json& in) {
  TaskStageStatus stage;
  read(in, "name", stage.name);
  read(in, "units", stage.units);
  read(in, "done", stage.done);
  read(in, "failed", stage.failed);
  const auto state = in.at("state").get<std::string>();
  const auto* const found = std::ranges::find(kGates, state);
  if (found == kGates.end()) throw std::runtime_error(fmt::format("unknown state '{}'", for_message(state, 40)));
  stage.state = static_cast<schedule::Gates::State>(found - kGates.begin());
  return stage;
}

RankGroup read_group(const Json& in) {
  RankGroup group;
  read(in, "first", group.first);
  read(in, "last", group.last);
  read(in, "ranks", group.ranks);
  read(in, "units_done", group.units_done);
  read(in, "busy_seconds", group.busy_seconds);
  read(in, "running", group.running);
  return group;
}

SlowUnit read_slow(const Json& in) {
  SlowUnit slow;
  read(in, "unit", slow.unit);
  read(in, "rank", slow.rank);
  read(in, "host", slow.host);
  read(in, "seconds", slow.seconds);
  read(in, "command", slow.command);
  return slow;
}

template <class T>
void read_list(const Json& from, const char* key, std::vector<T>& values, T (*read_one)(const Json&)) {
  const auto found = from.find(key);
  if (found == from.end()) return;
  for (const Json& item : *found) values.push_back(read_one(object(item)));
}

RunState read_state(const Json& in) {
  const auto text = in.at("state").get<std::string>();
  const auto* const found = std::find(kStates.begin(), kStates.end(), text);
  if (found == kStates.end()) throw std::runtime_error(fmt::format("unknown state '{}'", for_message(text, 40)));
  return static_cast<RunState>(found - kStates.begin());
}

StatusSnapshot read_snapshot(const Json& in) {
  const auto version = whole_number<int>(in.at("version"));
  if (version > kStatusVersion) throw std::runtime_error(fmt::format("version {}, written by a newer kiln", version));
  StatusSnapshot s;
  s.state = read_state(in);
  read(in, "launch_id", s.launch_id);
  read(in, "epoch", s.epoch);
  read(in, "host", s.host);
  read(in, "pid", s.pid);
  read(in, "job_id", s.job_id);
  read(in, "started", s.started);
  read(in, "updated", s.updated);
  if (const auto stage = in.find("stage"); stage != in.end() && !stage->is_null()) {
    s.stage.emplace();
    read(object(*stage), "ordinal", s.stage->ordinal);
    read(*stage, "name", s.stage->name);
  }
  read_list(in, "task_stages", s.task_stages, read_task_stage);
  s.totals = read_totals(object(in.at("totals")));
  read(in, "done_before", s.done_before);
  read(in, "rate", s.rate);
  read(in, "expected_end", s.expected_end);
  read(in, "result_bytes", s.result_bytes);
  read(in, "last_commit", s.last_commit);
  read(in, "last_commit_seconds", s.last_commit_seconds);
  read(in, "workers", s.workers);
  read(in, "lost_ranks", s.lost_ranks);
  read(in, "copies", s.copies);
  read(in, "copies_won", s.copies_won);
  read_list(in, "ranks", s.ranks, read_rank);
  read_list(in, "groups", s.groups, read_group);
  read_list(in, "slowest", s.slowest, read_slow);
  return s;
}

}  // namespace

std::string_view to_text(RunState state) { return kStates.at(static_cast<std::size_t>(state)); }

std::string_view to_text(const TaskStageStatus& stage) {
  using State = schedule::Gates::State;
  const bool ended = stage.done + stage.failed == stage.units;
  switch (stage.state) {
    case State::waiting:
      return "waiting";
    case State::open:
      return ended && stage.failed != 0 ? "failed" : ended ? "done" : "running";
    case State::over:
      return "done";
    case State::blocked:
      return "not started";
  }
  return "";
}

std::string to_json(const StatusSnapshot& snapshot) {
  std::size_t listed = kListedRanks;
  for (;;) {
    std::string text = write(snapshot, listed).dump() + "\n";
    if (text.size() <= kStatusBytes || listed == 0) return text;
    listed /= 2;
  }
}

std::string to_json(const std::vector<TaskStageStatus>& stages) { return task_stages_to_json(stages).dump(); }

StatusSnapshot status_from_json(std::string_view text) {
  try {
    return read_snapshot(Json::parse(text));
  } catch (const std::exception& error) {  // the parser's own, a missing member, a wrong type
    throw Error(ExitCode::run_directory, fmt::format("status.json cannot be read: {}", error.what()));
  }
}

}  // namespace kiln::observe
