#pragma once

#include "job/run_options.hpp"

#include <filesystem>

namespace kiln::job {

/// What --export asks for: each table of a program's run, and its rejected records, as export/TABLE.csv or
/// export/TABLE.jsonl in its run directory, with what is committed. The bytes are those of `kiln export`; each file
/// appears complete, in place of an older one. Throws kiln::Error (bad input) that names the file that cannot be
/// written, store::StorageError and what RunReader::open throws.
void export_tables(const std::filesystem::path& run_directory, const ExportFormats& formats);

}  // namespace kiln::job
