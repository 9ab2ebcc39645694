#pragma once

#include "job/finding.hpp"
#include "store/file_ops.hpp"

#include <cstdint>
#include <filesystem>
#include <string>

/// What `kiln doctor` asks of the file system of a directory.
namespace kiln::job {

/// "ext4", "nfs", … for the number that statfs gives; "unknown (0x…)" for others.
std::string file_system_name(std::uint64_t magic);

Finding judge_space(const std::string& directory, const std::string& type, std::uint64_t free_bytes,
                    std::uint64_t free_files);
/// `seconds` of one fsync of a small file.
Finding judge_fsync(double seconds);
/// `seconds` by which the file system's clock is ahead of this machine's.
Finding judge_clock(double seconds);

/// Works in a new folder inside of `directory`, which it removes again; only the first finding (bad) where it cannot
/// make one.
Findings examine_disk(const std::filesystem::path& directory, store::FileOps& ops);

/// Is `directory` (TMPDIR) of use for mpirun and for what is kept of standard input?
Finding examine_temporary(const std::filesystem::path& directory);

}  // namespace kiln::job
