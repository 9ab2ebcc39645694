#include "job/stage_plan.hpp"

#include "base/text.hpp"
#include "flow/rejected_table.hpp"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace kiln::job {
namespace {

// Of the plan alone; what was found of the source follows on another line.
std::string described(const detail::StagePlan& plan, const std::string& source_identity) {
  return source_identity.empty() ? plan.description : plan.description + "\n" + source_identity;
}

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  for (std::size_t end = 0; (end = text.find('\n')) != std::string_view::npos; text.remove_prefix(end + 1)) {
    std::string_view line = text.substr(0, end);
    line.remove_prefix(std::min(line.size(), line.find_first_not_of(' ')));
    lines.push_back(line);
  }
  return lines;
}

std::vector<std::string_view> lines_without(std::string_view text, std::string_view others) {
  std::vector<std::string_view> lines = lines_of(text);
  const std::vector<std::string_view> known = lines_of(others);
  std::erase_if(lines, [&](std::string_view line) { return std::ranges::find(known, line) != known.end(); });
  return lines;
}

}  // namespace

Bytes encode(const SetupRecord& record) {
  ByteWriter out;
  out.put_text(record.machine);
  out.put_bytes(record.source);
  out.put_text(record.plan);
  return out.take();
}

SetupRecord decode_setup_record(ByteView bytes) {
  ByteReader in(bytes, "setup of a stage");
  SetupRecord record;
  record.machine = in.get_text();
  const ByteView source = in.get_bytes();
  record.source.assign(source.begin(), source.end());
  if (!in.done()) record.plan = in.get_text();
  in.expect_done();
  return record;
}

std::string plan_change(std::string_view old, std::string_view now) {
  if (old.empty()) return "";
  const auto was = lines_without(old, now), is = lines_without(now, old);
  if (was.empty() && is.empty()) return " (the columns of its tables, or of what it reads)";
  return for_message(fmt::format(": it was [{}], it is [{}]", fmt::join(was, "; "), fmt::join(is, "; ")), 600);
}

store::PlanEntry plan_entry(const detail::StagePlan& plan, const StageGround& ground,
                            const std::string& source_identity, std::uint64_t units) {
  store::PlanEntry entry;
  entry.name = plan.name;
  entry.description = described(plan, source_identity);
  entry.build = ground.build;
  entry.inputs = ground.inputs;
  entry.units = units;
  entry.tables = flow::stage_tables(plan);
  for (const detail::ReduceSink& reduce : plan.reduces) {
    entry.reduces.push_back({reduce.name, reduce.description, reduce.exact});
  }
  return entry;
}

bool same_but_source(const store::PlanEntry& stored, const detail::StagePlan& plan, const StageGround& ground) {
  const bool described_so =
      stored.description == plan.description || stored.description.starts_with(plan.description + "\n");
  return described_so && stored.build == ground.build && stored.inputs == ground.inputs &&
         stored.before == ground.chain;
}

std::vector<schedule::PriorityClass> priority_classes(const detail::StagePlan& plan, std::uint64_t units) {
  std::vector<schedule::PriorityClass> classes;
  if (!plan.priority) return classes;
  std::uint64_t first = 0;
  std::int32_t now = units == 0 ? 0 : plan.priority(UnitId(0));
  for (std::uint64_t unit = 1; unit <= units; ++unit) {
    const std::int32_t next = unit == units ? now + 1 : plan.priority(UnitId(unit));
    if (next == now && unit != units) continue;
    if (now != 0) classes.push_back({make_interval(first, unit), now});
    first = unit;
    now = next;
  }
  return classes;
}

}  // namespace kiln::job
