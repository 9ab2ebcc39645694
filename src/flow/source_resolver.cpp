#include "flow/source_resolver.hpp"

#include "flow/hdf5_source.hpp"
#include "flow/line_input.hpp"
#include "flow/lines_source.hpp"
#include "flow/merged_source.hpp"
#include "flow/record_input.hpp"
#include "flow/shard_input.hpp"
#include "flow/slice_input.hpp"

#include <kiln/error.hpp>

#include <utility>

namespace kiln::flow {

using Kind = detail::SourceSpec::Kind;

ResolvedSource resolve_source(const detail::SourceSpec& source, const ResolveOptions& options) {
  switch (source.kind) {
    case Kind::range:
    case Kind::grid:
    case Kind::items:
      break;
    case Kind::lines:
    case Kind::records:
      return resolve_lines(source, options);
    case Kind::hdf5:
      return resolve_hdf5(source, options);
    case Kind::shards:
      return resolve_shards(source);
    case Kind::merged:
      return resolve_merged(source, options);
  }
  return {source.units, {}, source.description, source.description, source.units, {}};
}

void expect_all_there(const detail::SourceSpec& source, ByteView recorded) {
  ByteReader in(recorded, "the files of a source");
  try {
    if (source.kind == Kind::lines || source.kind == Kind::records) expect_lines_there(in);
    if (source.kind != Kind::merged) return;
    for (const detail::SourceSpec& part : source.parts) {
      in.get<std::uint64_t>();  // its units
      expect_all_there(part, in.get_bytes());
    }
  } catch (const Error& error) {
    if (error.code() == ExitCode::bad_input) throw;  // else these are no files of lines
  }
}

std::unique_ptr<detail::UnitInput> open_input(const detail::SourceSpec& source, ByteView descriptor, SliceCache* cache,
                                              std::shared_ptr<detail::RunPlace> place) {
  if (source.kind == Kind::shards) return std::make_unique<ShardInput>(source, std::move(place));
  if (source.kind == Kind::merged) return open_merged(source, descriptor, cache, place);
  if (source.kind == Kind::range || source.kind == Kind::grid || source.kind == Kind::items) return nullptr;
  ByteReader in(descriptor, "the setup of a source");
  std::unique_ptr<detail::UnitInput> input;
  if (source.kind == Kind::lines) {
    input = std::make_unique<LineInput>(units::LineFiles::decode(in), source.words);
  } else if (source.kind == Kind::records) {
    input = std::make_unique<RecordInput>(units::LineFiles::decode(in), source.record_size);
  } else {
    input = std::make_unique<SliceInput>(units::DatasetSlices::decode(in), source.keep ? cache : nullptr);
  }
  in.expect_done();
  return input;
}

}  // namespace kiln::flow
