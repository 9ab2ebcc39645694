#include "flow/stage_harvest.hpp"

#include <kiln/detail/stage_loop.hpp>
#include <kiln/error.hpp>

#include <exception>

namespace kiln::flow {
namespace {

/// Joining runs the user's op.
template <class F>
void guarded(F&& join) {
  try {
    join();
  } catch (const Error&) {
    throw;
  } catch (const std::exception& error) {
    detail::throw_fold_failed("of many units", detail::failure_text(error));
  } catch (...) {
    detail::throw_fold_failed("of many units", detail::kUnknownException);
  }
}

}  // namespace

StageHarvest::StageHarvest(const std::vector<detail::ReduceSink>& sinks) {
  forests_.reserve(sinks.size());
  for (const detail::ReduceSink& sink : sinks) forests_.push_back(sink.make_forest());
}

void StageHarvest::absorb(exec::Harvest& later) {
  auto& other = static_cast<StageHarvest&>(later);
  guarded([&] {
    for (std::size_t i = 0; i < forests_.size(); ++i) forests_[i]->absorb(*other.forests_[i]);
  });
}

std::size_t StageHarvest::bytes() const {
  std::size_t total = 0;
  for (const auto& forest : forests_) total += forest->bytes();
  return total;
}

void StageHarvest::encode(ByteWriter& out) const {
  for (const auto& forest : forests_) forest->encode(out);
}

void StageHarvest::admit(ByteView encoded) {
  ByteReader in(encoded, "partial results");
  guarded([&] {
    for (const auto& forest : forests_) forest->admit(in);
  });
  in.expect_done();
}

std::vector<std::optional<Bytes>> StageHarvest::values() const {
  std::vector<std::optional<Bytes>> values;
  values.reserve(forests_.size());
  guarded([&] {
    for (const auto& forest : forests_) values.push_back(forest->value());
  });
  return values;
}

}  // namespace kiln::flow
