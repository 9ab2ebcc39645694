#pragma once

#include "flow/source_resolver.hpp"

#include <memory>

namespace kiln::flow {

/// As resolve_source of a source of several: its units are those of the first, then those of the second, and so on. New
/// units of a part (only_new) would move those behind it: throws kiln::Error (bad input) for them.
ResolvedSource resolve_merged(const detail::SourceSpec& source, const ResolveOptions& options);

/// As open_input of such a source: it has parts.
std::unique_ptr<detail::UnitInput> open_merged(const detail::SourceSpec& source, ByteView descriptor, SliceCache* cache,
                                               const std::shared_ptr<detail::RunPlace>& place);

}  // namespace kiln::flow
