#include "job/machine.hpp"

#include <kiln/detail/bytes.hpp>
#include <kiln/error.hpp>

#include <fmt/core.h>
#include <gnu/libc-version.h>

#include <fstream>
#include <iterator>
#include <set>

namespace kiln::job {
namespace {

std::uint64_t digest_of_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  const std::string content{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  if (!file || content.empty()) {
    throw Error(ExitCode::internal, fmt::format("cannot read {}, by which a run knows its program again", path));
  }
  return checksum(as_bytes(content));
}

// The files of this process that are a libkiln; none where kiln is part of the executable.
std::set<std::string> kiln_libraries() {
  std::set<std::string> found;
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    const std::size_t path = line.find('/');
    if (path != std::string::npos && line.find("/libkiln.so", path) != std::string::npos)
      found.insert(line.substr(path));
  }
  return found;
}

}  // namespace

std::string executable_id(const std::string& path) { return fmt::format("{:016x}", digest_of_file(path)); }

std::string executable_part(const std::string& build) { return build.substr(0, build.find('-')); }

std::string build_id() {
  std::string id = executable_id("/proc/self/exe");
  for (const std::string& library : kiln_libraries()) id += fmt::format("-{:016x}", digest_of_file(library));
  return id;
}

std::string machine_text() {
  std::string text = fmt::format("glibc {}", gnu_get_libc_version());
#if defined(__x86_64__) || defined(__i386__)
  if (__builtin_cpu_supports("fma") != 0) text += ", FMA";
  if (__builtin_cpu_supports("avx2") != 0) text += ", AVX2";
  if (__builtin_cpu_supports("avx512f") != 0) text += ", AVX-512";
#endif
  return text;
}

}  // namespace kiln::job
