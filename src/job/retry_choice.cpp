#include "job/retry_choice.hpp"

#include "base/condition.hpp"
#include "store/record_fields.hpp"
#include "store/run_reader.hpp"

#include <kiln/error.hpp>
#include <optional>

namespace kiln::job {
namespace {

std::optional<Condition> bound(const std::string& where, const store::RecordFields& fields) {
  if (where.empty()) return std::nullopt;
  Condition condition("--where", where);
  condition.bind(fields.fields());
  return condition;
}

}  // namespace

void check_retry(const std::filesystem::path& directory, const std::string& where) {
  const store::RunReader run = store::RunReader::open(directory);
  bound(where, store::RecordFields(run.schema()));
}

schedule::IntervalSet choose_retries(const std::filesystem::path& directory, const std::string& where) {
  const store::RunReader run = store::RunReader::open(directory);
  const store::RecordFields fields(run.schema());
  const std::optional<Condition> condition = bound(where, fields);
  schedule::IntervalSet units;
  run.for_each(store::RunReader::Which::failed, [&](const store::UnitRecord& record) {
    const auto value = [&](std::size_t field) { return fields.value(record, field); };
    if (!condition || condition->holds(value)) units.insert(single(record.unit));
  });
  return units;
}

}  // namespace kiln::job
