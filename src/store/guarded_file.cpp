#include "store/guarded_file.hpp"

#include "base/start_directory.hpp"
#include "store/file_ops.hpp"
#include "store/h5_check.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#if H5_VERSION_GE(1, 13, 0)
#include <H5FDdevelop.h>
#endif

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <vector>

namespace kiln::store {

// The file as HDF5 sees it: what is on disk, and over it, in order, what the disk refused.
struct GuardedFile::Disk {
  explicit Disk(const std::filesystem::path& name)
      : path(name), fd(::open(from_start(name).c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666)) {}
  ~Disk() {
    if (fd >= 0) ::close(fd);
  }
  Disk(const Disk&) = delete;
  Disk& operator=(const Disk&) = delete;

  void write(std::uint64_t at, ByteView bytes) {
    end = std::max(end, at + bytes.size());
    if (error == 0 && write_through(at, bytes)) return;
    refused.push_back({at, Bytes(bytes.begin(), bytes.end())});
  }

  void read(std::uint64_t at, std::span<std::byte> out) {
    std::size_t have = 0;
    while (have < out.size()) {
      const ssize_t got = ::pread(fd, out.data() + have, out.size() - have, static_cast<off_t>(at + have));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0 && error == 0) error = errno;
      if (got <= 0) break;
      have += static_cast<std::size_t>(got);
    }
    std::fill(out.begin() + static_cast<std::ptrdiff_t>(have), out.end(), std::byte{0});
    for (const Piece& piece : refused) {
      const std::uint64_t first = std::max(at, piece.at);
      const std::uint64_t last = std::min(at + out.size(), piece.at + piece.bytes.size());
      if (first < last) std::memcpy(out.data() + (first - at), piece.bytes.data() + (first - piece.at), last - first);
    }
  }

  void truncate(std::uint64_t size) {
    end = size;
    if (error == 0 && ::ftruncate(fd, static_cast<off_t>(size)) != 0) error = errno;
  }

  struct Piece {
    std::uint64_t at;
    Bytes bytes;
  };
  std::filesystem::path path;
  int fd;
  int error = 0;  // of the first refusal
  std::uint64_t end = 0;
  std::vector<Piece> refused;

 private:
  bool write_through(std::uint64_t at, ByteView bytes) {
    while (!bytes.empty()) {
      const ssize_t done = ::pwrite(fd, bytes.data(), bytes.size(), static_cast<off_t>(at));
      if (done < 0 && errno == EINTR) continue;
      if (done <= 0) {
        error = done == 0 ? ENOSPC : errno;
        return false;
      }
      bytes = bytes.subspan(static_cast<std::size_t>(done));
      at += static_cast<std::uint64_t>(done);
    }
    return true;
  }
};

namespace {

using Disk = GuardedFile::Disk;

// HDF5 hands this around as the open file; it begins with HDF5's own part.
struct OpenDisk {
  H5FD_t base{};
  Disk* disk = nullptr;
  haddr_t end_of_allocation = 0;
};

OpenDisk* open_disk(H5FD_t* file) { return reinterpret_cast<OpenDisk*>(file); }
const OpenDisk* open_disk(const H5FD_t* file) { return reinterpret_cast<const OpenDisk*>(file); }

H5FD_t* on_open(const char*, unsigned, hid_t access, haddr_t) {
  const auto* disk = static_cast<Disk* const*>(H5Pget_driver_info(access));
  if (disk == nullptr) return nullptr;
  auto* file = new (std::nothrow) OpenDisk;
  if (file == nullptr) return nullptr;
  file->disk = *disk;
  return &file->base;
}

herr_t on_close(H5FD_t* file) {
  delete open_disk(file);
  return 0;
}

// As the default driver's, so that every reader takes the file for an ordinary one.
herr_t on_query(const H5FD_t*, unsigned long* flags) {
  *flags = H5FD_FEAT_AGGREGATE_METADATA | H5FD_FEAT_ACCUMULATE_METADATA | H5FD_FEAT_DATA_SIEVE |
           H5FD_FEAT_AGGREGATE_SMALLDATA | H5FD_FEAT_DEFAULT_VFD_COMPATIBLE;
  return 0;
}

haddr_t on_get_eoa(const H5FD_t* file, H5FD_mem_t) { return open_disk(file)->end_of_allocation; }
herr_t on_set_eoa(H5FD_t* file, H5FD_mem_t, haddr_t end) {
  open_disk(file)->end_of_allocation = end;
  return 0;
}
haddr_t on_get_eof(const H5FD_t* file, H5FD_mem_t) { return open_disk(file)->disk->end; }

herr_t on_read(H5FD_t* file, H5FD_mem_t, hid_t, haddr_t at, std::size_t size, void* out) {
  open_disk(file)->disk->read(at, {static_cast<std::byte*>(out), size});
  return 0;
}

herr_t on_write(H5FD_t* file, H5FD_mem_t, hid_t, haddr_t at, std::size_t size, const void* bytes) {
  try {
    open_disk(file)->disk->write(at, {static_cast<const std::byte*>(bytes), size});
    return 0;
  } catch (...) {  // no memory left for refused bytes: HDF5 is told after all
    return -1;
  }
}

herr_t on_truncate(H5FD_t* file, hid_t, hbool_t) {
  OpenDisk* open = open_disk(file);
  if (open->end_of_allocation != open->disk->end) open->disk->truncate(open->end_of_allocation);
  return 0;
}

H5FD_class_t make_driver() {
  H5FD_class_t driver{};
#if H5_VERSION_GE(1, 13, 0)
  driver.version = H5FD_CLASS_VERSION;
  driver.value = static_cast<H5FD_class_value_t>(511);  // of the numbers for private use
#endif
  driver.name = "kiln";
  driver.maxaddr = static_cast<haddr_t>(INT64_MAX);
  driver.fc_degree = H5F_CLOSE_WEAK;
  driver.fapl_size = sizeof(Disk*);
  driver.open = on_open;
  driver.close = on_close;
  driver.query = on_query;
  driver.get_eoa = on_get_eoa;
  driver.set_eoa = on_set_eoa;
  driver.get_eof = on_get_eof;
  driver.read = on_read;
  driver.write = on_write;
  driver.truncate = on_truncate;
  const H5FD_mem_t kinds[H5FD_MEM_NTYPES] = H5FD_FLMAP_DICHOTOMY;
  std::copy(std::begin(kinds), std::end(kinds), std::begin(driver.fl_map));
  return driver;
}

hid_t registered_driver() {
  static const H5FD_class_t driver = make_driver();
  static const hid_t id = h5::check(H5FDregister(&driver), "register a driver");
  return id;
}

}  // namespace

GuardedFile::GuardedFile(const std::filesystem::path& path) : disk_(std::make_unique<Disk>(path)) {
  if (disk_->fd < 0) throw StorageError(errno, "create", path);
  const h5::Lock lock;
  const h5::Handle access(h5::check(H5Pcreate(H5P_FILE_ACCESS), "make a property list"));
  const h5::Handle creation(h5::check(H5Pcreate(H5P_FILE_CREATE), "make a property list"));
  Disk* disk = disk_.get();
  h5::check(H5Pset_driver(access.id(), registered_driver(), &disk), "set a driver");
  h5::check(H5Pset_libver_bounds(access.id(), H5F_LIBVER_V18, H5F_LIBVER_LATEST), "set the format");
  h5::check(H5Pset_obj_track_times(creation.id(), 0), "switch times off");
  file_ = h5::Handle(h5::check(H5Fcreate(from_start(path).c_str(), H5F_ACC_TRUNC, creation.id(), access.id()), "create",
                               path.string()));
}

GuardedFile::~GuardedFile() = default;

void GuardedFile::check() const {
  if (disk_->error != 0) throw StorageError(disk_->error, "write", disk_->path);
}

void GuardedFile::finish() {
  file_.close();
  check();
  if (::fsync(disk_->fd) != 0) throw StorageError(errno, "sync", disk_->path);
}

}  // namespace kiln::store
