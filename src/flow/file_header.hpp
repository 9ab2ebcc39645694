#pragma once

#include <kiln/detail/records.hpp>
#include "flow/byte_stream.hpp"
#include "flow/plain_file.hpp"
#include "units/line_files.hpp"

#include <memory>
#include <string>

namespace kiln::flow {

/// What unpacks the file, which stands at its begin; null where it is not packed. `packed` must live as long.
std::unique_ptr<ByteStream> unpack(PlainFile& packed, const units::LineFile& file);

/// The first CSV record of a file, with its line end; at most 1 MiB of it. Throws std::runtime_error as ByteStream.
std::string read_header(const units::LineFile& file);

/// Throws kiln::Error (bad_input) naming a file whose header does not fit the struct. A file without a byte has no
/// records, and needs no header.
void check_headers(const units::LineFiles& files, const detail::RecordFormat& format);

}  // namespace kiln::flow
