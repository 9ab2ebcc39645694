#include "store/stage_store.hpp"

#include "store/rejected_count.hpp"
#include "store/stage_identity.hpp"

#include <fmt/core.h>
#include <kiln/error.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace kiln::store {
namespace {

constexpr std::array<std::string_view, 7> kOwnGroups = {"units",    "stages",       "reduced", "reduced_of_stage",
                                                        "rejected", "dead_letters", "batches"};

[[noreturn]] void refuse_name(const PlanEntry& plan, const std::string& name, std::string_view why) {
  throw Error(ExitCode::usage,
              fmt::format("stage '{}': rows(\"{}\"): {}. Give the table another name", plan.name, name, why));
}

}  // namespace

StageStore::StageStore(Journal& journal, std::function<JournalView()> read)
    : journal_(journal), read_(std::move(read)) {}

void StageStore::restore(const JournalView& view) {
  ledgers_ = view.later;
  ledgers_[StageId(0)] = view.ledger;
  standing_ = view.ledger.plan ? view.standing : 0;
  roots_ = view.ledger.roots;
}

LedgerState* StageStore::known(StageId stage) {
  const auto found = ledgers_.find(stage);
  return found == ledgers_.end() ? nullptr : &found->second;
}

const PlanEntry* StageStore::stored_plan(StageId stage) const {
  const auto found = ledgers_.find(stage);
  return found == ledgers_.end() || !found->second.plan ? nullptr : &found->second.plan->body;
}

const LedgerState* StageStore::opened_with(StageId stage) const {
  const auto found = ledgers_.find(stage);
  return found == ledgers_.end() ? nullptr : &found->second;
}

const PlanEntry& StageStore::plan() const {
  if (!began_) throw Error(ExitCode::internal, "no stage has begun");
  return plan_;
}

// Each table is a group of results.h5, whatever stage fills it. Rejected records share one table.
void StageStore::check_tables(const PlanEntry& plan) {
  std::set<std::string> names;
  for (const Table& table : plan.tables) {
    if (table.name == kRejectedTable) continue;
    if (std::find(kOwnGroups.begin(), kOwnGroups.end(), table.name) != kOwnGroups.end()) {
      refuse_name(plan, table.name, "the name is one of kiln's own");
    }
    if (table.name.empty() || table.name.find('/') != std::string::npos || table.name.front() == '.') {
      refuse_name(plan, table.name, "a name has at least one character, no '/', and does not begin with '.'");
    }
    if (table_names_.contains(table.name)) refuse_name(plan, table.name, "an earlier stage of the run has that table");
    if (!names.insert(table.name).second) refuse_name(plan, table.name, "the stage has that table already");
  }
  table_names_.merge(names);
}

std::uint64_t StageStore::identity_here(PlanEntry plan) const {
  plan.before = chain_;
  return identity_of(plan);
}

StageState StageStore::begin(StageId stage, PlanEntry plan, const PlanEntry* shorter,
                             const std::function<std::string(const StageState&)>& lost) {
  const StageId expected = began_ ? stage_.next() : StageId(0);
  if (stage != expected || (began_ && !ended_)) {
    throw Error(ExitCode::internal,
                fmt::format("stage {} begins where stage {} was expected", stage.value(), expected.value()));
  }
  check_tables(plan);
  plan.before = chain_;
  plan.identity = identity_of(plan);
  parts_.clear();
  rejected_ = records_ = 0;
  stage_ = stage;
  LedgerState* ledger = known(stage);
  const auto is_known_as = [&](std::uint64_t identity) {
    return ledger != nullptr && ledger->plan && ledger->plan->body.identity == identity;
  };
  StageState state;
  const bool same = is_known_as(plan.identity);
  // An older kiln may have given the rejected records fewer columns: rows to come have those of now.
  if (same && (ledger->end || ledger->plan->body.tables == plan.tables)) {
    state = keep(*ledger, plan);
  } else if (same || (shorter != nullptr && is_known_as(identity_here(*shorter)))) {
    journal_.append(plan, {}, stage_, ledger->round);
    ledger->plan->body = plan;
    ledger->end.reset();
    state = keep(*ledger, plan);
  } else {
    begin_round(state, plan, ledger);
  }
  if (state.resumed && lost) {
    if (std::string why = lost(state); !why.empty()) {
      parts_.clear();
      rejected_ = records_ = 0;
      state = {};
      begin_round(state, plan, ledger, std::move(why));
    }
  }
  began_ = true;
  ended_ = state.end.has_value();
  round_ = state.round;
  plan_ = state.plan;
  if (state.end) chain_ = chain_after(plan_, *state.end);
  return state;
}

bool StageStore::skip_to(StageId stage) {
  for (StageId passed(0); passed < stage; passed = passed.next()) {
    const LedgerState* const ledger = known(passed);
    if (ledger == nullptr || !ledger->plan || !ledger->end) return false;
  }
  for (StageId passed(0); passed < stage; passed = passed.next()) {
    const LedgerState& ledger = *known(passed);
    check_tables(ledger.plan->body);
    began_ = ended_ = true;
    stage_ = passed;
    round_ = ledger.round;
    plan_ = ledger.plan->body;
    chain_ = chain_after(plan_, ledger.end->body);
  }
  return true;
}

StageState StageStore::keep(LedgerState& ledger, const PlanEntry& plan) {
  StageState state;
  state.resumed = true;
  state.round = ledger.round;
  state.plan = ledger.plan->body;
  state.done = ledger.done;
  for (const auto& [unit, dead] : ledger.dead) state.dead.push_back(dead.letter);
  if (ledger.end) {
    state.end = ledger.end->body;
    state.ended_in = ledger.end->epoch;
  }
  if (state.end || ledger.done.empty()) return state;
  // Entries may have been merged since the run was opened.
  const JournalView view = read_();
  for (const StageBatch& batch : view.batches) {
    if (batch.stage == stage_ && batch.round == ledger.round) records_ += batch.record.records;
  }
  for (const RowsPart& part : view.parts) {
    if (part.stage != stage_) continue;
    if (!part.partials || plan.reduces.empty()) continue;
    state.partials += EntryFile(part.file).partials(part.part) - part.skip.size();
    parts_.push_back(part);
  }
  for (std::size_t table = 0; table < plan.tables.size(); ++table) {
    if (plan.tables[table].name == kRejectedTable) rejected_ += rejected_in(view.parts_of(stage_, table));
  }
  return state;
}

bool StageStore::is_followed(StageId stage, const StageEndEntry& end, std::uint32_t by) const {
  const LedgerState* const here = opened_with(stage);
  if (here == nullptr || !here->plan) return false;
  std::uint64_t chain = chain_after(here->plan->body, end);
  for (; by != 0; --by) {
    stage = stage.next();
    const LedgerState* const next = opened_with(stage);
    if (next == nullptr || !next->plan || !next->end || next->plan->body.before != chain) return false;
    chain = chain_after(next->plan->body, next->end->body);
  }
  return true;
}

void StageStore::begin_round(StageState& state, const PlanEntry& plan, const LedgerState* old, std::string why) {
  const bool had = old != nullptr && (old->plan || !old->done.empty() || !old->dead.empty());
  state.round = had ? old->round + 1 : 0;
  state.plan = plan;
  if (had) {
    if (why.empty()) {
      why = old->plan ? difference(old->plan->body, plan) : std::string("its plan is lost with a damaged entry");
    }
    state.why = fmt::format("stage {} '{}' runs again, and so do all later ones: {}", stage_.value(), plan.name, why);
  }
  journal_.append(plan, {}, stage_, state.round);
}

void StageStore::read_partials(const std::function<void(Bytes)>& take) const {
  for (const RowsPart& part : parts_) {
    const EntryFile file(part.file);
    for (std::size_t i = 0; i < file.partials(part.part); ++i) {
      if (!std::binary_search(part.skip.begin(), part.skip.end(), i)) take(file.partial(part.part, i));
    }
  }
}

void StageStore::end(const StageEndEntry& entry) {
  if (!began_ || ended_) throw Error(ExitCode::internal, "a stage ends that has not begun");
  journal_.append(entry, {}, stage_, round_);
  chain_ = chain_after(plan_, entry);
  ended_ = true;
}

std::map<StageId, StageEndEntry> StageStore::ends() const {
  std::map<StageId, StageEndEntry> ends;
  if (!began_) return ends;
  const JournalView view = read_();
  for (StageId stage(0); stage < stage_ || (stage == stage_ && ended_); stage = stage.next()) {
    const LedgerState* const ledger = view.stage(stage);
    if (ledger != nullptr && ledger->end) ends.emplace(stage, ledger->end->body);
  }
  return ends;
}

bool StageStore::root_done(const std::string& name, std::uint32_t call) const {
  return std::any_of(roots_.begin(), roots_.end(), [&](const RootEntry& root) {
    return root.name == name && root.call == call && root.identity == chain_;
  });
}

void StageStore::record_root(const std::string& name, std::uint32_t call) {
  RootEntry root{name, call, chain_};
  journal_.append(root, {}, stage_, round_);
  roots_.push_back(std::move(root));
}

std::vector<StageStore::Withdrawn> StageStore::withdraw_dead(std::optional<EntryNumber> until) {
  std::vector<Withdrawn> all;
  for (std::uint32_t i = 0; i < standing_; ++i) {
    LedgerState& ledger = ledgers_.at(StageId(i));
    schedule::IntervalSet units;
    for (const auto& [unit, dead] : ledger.dead) {
      if (!until || dead.number < *until) units.insert(single(unit));
    }
    if (units.empty()) continue;
    journal_.append(ReopenEntry{units}, {}, StageId(i), ledger.round);
    all.push_back({StageId(i), ledger.plan->body.name, units.count()});
    std::erase_if(ledger.dead, [&](const auto& one) { return units.contains(one.first); });
    ledger.end.reset();
  }
  return all;
}

}  // namespace kiln::store
