#include "job/folder_probe.hpp"

#include "base/quantity.hpp"
#include "base/start_directory.hpp"
#include "job/command_facts.hpp"
#include "store/small_file.hpp"

#include <fmt/core.h>

#include <kiln/exit_code.hpp>
#include <system_error>
#include <utility>

namespace kiln::job {
namespace {

constexpr Duration kLookEvery = std::chrono::milliseconds(50);

bool is_there(const FolderProbe& probe) {
  std::error_code ignored;
  return std::filesystem::exists(from_start(probe.file), ignored);
}

protocol::Fault not_seen(const FolderProbe& probe) {
  const std::string folder = std::filesystem::path(probe.file).parent_path().string();
  const std::string patience = format_duration(FolderLook::kPatience);
  if (probe.of == FolderProbe::Of::scratch) {
    return {to_int(ExitCode::bad_input),
            fmt::format("{} does not see {}, where rank 0 has put a file {} ago: --scratch must name a folder that all "
                        "ranks see, on the cluster's file system and not on a disk of one machine. Without it the run "
                        "directory is used",
                        host_name(), folder, patience)};
  }
  return {to_int(ExitCode::run_directory),
          fmt::format("{} does not see the run directory {}, where rank 0 has put a file {} ago. All machines of a run "
                      "must see it: name one on the cluster's file system with --out, or leave this machine out",
                      host_name(), folder, patience)};
}

}  // namespace

FolderProbe lay_probe(FolderProbe::Of of, const std::filesystem::path& folder, std::string_view name) {
  const auto file = std::filesystem::absolute(from_start(folder)).lexically_normal() /
                    fmt::format("{}seen-{}", store::kTemporaryPrefix, name);
  store::write_replaced(file, "\n", store::Durable::no);
  return {of, file.string()};
}

void remove_probes(const std::vector<FolderProbe>& probes) {
  std::error_code ignored;
  for (const FolderProbe& probe : probes) std::filesystem::remove(from_start(probe.file), ignored);
}

void put_probes(const std::vector<FolderProbe>& probes, ByteWriter& out) {
  out.put(static_cast<std::uint64_t>(probes.size()));
  for (const FolderProbe& probe : probes) {
    out.put(probe.of);
    out.put_text(probe.file);
  }
}

std::vector<FolderProbe> get_probes(ByteReader& in) {
  std::vector<FolderProbe> probes(in.get_count(1 + sizeof(std::uint64_t)));
  for (FolderProbe& probe : probes) {
    probe.of = in.get<FolderProbe::Of>();
    probe.file = in.get_text();
  }
  return probes;
}

Bytes encode(const std::vector<FolderProbe>& probes) {
  ByteWriter out;
  put_probes(probes, out);
  return out.take();
}

std::vector<FolderProbe> decode_probes(ByteView bytes) {
  ByteReader in(bytes, "the folders that all ranks must see");
  std::vector<FolderProbe> probes = get_probes(in);
  in.expect_done();
  return probes;
}

void FolderLook::begin(std::vector<FolderProbe> probes, Instant now) {
  probes_ = std::move(probes);
  fault_.reset();
  under_way_ = true;
  until_ = now + kPatience;
  next_ = now;
}

bool FolderLook::turn(Instant now) {
  if (!under_way_ || now < next_) return false;
  next_ = now + kLookEvery;
  std::erase_if(probes_, is_there);
  if (!probes_.empty() && now < until_) return false;
  if (!probes_.empty()) fault_ = not_seen(probes_.front());
  under_way_ = false;
  return true;
}

}  // namespace kiln::job
