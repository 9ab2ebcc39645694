#include "store/h5.hpp"

#include "base/start_directory.hpp"
#include "store/h5_check.hpp"

#include <fmt/core.h>
#include <kiln/error.hpp>

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <mutex>

namespace kiln::store::h5 {
namespace {

// HDF5's state belongs to the process, so the lock that guards it must as well.
std::recursive_mutex& process_lock() {
  static std::recursive_mutex lock;
  return lock;
}

herr_t collect(unsigned, const H5E_error2_t* error, void* out) {
  auto& text = *static_cast<std::string*>(out);
  if (error->desc != nullptr && text.size() < 600) {
    if (!text.empty()) text += "; ";
    text += error->desc;
  }
  return 0;
}

Handle make_properties(hid_t kind) { return Handle(check(H5Pcreate(kind), "make a property list")); }

Handle access_properties() {
  Handle properties = make_properties(H5P_FILE_ACCESS);
  // The format of HDF5 1.8: small headers, read everywhere.
  check(H5Pset_libver_bounds(properties.id(), H5F_LIBVER_V18, H5F_LIBVER_LATEST), "set the format");
  // Locking fails on many cluster file systems, and a reader must never stop a run.
  check(H5Pset_file_locking(properties.id(), 0, 1), "switch file locking off");
  return properties;
}

Handle create(const std::string& name, const Handle& access) {
  const Handle creation = make_properties(H5P_FILE_CREATE);
  check(H5Pset_obj_track_times(creation.id(), 0), "switch times off");
  return Handle(check(H5Fcreate(from_start(name).c_str(), H5F_ACC_TRUNC, creation.id(), access.id()), "create", name));
}

// HDF5 takes two open files in memory of one name for the same file.
std::string memory_name() {
  static std::atomic<std::uint64_t> next{0};
  return fmt::format("kiln-memory-{}", next++);
}

constexpr std::size_t kGrowth = std::size_t{1} << 16;

// HDF5 asks these for the memory of a file in memory.
void* grab(std::size_t size, H5FD_file_image_op_t, void*) { return std::malloc(size); }
void* copy(void* to, const void* from, std::size_t size, H5FD_file_image_op_t, void*) {
  return std::memcpy(to, from, size);
}
void* regrab(void* memory, std::size_t size, H5FD_file_image_op_t, void*) { return std::realloc(memory, size); }
void* same_owner(void* owner) { return owner; }
herr_t forget_owner(void*) { return 0; }

herr_t add_name(hid_t, const char* name, const H5L_info_t*, void* out) {
  try {
    static_cast<std::vector<std::string>*>(out)->emplace_back(name);
    return 0;
  } catch (...) {
    return -1;
  }
}

}  // namespace

struct MemoryFile::Sink {
  ~Sink() { std::free(memory); }
  static herr_t release(void* given_up, H5FD_file_image_op_t operation, void* owner) {
    if (operation == H5FD_FILE_IMAGE_OP_FILE_CLOSE && owner != nullptr) {
      std::free(std::exchange(static_cast<Sink*>(owner)->memory, given_up));
    } else {
      std::free(given_up);
    }
    return 0;
  }
  void* memory = nullptr;
};

Lock::Lock() {
  process_lock().lock();
  thread_local const bool silenced = H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr) >= 0;
  static_cast<void>(silenced);
}

Lock::~Lock() { process_lock().unlock(); }

void fail(std::string_view what, std::string_view name) {
  std::string reasons;
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, collect, &reasons);
  H5Eclear2(H5E_DEFAULT);
  if (reasons.empty()) reasons = "no reason given";
  const std::string where = name.empty() ? std::string() : fmt::format(" '{}'", name);
  throw Error(ExitCode::internal, fmt::format("HDF5 cannot {}{}: {}", what, where, reasons));
}

Handle& Handle::operator=(Handle&& other) noexcept {
  if (this != &other) {
    Handle dying(std::exchange(id_, std::exchange(other.id_, -1)));
  }
  return *this;
}

Handle::~Handle() {
  try {
    close();
  } catch (...) {  // a destructor has nobody to tell; who wants to know calls close()
  }
}

void Handle::close() {
  if (id_ < 0) return;
  const Lock lock;
  const hid_t id = std::exchange(id_, -1);
  check(H5Iget_type(id) == H5I_FILE ? H5Fclose(id) : H5Idec_ref(id), "close an object");
}

MemoryFile::MemoryFile() : sink_(std::make_unique<Sink>()) {
  const Lock lock;
  const Handle access = access_properties();
  check(H5Pset_fapl_core(access.id(), kGrowth, 0), "use memory");
  H5FD_file_image_callbacks_t calls{grab, copy, regrab, &Sink::release, same_owner, forget_owner, sink_.get()};
  check(H5Pset_file_image_callbacks(access.id(), &calls), "use memory");
  file_ = create(memory_name(), access);
}

MemoryFile::~MemoryFile() = default;

// The bytes are taken when HDF5 lets go of them at the close: H5Fget_file_image of 1.10.8, asked for bytes, clears a
// flag in the superblock of an open file without correcting the superblock's checksum.
Bytes MemoryFile::finish(std::size_t space) {
  const Lock lock;
  check(H5Fflush(file_.id(), H5F_SCOPE_LOCAL), "flush");
  const auto size = static_cast<std::size_t>(check(H5Fget_file_image(file_.id(), nullptr, 0), "ask for the size"));
  file_.close();
  if (sink_->memory == nullptr) throw Error(ExitCode::internal, "HDF5 keeps a file in memory open");
  Bytes bytes(space + size);
  std::memcpy(bytes.data() + space, sink_->memory, size);
  return bytes;
}

Handle open_image(ByteView bytes) {
  const Lock lock;
  const Handle access = access_properties();
  check(H5Pset_fapl_core(access.id(), kGrowth, 0), "use memory");
  // HDF5 copies the buffer; the parameter lacks a const only.
  check(H5Pset_file_image(access.id(), const_cast<std::byte*>(bytes.data()), bytes.size()), "take an image");
  return Handle(check(H5Fopen(memory_name().c_str(), H5F_ACC_RDONLY, access.id()), "open an image"));
}

Handle open_file(const std::filesystem::path& path) {
  const Lock lock;
  const Handle access = access_properties();
  return Handle(check(H5Fopen(from_start(path).c_str(), H5F_ACC_RDONLY, access.id()), "open", path.native()));
}

Handle create_file(const std::filesystem::path& path) {
  const Lock lock;
  return create(path.native(), access_properties());
}

void flush(const Handle& file) {
  const Lock lock;
  check(H5Fflush(file.id(), H5F_SCOPE_LOCAL), "flush");
}

Handle create_group(const Handle& parent, const std::string& path) {
  const Lock lock;
  const Handle links = make_properties(H5P_LINK_CREATE);
  check(H5Pset_create_intermediate_group(links.id(), 1), "make groups on the way");
  check(H5Pset_char_encoding(links.id(), H5T_CSET_UTF8), "set UTF-8");
  const Handle creation = make_properties(H5P_GROUP_CREATE);
  check(H5Pset_obj_track_times(creation.id(), 0), "switch times off");
  return Handle(
      check(H5Gcreate2(parent.id(), path.c_str(), links.id(), creation.id(), H5P_DEFAULT), "create group", path));
}

Handle open_group(const Handle& parent, const std::string& path) {
  const Lock lock;
  return Handle(check(H5Gopen2(parent.id(), path.c_str(), H5P_DEFAULT), "open group", path));
}

bool exists(const Handle& parent, const std::string& path) {
  const Lock lock;
  for (std::size_t end = path.find('/', 1);; end = path.find('/', end + 1)) {
    const std::string head = path.substr(0, end);
    if (head != "/" && check(H5Lexists(parent.id(), head.c_str(), H5P_DEFAULT), "look for", head) == 0) return false;
    if (end == std::string::npos) return true;
  }
}

std::vector<std::string> members(const Handle& group) {
  const Lock lock;
  std::vector<std::string> names;
  check(H5Literate(group.id(), H5_INDEX_NAME, H5_ITER_INC, nullptr, add_name, &names), "list a group");
  return names;
}

}  // namespace kiln::store::h5
