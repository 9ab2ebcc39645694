#include "flow/source_resolver.hpp"

#include <fmt/core.h>
#include <kiln/error.hpp>

namespace kiln::flow {
namespace {

using Kind = detail::SourceSpec::Kind;

bool says_all(Kind kind) { return kind == Kind::range || kind == Kind::grid || kind == Kind::items; }

[[noreturn]] void not_yet(const detail::SourceSpec& source) {
  throw Error(ExitCode::usage, fmt::format("{}: this version of kiln cannot read such a source", source.description));
}

}  // namespace

ResolvedSource resolve_source(const detail::SourceSpec& source, const ResolveOptions&) {
  if (!says_all(source.kind)) not_yet(source);
  return {source.units, {}, source.description};
}

std::unique_ptr<detail::UnitInput> open_input(const detail::SourceSpec& source, ByteView) {
  if (!says_all(source.kind)) not_yet(source);
  return nullptr;
}

}  // namespace kiln::flow
