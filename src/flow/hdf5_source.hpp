#pragma once

#include "flow/source_resolver.hpp"

namespace kiln::flow {

/// resolve_source() for HDF5: opens the dataset, asks for its shape.
ResolvedSource resolve_hdf5(const detail::SourceSpec& source, const ResolveOptions& options);

}  // namespace kiln::flow
