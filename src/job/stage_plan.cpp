#include "job/stage_plan.hpp"

#include "flow/rejected_table.hpp"

namespace kiln::job {
namespace {

// Of the plan alone; what was found of the source follows on another line.
std::string described(const detail::StagePlan& plan, const std::string& source_identity) {
  return source_identity.empty() ? plan.description : plan.description + "\n" + source_identity;
}

}  // namespace

Bytes encode(const SetupRecord& record) {
  ByteWriter out;
  out.put_text(record.machine);
  out.put_bytes(record.source);
  return out.take();
}

SetupRecord decode_setup_record(ByteView bytes) {
  ByteReader in(bytes, "setup of a stage");
  SetupRecord record;
  record.machine = in.get_text();
  const ByteView source = in.get_bytes();
  record.source.assign(source.begin(), source.end());
  in.expect_done();
  return record;
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
